package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerRevocations() {
	const tag = "credentials"
	write(s, op{
		ID: "propose-revocation", Method: http.MethodPost, Path: credentialPath + "/revocations", Scope: access.DiplomasRevoke, Tag: tag, Status: http.StatusCreated,
		Summary:     "Propose to revoke a credential, as the first of two officers",
		Description: "Nothing is revoked before another token subject approves. A later proposal takes the place of an earlier one.",
	}, s.proposeRevocation)
	write(s, op{
		ID: "approve-revocation", Method: http.MethodPost, Path: credentialPath + "/revocations/{revocation}/approvals", Scope: access.DiplomasRevoke, Tag: tag, Status: http.StatusCreated,
		Summary:     "Approve the proposal and revoke, as the second officer",
		Description: "It is final, and the institution's status list says so within a second.",
	}, s.approveRevocation)
	write(s, op{
		ID: "suspend-credential", Method: http.MethodPost, Path: credentialPath + "/suspensions", Scope: access.DiplomasRevoke, Tag: tag, Status: http.StatusCreated,
		Summary: "Stop a credential until it is reinstated",
	}, s.suspendCredential)
	write(s, op{
		ID: "reinstate-credential", Method: http.MethodPost, Path: credentialPath + "/reinstatements", Scope: access.DiplomasRevoke, Tag: tag, Status: http.StatusCreated,
		Summary: "End a suspension",
	}, s.reinstateCredential)
}

// NewRevocation says why a credential shall no longer count.
type NewRevocation struct {
	ReasonClass string      `json:"reasonClass" enum:"issued_in_error,fraud,degree_withdrawn,accreditation_void,court_order"`
	EffectiveAt domain.Date `json:"effectiveAt,omitempty" doc:"From which day; absent for today"`
}

// Revocation is a proposal to revoke, or the revocation.
type Revocation struct {
	ID         domain.ID `json:"id"`
	Credential domain.ID `json:"credential"`
	State      string    `json:"state" enum:"proposed,revoked"`
}

type proposeRevocationInput struct {
	Credential domain.ID `path:"credential"`
	Body       NewRevocation
}

func (s *Server) proposeRevocation(ctx context.Context, in *proposeRevocationInput) (*answer[Revocation], error) {
	return s.revocation(ctx, in.Credential, "proposed", func(act ledger.Act, ref award.Ref) (ledger.CredentialChanged, error) {
		return s.cfg.Ledger.ProposeRevocation(ctx, act, ref, in.Credential, award.ReasonClass(in.Body.ReasonClass), in.Body.EffectiveAt)
	})
}

type approveRevocationInput struct {
	Credential domain.ID `path:"credential"`
	Revocation domain.ID `path:"revocation"`
}

func (s *Server) approveRevocation(ctx context.Context, in *approveRevocationInput) (*answer[Revocation], error) {
	return s.revocation(ctx, in.Credential, "revoked", func(act ledger.Act, ref award.Ref) (ledger.CredentialChanged, error) {
		return s.cfg.Ledger.ApproveRevocation(ctx, act, ref, in.Credential, in.Revocation)
	})
}

func (s *Server) revocation(ctx context.Context, credential domain.ID, state string, do func(ledger.Act, award.Ref) (ledger.CredentialChanged, error)) (*answer[Revocation], error) {
	changed, err := s.onCredential(ctx, credential, do)
	if err != nil {
		return nil, err
	}
	return written(s, changed.Position, "/v1/credentials/"+string(credential), Revocation{ID: changed.Revocation, Credential: credential, State: state}), nil
}

// onCredential begins the command and finds the award that the credential belongs to.
func (s *Server) onCredential(ctx context.Context, credential domain.ID, do func(ledger.Act, award.Ref) (ledger.CredentialChanged, error)) (ledger.CredentialChanged, error) {
	act, err := s.act(ctx)
	if err != nil {
		return ledger.CredentialChanged{}, err
	}
	c, err := s.credential(ctx, credential)
	if err != nil {
		return ledger.CredentialChanged{}, err
	}
	return do(act, refOf(c))
}

type suspendCredentialInput struct {
	Credential domain.ID `path:"credential"`
	Body       NewSuspension
}

// NewSuspension says why a credential does not count for now.
type NewSuspension struct {
	ReasonClass string `json:"reasonClass" enum:"under_investigation,issued_in_error,fraud,degree_withdrawn,accreditation_void,court_order"`
}

func (s *Server) suspendCredential(ctx context.Context, in *suspendCredentialInput) (*answer[WrittenID], error) {
	changed, err := s.onCredential(ctx, in.Credential, func(act ledger.Act, ref award.Ref) (ledger.CredentialChanged, error) {
		return s.cfg.Ledger.SuspendCredential(ctx, act, ref, in.Credential, award.ReasonClass(in.Body.ReasonClass))
	})
	return s.changedCredential(changed, err)
}

func (s *Server) reinstateCredential(ctx context.Context, in *credentialInput) (*answer[WrittenID], error) {
	changed, err := s.onCredential(ctx, in.Credential, func(act ledger.Act, ref award.Ref) (ledger.CredentialChanged, error) {
		return s.cfg.Ledger.ReinstateCredential(ctx, act, ref, in.Credential)
	})
	return s.changedCredential(changed, err)
}

func (s *Server) changedCredential(c ledger.CredentialChanged, err error) (*answer[WrittenID], error) {
	if err != nil {
		return nil, err
	}
	return written(s, c.Position, "/v1/credentials/"+string(c.Credential), WrittenID{c.Credential}), nil
}
