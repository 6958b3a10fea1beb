package logtest

import (
	"bytes"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"sijil/internal/eventlog"
)

// stampOf is the event's recordedAt; the case fails when it has none.
func (e *env) stampOf(r eventlog.Recorded) time.Time {
	e.Helper()
	at, ok := eventlog.RecordedAt(r.Meta)
	if !ok {
		e.Fatalf("the event at position %d has no recordedAt in %q", r.Position, r.Meta)
	}
	return at
}

// stampsInOrder asserts that Created never decreases along events, nor recordedAt: in
// the whole log, or on a causal log within each stream.
func (e *env) stampsInOrder(events []eventlog.Recorded) {
	e.Helper()
	before := map[string]time.Time{}
	for i, r := range events {
		order := ""
		if e.Causal {
			order = r.Stream
		}
		at := e.stampOf(r)
		if at.Before(before[order]) {
			e.Fatalf("recordedAt goes back from %s to %s at position %d", before[order], at, r.Position)
		}
		before[order] = at
		if i > 0 && r.Created.Before(events[i-1].Created) {
			e.Fatalf("created goes back from %s to %s at position %d", events[i-1].Created, r.Created, r.Position)
		}
	}
}

func stampsOnlyEmpty(e *env) {
	l := e.open()
	at := time.Date(2020, 2, 29, 12, 0, 0, 123000, time.UTC)
	given := eventlog.Meta{RecordedAt: at, Actor: "copier"}.Encode()
	foreign := []byte(`{"actor":"x","recordedAt":""}`)
	open := eventlog.Meta{EffectiveAt: "2026-01-01", Actor: "a"}
	ds := drafts(1, 4)
	ds[0].Meta, ds[1].Meta, ds[2].Meta, ds[3].Meta = given, foreign, nil, open.Encode()
	stored := e.append(l, "s-1", eventlog.NoStream, ds...)
	for i, want := range [][]byte{given, foreign, nil} {
		if !bytes.Equal(stored[i].Meta, want) {
			e.Fatalf("metadata %q became %q", want, stored[i].Meta)
		}
	}
	m, err := eventlog.DecodeMeta(stored[3].Meta)
	e.check(err, "decoding metadata")
	if m.RecordedAt.IsZero() || m.RecordedAt.Location() != time.UTC || m.EffectiveAt != "2026-01-01" || m.Actor != "a" {
		e.Fatalf("stamped metadata is %q", stored[3].Meta)
	}
	e.same(e.all(l, 0), stored)
	// The answer to a retry carries the first stamp.
	e.same(e.append(l, "s-1", eventlog.NoStream, ds...), stored)
}

func stampsNeverDecrease(e *env) {
	var mu sync.Mutex
	now := time.Date(2026, 7, 1, 0, 0, 0, 999, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	l := e.OpenAt(e.TB, func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Duration(random.Int64N(2_000_000)-1_000_000) * time.Microsecond)
		return now
	})
	together(8, func(i int) {
		for n := range 20 {
			stream := "s-" + string(rune('a'+i))
			if _, err := l.Append(e.ctx, stream, eventlog.Revision(n-1), draft(n)); err != nil {
				e.Errorf("appending: %v", err)
				return
			}
		}
	})
	e.stampsInOrder(e.all(l, 0))
}

func stampsAfterCopies(e *env) {
	l := e.open()
	future := time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
	copied := draft(1)
	copied.Meta = eventlog.Meta{RecordedAt: future}.Encode()
	e.append(l, "s-1", eventlog.NoStream, copied, draft(2))
	e.append(l, "s-2", eventlog.NoStream, draft(3))
	if e.Reopen != nil {
		l = e.Reopen(e.TB, l)
	}
	e.append(l, "s-3", eventlog.NoStream, draft(4))
	e.stampsInOrder(e.all(l, 0))
}

// stampsAreCausal shows a future event to another user of the log in every way there is, and
// looks at what that one records next. Where only one can use a log, it is the same.
func stampsAreCausal(e *env) {
	future := time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
	see := func(events iter.Seq2[eventlog.Recorded, error]) error { _, err := collect(events); return err }
	for name, look := range map[string]func(l eventlog.Log) error{
		"read it in its stream":    func(l eventlog.Log) error { return see(l.Read(e.ctx, "s-1", 0)) },
		"read it in the log":       func(l eventlog.Log) error { return see(l.All(e.ctx, 0)) },
		"read it backwards":        func(l eventlog.Log) error { return see(l.Back(e.ctx, math.MaxUint64)) },
		"found it":                 func(l eventlog.Log) error { _, _, err := l.Find(e.ctx, "s-1", id(1)); return err },
		"saw it as a stream's end": func(l eventlog.Log) error { _, err := l.Head(e.ctx, "s-1"); return err },
		"was answered it again": func(l eventlog.Log) error {
			_, err := l.Append(e.ctx, "s-1", eventlog.NoStream, draft(1))
			return err
		},
		"appends behind it": nil,
	} {
		first := e.open()
		copied := draft(1)
		copied.Meta = eventlog.Meta{RecordedAt: future}.Encode()
		own := e.append(first, "s-1", eventlog.NoStream, copied)
		own = append(own, e.append(first, "s-2", eventlog.NoStream, draft(2))...)
		// The log's last event is old, so that who sees only the end sees nothing.
		old := draft(4)
		old.Meta = eventlog.Meta{RecordedAt: future.AddDate(-200, 0, 0)}.Encode()
		e.append(first, "s-4", eventlog.NoStream, old)
		other := first
		switch {
		case e.Second != nil:
			other = e.Second(e.TB, first)
		case e.Reopen != nil:
			other = e.Reopen(e.TB, first)
		}
		stream, want := "s-3", eventlog.NoStream
		if look == nil {
			stream, want = "s-1", 0
		} else {
			e.check(look(other), "looking")
		}
		for _, r := range append(own, e.append(other, stream, want, draft(3))...) {
			if at := e.stampOf(r); at.Before(future) {
				e.Fatalf("%s@%d was recorded at %s by one who %s, which was at %s", r.Stream, r.Revision, at, name, future)
			}
		}
	}
}
