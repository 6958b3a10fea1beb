// Package logcopy copies one event log onto another, of whatever kind: ids, types, bytes,
// metadata, revisions and the order of the whole stay, positions do not. It keeps no
// notes. At every moment the target holds the beginning of the source, so its last event says
// where to go on after a kill.
//
// An append of several events to one stream may reach the target in several appends, and
// neighbours of one stream may reach it in one: what was one commit is not something a log
// remembers. A copier killed anywhere leaves a whole number of appends, in order.
package logcopy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"sijil/internal/eventlog"
)

// Config says what to copy where; From and To are required.
type Config struct {
	From, To eventlog.Log
	// Progress, if not nil, hears how far it is, from one goroutine at a time.
	Progress func(Progress)
	// Patience is how long one failure may go on before the copy gives up; 0 means one minute.
	// A failover of a cluster takes seconds.
	Patience time.Duration
	// Logger hears of failures that are tried again; nil means slog.Default().
	Logger *slog.Logger
}

// Progress is how far a pass over the logs is.
type Progress struct {
	// Events is how many this pass has done.
	Events int64
	// At is the place in the source, End where the source ended when the pass began.
	At, End eventlog.Position
}

// Copied says what a copy did.
type Copied struct {
	FromID string `json:"fromLogId"`
	ToID   string `json:"toLogId"`
	// Events are those that this run copied, Resumed whether the target held some before.
	Events  int64 `json:"copied"`
	Resumed bool  `json:"resumed"`
	// Passes over the source: more than one when it grew meanwhile.
	Passes int `json:"passes"`
	// Grows is true when the source grew faster than it could be copied to its end.
	Grows bool `json:"grows"`
}

// maxPasses bounds how long a copy runs after a source that grows.
const maxPasses = 20

var (
	// ErrSame: source and target are one log.
	ErrSame = errors.New("source and target are the same log: name two different ones")
	// ErrForeignTarget: the target holds something that the source does not hold in that place.
	ErrForeignTarget = errors.New("the target holds something else than the beginning of the source: copy into an empty log, or into one that an earlier copy of this source filled and nobody wrote to since")
)

// ErrCutShort: the source said where it ends, and gave its events only up to somewhere before that.
var ErrCutShort = errors.New("the source does not give all that it says it holds: look at it with sijil log check before it is trusted")

// Copy appends to cfg.To what it does not hold yet of cfg.From, up to the source's end.
// Killed anywhere it can be run again. [ErrSame], [ErrForeignTarget], [ErrCutShort]; any other error may be
// cured and the copy run again.
func Copy(ctx context.Context, cfg Config) (Copied, error) {
	c := newCopier(cfg)
	done, err := c.identify(ctx)
	if err != nil {
		return done, err
	}
	at, err := c.place(ctx)
	if err != nil {
		return done, err
	}
	done.Resumed = at > 0
	for {
		end, err := c.From.End(ctx)
		if err != nil {
			return done, fmt.Errorf("finding the source's end: %w", err)
		}
		if end <= at {
			return done, nil
		}
		if done.Passes == maxPasses {
			done.Grows = true
			return done, nil
		}
		done.Passes++
		if at, err = c.pass(ctx, at, end, &done.Events); err != nil {
			return done, err
		}
		if at < end {
			return done, fmt.Errorf("%w (at position %d of %d)", ErrCutShort, at, end)
		}
	}
}

// copier is one copy or comparison.
type copier struct{ Config }

func newCopier(cfg Config) *copier {
	if cfg.Patience <= 0 {
		cfg.Patience = time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	return &copier{cfg}
}

func (c *copier) identify(ctx context.Context) (done Copied, err error) {
	if done.FromID, err = c.From.ID(ctx); err != nil {
		return done, fmt.Errorf("asking the source for its id: %w", err)
	}
	if done.ToID, err = c.To.ID(ctx); err != nil {
		return done, fmt.Errorf("asking the target for its id: %w", err)
	}
	if done.FromID == done.ToID {
		return done, ErrSame
	}
	return done, nil
}

// place is the position in the source of the target's last event, 0 when it has none. The
// first and the last event must be the source's; what lies between is for [Verify].
func (c *copier) place(ctx context.Context) (eventlog.Position, error) {
	last, ok, err := one(c.To.Back(ctx, math.MaxUint64))
	if err != nil {
		return 0, fmt.Errorf("reading the target's last event: %w", err)
	}
	if !ok {
		return 0, nil
	}
	theirs, ok, err := one(c.From.Read(ctx, last.Stream, last.Revision))
	if err != nil {
		return 0, fmt.Errorf("looking in the source for the target's last event: %w", err)
	}
	if !ok || different(theirs, last) != "" {
		return 0, fmt.Errorf("%w (its last event, %s at revision %d, is not the source's)", ErrForeignTarget, last.Type, last.Revision)
	}
	first, _, err := one(c.To.All(ctx, 0))
	if err != nil {
		return 0, fmt.Errorf("reading the target's first event: %w", err)
	}
	begins, _, err := one(c.From.All(ctx, 0))
	if err != nil {
		return 0, fmt.Errorf("reading the source's first event: %w", err)
	}
	if different(begins, first) != "" {
		return 0, fmt.Errorf("%w (its first event, %s, is not the source's)", ErrForeignTarget, first.Type)
	}
	return theirs.Position, nil
}

// one is the first event of a sequence; ok is false when there is none.
func one(seq func(func(eventlog.Recorded, error) bool)) (e eventlog.Recorded, ok bool, err error) {
	for e, err := range seq {
		return e, err == nil, err
	}
	return e, false, nil
}
