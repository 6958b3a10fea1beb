package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
)

// Scope is whose rows a reader may see: those of one tenant, recorded by or concerning the
// institutions named.
type Scope struct {
	Tenant domain.ID
	// All: the authority itself, every institution of the tenant. Otherwise Institutions: the
	// caller's and, for a region, those below it.
	All          bool
	Institutions []domain.ID
}

// setting is the value that the tables' policies read.
func (s Scope) setting() string {
	if s.All {
		return "*"
	}
	ids := make([]string, len(s.Institutions))
	for i, id := range s.Institutions {
		ids[i] = string(id)
	}
	return "{" + strings.Join(ids, ",") + "}"
}

// Tx is a transaction of a [Reader.View]; what is above names it without the driver.
type Tx = pgx.Tx

// Reader reads read models as role sijil_app, under row-level security.
type Reader struct {
	pool *pgxpool.Pool
}

// NewReader uses a pool whose connections act as sijil_app.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool} }

const scopeSQL = `SELECT set_config('sijil.tenant', $1, true), set_config('sijil.scope', $2, true)`

// View runs fn in a read-only transaction that sees what scope allows and nothing else:
// queries name the tenant too, the policies are the second line. [ErrBehind] when a read
// model it needs is not built yet.
func (r *Reader) View(ctx context.Context, scope Scope, fn func(pgx.Tx) error) error {
	if !scope.Tenant.Valid() {
		return fmt.Errorf("reading without a tenant")
	}
	err := pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, scopeSQL, string(scope.Tenant), scope.setting()); err != nil {
			return fmt.Errorf("setting the reader's scope: %w", err)
		}
		return fn(tx)
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == undefinedTable || pg.Code == undefinedColumn) {
		// In a new database, and after an update that brings a read model or changes one, the
		// tables come with the first turn at projecting, which another program may still have.
		return fmt.Errorf("%w: they are being built", ErrBehind)
	}
	return err
}

// The SQLSTATEs of a table and of a column that are not there.
const undefinedTable, undefinedColumn = "42P01", "42703"

// one collects the single row of a query, ok=false for none.
func one[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) (v T, ok bool, err error) {
	list, err := many[T](ctx, tx, sql, args...)
	if err != nil || len(list) == 0 {
		return v, false, err
	}
	return list[0], true, nil
}

// many collects rows by column name; none is empty, not an error.
func many[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
