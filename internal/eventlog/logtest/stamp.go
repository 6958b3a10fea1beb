package logtest

import (
	"bytes"
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

// stampsInOrder asserts that recordedAt and Created never decrease along events.
func (e *env) stampsInOrder(events []eventlog.Recorded) {
	e.Helper()
	for i := 1; i < len(events); i++ {
		if a, b := e.stampOf(events[i-1]), e.stampOf(events[i]); b.Before(a) {
			e.Fatalf("recordedAt goes back from %s to %s at position %d", a, b, events[i].Position)
		}
		if a, b := events[i-1].Created, events[i].Created; b.Before(a) {
			e.Fatalf("created goes back from %s to %s at position %d", a, b, events[i].Position)
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
