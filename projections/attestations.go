package projections

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
	"sijil/domain/attestation"
)

// attestations are the credentials that institutions signed without an award, without what they
// say: enough to tell a verifier that one was recorded, and when.
var attestations = Projection{
	Name:    "attestations",
	Version: 1,
	Tables:  []string{"attestations"},
	DDL: `
CREATE TABLE attestations (
    tenant         uuid NOT NULL,
    institution    uuid NOT NULL, -- that signs
    credential     uuid NOT NULL,
    state          text NOT NULL, -- prepared, signed, revoked
    format         text NOT NULL,
    kid            text NOT NULL,
    payload_sha256 text NOT NULL,
    digest         text NOT NULL,
    reason         text NOT NULL, -- of the revocation
    prepared_at    timestamptz NOT NULL,
    signed_at      timestamptz,
    PRIMARY KEY (tenant, institution, credential)
);
CREATE INDEX attestations_by_id ON attestations (tenant, credential);
` + tenantPolicy("attestations", inScope),
	Apply: applyAttestation,
	Slow:  func() SlowFold { return slowAttestations{} },
}

const (
	attestationAddSQL = `INSERT INTO attestations (tenant, institution, credential, state, format, kid, payload_sha256, digest, reason, prepared_at)
		VALUES ($1, $2, $3, 'prepared', $4, $5, $6, '', '', $7)`
	attestationSignedSQL  = `UPDATE attestations SET state = 'signed', digest = $3, signed_at = $4 WHERE tenant = $1 AND credential = $2`
	attestationRevokedSQL = `UPDATE attestations SET state = 'revoked', reason = $3 WHERE tenant = $1 AND credential = $2`
)

func applyAttestation(b *pgx.Batch, e Event) {
	switch f := e.Fact.(type) {
	case attestation.AttestationPrepared:
		b.Queue(attestationAddSQL, e.Tenant, f.Institution, f.Credential, f.Format, f.KeyID, f.PayloadSHA256, e.Meta.RecordedAt)
	case attestation.AttestationSigned:
		b.Queue(attestationSignedSQL, e.Tenant, f.Credential, f.Digest, e.Meta.RecordedAt)
	case attestation.AttestationRevoked:
		b.Queue(attestationRevokedSQL, e.Tenant, f.Credential, string(f.Reason))
	}
}

const signedAttestationsSQL = `SELECT tenant::text, institution::text, credential::text, payload_sha256, signed_at, reason FROM read.attestations
	WHERE signed_at IS NOT NULL AND ($1 = '' OR institution = nullif($1, '')::uuid) ORDER BY tenant, institution, credential`

// SignedAttestation is that an attestation was signed, and why it does not count, if it does not.
type SignedAttestation struct {
	Tenant, Institution, Credential domain.ID
	PayloadSHA256                   string
	SignedAt                        time.Time
	Reason                          string
}

// SignedAttestations yields every signed attestation of the ledger, or of one institution; for
// operators, as [Signed].
func SignedAttestations(ctx context.Context, pool *pgxpool.Pool, institution domain.ID) iter.Seq2[SignedAttestation, error] {
	return func(yield func(SignedAttestation, error) bool) {
		rows, err := pool.Query(ctx, signedAttestationsSQL, string(institution))
		if err != nil {
			yield(SignedAttestation{}, fmt.Errorf("reading signed attestations: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var a SignedAttestation
			if err := rows.Scan(&a.Tenant, &a.Institution, &a.Credential, &a.PayloadSHA256, &a.SignedAt, &a.Reason); err != nil {
				yield(a, fmt.Errorf("reading a signed attestation: %w", err))
				return
			}
			if !yield(a, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(SignedAttestation{}, fmt.Errorf("reading signed attestations: %w", err))
		}
	}
}

type attestationRow struct {
	Tenant        domain.ID `json:"tenant"`
	Institution   domain.ID `json:"institution"`
	Credential    domain.ID `json:"credential"`
	State         string    `json:"state"`
	Format        string    `json:"format"`
	Kid           string    `json:"kid"`
	PayloadSHA256 string    `json:"payload_sha256"`
	Digest        string    `json:"digest"`
	Reason        string    `json:"reason"`
	PreparedAt    stamp     `json:"prepared_at"`
	SignedAt      *stamp    `json:"signed_at"`
}

type slowAttestations map[string]*attestationRow // by stream

func (s slowAttestations) Add(e Event) {
	at := stamp(e.Meta.RecordedAt)
	switch f := e.Fact.(type) {
	case attestation.AttestationPrepared:
		s[e.Stream] = &attestationRow{e.Tenant, f.Institution, f.Credential, StatePrepared, f.Format, f.KeyID, f.PayloadSHA256, "", "", at, nil}
	case attestation.AttestationSigned:
		r := s[e.Stream]
		r.State, r.Digest, r.SignedAt = StateSigned, f.Digest, &at
	case attestation.AttestationRevoked:
		r := s[e.Stream]
		r.State, r.Reason = StateRevoked, string(f.Reason)
	}
}

func (s slowAttestations) Rows() map[string][]any {
	var rows []any
	for _, r := range s {
		rows = append(rows, r)
	}
	return map[string][]any{"attestations": rows}
}
