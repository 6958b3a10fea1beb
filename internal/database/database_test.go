package database_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/database"
	"sijil/internal/pgtest"
	"sijil/migrations"
)

func TestEveryPoolActsUnderItsRole(t *testing.T) {
	db := open(t, database.Config{URL: pgtest.URL(t)})
	total := int32(0)
	for _, c := range []struct {
		pool *pgxpool.Pool
		role string
	}{
		{db.Log, "sijil_log"}, {db.App, "sijil_app"}, {db.Projector, "sijil_projector"}, {db.Vault, "sijil_vault"}, {db.Owner, "sijil"},
	} {
		total += c.pool.Config().MaxConns
		conn, err := c.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		for _, before := range []string{`select 1`, `reset role`} {
			if _, err := conn.Exec(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			var user string
			if err := conn.QueryRow(t.Context(), `select current_user`).Scan(&user); err != nil {
				t.Fatal(err)
			}
			if user != c.role {
				t.Errorf("after %q the pool of %s acts as %s", before, c.role, user)
			}
		}
	}
	if total > 32 {
		t.Errorf("the pools may open %d connections together", total)
	}
}

func TestAnUnsafeServerIsRefusedWithTheCure(t *testing.T) {
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		t.Run(setting+" is off", func(t *testing.T) {
			t.Parallel()
			server := pgtest.NewServer(t, pgtest.Setting{Name: setting, Value: "off"})
			_, err := database.Open(t.Context(), database.Config{URL: server.URL()})
			e, ok := errors.AsType[*database.UnsafeError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if e.Setting != setting || !strings.Contains(err.Error(), "ALTER SYSTEM SET "+setting+" = on") {
				t.Errorf("the message is %q", err)
			}
		})
	}
	t.Run("synchronous_commit is off for this database only", func(t *testing.T) {
		conn := pgtest.URL(t)
		exec(t, conn, `do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`)
		_, err := database.Open(t.Context(), database.Config{URL: conn})
		if _, ok := errors.AsType[*database.UnsafeError](err); !ok {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("the server is read-only", func(t *testing.T) {
		conn := pgtest.URL(t)
		exec(t, conn, `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`)
		if _, err := database.Open(t.Context(), database.Config{URL: conn}); err == nil || !strings.Contains(err.Error(), "primary") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAnOrdinaryDatabaseUserIsEnough(t *testing.T) {
	server := pgtest.NewServer(t)
	exec(t, server.URL(), `create role clerk login`)
	exec(t, server.URL(), `create database office owner clerk`)
	exec(t, server.URL(), `grant sijil_log, sijil_app, sijil_projector, sijil_vault to clerk`)
	clerk := as(t, server.URL(), "clerk", "office")
	open(t, database.Config{URL: clerk})

	exec(t, server.URL(), `revoke sijil_app from clerk`)
	_, err := database.Open(t.Context(), database.Config{URL: clerk})
	e, ok := errors.AsType[*database.RoleError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if e.Role != "sijil_app" || !strings.Contains(err.Error(), "GRANT sijil_app TO clerk") {
		t.Errorf("the message is %q", err)
	}
}

func TestADataDirectoryIsEnough(t *testing.T) {
	dir := pgtest.DataDir(t)
	var wg sync.WaitGroup
	dbs := make([]*database.DB, 3)
	for i := range dbs {
		wg.Go(func() {
			var err error
			if dbs[i], err = database.Open(t.Context(), database.Config{DataDir: dir}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, db := range dbs {
		if t.Failed() {
			break
		}
		if err := db.App.Ping(t.Context()); err != nil {
			t.Errorf("after %d left: %v", i, err)
		}
		if err := db.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestTheSchemaCanBeLookedAtAsItIs(t *testing.T) {
	server := pgtest.NewServer(t)
	exec(t, server.URL(), `create database bare`)
	bare := as(t, server.URL(), "sijil", "bare")
	db := open(t, database.Config{URL: bare, SchemaAsFound: true})
	status, err := migrations.Status(t.Context(), db.Owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range status {
		if !m.Applied.IsZero() {
			t.Errorf("%s was applied", m.Name)
		}
	}
}

func open(t *testing.T, cfg database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, conn, sql string) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// as is the connection string for another user and another database of the same server.
func as(t *testing.T, conn, user, database string) string {
	t.Helper()
	u, err := url.Parse(conn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("user", user)
	u.Path, u.RawQuery = "/"+database, q.Encode()
	return u.String()
}
