// Package follower reads an event log in order from a remembered place and hands what it
// finds to a handler, for as long as the process runs: it waits for new events, retries what
// may pass, stops for good at what will not, and says how far it has come.
package follower

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sijil/internal/eventlog"
)

// Config says what to follow and what to do with it.
type Config struct {
	// Name is the follower's, for messages.
	Name string
	Log  eventlog.Log
	// Place gives the position of the last event whose effects are durable, 0 for none. It
	// is asked at the start and again after every failure, because a handler that answered
	// an error may have committed all the same. It must refuse a place that belongs to
	// another log, with a [Permanent] error.
	Place func(ctx context.Context) (eventlog.Position, error)
	// Handle takes the next events, at least one, in order. It must make their effects and
	// the place, which is the position of the last one, durable together: an event is handed in
	// again until it has. An error is retried unless it is [Permanent].
	Handle func(ctx context.Context, events []eventlog.Recorded) error
	// MaxBatch is the most events handed in at once, MaxBytes the size of data and metadata
	// from which a batch takes no further event; 0 means 1000 and 4 MiB.
	MaxBatch, MaxBytes int
	// Backoff is the pause after a first failure. Each further one doubles it up to MaxBackoff;
	// 0 means 100 ms and 10 s.
	Backoff, MaxBackoff time.Duration
	// Logger hears of failures; nil means slog.Default().
	Logger *slog.Logger
}

// Follower follows one log for one handler.
type Follower struct {
	cfg Config

	mu    sync.Mutex
	now   Status
	moved chan struct{} // closed and replaced when now changes
}

// Status is how a follower gets on.
type Status struct {
	// Position is the last event handled.
	Position eventlog.Position
	// Err is why it does not get on at the moment, nil when it does.
	Err error
	// Stopped is true when Err is for good: Run has returned or is about to.
	Stopped bool
}

// permanent marks an error that no retry will cure.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks err as one that trying again will not cure, such as an event of an
// unknown type: the follower stops, and waits for an operator. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent reports whether err, or one that it wraps, was marked by [Permanent].
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}

// New makes a follower; [Follower.Run] starts it.
func New(cfg Config) *Follower {
	if cfg.MaxBatch <= 0 {
		cfg.MaxBatch = 1000
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 4 << 20
	}
	if cfg.Backoff <= 0 {
		cfg.Backoff = 100 * time.Millisecond
	}
	if cfg.MaxBackoff <= 0 {
		cfg.MaxBackoff = 10 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	cfg.Logger = cfg.Logger.With("follower", cfg.Name)
	return &Follower{cfg: cfg, moved: make(chan struct{})}
}

// Run follows until ctx ends, which is nil, or until a permanent error, which it returns.
// It runs once at a time.
func (f *Follower) Run(ctx context.Context) error {
	pause := f.cfg.Backoff
	for {
		from := f.Status().Position
		err := f.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case IsPermanent(err):
			f.set(func(s *Status) { s.Err, s.Stopped = err, true })
			f.cfg.Logger.ErrorContext(ctx, "stopped for good; remove the cause and restart this process", "position", f.Status().Position, "err", err)
			return err
		}
		if f.Status().Position > from {
			pause = f.cfg.Backoff // it got on meanwhile: this is another failure
		}
		f.set(func(s *Status) { s.Err = err })
		f.cfg.Logger.WarnContext(ctx, "failed, trying again from the remembered place; if this goes on, remove the cause", "position", f.Status().Position, "in", pause, "err", err)
		if !sleep(ctx, pause) {
			return nil
		}
		pause = min(2*pause, f.cfg.MaxBackoff)
	}
}

// follow goes on from the remembered place until something fails.
func (f *Follower) follow(ctx context.Context) error {
	at, err := f.cfg.Place(ctx)
	if err != nil {
		return fmt.Errorf("looking up the place: %w", err)
	}
	f.set(func(s *Status) { s.Position = at })
	for {
		if at, err = f.catchUp(ctx, at); err != nil {
			return err
		}
		f.set(func(s *Status) { s.Err = nil })
		if err := f.cfg.Log.Wait(ctx, at); err != nil {
			return fmt.Errorf("waiting for events: %w", err)
		}
	}
}

// catchUp handles what the log holds after at, in batches, and gives the last position.
func (f *Follower) catchUp(ctx context.Context, at eventlog.Position) (eventlog.Position, error) {
	var batch []eventlog.Recorded
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		last := batch[len(batch)-1].Position
		if err := f.cfg.Handle(ctx, batch); err != nil {
			return fmt.Errorf("handling events after position %d to %d: %w", at, last, err)
		}
		at = last
		// The handler may have kept the slice.
		batch, size = nil, 0
		f.set(func(s *Status) { s.Position, s.Err = at, nil })
		return nil
	}
	for e, err := range eventlog.Since(ctx, f.cfg.Log, at) {
		if err != nil {
			return at, fmt.Errorf("reading events after position %d: %w", at, err)
		}
		batch = append(batch, e)
		size += len(e.Data) + len(e.Meta)
		if len(batch) < f.cfg.MaxBatch && size < f.cfg.MaxBytes {
			continue
		}
		if err := flush(); err != nil {
			return at, err
		}
	}
	return at, flush()
}

// Status is how the follower gets on.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Position is the last event handled.
func (f *Follower) Position() eventlog.Position { return f.Status().Position }

// Reached returns nil when the event at position at was handled, ctx's error when ctx ends
// first, and the follower's error when it has stopped for good.
func (f *Follower) Reached(ctx context.Context, at eventlog.Position) error {
	for {
		f.mu.Lock()
		now, moved := f.now, f.moved
		f.mu.Unlock()
		switch {
		case now.Position >= at:
			return nil
		case now.Stopped:
			return now.Err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *Follower) set(change func(*Status)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.now)
	close(f.moved)
	f.moved = make(chan struct{})
}

// sleep waits for d, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
