package migrations_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgtest"
	"sijil/migrations"
)

func TestProcessesThatMigrateAtOnceDoItOnce(t *testing.T) {
	db := pgtest.Empty(t)
	applied := make([]int, 4)
	var wg sync.WaitGroup
	for i := range applied {
		wg.Go(func() {
			done, err := migrations.Up(t.Context(), db)
			if err != nil {
				t.Error(err)
			}
			applied[i] = len(done)
		})
	}
	wg.Wait()
	status, err := migrations.Status(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range applied {
		total += n
	}
	if total != len(status) {
		t.Errorf("%d migrations were applied, there are %d", total, len(status))
	}
	for _, m := range status {
		if m.Applied.IsZero() {
			t.Errorf("%s is not applied", m.Name)
		}
	}
}

// Roles belong to the cluster: databases that migrate at once meet there.
func TestDatabasesOfOneClusterMayMigrateAtOnce(t *testing.T) {
	server := pgtest.NewServer(t)
	admin := server.Pool()
	for _, role := range roles {
		exec(t, admin, `drop owned by `+role)
		exec(t, admin, `drop role `+role)
	}
	const n = 6
	exec(t, admin, `create role clerk login createrole`)
	pools := make([]*pgxpool.Pool, n)
	for i := range pools {
		name := string(rune('a' + i))
		exec(t, admin, `create database `+name+` owner clerk`)
		pools[i] = as(t, server.URL(), name, "clerk")
	}
	var wg sync.WaitGroup
	for _, p := range pools {
		wg.Go(func() {
			if _, err := migrations.Up(t.Context(), p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, p := range pools {
		for _, role := range roles {
			exec(t, p, `set role `+role)
		}
	}
}

func TestADatabaseOfAnotherHistoryIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want error
	}{
		"an applied file that was edited since": {`update schema_migration_checksum set sha256 = 'other' where version = 1`, migrations.ErrEdited},
		"an applied file without a checksum":    {`delete from schema_migration_checksum where version = 1`, migrations.ErrEdited},
		"a migration of a newer program":        {`insert into schema_migration (version_id, is_applied) values (9999, true)`, migrations.ErrNewer},
	} {
		t.Run(name, func(t *testing.T) {
			db := pgtest.Pool(t)
			exec(t, db, c.sql)
			if _, err := migrations.Up(t.Context(), db); !errors.Is(err, c.want) {
				t.Errorf("Up: %v", err)
			}
			if _, err := migrations.Status(t.Context(), db); !errors.Is(err, c.want) {
				t.Errorf("Status: %v", err)
			}
		})
	}
}

func TestStatusOfAnEmptyDatabaseChangesNothing(t *testing.T) {
	db := pgtest.Empty(t)
	status, err := migrations.Status(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range status {
		if !m.Applied.IsZero() {
			t.Errorf("%s is said to be applied", m.Name)
		}
	}
	var tables int
	if err := db.QueryRow(t.Context(), `select count(*) from pg_tables where schemaname = 'public'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Errorf("Status made %d tables", tables)
	}
}

// A user without the right to create roles is told what an administrator has to do.
func TestMissingRightsNameTheCure(t *testing.T) {
	server := pgtest.NewServer(t)
	admin := server.Pool()
	exec(t, admin, `create role clerk login`)
	exec(t, admin, `create database office owner clerk`)
	db := as(t, server.URL(), "office", "clerk")
	_, err := migrations.Up(t.Context(), db)
	if err == nil {
		t.Fatal("a user that is no member of the roles migrated")
	}
	if got := migrations.Hint(err); got == "" {
		t.Errorf("no hint in %v", err)
	}
	exec(t, admin, `grant `+strings.Join(roles, ", ")+` to clerk`)
	if _, err := migrations.Up(t.Context(), db); err != nil {
		t.Fatalf("after the cure: %v", err)
	}
}

var roles = []string{"sijil_log", "sijil_projector", "sijil_app", "sijil_vault"}

func exec(t *testing.T, db *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// as opens a pool to another database of the server as another user.
func as(t *testing.T, conn, database, user string) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(conn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("user", user)
	u.Path, u.RawQuery = "/"+database, q.Encode()
	pool, err := pgxpool.New(context.Background(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
