package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

// Attester signs credentials that an institution is asked to issue.
type Attester interface {
	// Attest records what is asked and signs it, with an embedded proof or enveloped. about is the
	// student it is about, or empty. The document is JSON.
	Attest(ctx context.Context, act ledger.Act, credential []byte, enveloped bool, about domain.ID) (id domain.ID, document []byte, at eventlog.Position, err error)
	// Transcript does so with a transcript of the student's that holds these diplomas, or those of
	// them that stand.
	Transcript(ctx context.Context, act ledger.Act, student domain.ID, diplomas []ledger.Diploma) (id domain.ID, document []byte, at eventlog.Position, err error)
	// Attested is the document again, nil before it is signed; personal_data_erased.
	Attested(ctx context.Context, tenant, attestation domain.ID) ([]byte, error)
}

const attestationPath = "/v1/attestations/{attestation}"

func (s *Server) registerAttestations() {
	const tag = "attestations"
	const rules = "The issuer is the caller's institution; `issuer`, `id` and `validFrom` are filled in when they are left out. `credentialStatus` and `proof` are the ledger's to add. " +
		"Refused is whatever the data model 2.0 does not allow, members and types without a meaning, contexts that are not kept here, and whatever looks like an award: diplomas come from `award-diploma`. " +
		"What is signed is recorded before. Without an Idempotency-Key every request issues another credential."
	issue := func(id, path, summary string) op {
		return op{
			ID: id, Method: http.MethodPost, Path: path, Scope: access.AttestationsWrite, Tag: tag, Status: http.StatusCreated,
			Summary: summary, Description: rules, KeyOptional: true, MaxBody: 128 << 10,
		}
	}
	write(s, issue("issue-credential", "/credentials/issue", "Issue a credential with an embedded eddsa-rdfc-2022 proof (VC-API)"),
		func(ctx context.Context, in *issueInput) (*answer[IssuedCredential], error) {
			return s.attest(ctx, in, false)
		})
	write(s, issue("issue-enveloped-credential", "/enveloped/credentials/issue", "Issue a credential as a vc+jwt in an EnvelopedVerifiableCredential (VC-API)"),
		func(ctx context.Context, in *issueInput) (*answer[IssuedCredential], error) {
			return s.attest(ctx, in, true)
		})
	s.registerClrTranscripts()
	raw(s, op{
		ID: "read-attestation", Method: http.MethodGet, Path: attestationPath, Scope: access.DiplomasRead, Tag: tag,
		Summary: "How a credential that was issued on request stands",
	}, s.readAttestation)
	write(s, op{
		ID: "propose-attestation-revocation", Method: http.MethodPost, Path: attestationPath + "/revocations", Scope: access.AttestationsRevoke, Tag: tag, Status: http.StatusCreated,
		Summary:     "Propose to revoke a credential that was issued on request, as the first of two officers",
		Description: "Nothing is revoked before another token subject approves. A later proposal takes the place of an earlier one.",
	}, s.proposeAttestationRevocation)
	write(s, op{
		ID: "approve-attestation-revocation", Method: http.MethodPost, Path: attestationPath + "/revocations/{revocation}/approvals", Scope: access.AttestationsRevoke, Tag: tag, Status: http.StatusCreated,
		Summary:     "Approve the proposal and revoke, as the second officer",
		Description: "It is final, and the institution's status list says so within a second.",
	}, s.approveAttestationRevocation)
}

type issueInput struct{ Body IssueRequest }

// IssueRequest is a VC-API request to issue.
type IssueRequest struct {
	Credential AnyCredential `json:"credential" doc:"The credential without proof and status, in the data model 2.0"`
	Options    IssueOptions  `json:"options,omitzero"`
}

// IssueOptions are what the caller says beside the credential.
type IssueOptions struct {
	StudentUniqueID domain.ID `json:"studentUniqueId,omitempty" doc:"Whom it is about, if that is a student whom the institution may see: it is then sealed with their data, and erased with it"`
}

// AnyCredential is a JSON object, kept as it is written.
type AnyCredential jsontext.Value

// UnmarshalJSON keeps the text.
func (c *AnyCredential) UnmarshalJSON(b []byte) error { *c = append((*c)[:0], b...); return nil }

// MarshalJSON gives the text.
func (c AnyCredential) MarshalJSON() ([]byte, error) { return c, nil }

// Schema is any object.
func (AnyCredential) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "object", AdditionalProperties: true, Description: "A verifiable credential (https://www.w3.org/TR/vc-data-model-2.0/)",
		Examples: []any{map[string]any{
			"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"},
			"credentialSubject": map[string]any{"id": "did:example:subject"},
		}},
	}
}

// IssuedCredential is the VC-API's answer.
type IssuedCredential struct {
	VerifiableCredential AnyCredential `json:"verifiableCredential"`
}

func (s *Server) attest(ctx context.Context, in *issueInput, enveloped bool) (*answer[IssuedCredential], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	// The text as it came: decoding has been through the schema's eyes.
	var as struct {
		Credential jsontext.Value `json:"credential"`
		Options    jsontext.Value `json:"options"`
	}
	if err := json.Unmarshal(callOf(ctx).body, &as); err != nil {
		return nil, newProblem(http.StatusBadRequest, "invalid_json", "the body is not the JSON this operation takes")
	}
	id, document, at, err := s.cfg.Publisher.Attest(ctx, act, as.Credential, enveloped, in.Body.Options.StudentUniqueID)
	if err != nil {
		return nil, err
	}
	return written(s, at, "/v1/attestations/"+string(id), IssuedCredential{document}), nil
}

type attestationInput struct {
	Attestation domain.ID `path:"attestation"`
}

// Attestation is how a credential that was issued on request stands.
type Attestation struct {
	ID          domain.ID `json:"id"`
	Institution domain.ID `json:"institution" doc:"In whose name it is"`
	State       string    `json:"state" enum:"prepared,signed,revoked"`
	Kid         string    `json:"kid"`
	Digest      string    `json:"digest,omitempty" doc:"SHA-256 of the token or document, in hexadecimal"`
	// VerifiableCredential is absent before it is signed, after it was erased, and for others than the
	// institution that issued it.
	VerifiableCredential AnyCredential `json:"verifiableCredential,omitzero"`
}

var attestationStates = map[attestation.Phase]string{attestation.Prepared: "prepared", attestation.Signed: "signed", attestation.Revoked: "revoked"}

func (s *Server) readAttestation(ctx context.Context, in *attestationInput) (*body[Attestation], error) {
	c := callOf(ctx)
	act, err := s.cfg.Ledger.Begin(ctx, ledger.Request{
		Tenant: c.principal.Tenant, Institution: c.principal.Institution, Actor: string(c.principal.Subject),
		Client: c.principal.Client, Route: c.route, Key: c.id, After: c.after,
	})
	if err != nil {
		return nil, err
	}
	a, err := s.cfg.Ledger.ReachAttestation(ctx, act, in.Attestation)
	if err != nil {
		return nil, err
	}
	var document AnyCredential
	if a.State.Institution == c.principal.Institution { // who stands above learns how it stands, not what it says of somebody
		document, err = s.cfg.Publisher.Attested(ctx, c.principal.Tenant, in.Attestation)
		if err != nil && domain.CodeOf(err) != "personal_data_erased" {
			return nil, err
		}
	}
	return &body[Attestation]{Attestation{
		ID: in.Attestation, Institution: a.State.Institution, State: attestationStates[a.State.Phase], Kid: a.State.KeyID, Digest: a.State.Digest,
		VerifiableCredential: document,
	}}, nil
}

type proposeAttestationRevocationInput struct {
	Attestation domain.ID `path:"attestation"`
	Body        NewAttestationRevocation
}

// NewAttestationRevocation says why it shall no longer count.
type NewAttestationRevocation struct {
	ReasonClass string `json:"reasonClass" enum:"issued_in_error,fraud,no_longer_true,court_order"`
}

func (s *Server) proposeAttestationRevocation(ctx context.Context, in *proposeAttestationRevocationInput) (*answer[WrittenID], error) {
	return s.endAttestation(ctx, in.Attestation, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.ProposeAttestationRevocation(ctx, act, in.Attestation, attestation.ReasonClass(in.Body.ReasonClass))
	})
}

type approveAttestationRevocationInput struct {
	Attestation domain.ID `path:"attestation"`
	Revocation  domain.ID `path:"revocation"`
}

func (s *Server) approveAttestationRevocation(ctx context.Context, in *approveAttestationRevocationInput) (*answer[WrittenID], error) {
	return s.endAttestation(ctx, in.Attestation, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.ApproveAttestationRevocation(ctx, act, in.Attestation, in.Revocation)
	})
}

func (s *Server) endAttestation(ctx context.Context, id domain.ID, do func(ledger.Act) (ledger.Written, error)) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := do(act)
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, "/v1/attestations/"+string(id), WrittenID{w.ID}), nil
}

// The codes of attestations.
var _ = explain(
	Code{"credential_not_conforming", 422, "The credential is not as the data model 2.0 or this issuer's rules ask; the detail says what is wrong and where.", "Correct it. docs/verdicts.md explains the names in the detail."},
	Code{"set_by_issuer", 422, "The credential has a member that only the ledger sets: `credentialStatus`, `proof`, or an `id` of the form that the ledger gives.", "Leave it out."},
	Code{"another_issuer", 403, "The credential names another issuer than the caller's institution.", "Leave `issuer` out, or give the institution's DID."},
	Code{"diplomas_come_from_awards", 403, "What is asked to be signed looks like a diploma, a badge or a transcript.", "Award it: `POST /v1/awards`. The ledger signs what was awarded."},
	Code{"not_an_attestation", 403, "Status lists and presentations are not signed on request.", "Nothing: the ledger makes its own status lists."},
	Code{"attestation_not_signed", 409, "The key that the attestation was prepared under was retired or lost before it signed.", "Ask again with a new Idempotency-Key."},
)
