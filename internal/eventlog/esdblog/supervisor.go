package esdblog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// supervisor keeps clients that work. The client library's own recovery is not relied on:
// a client whose discovery fails is dead for ever, those who call it then may never
// return, and closing one that is in use panics. So a client is published only when it
// has answered; a call returns when its context ends, whatever the client does; and a client
// that lost its connection is taken out, replaced, and closed when nobody uses it.
type supervisor struct {
	background context.Context
	cfg        Config
	client     *esdb.Configuration
	tasks      sync.WaitGroup // builds and retirements
	turn       atomic.Uint64
	slots      []*slot
	logID      atomic.Pointer[string] // what the server said first; another log behind the address is refused
}

// slot is one connection of several.
type slot struct {
	super *supervisor

	mu       sync.Mutex
	current  *conn  // nil while there is none
	building *build // nil while nobody builds
	closed   bool
	failures int // builds that failed in a row
}

// build is an attempt to get a client, which many callers wait for.
type build struct {
	done chan struct{}
	err  error // set before done is closed
}

func newSupervisor(background context.Context, cfg Config, client *esdb.Configuration) *supervisor {
	s := &supervisor{background: background, cfg: cfg, client: client}
	for range cfg.Connections {
		s.slots = append(s.slots, &slot{super: s})
	}
	return s
}

// close lets go of all clients. Nobody begins a call any more; those under way end with the
// background context or are waited for.
func (s *supervisor) close() {
	for _, slot := range s.slots {
		slot.mu.Lock()
		slot.closed = true
		c := slot.current
		slot.current = nil
		slot.mu.Unlock()
		if c != nil {
			s.tasks.Go(func() { c.retire(s.cfg.Attempt) })
		}
	}
	s.tasks.Wait()
}

// suspect takes all clients out, because a long call has seen the server go. A connection
// below them comes back by itself, and what answers then may be another server: a new
// client asks for its log first.
func (s *supervisor) suspect() {
	for _, slot := range s.slots {
		slot.mu.Lock()
		if slot.current != nil {
			slot.current.broken.Store(true)
		}
		slot.mu.Unlock()
	}
}

// acquire gives a client that has answered before, entered for one call.
func (s *supervisor) acquire(ctx context.Context) (*conn, error) {
	slot := s.slots[s.turn.Add(1)%uint64(len(s.slots))]
	for {
		c, b, err := slot.look()
		switch {
		case err != nil:
			return nil, err
		case c != nil && c.rested.Load():
			if err := s.assure(ctx, c); err != nil {
				return nil, err
			}
			c.used()
			continue
		case c != nil:
			return c, nil
		}
		select {
		case <-b.done:
			if b.err != nil {
				return nil, b.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// look gives the slot's client, entered, or the build to wait for.
func (s *slot) look() (*conn, *build, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, eventlog.ErrClosed
	}
	if c := s.current; c != nil {
		if c.enter() {
			return c, nil, nil
		}
		s.current = nil
		s.super.tasks.Go(func() { c.retire(s.super.cfg.Attempt) })
	}
	if s.building == nil {
		b := &build{done: make(chan struct{})}
		s.building = b
		failures := s.failures
		s.super.tasks.Go(func() { s.build(b, failures) })
	}
	return nil, s.building, nil
}

// build makes a client, after a pause when the last attempt failed.
func (s *slot) build(b *build, failures int) {
	ctx := s.super.background
	if failures > 0 && !pause(ctx, backoff(failures)) {
		s.built(b, nil, eventlog.ErrClosed)
		return
	}
	c, err := s.super.dial(ctx)
	s.built(b, c, err)
}

// built publishes what a build came to.
func (s *slot) built(b *build, c *conn, err error) {
	ctx, log := s.super.background, s.super.cfg.Logger
	s.mu.Lock()
	switch {
	case err == nil && s.closed:
		s.super.tasks.Go(func() { c.retire(s.super.cfg.Attempt) })
		err = eventlog.ErrClosed
	case err == nil:
		if s.failures > 0 {
			log.InfoContext(ctx, "the event store answers again")
		}
		s.current, s.failures = c, 0
	case ctx.Err() == nil:
		if s.failures++; s.failures == 1 {
			log.WarnContext(ctx, "the event store does not answer; trying again until it does. If it stays away, check that it runs, its address, its certificate and the credentials", "err", err)
		}
	}
	s.building = nil
	s.mu.Unlock()
	b.err = err
	close(b.done)
}

// dial makes a client and lets it do one call, which tells that it works and that this log is
// behind it.
func (s *supervisor) dial(ctx context.Context) (*conn, error) {
	c, err := newConn(ctx, s.cfg, s.client)
	if err != nil {
		return nil, err
	}
	asked := false
	for try := range 4 { // a follower names its leader, and the client goes there
		if try > 0 && !pause(ctx, backoff(try)) {
			break
		}
		if !c.enter() {
			break
		}
		asked = true
		if err = s.assure(ctx, c); err == nil || judge(err) != again {
			break
		}
	}
	if !asked {
		err = errors.New("the connection was lost as soon as it was made")
	}
	if err != nil {
		s.tasks.Go(func() { c.retire(s.cfg.Attempt) })
		return nil, fmt.Errorf("connecting to the event store: %w", err)
	}
	return c, nil
}

// assure asks which log is behind an entered client and refuses any but the first one: positions
// that this process holds mean nothing on another.
func (s *supervisor) assure(ctx context.Context, c *conn) error {
	ask, known := identity, s.logID.Load()
	if known != nil {
		ask = readIdentity // nobody begins a log in the place of one that is gone
	}
	id, err := call(ctx, c, s.cfg.Attempt, ask)
	switch {
	case missing(err) && known != nil:
		id = "that has no name"
	case err != nil:
		return err
	case known == nil && s.logID.CompareAndSwap(nil, &id):
		return nil
	}
	if known = s.logID.Load(); id != *known {
		c.broken.Store(true)
		return &wrongServerError{fmt.Sprintf("the event store now holds the log %s, and this process works on %s; point it to the right server, or restart it to work on the other log", id, *known)}
	}
	return nil
}

// backoff is the pause after n failures in a row.
func backoff(n int) time.Duration {
	return min(20*time.Millisecond<<min(n-1, 6), time.Second)
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
