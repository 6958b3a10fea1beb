package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

// maxRegistered is how many of a student's diplomas are looked up: more than a transcript holds.
const maxRegistered = 101

func (s *Server) registerClrTranscripts() {
	write(s, op{
		ID: "issue-transcript", Method: http.MethodPost, Path: "/v1/students/{student}/transcripts", Scope: access.AttestationsWrite, Tag: "attestations", Status: http.StatusCreated,
		Summary: "Issue a student's diplomas of this institution together, as a CLR 2.0 transcript",
		Description: "The transcript is a `vc+jwt` that holds the signed diplomas which the caller's institution awarded and which stand: not revoked, replaced or suspended. " +
			"A verifier answers for each of them. Since it holds diplomas, the scope `diplomas:read` is demanded, too. What is awarded or corrected later is not in it: issue another one. `read-attestation` answers it again, and it is revoked like any attestation.",
	}, s.issueTranscript)
}

type issueTranscriptInput struct {
	Student domain.ID `path:"student"`
}

// IssuedTranscript is a signed transcript.
type IssuedTranscript struct {
	ID                   domain.ID     `json:"id" doc:"The attestation"`
	VerifiableCredential AnyCredential `json:"verifiableCredential"`
}

func (s *Server) issueTranscript(ctx context.Context, in *issueTranscriptInput) (*answer[IssuedTranscript], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(principal(ctx).Scopes, access.DiplomasRead) {
		return nil, newProblem(http.StatusForbidden, "insufficient_scope", "the answer holds diplomas: this operation demands the scope "+string(access.DiplomasRead)+", too")
	}
	diplomas, err := s.diplomasOf(ctx, in.Student)
	if err != nil {
		return nil, err
	}
	id, document, at, err := s.cfg.Publisher.Transcript(ctx, act, in.Student, diplomas)
	if err != nil {
		return nil, err
	}
	return written(s, at, "/v1/attestations/"+string(id), IssuedTranscript{id, document}), nil
}

// diplomasOf are the student's signed diplomas of the caller's institution by the register, which
// is as fresh as the position that the request carries.
func (s *Server) diplomasOf(ctx context.Context, student domain.ID) ([]ledger.Diploma, error) {
	if after := callOf(ctx).after; after > 0 {
		if err := s.cfg.Progress.WaitFor(ctx, after, readPatience); err != nil {
			return nil, err
		}
	}
	p := principal(ctx)
	var rows []projections.Credential
	err := s.inReach(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		rows, err = projections.CredentialList(ctx, tx, p.Tenant, projections.CredentialFilter{
			Institution: p.Institution, Student: student, State: projections.StateSigned,
		}, projections.Credential{}, maxRegistered)
		return err
	})
	diplomas := make([]ledger.Diploma, len(rows))
	for n, r := range rows {
		diplomas[n] = ledger.Diploma{Ref: refOf(r), Edition: r.Edition}
	}
	return diplomas, err
}

var _ = explain(
	Code{"no_diploma", 409, "No diploma that the caller's institution awarded to the student is signed and stands.", "Award one, or wait until it is signed; what other institutions awarded, they put into transcripts of their own."},
	Code{"too_many_diplomas", 409, "The diplomas are more than a transcript holds: 50, or 128 kB of tokens.", "Give the diplomas one by one."},
)
