package projections

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
)

// SignedCredential is a credential of the register with its sealed token.
type SignedCredential struct {
	Tenant, Institution, Credential domain.ID
	PayloadSHA256                   string
	SignedAt                        time.Time
	Token                           []byte
	Cause
	Forms
}

const signedSQL = `SELECT c.tenant::text, c.institution::text, c.credential::text, c.payload_sha256, c.signed_at, c.token, ` + causeOf + `, ` + formsOf + `
	FROM read.credentials c ` + withSuccessor + `
	WHERE c.signed_at IS NOT NULL AND ($1 = '' OR c.institution = nullif($1, '')::uuid) ORDER BY c.tenant, c.student, c.program, c.award, c.edition`

// Signed yields every signed credential of the ledger, or of one institution, whatever
// became of it since. It is for operators: pool's connections act as sijil_projector, whom no
// tenant bounds. An error is yielded last.
func Signed(ctx context.Context, pool *pgxpool.Pool, institution domain.ID) iter.Seq2[SignedCredential, error] {
	return func(yield func(SignedCredential, error) bool) {
		rows, err := pool.Query(ctx, signedSQL, string(institution))
		if err != nil {
			yield(SignedCredential{}, fmt.Errorf("reading signed credentials: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var c SignedCredential
			if err := rows.Scan(&c.Tenant, &c.Institution, &c.Credential, &c.PayloadSHA256, &c.SignedAt, &c.Token, &c.Reason, &c.Successor, &c.FormPayloads, &c.FormTimes); err != nil {
				yield(c, fmt.Errorf("reading a signed credential: %w", err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(SignedCredential{}, fmt.Errorf("reading signed credentials: %w", err))
		}
	}
}

const issuersSQL = `SELECT l.tenant::text, l.institution::text, l.number FROM read.status_lists l
	WHERE $1 = '' OR l.institution = nullif($1, '')::uuid ORDER BY 1, 2, 3`

// IssuerList is one status list of an institution that signs.
type IssuerList struct {
	Tenant, Institution domain.ID
	Number              int
}

// IssuerLists are the status lists of every institution that signs, or of one; for
// operators, as [Signed].
func IssuerLists(ctx context.Context, pool *pgxpool.Pool, institution domain.ID) (list []IssuerList, err error) {
	rows, err := pool.Query(ctx, issuersSQL, string(institution))
	if err != nil {
		return nil, fmt.Errorf("reading the lists of issuers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l IssuerList
		if err := rows.Scan(&l.Tenant, &l.Institution, &l.Number); err != nil {
			return nil, fmt.Errorf("reading a list of an issuer: %w", err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}
