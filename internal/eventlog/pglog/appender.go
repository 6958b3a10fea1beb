package pglog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// appender is the only writer of one process. It stores a batch in one of two ways. Alone,
// it knows every head from its own last commit and sends the batch in one round trip;
// the statement itself checks that nobody came in between, and stores nothing otherwise. When
// somebody did, or when a head is not known or a request is to be refused, it takes
// the lock, reads, and stores what is right under the lock. Both end in the same statement.
type appender struct {
	log  *Log
	conn *pgx.Conn // nil when there is none

	// What is known is valid while last is the log's last position; alone is false when
	// nothing is.
	alone   bool
	last    eventlog.Position
	heads   *adapter.Recent[string, state]
	stamper eventlog.Stamper
	// wary counts the batches to go before being alone is assumed again.
	wary int

	rested bool // nothing happened for a while: the connection may have been lost unnoticed
}

// cachedHeads is how many streams' heads an appender remembers at least: some 4 MB. What it
// holds is true as long as nobody else has appended since, which every transaction checks.
const cachedHeads = 32 << 10

// waryFor is how many batches an appender reads first after it has met another one.
const waryFor = 16

// maxYields is how often an appender lets others run before it takes what there is.
const maxYields = 3

// restAfter is how long a connection may be unused and still be trusted.
const restAfter = time.Second

// run answers requests until the log is closed and the queue is empty.
func (a *appender) run(ctx context.Context) {
	defer close(a.log.idle)
	defer func() { a.disconnect(ctx) }()
	for {
		batch := a.take()
		if batch == nil {
			return
		}
		a.handle(ctx, batch)
	}
}

// take waits for a request and takes what else is queued, up to the limits. It is nil when
// the log is closed and nothing is left.
func (a *appender) take() []*request {
	var first *request
	rest := time.NewTimer(restAfter)
	defer rest.Stop()
	for first == nil {
		select {
		case first = <-a.log.queue:
		case <-rest.C:
			a.rested = true
		case <-a.log.quit:
			select {
			case first = <-a.log.queue:
			default:
				return nil
			}
		}
	}
	batch := append(make([]*request, 0, 64), first)
	yields := 0
	for size := first.size; len(batch) < a.log.cfg.MaxBatch && size < a.log.cfg.MaxBatchBytes; {
		select {
		case r := <-a.log.queue:
			batch, size = append(batch, r), size+r.size
			continue
		default:
		}
		// Writers that were answered just now are about to come back. Letting them run first
		// makes fewer and larger commits; it costs nothing when there is nobody.
		if yields++; yields > maxYields {
			break
		}
		runtime.Gosched()
	}
	return batch
}

// handle stores a batch and answers its requests. After an error nobody is told that
// something was stored or refused: whether the transaction was committed is unknown.
func (a *appender) handle(ctx context.Context, batch []*request) {
	live := batch[:0]
	for _, r := range batch {
		if err := r.ctx.Err(); err != nil {
			r.answer <- answer{err: err}
			continue
		}
		live = append(live, r)
	}
	if len(live) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, a.log.cfg.Timeout)
	defer cancel()
	p, err := a.store(ctx, live)
	if err != nil {
		a.disconnect(ctx)
		err = fmt.Errorf("appending to the event log: %w", err)
		a.log.cfg.Logger.ErrorContext(ctx, "appends have an unknown outcome; their writers look them up and retry. If this goes on, check the database",
			"appends", len(live), "err", err)
		for _, r := range live {
			r.answer <- answer{err: err}
		}
		return
	}
	for i, r := range live {
		r.answer <- p.answers[i]
	}
}

// store brings a batch to the database, and returns once it is durable.
func (a *appender) store(ctx context.Context, batch []*request) (*plan, error) {
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	if a.wary > 0 {
		a.wary--
	} else if a.alone {
		if p := a.planAlone(batch); p != nil {
			stored, err := a.storeAlone(ctx, p)
			if err != nil {
				return nil, err
			}
			if stored {
				a.learn(p)
				return p, nil
			}
			a.wary = waryFor
		}
	}
	p, err := a.storeLocked(ctx, batch)
	if err != nil {
		return nil, err
	}
	a.learn(p)
	return p, nil
}

// learn takes over what p committed, and wakes this process's readers.
func (a *appender) learn(p *plan) {
	for name, s := range p.streams {
		if s.id != 0 {
			a.heads.Put(name, s.state)
			a.log.names.learn(s.id, name) // our readers are about to see it
		}
	}
	a.alone, a.last = true, p.end()
	for _, answered := range p.answers {
		a.log.lately.put(answered.stored) // in order: answers are by request, as positions are
	}
	a.log.tide.Rise(a.last)
}

// planAlone plans a batch on what is known, nil when that is not enough: a refusal
// must rest on what the database says.
func (a *appender) planAlone(batch []*request) *plan {
	p := newPlan(a.last, batch)
	now := a.log.cfg.Clock()
	for _, r := range batch {
		ok := p.add(r, &a.stamper, now, func(stream string, want eventlog.Revision) (state, bool) {
			if s, ok := a.heads.Get(stream); ok {
				return s, true
			}
			// Most streams begin with their first append. The names' uniqueness checks that this one does.
			return state{head: eventlog.NoStream}, want == eventlog.NoStream
		})
		if !ok {
			return nil
		}
	}
	if p.refuses() {
		return nil
	}
	p.finish()
	return p
}

// appendLock is the advisory lock that all appenders of a database take turns by:
// "sijillog" in ASCII.
const appendLock = 0x73696a696c6c6f67

const lockSQL = `select pg_advisory_xact_lock($1)`

// storeAlone stores p in one round trip, if its base is still the log's end and the streams
// that it begins are not there. Statements that are sent together without a BEGIN are one
// transaction, which is committed before the server is ready again; a crash anywhere leaves all
// of them or none.
func (a *appender) storeAlone(ctx context.Context, p *plan) (free bool, err error) {
	var b pgx.Batch
	b.Queue(lockSQL, int64(appendLock))
	p.queue(&b, &free)
	// Close waits until the server is ready, so a failing commit is its error.
	err = a.conn.SendBatch(ctx, &b).Close()
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation && e.ConstraintName == nameKey {
		return false, nil // refused by a statement, so that nothing was stored
	}
	return free, err
}

// nameKey holds that no two streams have one name.
const (
	uniqueViolation = "23505" // PostgreSQL, Appendix A
	nameKey         = "streams_name_key"
)

const lockedSQL = `begin isolation level read committed`

// storeLocked reads and stores under the lock, in two round trips.
func (a *appender) storeLocked(ctx context.Context, batch []*request) (*plan, error) {
	a.alone, a.last = false, 0
	a.heads.Clear()
	a.stamper = eventlog.Stamper{}
	var now standing
	var b pgx.Batch
	b.Queue(lockedSQL)
	b.Queue(lockSQL, int64(appendLock))
	now.queue(&b, batch)
	if err := a.conn.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("reading the heads: %w", err)
	}
	p := now.plan(batch, a.log.cfg.Clock())
	a.last, a.stamper = now.last, now.stamper
	return p, a.commit(ctx, p)
}

// commit stores p, which may have nothing to store, and ends the transaction.
func (a *appender) commit(ctx context.Context, p *plan) error {
	free := true
	var b pgx.Batch
	if len(p.ids) > 0 {
		p.queue(&b, &free)
	}
	b.Queue(`commit`)
	if err := a.conn.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	if !free {
		return fmt.Errorf("the log moved from position %d while it was locked: does somebody write events without the lock?", p.base)
	}
	return nil
}

// session makes a connection an appender's. A statement sees what was committed before it
// began, not before the lock was asked for. Plans are made once, for tables that will have
// grown by the time they are used. A process that stops in the middle lets the others in again.
const session = `
set default_transaction_isolation to 'read committed';
set plan_cache_mode to force_generic_plan;
set enable_seqscan to off;
set work_mem to '16MB';
set idle_in_transaction_session_timeout to '10s'`

// connect makes sure that there is a connection which was alive just now.
func (a *appender) connect(ctx context.Context) (err error) {
	if a.conn != nil && a.rested {
		if err := a.conn.Ping(ctx); err != nil {
			a.disconnect(ctx)
		}
	}
	a.rested = false
	if a.conn == nil {
		a.conn, err = a.log.own(ctx, session)
	}
	return err
}

// disconnect forgets the connection and everything that was known through it.
func (a *appender) disconnect(ctx context.Context) {
	a.alone = false
	if a.conn != nil {
		a.log.drop(ctx, a.conn)
		a.conn = nil
	}
}
