package attestation

import (
	"fmt"

	"sijil/domain"
)

// Decider holds the rules of one attestation.
var Decider = domain.Decider[Command, State, Event]{Category: "attestation", Decide: decide, Evolve: evolve}

// Command is something to decide about an attestation.
type Command interface{ isAttestationCommand() }

// Prepare settles what will be signed.
type Prepare struct{ AttestationPrepared }

// Sign records what was signed.
type Sign struct{ AttestationSigned }

// ProposeRevocation is the first officer's half.
type ProposeRevocation struct {
	Revocation domain.ID
	Reason     ReasonClass
	Authority  domain.ID
	By         string
}

// ApproveRevocation is the second officer's half; it revokes.
type ApproveRevocation struct {
	Revocation domain.ID
	By         string
}

func (Prepare) isAttestationCommand()           {}
func (Sign) isAttestationCommand()              {}
func (ProposeRevocation) isAttestationCommand() {}
func (ApproveRevocation) isAttestationCommand() {}

// Phase is how far an attestation has come.
type Phase uint8

const (
	// Prepared: what will be signed is settled.
	Prepared Phase = iota + 1
	// Signed: the credential exists.
	Signed
	// Revoked is the end.
	Revoked
)

// State is what the rules need to know of an attestation; its zero value is none.
type State struct {
	Institution   domain.ID
	Credential    domain.ID
	Phase         Phase
	KeyID         string
	PayloadSHA256 string
	Digest        string
	// Proposal is the open proposal to revoke, zero when there is none.
	Proposal AttestationRevocationProposed
}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Prepare:
		return prepare(s, c)
	case Sign:
		return sign(s, c)
	case ProposeRevocation:
		return propose(s, c)
	case ApproveRevocation:
		return approve(s, c)
	}
	return nil, fmt.Errorf("attestation: no rule for %T", c)
}

func prepare(s State, c Prepare) ([]Event, error) {
	if s.Phase != 0 {
		return nil, domain.Refuse(domain.Conflict, "not_awaiting_credential", "the attestation is prepared already")
	}
	if !c.Credential.Valid() || !c.Institution.Valid() || c.RequestedBy == "" || c.Format == "" || c.KeyID == "" ||
		c.VerificationMethod == "" || c.StatusList < 1 || c.StatusIndex < 0 || c.PayloadSHA256 == "" || c.Payload.IsZero() {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a prepared attestation names itself, its institution, who asked, its key, its place in a status list and its payload")
	}
	return []Event{c.AttestationPrepared}, nil
}

func sign(s State, c Sign) ([]Event, error) {
	switch {
	case s.Phase == 0:
		return nil, errNotFound()
	case s.Digest != "" && s.Digest == c.Digest:
		return nil, nil
	case s.Phase != Prepared:
		return nil, domain.Refuse(domain.Conflict, "not_prepared", "the attestation is not waiting to be signed")
	case s.Credential != c.Credential || s.KeyID != c.KeyID || s.PayloadSHA256 != c.PayloadSHA256:
		return nil, domain.Refuse(domain.Conflict, "not_as_prepared", "what was signed is not what was recorded to be signed")
	case c.Digest == "" || c.Token.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a signed attestation has a token and its digest")
	}
	return []Event{c.AttestationSigned}, nil
}

// standing is nil for an attestation that is signed and not revoked.
func (s State) standing() error {
	switch s.Phase {
	case Signed:
		return nil
	case Prepared:
		return domain.Refuse(domain.Conflict, "not_signed", "the attestation is not signed")
	case Revoked:
		return domain.Refuse(domain.Conflict, "credential_revoked", "the attestation is revoked, which is final")
	}
	return errNotFound()
}

func propose(s State, c ProposeRevocation) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	if err := domain.Check(
		domain.Rule{Field: "reasonClass", Holds: c.Reason.Known(), Says: "is one of issued_in_error, fraud, no_longer_true, court_order"},
		domain.Rule{Field: "revocation", Holds: c.Revocation.Valid() && c.By != "", Says: "has an id and an officer"},
	); err != nil {
		return nil, err
	}
	return []Event{AttestationRevocationProposed{
		Revocation: c.Revocation, Credential: s.Credential, Reason: c.Reason, Authority: c.Authority, ProposedBy: c.By,
	}}, nil
}

func approve(s State, c ApproveRevocation) ([]Event, error) {
	if err := s.standing(); err != nil {
		return nil, err
	}
	p := s.Proposal
	switch {
	case c.Revocation == "" || p.Revocation != c.Revocation:
		return nil, errNotFound()
	case p.ProposedBy == c.By:
		return nil, domain.Refuse(domain.Forbidden, "needs_second_approval", "another officer than the one who proposed it has to approve a revocation")
	}
	return []Event{AttestationRevoked{
		Revocation: p.Revocation, Credential: p.Credential, Reason: p.Reason, Authority: p.Authority, Officers: []string{p.ProposedBy, c.By},
	}}, nil
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case AttestationPrepared:
		s = State{Institution: e.Institution, Credential: e.Credential, Phase: Prepared, KeyID: e.KeyID, PayloadSHA256: e.PayloadSHA256}
	case AttestationSigned:
		s.Phase, s.Digest = Signed, e.Digest
	case AttestationRevocationProposed:
		s.Proposal = e
	case AttestationRevoked:
		s.Phase, s.Proposal = Revoked, AttestationRevocationProposed{}
	}
	return s
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
}
