package projections

import (
	"context"
	"iter"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/pgtest"
)

// growing is a log to which somebody writes each time it is read.
type growing struct {
	eventlog.Log
	write func(nth int)
	reads int
	// enough is closed when the last event is written.
	enough chan struct{}
}

func (g *growing) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	if g.reads++; g.reads < 6 {
		g.write(g.reads)
	} else if g.reads == 6 {
		close(g.enough)
	}
	return g.Log.All(ctx, after)
}

// TestReadModelsAreBuiltTogetherWhileTheLogGrows: the first one is built on an empty log, and events
// arrive before the others are. All must stand at one position, or none ever moves again.
func TestReadModelsAreBuiltTogetherWhileTheLogGrows(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	g := &growing{Log: log, enough: make(chan struct{}), write: func(nth int) {
		if nth > 1 { // the first is built before the first event
			aClass(t, log, nth, 1)
		}
	}}
	r, _ := projecting(t, url, g)
	select {
	case <-g.enough:
	case <-time.After(20 * time.Second):
		t.Fatalf("the read models stand still at %d: %v", r.Position(), r.Err())
	}
	reached(t, r, log)
	same(t, r)
}
