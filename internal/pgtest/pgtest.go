// Package pgtest gives every test a PostgreSQL database of its own, migrated, on one
// private server that all test processes of a machine's user share. The server is real
// and durable; it is started by the first test that asks and stops some seconds after the
// last test process ended, in whatever way it ended (keeper.go).
//
// Tests that need to kill a server take [NewServer].
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
	"sijil/migrations"
)

// maxConns is the most connections of one test's pool.
const maxConns = 32

// Pool is a pool of connections, as the owner, to a fresh and migrated database, which
// goes when the test ends.
func Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t))
}

// URL is the connection string, for the owner, of a fresh and migrated database, which goes
// when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return fresh(t, (*sharedServer).template)
}

// Empty is a pool to a fresh database without any tables, for tests of the migrations.
func Empty(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, fresh(t, func(*sharedServer, context.Context, *pgx.Conn) (string, error) { return "template0", nil }))
}

// fresh copies the database that template names, and drops the copy when the test ends.
func fresh(t testing.TB, template func(*sharedServer, context.Context, *pgx.Conn) (string, error)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := shared(ctx)
	if err != nil {
		t.Fatalf("starting the test server: %v", err)
	}
	name := "t_" + rand.Text()
	err = server.do(ctx, func(c *pgx.Conn) error {
		from, err := template(server, ctx, c)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, fmt.Sprintf(`create database %s template %s strategy wal_log`,
			pgx.Identifier{name}.Sanitize(), pgx.Identifier{from}.Sanitize()))
		return err
	})
	if err != nil {
		t.Fatalf("creating a test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.do(ctx, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, fmt.Sprintf(`drop database %s with (force)`, pgx.Identifier{name}.Sanitize()))
			return err
		}); err != nil {
			t.Errorf("dropping a test database: %v", err)
		}
	})
	return withDatabase(server.url, name)
}

// passOn lets programs that a test starts elsewhere find the PostgreSQL that this process
// finds from its working directory (.tools/pg).
var passOn = sync.OnceValue(func() error {
	if os.Getenv("PG_BINDIR") != "" {
		return nil
	}
	inst, err := pgembed.Find()
	if err != nil {
		return err
	}
	return os.Setenv("PG_BINDIR", inst.Bin)
})

// DataDir is an empty data directory for a ledger under test, short enough for a socket
// and open to the account that PostgreSQL runs as, which t.TempDir is not for root. It
// goes when the test ends, with the server that may still run in it. PG_BINDIR is set from
// then on, for programs that the test starts.
func DataDir(t testing.TB) string {
	t.Helper()
	if err := passOn(); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(base(), "sijil-test-")
	if err != nil {
		t.Fatalf("making a data directory: %v", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatalf("opening a data directory: %v", err)
	}
	t.Cleanup(func() {
		KillServer(dir)
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing a data directory: %v", err)
		}
	})
	return dir
}

// open opens a pool and closes it when the test ends.
func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("reading a connection string: %v", err)
	}
	cfg.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatalf("opening a pool: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Errorf("connections of the test's pool are still in use 10 s after the test: rows or a transaction were not closed")
		}
	})
	return pool
}

// base is where test servers live: a short path that the account PostgreSQL runs as can
// enter.
func base() string {
	if os.Geteuid() == 0 {
		return "/var/tmp"
	}
	return os.TempDir()
}

// template makes the migrated database that test databases are copies of, once per set
// of migrations, and returns its name.
func (s *sharedServer) template(ctx context.Context, c *pgx.Conn) (string, error) {
	name := "tmpl_" + migrations.Checksum()[:16]
	there := func() (ok bool, err error) {
		err = c.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&ok)
		return ok, err
	}
	if ok, err := there(); ok || err != nil {
		return name, err
	}
	// Ends with the connection.
	if _, err := c.Exec(ctx, `select pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", err
	}
	if ok, err := there(); ok || err != nil {
		return name, err
	}
	draft := pgx.Identifier{name + "_draft"}.Sanitize()
	if _, err := c.Exec(ctx, `drop database if exists `+draft); err != nil {
		return "", err
	}
	if _, err := c.Exec(ctx, `create database `+draft); err != nil {
		return "", err
	}
	pool, err := pgxpool.New(ctx, withDatabase(s.url, name+"_draft"))
	if err != nil {
		return "", err
	}
	_, err = migrations.Up(ctx, pool)
	pool.Close()
	if err != nil {
		return "", err
	}
	_, err = c.Exec(ctx, fmt.Sprintf(`alter database %s rename to %s`, draft, pgx.Identifier{name}.Sanitize()))
	return name, err
}
