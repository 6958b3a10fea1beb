// Package migrations brings a database to the schema this program needs: numbered SQL
// files, forward only, embedded, applied under an advisory lock by whichever process
// comes first, and never edited once they have been shipped.
//
// To add one, write the next NNNN_name.sql beginning with "-- +goose Up", and run
// `go generate ./migrations`, which adds its checksum to shipped.sum.
package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:generate go test -run ^TestShippedFilesAreNeverEdited$ . -seal

//go:embed *.sql
var files embed.FS

var (
	// ErrEdited: a migration that this database has applied is not the file of that number
	// in this program. Run the program that made the database, or restore the file.
	ErrEdited = errors.New("an applied migration differs from the one in this program")
	// ErrNewer: the database has migrations that this program does not know. Run a program
	// at least as new as the one that migrated it.
	ErrNewer = errors.New("the database was migrated by a newer program")
)

// lockKey is the advisory lock that migrating processes take turns by: "sijilmig" in ASCII.
const lockKey = 0x73696a696c6d6967

// Migration is one file and what this database knows of it.
type Migration struct {
	Version int64
	// Name is the file's name, "0001_roles.sql".
	Name string
	// Applied is when the database applied it (its own clock); zero when it has not.
	Applied time.Time
}

// Up applies what is missing, in order, each file in a transaction of its own, and
// returns what it applied. Processes that call it at once wait for each other. It needs
// two connections of the pool, which must be the owner's. [ErrEdited] and [ErrNewer]
// leave the database as it was.
func Up(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	return up(ctx, pool, files)
}

func up(ctx context.Context, pool *pgxpool.Pool, fsys fs.FS) (done []Migration, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(lockKey)); err != nil {
		return nil, fmt.Errorf("waiting for the migration lock: %w", err)
	}
	defer func() {
		// A lock that cannot be given back ends with its connection.
		if _, e := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(lockKey)); e != nil {
			err = errors.Join(err, fmt.Errorf("giving back the migration lock: %w", e), conn.Conn().Close(ctx))
		}
	}()

	if _, err := check(ctx, pool, fsys); err != nil {
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := newStore(fsys)
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider("", db, fsys, goose.WithStore(store))
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	results, err := p.Up(ctx)
	for _, r := range results {
		done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path})
	}
	if err != nil {
		return done, fmt.Errorf("migrating: %w", err)
	}
	return done, nil
}

// Hint is what the server proposes against err, for the operator; "" when it has none.
func Hint(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Hint
	}
	return ""
}

// Status is every migration of this program in order, with the time the database applied
// it. It changes nothing. [ErrEdited] and [ErrNewer] as for [Up].
func Status(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	return check(ctx, pool, files)
}

// Checksum names the schema that all files together make: two programs with the same
// checksum make the same database.
func Checksum() string {
	all, err := sources(files)
	if err != nil { // the files are embedded: their names were tested
		panic(err)
	}
	h := sha256.New()
	for _, s := range all {
		fmt.Fprintf(h, "%s %s\n", s.sum, s.name)
	}
	return hex.EncodeToString(h.Sum(nil))
}
