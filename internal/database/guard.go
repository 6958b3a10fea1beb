package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
)

// UnsafeError: the server would acknowledge writes that a crash can lose.
type UnsafeError struct {
	Setting, Value string
}

// Error names the danger and the cure.
func (e *UnsafeError) Error() string {
	return fmt.Sprintf("PostgreSQL runs with %[1]s = %[2]s, so a crash could lose records that were acknowledged: run ALTER SYSTEM SET %[1]s = on; and SELECT pg_reload_conf(); and look for %[1]s set on the database or the role (ALTER DATABASE … RESET %[1]s, ALTER ROLE … RESET %[1]s)",
		e.Setting, e.Value)
}

const guardSQL = `
select current_setting('fsync')              as fsync,
       current_setting('full_page_writes')   as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('server_version_num')::int / 10000 as major,
       current_setting('server_encoding')    as encoding,
       current_setting('transaction_read_only') = 'on' as read_only`

type guarded struct {
	Fsync             string
	FullPageWrites    string
	SynchronousCommit string
	Major             int
	Encoding          string
	ReadOnly          bool
}

// guard refuses a server that this program cannot keep its promises on. What a kill of a
// process can never show, a power cut would.
func guard(ctx context.Context, pool *pgxpool.Pool) error {
	rows, err := pool.Query(ctx, guardSQL)
	if err != nil {
		return fmt.Errorf("checking the server's settings: %w", err)
	}
	g, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[guarded])
	if err != nil {
		return fmt.Errorf("checking the server's settings: %w", err)
	}
	for _, s := range []UnsafeError{
		{"fsync", g.Fsync},
		{"full_page_writes", g.FullPageWrites},
		{"synchronous_commit", g.SynchronousCommit},
	} {
		if s.Value == "off" {
			return &s
		}
	}
	switch {
	case g.Major < pgembed.MinMajor:
		return fmt.Errorf("the server is PostgreSQL %d, and the ledger needs %d or newer", g.Major, pgembed.MinMajor)
	case g.Encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s: create it with ENCODING 'UTF8', since names come in every script", g.Encoding)
	case g.ReadOnly:
		return errors.New("the server is read-only, a standby perhaps: point SIJIL_DATABASE_URL at the primary")
	}
	return nil
}
