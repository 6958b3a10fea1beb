package logcopy_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"sijil/internal/eventlog"
	"sijil/internal/logcopy"
)

// stingy says where it ends and gives less.
type stingy struct {
	eventlog.Log
	gives eventlog.Position
}

func (s stingy) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range s.Log.All(ctx, after) {
			if e.Position > s.gives || !yield(e, err) {
				return
			}
		}
	}
}

// TestASourceThatHoldsEventsBack: its copy is not called equal.
func TestASourceThatHoldsEventsBack(t *testing.T) {
	whole, to := newLog(), newLog()
	fill(t, whole, 20, func(i int) int { return i })
	cfg := logcopy.Config{From: stingy{whole, 12}, To: to, Logger: quiet}
	if _, err := logcopy.Copy(t.Context(), cfg); !errors.Is(err, logcopy.ErrCutShort) {
		t.Errorf("copying: %v", err)
	}
	if v, err := logcopy.Verify(t.Context(), cfg); !errors.Is(err, logcopy.ErrCutShort) {
		t.Errorf("comparing: %+v, %v", v, err)
	}
	cfg.From = whole
	if done, err := logcopy.Copy(t.Context(), cfg); err != nil || !done.Resumed {
		t.Errorf("copying what is whole again: %+v, %v", done, err)
	}
	if v := verified(t, whole, to); v.Behind > 0 || v.Events != 21 {
		t.Errorf("%+v", v)
	}
}
