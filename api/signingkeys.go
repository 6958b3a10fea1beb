package api

import (
	"context"
	"net/http"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

const (
	keysPath      = institutionsPath + "{institution}/signingKeys"
	proposalsPath = institutionsPath + "{institution}/signingKeyProposals/{proposal}"
)

// keyOfficers is what every change of keys has in common.
const keyOfficers = " Nothing changes before another token subject approves the proposal, which lapses after seven days. " +
	"Either officer acts for the institution or for an authority above it; whom a request is made on behalf of does not count."

func (s *Server) registerSigningKeys() {
	post := func(id, path, summary, more string) op {
		return op{
			ID: id, Method: http.MethodPost, Path: path, Scope: access.KeysWrite, Tag: "institutions", Status: http.StatusCreated,
			Summary: summary, Description: more,
		}
	}
	write(s, post("make-signing-key", institutionsPath+"{institution}/signingKeyPairs", "Make a key pair on this server, and propose that the institution signs with it",
		"The private half stays here and is never answered. Diplomas need a pair for credentials and one for status lists. "+
			"For a key that lives elsewhere, give its public half to `authorize-signing-key`."+keyOfficers), s.makeSigningKey)
	write(s, post("authorize-signing-key", keysPath, "Propose that it signs with a key whose private half it keeps elsewhere",
		"At least one of the two officers belongs to an authority above the institution: such a key can sign what no ledger recorded."+keyOfficers), s.authorizeKey)
	write(s, post("rotate-signing-key", keysPath+"/{kid}/rotations", "Make a key pair on this server, and propose it in the place of a key",
		"What the former key signed stands."+keyOfficers), s.rotateKey)
	write(s, post("retire-signing-key", keysPath+"/{kid}/retirements", "Propose to end the use of a key",
		"What it signed stands."+keyOfficers), s.retireKey)
	write(s, post("report-key-compromise", keysPath+"/{kid}/compromises", "Report since when somebody else may hold a key",
		"A key for credentials signs nothing from the report on, unless the report is rejected. Once approved, credentials that the ledger recorded before that instant stand; "+
			"all others under the key are refused. The instant can later move earlier, never later."+keyOfficers), s.reportCompromise)
	write(s, post("approve-key-change", proposalsPath+"/approvals", "Approve a proposal about a key, as the second officer",
		"It takes effect at once."), s.approveKeyChange)
	write(s, post("reject-key-change", proposalsPath+"/rejections", "End a proposal about a key without a change",
		"The officer who made it may take it back so."), s.rejectKeyChange)
	s.registerReissues()
}

// KeyProposal is a proposal about a signing key, or what became of it.
type KeyProposal struct {
	ID    domain.ID `json:"id" doc:"The proposal"`
	State string    `json:"state" enum:"proposed,approved,rejected"`
	Kid   string    `json:"kid,omitempty" doc:"The key that is authorized, retired or compromised"`
	// LapsesAt is absent for a decision.
	LapsesAt time.Time `json:"lapsesAt,omitzero" doc:"When it can no longer be approved"`
}

// keyChanged answers a use case about keys.
func (s *Server) keyChanged(c ledger.KeyChange, state, kid string, err error) (*answer[KeyProposal], error) {
	if err != nil {
		return nil, err
	}
	return written(s, c.Position, institutionsPath+string(c.Institution), KeyProposal{ID: c.Proposal, State: state, Kid: kid, LapsesAt: c.LapsesAt}), nil
}

type makeSigningKeyInput struct {
	Institution domain.ID `path:"institution"`
	Body        NewSigningKeyPair
}

// NewSigningKeyPair says what the key is for.
type NewSigningKeyPair struct {
	Purpose institution.Purpose `json:"purpose" enum:"credential,status,authentication" doc:"What it signs; one key has one purpose"`
	Alg     string              `json:"alg,omitempty" enum:"EdDSA,ES256,ES384" doc:"The one algorithm it is used with; absent for EdDSA. Wallets take SD-JWT credentials signed with ES256."`
}

func (s *Server) makeSigningKey(ctx context.Context, in *makeSigningKeyInput) (*answer[KeyProposal], error) {
	act, key, err := s.newKeyPair(ctx, in.Institution, in.Body.Purpose, in.Body.Alg)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.ProposeSigningKey(ctx, act, in.Institution, key)
	return s.keyChanged(c, "proposed", key.Kid, err)
}

// newKeyPair begins a command and makes its key pair. Nobody makes key files for an
// institution that they do not decide for.
func (s *Server) newKeyPair(ctx context.Context, inst domain.ID, purpose institution.Purpose, alg string) (act ledger.Act, key institution.AuthorizeKey, err error) {
	if act, err = s.act(ctx); err != nil {
		return act, key, err
	}
	if _, err := s.cfg.Ledger.Reach(ctx, act, inst); err != nil {
		return act, key, err
	}
	if alg == "" {
		alg = "EdDSA"
	}
	// The name follows from the command: a retry finds the key it made.
	key, err = s.cfg.Publisher.GenerateKey(ctx, inst, "k"+string(act.ID("signing key")[:13]), purpose, alg)
	return act, key, err
}

type authorizeKeyInput struct {
	Institution domain.ID `path:"institution"`
	Body        NewSigningKey
}

// NewSigningKey is a public key that an institution will sign with.
type NewSigningKey struct {
	Kid          string              `json:"kid" pattern:"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$" doc:"The key's name in the institution, never used again" example:"2026-1"`
	Alg          string              `json:"alg" enum:"EdDSA,ES256,ES384,ES512" doc:"The one algorithm the key is used with"`
	Purpose      institution.Purpose `json:"purpose" enum:"credential,status,authentication" doc:"What it signs; one key has one purpose"`
	PublicKeyJwk PublicKeyJwk        `json:"publicKeyJwk"`
	ValidFrom    time.Time           `json:"validFrom" format:"date-time" doc:"From when it signs; not before the approval"`
}

// PublicKeyJwk is the public members of a JSON Web Key; a private member is refused.
type PublicKeyJwk struct {
	Kty string `json:"kty" enum:"OKP,EC"`
	Crv string `json:"crv" enum:"Ed25519,P-256,P-384,P-521"`
	X   string `json:"x" maxLength:"100"`
	Y   string `json:"y,omitempty" maxLength:"100"`
}

func (s *Server) authorizeKey(ctx context.Context, in *authorizeKeyInput) (*answer[KeyProposal], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	c, err := s.cfg.Ledger.ProposeSigningKey(ctx, act, in.Institution, institution.AuthorizeKey{
		Kid: b.Kid, Alg: b.Alg, Purpose: b.Purpose, PublicKeyJwk: institution.PublicKey(b.PublicKeyJwk), ValidFrom: b.ValidFrom, Elsewhere: true,
	})
	return s.keyChanged(c, "proposed", b.Kid, err)
}

// NamedKey is embedded in the input of operations on one key.
type NamedKey struct {
	Institution domain.ID `path:"institution"`
	Kid         string    `path:"kid" maxLength:"64"`
}

type rotateKeyInput struct {
	NamedKey
	Body KeyRotation
}

// KeyRotation is when a key's successor takes its place.
type KeyRotation struct {
	ValidUntil time.Time `json:"validUntil,omitzero" format:"date-time" doc:"The former key signs nothing from then on; absent for at once"`
}

func (s *Server) rotateKey(ctx context.Context, in *rotateKeyInput) (*answer[KeyProposal], error) {
	former, err := s.key(ctx, in.NamedKey)
	if err != nil {
		return nil, err
	}
	act, key, err := s.newKeyPair(ctx, in.Institution, former.Purpose, former.Alg)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.ProposeKeyRotation(ctx, act, in.Institution, key, in.Kid, in.Body.ValidUntil)
	return s.keyChanged(c, "proposed", key.Kid, err)
}

// key is a key that the caller may decide about.
func (s *Server) key(ctx context.Context, in NamedKey) (institution.Key, error) {
	act, err := s.act(ctx)
	if err != nil {
		return institution.Key{}, err
	}
	inst, err := s.cfg.Ledger.Reach(ctx, act, in.Institution)
	if err != nil {
		return institution.Key{}, err
	}
	k, ok := inst.State.Key(in.Kid)
	if !ok {
		return k, domain.Refuse(domain.Missing, "key_unknown", "the institution has no key with this kid")
	}
	return k, nil
}

type retireKeyInput struct {
	NamedKey
	Body KeyRetirement
}

// KeyRetirement is the end of a key's use.
type KeyRetirement struct {
	ValidUntil time.Time `json:"validUntil,omitzero" format:"date-time" doc:"Nothing new is signed from then on, and not before the approval; absent for at once"`
}

func (s *Server) retireKey(ctx context.Context, in *retireKeyInput) (*answer[KeyProposal], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.ProposeKeyRetirement(ctx, act, in.Institution, in.Kid, in.Body.ValidUntil)
	return s.keyChanged(c, "proposed", in.Kid, err)
}

type reportCompromiseInput struct {
	NamedKey
	Body KeyCompromise
}

// KeyCompromise is since when somebody else may hold a key.
type KeyCompromise struct {
	CompromisedAt time.Time `json:"compromisedAt" format:"date-time"`
}

func (s *Server) reportCompromise(ctx context.Context, in *reportCompromiseInput) (*answer[KeyProposal], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.ReportKeyCompromise(ctx, act, in.Institution, in.Kid, in.Body.CompromisedAt)
	return s.keyChanged(c, "proposed", in.Kid, err)
}

type keyProposalInput struct {
	Institution domain.ID `path:"institution"`
	Proposal    domain.ID `path:"proposal"`
}

func (s *Server) approveKeyChange(ctx context.Context, in *keyProposalInput) (*answer[KeyProposal], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.ApproveKeyChange(ctx, act, in.Institution, in.Proposal)
	return s.keyChanged(c, "approved", "", err)
}

func (s *Server) rejectKeyChange(ctx context.Context, in *keyProposalInput) (*answer[KeyProposal], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Ledger.RejectKeyChange(ctx, act, in.Institution, in.Proposal)
	return s.keyChanged(c, "rejected", "", err)
}
