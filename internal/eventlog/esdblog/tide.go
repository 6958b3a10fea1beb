package esdblog

import (
	"context"
	"sync"

	"sijil/internal/eventlog"
)

// tide is how far the log is known to have grown, and wakes who waits for it to rise.
type tide struct {
	mu     sync.Mutex
	at     eventlog.Position
	risen  chan struct{} // closed and replaced when at grows; nil while nobody waits
	closed bool
}

func newTide() *tide { return &tide{} }

// rise says that everything up to at is visible.
func (t *tide) rise(at eventlog.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at > t.at {
		t.at = at
		t.wake()
	}
}

func (t *tide) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

func (t *tide) wake() {
	if t.risen != nil {
		close(t.risen)
		t.risen = nil
	}
}

// wait returns nil when the log is known to have grown beyond after.
func (t *tide) wait(ctx context.Context, after eventlog.Position) error {
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

// now is how far the log is known to have grown.
func (t *tide) now() eventlog.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// waiting reports whether somebody waits.
func (t *tide) waiting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.risen != nil
}
