package award

import (
	"slices"

	"sijil/domain"
)

// Phase is how far an edition has come.
type Phase uint8

const (
	// Awarded: decided, nothing prepared yet.
	Awarded Phase = iota + 1
	// Prepared: what will be signed is settled.
	Prepared
	// Signed: the credential exists.
	Signed
	// Annulled: it never came to a credential, and never will.
	Annulled
	// Superseded: a later edition counts.
	Superseded
	// Revoked is the end.
	Revoked
)

// State is what the rules need to know of an award.
type State struct {
	// Exceptions are the award dates an outside authority allowed.
	Exceptions []Exception
	// Editions are all of them, the first at index 0.
	Editions []Edition
}

// Exception is one allowed award date.
type Exception struct {
	AwardDate domain.Date
	Authority domain.ID
}

// Edition is one edition of the award.
type Edition struct {
	Institution domain.ID
	AwardDate   domain.Date
	Phase       Phase
	// Suspended holds while Phase is Signed.
	Suspended bool
	// Credential is empty before Prepared; the members below come with it.
	Credential    domain.ID
	KeyID         string
	PayloadSHA256 string
	Digest        string
	// Forms are the other forms of the credential, each format once. Never changed in a state.
	Forms []Form
	// Proposal is the open proposal to revoke, zero when there is none.
	Proposal RevocationProposed
	// Revocation is the proposal that led to the end.
	Revocation domain.ID
}

// Live reports whether the edition counts or may still come to count.
func (e Edition) Live() bool { return e.Phase >= Awarded && e.Phase <= Signed }

// Live is the number of the one live edition, 0 when there is none.
func (s State) Live() int {
	for i, e := range s.Editions {
		if e.Live() {
			return i + 1
		}
	}
	return 0
}

// Ended reports whether the award was revoked: it takes no further edition.
func (s State) Ended() bool {
	return slices.ContainsFunc(s.Editions, func(e Edition) bool { return e.Phase == Revoked })
}

// Edition is edition n; ok is false when there is none.
func (s State) Edition(n int) (e Edition, ok bool) {
	if n < 1 || n > len(s.Editions) {
		return Edition{}, false
	}
	return s.Editions[n-1], true
}

// Of is the number of the edition with this credential, 0 when there is none.
func (s State) Of(credential domain.ID) int {
	return 1 + slices.IndexFunc(s.Editions, func(e Edition) bool { return credential != "" && e.Credential == credential })
}
