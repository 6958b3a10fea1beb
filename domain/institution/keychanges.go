package institution

import (
	"time"

	"sijil/domain"
)

// ProposalLife is how long a proposal about a key can be approved.
const ProposalLife = 7 * 24 * time.Hour

// AuthorizeKey lets the institution sign with a key.
type AuthorizeKey struct {
	Kid          string
	Alg          string
	Purpose      Purpose
	PublicKeyJwk PublicKey
	ValidFrom    time.Time
	// Elsewhere: the private half is not in the ledger's keeping.
	Elsewhere bool
}

// RetireKey ends the use of a key, at the approval when ValidUntil is zero.
type RetireKey struct {
	Kid        string
	ValidUntil time.Time
}

// CompromiseKey says since when somebody else may hold a key.
type CompromiseKey struct {
	Kid           string
	CompromisedAt time.Time
}

// Officer is who decides about a key.
type Officer struct {
	// Subject is the authenticated token subject; whom it says it acts for does not count.
	Subject string
	// Institution is the one in the token. Above: it stands above the institution whose key it
	// is, or is the tenant's own.
	Institution domain.ID
	Above       bool
}

// ProposeKeyChange is the first officer's half. Set Authorize, Retire or Compromise, or the
// first two for a rotation.
type ProposeKeyChange struct {
	Proposal   domain.ID
	Authorize  AuthorizeKey
	Retire     RetireKey
	Compromise CompromiseKey
	By         Officer
	Now        time.Time
}

// ApproveKeyChange is the second officer's half: it makes the change.
type ApproveKeyChange struct {
	Proposal domain.ID
	By       Officer
	Now      time.Time
}

// RejectKeyChange ends a proposal; the officer who made it may take it back.
type RejectKeyChange struct {
	Proposal domain.ID
	By       Officer
}

func (ProposeKeyChange) isCommand() {}
func (ApproveKeyChange) isCommand() {}
func (RejectKeyChange) isCommand()  {}

func (c ProposeKeyChange) decide(s State) ([]Event, error) {
	if _, open := s.Proposal(c.Proposal); open {
		return nil, nil
	}
	p := SigningKeyChangeProposed{
		Proposal: c.Proposal, Authority: c.By.Institution, ProposedBy: c.By.Subject, FromAbove: c.By.Above, LapsesAt: c.Now.UTC().Add(ProposalLife),
		Retire:     ProposedRetirement{c.Retire.Kid, inUTC(c.Retire.ValidUntil)},
		Compromise: ProposedCompromise{c.Compromise.Kid, inUTC(c.Compromise.CompromisedAt)},
	}
	if a := c.Authorize; a != (AuthorizeKey{}) {
		p.Authorize = ProposedKey{a.Kid, a.Alg, a.Purpose, a.PublicKeyJwk, inUTC(a.ValidFrom), a.Elsewhere}
		if a.ValidFrom.Before(c.Now.Add(-KeyGrace)) {
			return nil, domain.Refuse(domain.Invalid, "invalid_field", "validFrom lies at most a day before now: a key signs nothing of the time before it was registered")
		}
	}
	// What could not be approved is not proposed.
	if _, err := p.facts(s, Decision{}, c.Now); err != nil {
		return nil, err
	}
	return []Event{p}, nil
}

func (c ApproveKeyChange) decide(s State) ([]Event, error) {
	p, ok := s.Proposal(c.Proposal)
	switch {
	case !ok:
		return nil, errNoProposal()
	case !c.Now.Before(p.LapsesAt):
		return nil, domain.Refuse(domain.Conflict, "proposal_lapsed", "nobody approved the proposal before %s", p.LapsesAt.Format(time.RFC3339))
	case p.ProposedBy == c.By.Subject:
		return nil, domain.Refuse(domain.Forbidden, "needs_second_approval", "another officer than the one who proposed it has to approve a change of signing keys")
	case p.Authorize.Elsewhere && !p.FromAbove && !c.By.Above:
		return nil, domain.Refuse(domain.Forbidden, "not_the_authority", "one of the two officers who authorize a key that is kept elsewhere belongs to an authority above the institution")
	}
	return p.facts(s, Decision{p.Proposal, []string{p.ProposedBy, c.By.Subject}}, c.Now)
}

func (c RejectKeyChange) decide(s State) ([]Event, error) {
	if _, ok := s.Proposal(c.Proposal); !ok {
		return nil, errNoProposal()
	}
	return []Event{SigningKeyChangeRejected{c.Proposal, c.By.Subject}}, nil
}

func errNoProposal() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such open proposal here")
}

func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
