package pglog

import (
	"slices"
	"sync"

	"sijil/internal/eventlog"
)

// What a log remembers of its latest events at most. A follower that is further behind reads
// the database.
const (
	latelyEvents = 4096
	latelyBytes  = 4 << 20
)

// lately holds the latest events that this process appended, without a hole: an event of
// another process between two of ours makes it begin anew.
type lately struct {
	mu sync.RWMutex
	// events is a queue in a slice: the oldest leave at the front, and appending moves the rest to
	// the front of a new one now and then.
	events []eventlog.Recorded
	bytes  int
}

func weight(e *eventlog.Recorded) int { return len(e.Data) + len(e.Meta) }

// put takes events that were committed, in order of position. It copies their bytes, which
// are also the answer to whoever appended them.
func (l *lately) put(events []eventlog.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		e := events[i]
		if n := len(l.events); n > 0 && l.events[n-1].Position+1 != e.Position {
			l.events, l.bytes = nil, 0
		}
		l.events = append(l.events, own(e))
		l.bytes += weight(&e)
	}
	drop := 0
	for len(l.events)-drop > latelyEvents || l.bytes > latelyBytes {
		l.bytes -= weight(&l.events[drop])
		l.events[drop] = eventlog.Recorded{} // its bytes go before the slice does
		drop++
	}
	l.events = l.events[drop:]
}

// after is what follows position at, nothing when that is not remembered.
func (l *lately) after(at eventlog.Position) []eventlog.Recorded {
	l.mu.RLock()
	if len(l.events) == 0 || at+1 < l.events[0].Position || at >= l.events[len(l.events)-1].Position {
		l.mu.RUnlock()
		return nil
	}
	// What is remembered never changes: only the slice needs the lock.
	out := slices.Clone(l.events[at+1-l.events[0].Position:])
	l.mu.RUnlock()
	for i := range out {
		out[i] = own(out[i])
	}
	return out
}

// own is e with bytes that nobody else holds.
func own(e eventlog.Recorded) eventlog.Recorded {
	both := make([]byte, 0, len(e.Data)+len(e.Meta))
	both = append(append(both, e.Data...), e.Meta...)
	e.Data, e.Meta = both[:len(e.Data):len(e.Data)], both[len(e.Data):]
	return e
}

var _ eventlog.Rememberer = (*Log)(nil)

// Recent implements [eventlog.Rememberer].
func (l *Log) Recent(after eventlog.Position) []eventlog.Recorded { return l.lately.after(after) }
