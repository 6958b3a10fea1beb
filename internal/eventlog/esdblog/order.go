package esdblog

import (
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// A rule is held against every event of one answer, in the order in which they come. A server
// that leaves events out, sends them twice, out of order or from elsewhere is not believed: whoever
// reads gets an error instead, and nothing is folded from a history with a hole.
type rule func(*esdb.RecordedEvent) error

// revisions is the rule for a stream: its own events, one revision after the other, from the
// asked one on. A stream that was truncated breaks it.
func revisions(stream string, direction esdb.Direction, from esdb.StreamPosition) rule {
	next, known := uint64(0), false
	if r, ok := from.(esdb.StreamRevision); ok {
		next, known = r.Value, true
	}
	return func(w *esdb.RecordedEvent) error {
		switch {
		case w == nil || w.StreamID != stream || reserved(w.EventType) || w.EventNumber > last:
			return &wrongServerError{"the event store answered for a stream of the ledger with an event that is none of its own"}
		case known && w.EventNumber != next:
			return &wrongServerError{fmt.Sprintf("the event store answered with revision %d of a stream of the ledger where revision %d has to be; check that nobody deletes or truncates the ledger's streams, and restore them from a backup", w.EventNumber, next)}
		}
		if next, known = w.EventNumber+1, true; direction == esdb.Backwards {
			next = w.EventNumber - 1
		}
		return nil
	}
}

// descending is the rule for the whole log backwards from a position. The server's own events may share
// one.
func descending(from esdb.AllPosition) rule {
	above, ours := uint64(last), uint64(last)+1
	if p, ok := from.(esdb.Position); ok {
		above, ours = p.Commit, p.Commit
	}
	return func(w *esdb.RecordedEvent) error {
		if w == nil {
			return nil // a link to what is gone, never one of the ledger's
		}
		at := w.Position.Commit
		if mine := !reserved(w.EventType) && !reserved(w.StreamID); at > above || mine && at >= ours {
			return errOrder(at, above)
		} else if mine {
			ours = at
		}
		above = at
		return nil
	}
}

func errOrder(at, before uint64) error {
	return &wrongServerError{fmt.Sprintf("the event store sent an event at position %d after the one at %d, which is no order of a log", at, before)}
}

// course is what a follower of the log has met, and holds against what comes: positions rise, and
// a stream's revisions follow each other as far as they are remembered.
type course struct {
	at    eventlog.Position
	heads *adapter.Recent[string, eventlog.Revision]
}

// courseStreams is how many streams a follower remembers, 16 bytes and a name each.
const courseStreams = 1 << 12

func newCourse(at eventlog.Position) *course {
	return &course{at, adapter.NewRecent[string, eventlog.Revision](courseStreams)}
}

// event takes the next event of a subscription that began after from; ok is false when it was met
// before. Servers that begin with what was seen already are forgiven.
func (c *course) event(e eventlog.Recorded, from eventlog.Position) (ok bool, err error) {
	switch head, known := c.heads.Get(e.Stream); {
	case e.Position <= c.at && c.at == from:
		return false, nil
	case e.Position <= c.at || e.Position > last:
		return false, errOrder(uint64(e.Position), uint64(c.at))
	case e.Revision < 0 || known && e.Revision != head+1:
		return false, &wrongServerError{fmt.Sprintf("the event store sent revision %d of a stream at position %d, after revision %d of it; events of the ledger are missing or stand twice", e.Revision, e.Position, head)}
	}
	c.at = e.Position
	c.heads.Put(e.Stream, e.Revision)
	return true, nil
}
