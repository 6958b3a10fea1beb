package esdblog

import (
	"context"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// index remembers which ids streams hold, since the server finds none: it has only their
// order. What stands at a revision stands there for ever, so an entry is never wrong, only
// short, and reading what came since makes it whole.
type index struct {
	mu      sync.Mutex
	streams map[string]*entry
	ids     int // in all entries
}

// entry is the ids of one stream up to a revision.
type entry struct {
	head  eventlog.Revision
	first map[eventlog.UUID]eventlog.Revision // where an id stands first
}

// indexed is the most ids that are remembered, about 6 MB; streams longer than an eighth of
// it are read each time.
const indexed = 1 << 16

func newIndex() *index { return &index{streams: map[string]*entry{}} }

// look gives where an id stands first, as far as the stream is known, and how far that is.
func (x *index) look(stream string, id eventlog.UUID) (at eventlog.Revision, found bool, head eventlog.Revision) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.streams[stream]
	if !ok {
		return 0, false, eventlog.NoStream
	}
	at, found = e.first[id]
	return at, found, e.head
}

// learn adds events that were read of a stream, in order.
func (x *index) learn(stream string, events []eventlog.Recorded) {
	if len(events) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.streams[stream]
	if !ok {
		if events[0].Revision != 0 || len(events) > indexed/8 {
			return
		}
		e = &entry{head: eventlog.NoStream, first: map[eventlog.UUID]eventlog.Revision{}}
		x.streams[stream] = e
	}
	for _, r := range events {
		if r.Revision != e.head+1 {
			continue // known already, or not adjacent because another reader was faster
		}
		e.head = r.Revision
		if _, twice := e.first[r.ID]; !twice {
			e.first[r.ID] = r.Revision
			x.ids++
		}
	}
	if len(e.first) > indexed/8 {
		x.forget(stream)
	}
	for other := range x.streams { // any others, in no order
		if x.ids <= indexed {
			break
		}
		if other != stream {
			x.forget(other)
		}
	}
}

func (x *index) forget(stream string) {
	x.ids -= len(x.streams[stream].first)
	delete(x.streams, stream)
}

// Find implements eventlog.Log. It reads what it does not know yet of the stream, from the
// oldest on, so that of several events with one id it gives the first.
func (l *Log) Find(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
	if !readable(stream) {
		return eventlog.Recorded{}, false, ctx.Err()
	}
	at, known, head := l.index.look(stream, id)
	if known {
		return l.at(ctx, stream, at)
	}
	var found eventlog.Recorded
	for {
		p, err := l.stream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(head+1)), pageEvents)
		if err != nil {
			return eventlog.Recorded{}, false, err
		}
		l.index.learn(stream, p.events)
		for _, e := range p.events {
			head = e.Revision
			if e.ID == id && !known {
				found, known = e, true
			}
		}
		if known || !p.more {
			return found, known, nil
		}
	}
}

// at is the event at a revision of a stream; ok is false when there is none.
func (l *Log) at(ctx context.Context, stream string, at eventlog.Revision) (e eventlog.Recorded, ok bool, err error) {
	p, err := l.stream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(at)), 1)
	if err != nil || len(p.events) == 0 || p.events[0].Revision != at {
		return e, false, err
	}
	return p.events[0], true, nil
}
