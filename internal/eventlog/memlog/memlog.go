// Package memlog keeps an event log in memory, for tests and simulations: the whole
// contract of eventlog, and failures on demand. Given the same calls and the same clock
// it holds the same events; only its id is random.
package memlog

import (
	"context"
	"crypto/rand"
	"iter"
	"slices"
	"sync"
	"time"

	"sijil/internal/eventlog"
)

// Log is an event log in memory. Set the Fail functions before the first use.
type Log struct {
	// FailAppend, when set, is asked before each well-formed append. With an error the
	// append answers that error: after storing the events when persist is true, as when a
	// connection is cut behind a commit, and without storing them when it is false. It runs
	// outside the log's lock, so it may itself append what another writer would have.
	FailAppend func(stream string, drafts []eventlog.Draft) (persist bool, err error)
	// FailRead, when set, is asked by Head, Find, Read, All, Back, End and Wait, with the method's
	// name; an error is answered instead.
	FailRead func(method string) error

	id    string
	clock func() time.Time

	mu      sync.Mutex
	events  []eventlog.Recorded // the event at position p is events[p-1]
	streams map[string][]int    // per stream, the indexes of its events in order
	stamper eventlog.Stamper
	grown   chan struct{} // closed and replaced when events arrive
	closed  bool
}

var _ eventlog.Log = (*Log)(nil)

// New is an empty log that stamps events by clock.
func New(clock func() time.Time) *Log {
	var id eventlog.UUID
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return &Log{
		id: id.String(), clock: clock,
		streams: map[string][]int{}, grown: make(chan struct{}),
	}
}

// Close makes every later Append and Wait answer [eventlog.ErrClosed]; reading goes on.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.grown)
	}
}

// ID implements eventlog.Log.
func (l *Log) ID(ctx context.Context) (string, error) { return l.id, ctx.Err() }

// Append implements eventlog.Log.
func (l *Log) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := eventlog.Check(stream, want, drafts); err != nil {
		return nil, err
	}
	if l.FailAppend != nil {
		if persist, err := l.FailAppend(stream, drafts); err != nil {
			if persist {
				_, _ = l.append(stream, want, drafts) // its answer is what the failure loses
			}
			return nil, err
		}
	}
	return l.append(stream, want, drafts)
}

func (l *Log) append(stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, eventlog.ErrClosed
	}
	if head := l.head(stream); head != want {
		if earlier, ok := l.earlier(stream, want, drafts); ok {
			return earlier, nil
		}
		return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: head}
	}
	now := l.clock()
	first := len(l.events)
	for i, d := range drafts {
		e := eventlog.Recorded{Draft: d, Stream: stream, Revision: want + 1 + eventlog.Revision(i)}
		e.Meta, e.Created = l.stamper.Next(d.Meta, now)
		e.Position = eventlog.Position(len(l.events) + 1)
		l.streams[stream] = append(l.streams[stream], len(l.events))
		l.events = append(l.events, own(e))
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return l.copies(l.events[first:]), nil
}

// earlier is what an append at want with these ids stored before, if it did.
func (l *Log) earlier(stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, bool) {
	at := l.streams[stream]
	from := int(want) + 1
	if from+len(drafts) > len(at) {
		return nil, false
	}
	var found []eventlog.Recorded
	for i, d := range drafts {
		e := l.events[at[from+i]]
		if e.ID != d.ID {
			return nil, false
		}
		found = append(found, e)
	}
	return l.copies(found), true
}

func (l *Log) head(stream string) eventlog.Revision {
	return eventlog.Revision(len(l.streams[stream]) - 1)
}

// own is e with bytes that nobody else holds.
func own(e eventlog.Recorded) eventlog.Recorded {
	e.Data, e.Meta = slices.Clone(e.Data), slices.Clone(e.Meta)
	return e
}

func (l *Log) copies(events []eventlog.Recorded) []eventlog.Recorded {
	out := make([]eventlog.Recorded, len(events))
	for i, e := range events {
		out[i] = own(e)
	}
	return out
}

// readable is the error of a reading method before it reads.
func (l *Log) readable(ctx context.Context, method string) error {
	if l.FailRead != nil {
		if err := l.FailRead(method); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Head implements eventlog.Log.
func (l *Log) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if err := l.readable(ctx, "Head"); err != nil {
		return eventlog.NoStream, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head(stream), nil
}

// Find implements eventlog.Log.
func (l *Log) Find(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
	if err := l.readable(ctx, "Find"); err != nil {
		return eventlog.Recorded{}, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.streams[stream] {
		if l.events[at].ID == id {
			return own(l.events[at]), true, nil
		}
	}
	return eventlog.Recorded{}, false, nil
}

// Read implements eventlog.Log.
func (l *Log) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if err := l.readable(ctx, "Read"); err != nil {
			yield(eventlog.Recorded{}, err)
			return
		}
		l.mu.Lock()
		at := l.streams[stream]
		l.mu.Unlock()
		for i := max(int64(from), 0); i < int64(len(at)); i++ {
			if !l.yield(ctx, at[i], yield) {
				return
			}
		}
	}
}

// All implements eventlog.Log.
func (l *Log) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if err := l.readable(ctx, "All"); err != nil {
			yield(eventlog.Recorded{}, err)
			return
		}
		l.mu.Lock()
		end := len(l.events)
		l.mu.Unlock()
		for i := after; i < eventlog.Position(end); i++ {
			if !l.yield(ctx, int(i), yield) {
				return
			}
		}
	}
}

// Back implements eventlog.Log.
func (l *Log) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if err := l.readable(ctx, "Back"); err != nil {
			yield(eventlog.Recorded{}, err)
			return
		}
		l.mu.Lock()
		end := eventlog.Position(len(l.events))
		l.mu.Unlock()
		for p := min(end, max(before, 1)-1); p > 0; p-- {
			if !l.yield(ctx, int(p-1), yield) {
				return
			}
		}
	}
}

// yield hands the event at index i on, or ctx's error, and says whether to go on.
func (l *Log) yield(ctx context.Context, i int, yield func(eventlog.Recorded, error) bool) bool {
	if err := ctx.Err(); err != nil {
		yield(eventlog.Recorded{}, err)
		return false
	}
	l.mu.Lock()
	e := own(l.events[i])
	l.mu.Unlock()
	return yield(e, nil)
}

// End implements eventlog.Log.
func (l *Log) End(ctx context.Context) (eventlog.Position, error) {
	if err := l.readable(ctx, "End"); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return eventlog.Position(len(l.events)), nil
}

// Wait implements eventlog.Log.
func (l *Log) Wait(ctx context.Context, after eventlog.Position) error {
	for {
		if err := l.readable(ctx, "Wait"); err != nil {
			return err
		}
		l.mu.Lock()
		end, grown, closed := eventlog.Position(len(l.events)), l.grown, l.closed
		l.mu.Unlock()
		switch {
		case end > after:
			return nil
		case closed:
			return eventlog.ErrClosed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
