// Package pglog keeps an event log in PostgreSQL. One appender goroutine per process
// commits what many writers hand in as one transaction, under an advisory lock that is held
// until the commit. So positions are dense and become visible in order, for every reader
// and across processes, and an append costs a share of a commit instead of a whole one.
package pglog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// Config says how; only Clock is required.
type Config struct {
	// Clock is what recordedAt is read from.
	Clock func() time.Time
	// Logger hears of lost connections and of their return; nil means slog.Default().
	Logger *slog.Logger
	// MaxBatch is the most appends in one transaction; 0 means 256.
	MaxBatch int
	// MaxBatchBytes is the size, as eventlog.Size counts it, from which a transaction takes no
	// further append; 0 means 4 MiB.
	MaxBatchBytes int
	// Timeout bounds one transaction, waiting for another process's included; 0 means 30 s.
	// When it is over, the outcome is unknown.
	Timeout time.Duration
}

// Log is one process's use of the event log in a database. It implements eventlog.Log.
type Log struct {
	pool   *pgxpool.Pool
	cfg    Config
	id     string
	tide   *adapter.Tide
	names  *names
	lately lately
	queue  chan *request
	quit   chan struct{} // closed by Close: nothing more is accepted
	idle   chan struct{} // closed when the appender has answered everything and ended
	cancel context.CancelFunc
	others sync.WaitGroup // the listener and the poller
	close  sync.Once
}

var _ eventlog.Log = (*Log)(nil)

const idSQL = `select id::text from event_log`

// Open uses the log in pool's database, which must be migrated. Besides what it borrows
// from the pool while it reads, it takes two connections out of it for itself, one to
// append and one to listen. The pool stays the caller's and must outlive the log. ctx bounds
// only the opening.
func Open(ctx context.Context, pool *pgxpool.Pool, cfg Config) (*Log, error) {
	if cfg.Clock == nil {
		return nil, errors.New("opening the event log: no clock given")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.MaxBatch <= 0 {
		cfg.MaxBatch = 256
	}
	if cfg.MaxBatchBytes <= 0 {
		cfg.MaxBatchBytes = 4 << 20
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	l := &Log{
		pool: pool, cfg: cfg, tide: new(adapter.Tide), names: newNames(),
		queue: make(chan *request, cfg.MaxBatch),
		quit:  make(chan struct{}), idle: make(chan struct{}),
	}
	if err := pool.QueryRow(ctx, idSQL).Scan(&l.id); err != nil {
		return nil, fmt.Errorf("opening the event log: %w", err)
	}
	end, err := l.End(ctx)
	if err != nil {
		return nil, err
	}
	l.tide.Rise(end)
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	a := &appender{log: l, heads: adapter.NewRecent[string, state](cachedHeads)}
	go a.run(background)
	l.others.Go(func() { l.listen(background) })
	l.others.Go(func() { l.poll(background) })
	return l, nil
}

// Close accepts no further append, finishes what was accepted and returns. Waiting
// readers get [eventlog.ErrClosed]; reading still works while the pool is open.
func (l *Log) Close() {
	l.close.Do(func() {
		close(l.quit)
		<-l.idle
		l.cancel()
		l.others.Wait()
		l.tide.Close()
	})
	<-l.idle
}

// Seen is the newest position this process knows of, without asking the database.
func (l *Log) Seen() eventlog.Position { return l.tide.Now() }

// ID implements eventlog.Log.
func (l *Log) ID(ctx context.Context) (string, error) { return l.id, ctx.Err() }

// own takes a connection out of the pool for this log alone, and runs its first statement.
func (l *Log) own(ctx context.Context, first string) (*pgx.Conn, error) {
	pooled, err := l.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to the event log: %w", err)
	}
	conn := pooled.Hijack()
	if _, err := conn.Exec(ctx, first, pgx.QueryExecModeSimpleProtocol); err != nil {
		l.drop(ctx, conn)
		return nil, fmt.Errorf("preparing a connection to the event log: %w", err)
	}
	return conn, nil
}

// drop closes a connection, whatever its state, without waiting for a server that may be
// gone. Its transaction, if one is open, is rolled back by the server.
func (l *Log) drop(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		l.cfg.Logger.DebugContext(ctx, "closing a connection to the event log", "err", err)
	}
}
