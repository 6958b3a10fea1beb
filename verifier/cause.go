package verifier

import (
	"context"
	"encoding/base64"
	"time"

	"sijil/verifier/credential"
)

// Cause is why an issuer revoked or suspended a credential, as far as its ledger publishes
// that: a class of reasons, nothing about a person. That it does not count is known from the
// status list, whether there is a Cause or not.
type Cause struct {
	Class Class `json:"class"`
	// Successor is the hash of the id of the credential that took its place, as
	// [sijil/verifier/did.HashID] makes it: who is handed a newer file can tell that it is the
	// one. Empty while there is none.
	Successor string `json:"successor,omitempty"`
	// Source published it, AsOf is how fresh that is.
	Source string     `json:"source,omitempty"`
	AsOf   *time.Time `json:"asOf,omitempty"`
}

// Class is a class of reasons. The names are stable.
type Class string

// The classes.
const (
	IssuedInError      Class = "issued_in_error"
	Fraud              Class = "fraud"
	DegreeWithdrawn    Class = "degree_withdrawn"
	AccreditationVoid  Class = "accreditation_void"
	CourtOrder         Class = "court_order"
	NoLongerTrue       Class = "no_longer_true"
	UnderInvestigation Class = "under_investigation"
	Superseded         Class = "superseded"
)

// ClassExplanation is what a class means, for those who read codes.
type ClassExplanation struct {
	Class   Class
	Meaning string
	// Do is what a reader of the verdict should do.
	Do string
}

// Classes lists every class; docs/verdicts.md is made of it.
func Classes() []ClassExplanation { return classes }

var classes = []ClassExplanation{
	{Superseded, "A newer edition took its place: with a name or a result put right, or signed with another key. `successor` is the hash of its id, once there is one.", "Do not accept this file. Ask the graduate for the new one."},
	{IssuedInError, "It should not have been issued as it was, and nobody deceived anybody.", "Do not accept it. Ask the graduate whether there is another one."},
	{Fraud, "Somebody deceived the institution.", "Do not accept it."},
	{DegreeWithdrawn, "The awarding body took the degree back.", "Do not accept it."},
	{AccreditationVoid, "The accreditation that it was awarded under was withdrawn from its beginning.", "Do not accept it. The accrediting body can say what graduates do now."},
	{CourtOrder, "A court ordered it.", "Do not accept it."},
	{NoLongerTrue, "What it attests is not so any more.", "Do not accept it. Ask the holder for a newer one."},
	{UnderInvestigation, "A question is open. A suspension only, never a revocation.", "Do not accept it for now; check again later."},
}

// fits reports whether a class explains what the status list says. A record may be from
// before the list: then it tells of what is over, and nothing is said.
func (class Class) fits(status credential.Reason) bool {
	switch class {
	case Superseded, NoLongerTrue:
		return status == Revoked
	case UnderInvestigation:
		return status == Suspended
	case IssuedInError, Fraud, DegreeWithdrawn, AccreditationVoid, CourtOrder:
		return status == Revoked || status == Suspended
	}
	return false
}

// cause asks why the credential does not count. Nobody is asked about one that counts, or whose
// signature or content somebody else may have made. It never changes an answer, so that a source
// that is out of reach, signed by nobody or of another mind is as good as none.
func (c *check) cause(ctx context.Context) *Cause {
	l := &c.verdict.Lines
	if l.Status.Answer != False || c.unowned || l.IssuerKey.Answer == False || l.Anchoring.Answer == False ||
		c.cred.ID == "" || c.source.Unsigned {
		return nil
	}
	for _, needed := range []bool{false, true} { // what can be known without asking is not asked for
		rec, err := c.remembered(ctx, needed)
		if err != nil {
			continue
		}
		if why := c.causeIn(rec, l.Status.Reason); why != nil {
			return why
		}
	}
	return nil
}

// causeIn reads the cause out of the ledger's record.
func (c *check) causeIn(rec Record, status credential.Reason) *Cause {
	_, same := rec.of(c.form.Digest())
	if !same && !c.form.Embedded() && !c.form.Discloses() || !Class(rec.Reason).fits(status) {
		return nil
	}
	why := &Cause{Class: Class(rec.Reason), Source: rec.Source, AsOf: given(rec.AsOf)}
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(rec.Successor); err == nil && len(sum) == 32 && why.Class == Superseded {
		why.Successor = rec.Successor
	}
	return why
}

// remembered is the ledger's record of the credential. Who would learn from the question that
// something is checked is asked only where the answer is needed.
func (c *check) remembered(ctx context.Context, needed bool) (Record, error) {
	trust := c.trust
	if !needed {
		trust = quiet(trust)
	}
	if trust == nil {
		return Record{}, ErrNoLedger
	}
	if c.cred.ID == "" {
		return Record{}, ErrUnknown
	}
	return trust.Record(ctx, c.cred.Issuer, c.cred.ID)
}

// quiet is the part of a trust that learns nothing from being asked for a record; nil for none.
func quiet(t Trust) Trust {
	chain, ok := t.(Chain)
	if !ok {
		if t.Source().Asks {
			return nil
		}
		return t
	}
	var still Chain
	for _, one := range chain {
		if q := quiet(one); q != nil {
			still = append(still, q)
		}
	}
	if len(still) == 0 {
		return nil
	}
	return still
}
