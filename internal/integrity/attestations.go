package integrity

import (
	"sijil/domain/attestation"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
)

// attested is how far an attestation came.
type attested struct {
	prepared, signed bool
	payload          string
}

func (w *Walk) attestation(e eventlog.Recorded, fact attestation.Event) {
	a := w.attestations[e.Stream]
	if a == nil {
		a = &attested{}
		w.attestations[e.Stream] = a
	}
	switch f := fact.(type) {
	case attestation.AttestationPrepared:
		if a.prepared {
			w.broken(e, PreparedTwice, "the attestation was prepared before")
		}
		a.prepared, a.payload = true, f.PayloadSHA256
		// The place is given before the credential that carries it is prepared.
		if w.places[place{statuslist.Stream(f.Institution, f.StatusList), f.StatusIndex}] != f.Credential {
			w.broken(e, PlaceTwice, "place %d of list %d was not given to this credential", f.StatusIndex, f.StatusList)
		}
	case attestation.AttestationSigned:
		if !a.prepared || a.payload != f.PayloadSHA256 {
			w.broken(e, NotPrepared, "what was signed was not recorded before")
		}
		if a.signed {
			w.broken(e, SignedTwice, "the attestation was signed before")
		}
		a.signed = true
	}
}
