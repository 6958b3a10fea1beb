package projections

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
)

const (
	// projectorLock is the advisory lock by which processes take turns at projecting.
	projectorLock = 0x53494A494C_0001 // "SIJIL"
	// maxBatch bounds one transaction, in events; a reader waits for at most one of them.
	maxBatch = 1000
	// maxBatchBytes bounds it in bytes of payload.
	maxBatchBytes = 4 << 20
	turnPause     = time.Second
)

// ErrForeignLog: the tables were built from another log. Either the wrong database or the
// wrong log is configured, or the log was restored or copied.
var ErrForeignLog = errors.New("the read models belong to another event log: point to the log they were built from, or rebuild them with `sijil replay --rebuild`")

// errFenced: another process took the turn while this one was slow. Nothing was written.
var errFenced = errors.New("another process projects now")

// Runner keeps every projection at the end of the log. Any number of processes may run
// one: they take turns by an advisory lock, and the checkpoint's epoch keeps one that lost
// its turn without noticing from writing.
type Runner struct {
	pool   *pgxpool.Pool
	log    eventlog.Log
	list   []Projection
	logger *slog.Logger

	mu     sync.Mutex
	at     eventlog.Position
	mine   bool          // this process has the turn: at is what the tables hold
	moved  chan struct{} // closed and replaced at each move
	failed error
}

// NewRunner projects log into pool, whose user must be able to act as sijil_projector.
func NewRunner(pool *pgxpool.Pool, log eventlog.Log, logger *slog.Logger, list ...Projection) *Runner {
	if len(list) == 0 {
		list = All()
	}
	return &Runner{pool: pool, log: log, list: list, logger: logger, moved: make(chan struct{})}
}

// Run projects until ctx ends, taking turns with other processes, and retries what may
// pass. It returns early only for what will not: an event it does not know, a foreign log.
// [Runner.Err] then says so for /readyz.
func (r *Runner) Run(ctx context.Context) error {
	backoff := 100 * time.Millisecond
	for ctx.Err() == nil {
		err := r.turn(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrUnknownType), errors.Is(err, ErrForeignLog):
			r.setErr(err)
			r.logger.ErrorContext(ctx, "projections stopped for good", "position", r.Position(), "err", err)
			return err
		case err != nil && !errors.Is(err, errFenced):
			if r.Err() == nil { // a good turn lies between this failure and the last
				backoff = 100 * time.Millisecond
			}
			r.setErr(err)
			r.logger.WarnContext(ctx, "projecting failed; trying again", "position", r.Position(), "in", backoff, "err", err)
			if sleep(ctx, backoff) != nil {
				continue
			}
			backoff = min(2*backoff, 10*time.Second)
			continue
		}
		backoff = 100 * time.Millisecond
		_ = sleep(ctx, turnPause)
	}
	return ctx.Err()
}

// turn projects while this process holds the lock; nil when another one does.
func (r *Runner) turn(ctx context.Context) error {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to project: %w", err)
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, tryTurnSQL, int64(projectorLock)).Scan(&mine); err != nil {
		return fmt.Errorf("taking a turn at projecting: %w", err)
	}
	if !mine {
		return r.watch(ctx)
	}
	// The lock belongs to the session: it must not go back to the pool with it.
	defer func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), endTurnSQL, int64(projectorLock)); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	logID, err := r.log.ID(ctx)
	if err != nil {
		return fmt.Errorf("asking the log for its id: %w", err)
	}
	at, epoch, err := r.prepare(ctx, conn.Conn(), logID)
	if err != nil {
		return err
	}
	r.begin(at)
	defer r.end()
	r.setErr(nil)
	for ctx.Err() == nil {
		if at, err = r.catchUp(ctx, conn.Conn(), logID, epoch, at); err != nil {
			return err
		}
		if err := r.idle(ctx, conn.Conn(), at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// idle waits for the next event, or for the end of the connection. A database that crashed
// has lost the commits it had not written yet: the turn ends, and the next one begins where
// the tables really are.
func (r *Runner) idle(ctx context.Context, conn *pgx.Conn, at eventlog.Position) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	lost := make(chan error, 1)
	go func() {
		defer stop()
		// Nothing is listened for: what ends this is the connection, or we.
		_, err := conn.WaitForNotification(waiting)
		lost <- err
	}()
	err := r.log.Wait(waiting, at)
	stop()
	if gone := <-lost; conn.IsClosed() {
		return fmt.Errorf("projecting: the connection is lost: %w", gone)
	}
	return err
}

// watch learns from the database how far the process whose turn it is has come.
func (r *Runner) watch(ctx context.Context) error {
	at, err := r.readPosition(ctx)
	if err == nil {
		r.moveTo(at)
		r.setErr(nil)
	}
	return err
}

// catchUp applies the log from at to its end, in batches.
func (r *Runner) catchUp(ctx context.Context, conn *pgx.Conn, logID string, epoch int64, at eventlog.Position) (eventlog.Position, error) {
	err := batches(eventlog.Since(ctx, r.log, at), func(events []Event, last eventlog.Position) error {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := advance(ctx, tx, logID, epoch, at, last, len(r.list)); err != nil {
				return err
			}
			return apply(ctx, tx, "read", r.list, events)
		})
		if err == nil {
			at = last
			r.moveTo(at)
		}
		return err
	})
	return at, err
}

// advance moves every checkpoint from one position to the next, or none: the epoch and the
// position it expects are the fence.
func advance(ctx context.Context, tx pgx.Tx, logID string, epoch int64, from, to eventlog.Position, n int) error {
	// Losing the last commits in a crash is harmless here: rows and checkpoint go
	// together, and the log still has the events.
	if _, err := tx.Exec(ctx, relaxSQL); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, advanceSQL, int64(to), int64(from), epoch, logID)
	if err != nil {
		return fmt.Errorf("moving the checkpoint: %w", err)
	}
	if int(tag.RowsAffected()) != n {
		return errFenced
	}
	return nil
}

// apply folds events into the tables of schema, in one round trip after the schema is set.
func apply(ctx context.Context, tx pgx.Tx, in string, list []Projection, events []Event) error {
	// Before the batch, not in it: pgx prepares all of a batch before it runs any.
	if _, err := tx.Exec(ctx, schemaSQL, in); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, e := range events {
		for _, p := range list {
			p.Apply(b, e)
		}
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("projecting: %w", err)
	}
	return nil
}

const (
	tryTurnSQL = `SELECT pg_try_advisory_lock($1)`
	endTurnSQL = `SELECT pg_advisory_unlock($1)`
	relaxSQL   = `SET LOCAL synchronous_commit = off`
	schemaSQL  = `SELECT set_config('search_path', $1, true)`
	advanceSQL = `UPDATE read.checkpoints SET position = $1, updated = now()
		WHERE position = $2 AND epoch = $3 AND log_id = $4`
)
