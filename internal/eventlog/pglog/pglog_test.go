package pglog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/logtest"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// process is one process's use of a database's log, in the role that it has in production.
type process struct {
	*pglog.Log
	url  string
	pool *pgxpool.Pool
}

func (p *process) stop() {
	p.Close()
	p.pool.Close()
}

func open(t testing.TB, url string, cfg pglog.Config) *process {
	t.Helper()
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	pool := poolAs(t, url, "sijil_log")
	l, err := pglog.Open(t.Context(), pool, cfg)
	if err != nil {
		pool.Close()
		t.Fatalf("opening: %v", err)
	}
	p := &process{l, url, pool}
	t.Cleanup(p.stop)
	return p
}

// poolAs is a small pool of connections that stepped down to role.
func poolAs(t testing.TB, url, role string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 4
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "set role "+pgx.Identifier{role}.Sanitize())
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// freshURL is a database with an empty log of its own id: test databases are copies of one
// template, and a copy's id is for its operator to change.
func freshURL(t testing.TB) string {
	t.Helper()
	url := pgtest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `update event_log set id = gen_random_uuid()`); err != nil {
		t.Fatal(err)
	}
	return url
}

func TestContract(t *testing.T) {
	suite(pglog.Config{}).Run(t)
}

// With batches of one every append is a transaction, and the lock changes hands all the time.
func TestContractWithSmallBatches(t *testing.T) {
	for _, only := range []string{"two processes", "subscriber", "same moment", "at once"} {
		s := suite(pglog.Config{MaxBatch: 1})
		s.Writers = 12
		s.Only = only
		s.Run(t)
	}
}

func suite(cfg pglog.Config) logtest.Suite {
	return logtest.Suite{
		Open: func(t testing.TB) eventlog.Log { return open(t, freshURL(t), cfg) },
		OpenAt: func(t testing.TB, clock func() time.Time) eventlog.Log {
			cfg := cfg
			cfg.Clock = clock
			return open(t, freshURL(t), cfg)
		},
		Reopen: func(t testing.TB, l eventlog.Log) eventlog.Log {
			p := l.(*process)
			p.stop()
			return open(t, p.url, cfg)
		},
		Second: func(t testing.TB, l eventlog.Log) eventlog.Log { return open(t, l.(*process).url, cfg) },
	}
}

// A process that was alone with the log knows no stream of before its start. What it takes for
// a new stream is checked by the uniqueness of names, and the others of the batch are stored.
func TestStreamsOfBeforeTheStart(t *testing.T) {
	first := open(t, freshURL(t), pglog.Config{})
	old, err := first.Append(t.Context(), "s-old", eventlog.NoStream, draft(1))
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	l := open(t, first.url, pglog.Config{})
	if _, err := l.Append(t.Context(), "s-new", eventlog.NoStream, draft(2)); err != nil { // it reads, and knows its own stream
		t.Fatal(err)
	}
	together := make(chan error, 8)
	for i := range 8 {
		go func() {
			_, err := l.Append(t.Context(), fmt.Sprintf("s-%d", i), eventlog.NoStream, draft(10+i))
			together <- err
		}()
	}
	again, err := l.Append(t.Context(), "s-old", eventlog.NoStream, draft(1))
	if err != nil || len(again) != 1 || again[0].Position != old[0].Position {
		t.Errorf("the retry of an append of before was answered %v, %v", again, err)
	}
	var conflict *eventlog.ConflictError
	if _, err := l.Append(t.Context(), "s-old", eventlog.NoStream, draft(3)); !errors.As(err, &conflict) || conflict.Actual != 0 {
		t.Errorf("a stream of before was begun again: %v", err)
	}
	for range 8 {
		if err := <-together; err != nil {
			t.Error(err)
		}
	}
	holds(t, l, nil)
}
