package esdblog

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// floor is what is known of the log's end: the ledger's last event at or before a place,
// which may be of the server's own events. They are many more than ours on an idle server
// and are not read twice.
type floor struct {
	mu         sync.Mutex
	considered eventlog.Position
	end        eventlog.Position
}

func (f *floor) get() (considered, end eventlog.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.considered, f.end
}

// raise says that end is the ledger's last event at or before considered.
func (f *floor) raise(considered, end eventlog.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if considered > f.considered {
		f.considered, f.end = considered, end
	}
}

// Seen is the newest position that a question for the end found, without asking again.
func (l *Log) Seen() eventlog.Position {
	_, end := l.floor.get()
	return end
}

// ends lets callers who ask for the log's end at once share an answer, provided that it was
// asked for after they came.
type ends struct {
	mu      sync.Mutex
	running bool
	next    *endAnswer
}

type endAnswer struct {
	done chan struct{}
	at   eventlog.Position
	err  error
}

// End implements eventlog.Log.
func (l *Log) End(ctx context.Context) (eventlog.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.ends.mu.Lock()
	if l.ends.next == nil {
		l.ends.next = &endAnswer{done: make(chan struct{})}
	}
	a := l.ends.next
	if !l.ends.running {
		l.ends.running = true
		if !l.also(l.askEnds) {
			l.ends.running = false
			l.ends.mu.Unlock()
			return 0, eventlog.ErrClosed
		}
	}
	l.ends.mu.Unlock()
	select {
	case <-a.done:
		return a.at, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// askEnds asks until nobody waits for an answer.
func (l *Log) askEnds() {
	for {
		l.ends.mu.Lock()
		a := l.ends.next
		l.ends.next = nil
		if a == nil {
			l.ends.running = false
			l.ends.mu.Unlock()
			return
		}
		l.ends.mu.Unlock()
		a.at, a.err = l.findEnd(l.background)
		if l.background.Err() != nil {
			a.err = eventlog.ErrClosed
		}
		close(a.done)
	}
}

// findEnd reads from the end of the server's log back to the first event of the ledger, or
// to what is known already.
func (l *Log) findEnd(ctx context.Context) (eventlog.Position, error) {
	considered, known := l.floor.get()
	newest := eventlog.Position(0)
	from, count := esdb.AllPosition(esdb.End{}), 1
	for {
		p, err := l.backPage(ctx, from, count)
		if err != nil {
			return 0, err
		}
		if newest == 0 {
			if newest = p.first; newest < known { // known since before it was asked
				return 0, &wrongServerError{fmt.Sprintf("the event store's log ends at position %d, and this process has read it up to %d: it was restored from an older backup or has lost events; restore a newer copy, or restart this process, which then says what to do", newest, known)}
			}
		}
		end, found := known, !p.more || p.last <= considered
		if len(p.events) > 0 {
			end, found = max(p.events[0].Position, known), true
		}
		if found {
			l.floor.raise(newest, end)
			l.tide.Rise(end)
			return end, nil
		}
		from, count = place(p.last), min(8*count, pageEvents)
	}
}

// backPage reads a page of the whole log backwards.
func (l *Log) backPage(ctx context.Context, from esdb.AllPosition, count int) (page, error) {
	return insist(ctx, l, "reading the end of the log", func(ctx context.Context, c *esdb.Client) (page, error) {
		s, err := c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: from}, uint64(count))
		if err != nil {
			return page{}, err
		}
		p, err := l.receive(s, count, descending(from))
		if at, ok := from.(esdb.Position); ok && p.more && uint64(p.last) >= at.Commit {
			return page{}, errOrder(uint64(p.last), at.Commit) // it would go on for ever
		}
		return p, err
	})
}

// Back implements eventlog.Log.
func (l *Log) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if before == 0 {
			hand(ctx, nil, ctx.Err(), yield)
			return
		}
		end, err := l.End(ctx)
		from := esdb.AllPosition(esdb.End{})
		if before <= end {
			from = place(before)
		}
		count := 16
		for err == nil && end != 0 {
			var p page
			if p, err = l.backPage(ctx, from, count); err != nil {
				break
			}
			for len(p.events) > 0 && p.events[0].Position >= before { // appended since
				p.events = p.events[1:]
			}
			if !hand(ctx, p.events, nil, yield) || !p.more {
				return
			}
			from, count = place(p.last), min(4*count, pageEvents)
		}
		hand(ctx, nil, err, yield)
	}
}
