// Package adapter is what adapters of the event log have in common: waiting for the log to grow, and a bounded
// memory of what was used last.
package adapter

import (
	"context"
	"sync"

	"sijil/internal/eventlog"
)

// Tide is how far the log is known to have grown, and wakes who waits for it to rise. The zero value is an
// empty log.
type Tide struct {
	mu     sync.Mutex
	at     eventlog.Position
	risen  chan struct{} // closed and replaced when at grows; nil while nobody waits
	closed bool
}

// Rise says that everything up to at is visible.
func (t *Tide) Rise(at eventlog.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at > t.at {
		t.at = at
		t.wake()
	}
}

// Close ends every wait with [eventlog.ErrClosed].
func (t *Tide) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

func (t *Tide) wake() {
	if t.risen != nil {
		close(t.risen)
		t.risen = nil
	}
}

// Wait returns nil when the log is known to have grown beyond after, ctx's error when ctx ends first.
func (t *Tide) Wait(ctx context.Context, after eventlog.Position) error {
	for {
		t.mu.Lock()
		switch {
		case t.at > after:
			t.mu.Unlock()
			return nil
		case t.closed:
			t.mu.Unlock()
			return eventlog.ErrClosed
		}
		if t.risen == nil {
			t.risen = make(chan struct{})
		}
		risen := t.risen
		t.mu.Unlock()
		select {
		case <-risen:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Now is how far the log is known to have grown.
func (t *Tide) Now() eventlog.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// Waiting reports whether somebody waits.
func (t *Tide) Waiting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.risen != nil
}
