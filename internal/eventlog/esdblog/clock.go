package esdblog

import (
	"sync"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// causal gives recordedAt: the clock, or where that is behind, the latest recordedAt that
// this process has read or written. So an event is never recorded before one that its
// writer knew of. Events written at the same moment may be stored in the other order.
type causal struct {
	now func() time.Time

	mu     sync.Mutex
	latest time.Time
	// seen holds, of the streams met last, the highest revision whose event was read or
	// written here: its time and those before it are in latest.
	seen *adapter.Recent[string, eventlog.Revision]
}

// seenStreams is how many streams' places are remembered, 16 bytes and a name each.
const seenStreams = 1 << 14

func newCausal(now func() time.Time) *causal {
	return &causal{now: now, seen: adapter.NewRecent[string, eventlog.Revision](seenStreams)}
}

// observe takes note of an event that was read or written.
func (c *causal) observe(e eventlog.Recorded) {
	at, ok := eventlog.RecordedAt(e.Meta)
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok && at.After(c.latest) {
		c.latest = at
	}
	if r, ok := c.seen.Get(e.Stream); !ok || e.Revision > r {
		c.seen.Put(e.Stream, e.Revision)
	}
}

// knows reports whether the event at a revision of a stream was observed.
func (c *causal) knows(stream string, at eventlog.Revision) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.seen.Get(stream)
	return ok && r >= at
}

// stamp is drafts with their times, in order. Events copied from another log keep theirs,
// and later ones are not before them.
func (c *causal) stamp(drafts []eventlog.Draft) []eventlog.Draft {
	now := c.now().UTC().Truncate(time.Microsecond)
	out := make([]eventlog.Draft, len(drafts))
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, d := range drafts {
		if at, ok := eventlog.RecordedAt(d.Meta); ok {
			if at.After(c.latest) {
				c.latest = at
			}
		} else if now.After(c.latest) {
			c.latest = now
		}
		d.Meta = eventlog.Stamp(d.Meta, c.latest)
		out[i] = d
	}
	return out
}
