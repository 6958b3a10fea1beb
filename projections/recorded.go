package projections

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
)

// RecordedCredential is that a credential was signed, and when the log took that.
type RecordedCredential struct {
	Credential    domain.ID
	PayloadSHA256 string
	SignedAt      time.Time
	Cause
	Forms
}

// Cause is why a credential does not count, empty while it does: a reason class, or
// "superseded". Successor is then the credential of the edition that counts, once it is prepared.
type Cause struct {
	Reason    string
	Successor *domain.ID
}

// causeOf selects [Cause] of the row c of read.credentials, where withSuccessor follows.
const (
	causeOf       = `CASE WHEN c.state = 'superseded' THEN 'superseded' ELSE c.reason END AS reason, n.credential AS successor`
	withSuccessor = `LEFT JOIN read.credentials n ON n.tenant = c.tenant AND n.student = c.student AND n.program = c.program
			AND n.award = c.award AND n.edition = c.superseded_by`
)

// Forms are the payloads that were signed of a credential in other forms than its token, and when.
type Forms struct {
	FormPayloads []string
	FormTimes    []time.Time
}

// formsOf selects [Forms] of the row c of read.credentials.
const formsOf = `ARRAY(SELECT f.payload_sha256 FROM read.credential_forms f WHERE f.tenant = c.tenant AND f.credential = c.credential ORDER BY f.signed_at, f.digest) AS form_payloads,
	ARRAY(SELECT f.signed_at FROM read.credential_forms f WHERE f.tenant = c.tenant AND f.credential = c.credential ORDER BY f.signed_at, f.digest) AS form_times`

const (
	recordedSQL = `SELECT c.credential, c.payload_sha256, c.signed_at, ` + causeOf + `, ` + formsOf + `
		FROM read.credentials c ` + withSuccessor + `
		WHERE c.tenant = $1 AND c.institution = $2 AND c.signed_at IS NOT NULL AND c.credential BETWEEN $3 AND $4
		UNION ALL SELECT credential, payload_sha256, signed_at, reason, NULL, '{}', '{}' FROM read.attestations
		WHERE tenant = $1 AND institution = $2 AND signed_at IS NOT NULL AND credential BETWEEN $3 AND $4 ORDER BY 1 LIMIT $5`
	recordedCountSQL = `SELECT (SELECT count(*) FROM read.credentials WHERE tenant = $1 AND institution = $2 AND signed_at IS NOT NULL)::int
		+ (SELECT count(*) FROM read.attestations WHERE tenant = $1 AND institution = $2 AND signed_at IS NOT NULL)::int`
)

// RecordedCredentials are those of an institution whose id begins with these hexadecimal
// digits, at most eight of them, whatever became of them since; at most limit.
func RecordedCredentials(ctx context.Context, tx pgx.Tx, tenant, institution domain.ID, prefix string, limit int) ([]RecordedCredential, error) {
	return many[RecordedCredential](ctx, tx, recordedSQL, tenant, institution, edge(prefix, '0'), edge(prefix, 'f'), limit)
}

// edge is the first or the last id that begins with prefix.
func edge(prefix string, rest rune) domain.ID {
	id := []rune("00000000-0000-0000-0000-000000000000")
	for i, r := range id {
		switch {
		case i < len(prefix):
			id[i] = rune(prefix[i])
		case r != '-':
			id[i] = rest
		}
	}
	return domain.ID(string(id))
}

// RecordedCount is how many credentials of an institution were signed.
func RecordedCount(ctx context.Context, tx pgx.Tx, tenant, institution domain.ID) (n int, err error) {
	if err := tx.QueryRow(ctx, recordedCountSQL, tenant, institution).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting signed credentials: %w", err)
	}
	return n, nil
}

// Payload is the hash of the signed payload; an error when the row is not what its writer wrote.
func (r RecordedCredential) Payload() ([32]byte, error) {
	sum, err := PayloadSum(r.PayloadSHA256)
	if err != nil {
		err = fmt.Errorf("credential %s: %w", r.Credential, err)
	}
	return sum, err
}

// PayloadSum reads a payload's hash; an error when it is not what its writer wrote.
func PayloadSum(text string) (sum [32]byte, err error) {
	if n, err := hex.Decode(sum[:], []byte(text)); err != nil || n != len(sum) {
		return sum, errors.New("a payload's hash is damaged")
	}
	return sum, nil
}

const underKeySQL = `SELECT student, program, award, credential FROM read.credentials
	WHERE tenant = $1 AND institution = $2 AND kid = $3 AND state IN ('prepared', 'signed', 'suspended') AND (signed_at IS NULL OR signed_at >= $4)
	AND credential > $5 ORDER BY credential LIMIT $6`

// UnderKey is a credential that counts or may come to count, under a key.
type UnderKey struct{ Student, Program, Award, Credential domain.ID }

// CredentialsUnderKey are an institution's credentials under a key that were recorded at since or
// later, or are not signed yet; a page of those after the one named.
func CredentialsUnderKey(ctx context.Context, tx pgx.Tx, tenant, institution domain.ID, kid string, since time.Time, after domain.ID, limit int) ([]UnderKey, error) {
	return many[UnderKey](ctx, tx, underKeySQL, tenant, institution, kid, since, afterID(after), limit)
}
