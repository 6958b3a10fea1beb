// Package database turns what an operator says, a data directory or a connection string,
// into pools that are ready for use: the server runs, is safe to acknowledge writes on,
// has the schema of this program, and every pool acts under the role its users need.
package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
	"sijil/migrations"
)

// Config says which database. One of DataDir and URL is required; with both, URL wins.
type Config struct {
	// DataDir is where the embedded server keeps its data.
	DataDir string
	// URL is the connection string of a server that is run by somebody else, for a user who
	// owns the database. It may hold a password and is never logged.
	URL string
	// SchemaAsFound opens the Owner pool only, and migrates nothing.
	SchemaAsFound bool
	// Logger; slog.Default when nil.
	Logger *slog.Logger
}

// DB is the ledger's database. Each pool's connections start under a role, and go back
// to it on RESET ROLE; only Owner is the login user itself.
type DB struct {
	// Log appends to the event log and reads it (sijil_log).
	Log *pgxpool.Pool
	// App answers requests under row-level security (sijil_app).
	App *pgxpool.Pool
	// Projector writes read models (sijil_projector).
	Projector *pgxpool.Pool
	// Vault holds persons' wrapped keys (sijil_vault).
	Vault *pgxpool.Pool
	// Owner owns the tables: migrations, API clients, rebuilding read models.
	Owner *pgxpool.Pool

	server *pgembed.Server // nil with URL
}

// Most connections of each pool, 32 together: more made PostgreSQL slower, not faster.
const (
	logConns       = 8
	appConns       = 8
	projectorConns = 10
	vaultConns     = 3
	ownerConns     = 3 // migrating takes two
)

// Open starts or reaches the server, checks it, migrates it and opens the pools. Errors
// say what to do: [*UnsafeError], [*RoleError], and those of pgembed and migrations.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	db := &DB{}
	if err := db.open(ctx, cfg); err != nil {
		return nil, errors.Join(err, db.Close(context.WithoutCancel(ctx)))
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, cfg Config) (err error) {
	log := cfg.Logger
	if log == nil {
		log = slog.Default()
	}
	url := cfg.URL
	if url == "" {
		if db.server, err = pgembed.Start(ctx, pgembed.Config{Dir: cfg.DataDir, Logger: log}); err != nil {
			return err
		}
		url = db.server.URL()
	}
	if db.Owner, err = connect(ctx, url, "", ownerConns); err != nil {
		return err
	}
	if err := guard(ctx, db.Owner); err != nil {
		return err
	}
	if cfg.SchemaAsFound {
		return nil
	}
	applied, err := db.Migrate(ctx)
	if err != nil {
		return err
	}
	for _, m := range applied {
		log.InfoContext(ctx, "migrated the database", "migration", m.Name)
	}
	for _, p := range []struct {
		pool  **pgxpool.Pool
		role  string
		conns int32
	}{
		{&db.Log, "sijil_log", logConns},
		{&db.App, "sijil_app", appConns},
		{&db.Projector, "sijil_projector", projectorConns},
		{&db.Vault, "sijil_vault", vaultConns},
	} {
		if *p.pool, err = connect(ctx, url, p.role, p.conns); err != nil {
			return err
		}
	}
	// A database or a role may have a setting of its own: look through the eyes of the log.
	return guard(ctx, db.Log)
}

// Migrate applies the migrations that are missing and returns them. [Open] has done it
// unless the schema was to stay as found.
func (db *DB) Migrate(ctx context.Context) ([]migrations.Migration, error) {
	applied, err := migrations.Up(ctx, db.Owner)
	if hint := migrations.Hint(err); hint != "" {
		err = fmt.Errorf("%w\n%s", err, hint)
	}
	return applied, err
}

// Close waits for the connections in use, closes the pools and, when this is the last
// process that uses an embedded server, stops it. When ctx ends first, connections that are
// still in use are left to end with the server or the process.
func (db *DB) Close(ctx context.Context) error {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, p := range []*pgxpool.Pool{db.Log, db.App, db.Projector, db.Vault, db.Owner} {
			if p != nil {
				p.Close()
			}
		}
	}()
	var err error
	select {
	case <-closed:
	case <-ctx.Done():
		err = fmt.Errorf("closing the database while connections are in use: %w", context.Cause(ctx))
	}
	if db.server != nil {
		err = errors.Join(err, db.server.Stop(context.WithoutCancel(ctx)))
	}
	return err
}

// connect opens a pool under role ("" for the login user's own) and proves it with one
// connection.
func connect(ctx context.Context, url, role string, conns int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading the database's connection string: %w", err)
	}
	cfg.MaxConns = conns
	params := cfg.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "sijil"
	}
	if role != "" {
		params["application_name"] = role
		params["role"] = role // as a start-up parameter it is also what RESET ROLE returns to
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("opening a pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && role != "" && (e.Code == insufficientPrivilege || e.Code == invalidParameterValue) {
			return nil, &RoleError{Role: role, User: cfg.ConnConfig.User, Err: err}
		}
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	return pool, nil
}

// SQLSTATE codes of a role that may not be set, and of one that is not there.
const (
	insufficientPrivilege = "42501"
	invalidParameterValue = "22023"
)

// RoleError: the user we log in as may not act under one of the ledger's roles.
type RoleError struct {
	Role, User string
	Err        error
}

// Error names the cure.
func (e *RoleError) Error() string {
	return fmt.Sprintf("the database user %s may not act as %s: as an administrator run GRANT %s TO %s; (%v)", e.User, e.Role, e.Role, e.User, e.Err)
}

func (e *RoleError) Unwrap() error { return e.Err }
