package integrity

import (
	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
)

// editionOf names one edition of one award.
type editionOf struct {
	stream  string
	edition int
}

// edition is how far a diploma came. It is folded here and not by the award's own rules:
// those are what is checked.
type edition struct {
	awarded, annulled, signed bool
	institution, credential   domain.ID
	payload                   string
	// forms are the payloads of other forms that were prepared and not signed yet, by format.
	forms map[string]string
}

// place is one bit of a status list.
type place struct {
	list  string
	index int
}

func (w *Walk) award(e eventlog.Recorded, fact award.Event) {
	of := func(n int) *edition {
		k := editionOf{e.Stream, n}
		if w.editions[k] == nil {
			w.editions[k] = &edition{}
		}
		return w.editions[k]
	}
	switch f := fact.(type) {
	case award.DiplomaAwarded:
		ed := of(f.Edition)
		ed.awarded, ed.institution = true, f.Institution
	case award.AwardAnnulled:
		of(f.Edition).annulled = true
	case award.CredentialPrepared:
		w.prepared(e, f, of(f.Edition))
	case award.CredentialSigned:
		w.signed(e, f, of(f.Edition))
	case award.FormPrepared:
		w.formPrepared(e, f, of(f.Edition))
	case award.FormSigned:
		w.formSigned(e, f, of(f.Edition))
	}
}

func (w *Walk) prepared(e eventlog.Recorded, f award.CredentialPrepared, ed *edition) {
	if !ed.awarded || ed.annulled {
		w.broken(e, NotAwarded, "no award of edition %d stands before it", f.Edition)
	}
	if ed.payload != "" {
		w.broken(e, PreparedTwice, "edition %d was prepared before", f.Edition)
	}
	ed.credential, ed.payload = f.Credential, f.PayloadSHA256
	// The place is given before the credential that carries it is prepared.
	at := place{statuslist.Stream(ed.institution, f.StatusList), f.StatusIndex}
	if w.places[at] != f.Credential {
		w.broken(e, PlaceTwice, "place %d of list %d was not given to this credential", f.StatusIndex, f.StatusList)
	}
}

func (w *Walk) signed(e eventlog.Recorded, f award.CredentialSigned, ed *edition) {
	if !ed.awarded || ed.annulled {
		w.broken(e, NotAwarded, "no award of edition %d stands before it", f.Edition)
	}
	if ed.payload == "" || ed.payload != f.PayloadSHA256 || ed.credential != f.Credential {
		w.broken(e, NotPrepared, "what was signed for edition %d was not recorded before", f.Edition)
	}
	if ed.signed {
		w.broken(e, SignedTwice, "edition %d was signed before", f.Edition)
	}
	ed.signed = true
}

func (w *Walk) formPrepared(e eventlog.Recorded, f award.FormPrepared, ed *edition) {
	if !ed.signed || ed.credential != f.Credential {
		w.broken(e, NotAwarded, "no signed credential of edition %d stands before its form", f.Edition)
	}
	if ed.forms == nil {
		ed.forms = map[string]string{}
	}
	ed.forms[f.Format] = f.PayloadSHA256
}

func (w *Walk) formSigned(e eventlog.Recorded, f award.FormSigned, ed *edition) {
	switch payload, ok := ed.forms[f.Format]; {
	case ok && payload == "":
		w.broken(e, SignedTwice, "edition %d was signed as %s before", f.Edition, f.Format)
	case payload != f.PayloadSHA256 || ed.credential != f.Credential:
		w.broken(e, NotPrepared, "what was signed as %s of edition %d was not recorded before", f.Format, f.Edition)
	default:
		ed.forms[f.Format] = "" // settled anew before it is signed again
	}
}

func (w *Walk) assigned(e eventlog.Recorded, f statuslist.StatusIndexAssigned) {
	at := place{e.Stream, f.Index}
	if _, taken := w.places[at]; taken {
		w.broken(e, PlaceTwice, "place %d was given before", f.Index)
	}
	w.places[at] = f.Credential
}
