package esdblog_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

// inPostgres is an empty log in a database of its own.
func inPostgres(t testing.TB) (eventlog.Log, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.Pool(t)
	// Test databases are copies of one template, and a copy's id is for its operator to change.
	if _, err := pool.Exec(t.Context(), `update event_log set id = gen_random_uuid()`); err != nil {
		t.Fatal(err)
	}
	l, err := pglog.Open(t.Context(), pool, pglog.Config{Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, pool
}
