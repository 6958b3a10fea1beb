package pglog_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

// stamped is an event as another log would hand it over.
func stamped(stream string, rev eventlog.Revision) eventlog.Recorded {
	meta := eventlog.Meta{RecordedAt: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Tenant: "t"}
	return eventlog.Recorded{
		Stream: stream, Revision: rev,
		Draft: eventlog.Draft{ID: eventlog.UUID{1: stream[0], 2: byte(rev)}, Type: "thing.Happened.v1", Data: fmt.Appendf(nil, `{"at":%d}`, rev), Meta: meta.Encode()},
	}
}

func TestAnImportKeepsOrderRevisionsAndBytes(t *testing.T) {
	l := open(t, pgtest.URL(t), pglog.Config{})
	if _, err := l.Append(t.Context(), "own", eventlog.NoStream, stamped("own", 0).Draft); err != nil {
		t.Fatal(err)
	}
	batch := []eventlog.Recorded{stamped("a", 0), stamped("b", 0), stamped("a", 1), stamped("own", 1), stamped("b", 1)}
	if err := l.Import(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	// The appender's knowledge is old now, of the log's end and of the stream's head.
	if _, err := l.Append(t.Context(), "own", 1, stamped("own", 2).Draft); err != nil {
		t.Fatal(err)
	}
	want := append(append([]eventlog.Recorded{stamped("own", 0)}, batch...), stamped("own", 2))
	i := 0
	for e, err := range l.All(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		w := want[i]
		if e.Stream != w.Stream || e.Revision != w.Revision || e.ID != w.ID || string(e.Data) != string(w.Data) || string(e.Meta) != string(w.Meta) {
			t.Errorf("event %d is %v, want %v", i, e, w)
		}
		if i++; e.Position != eventlog.Position(i) {
			t.Errorf("event %d has position %d", i, e.Position)
		}
	}
	if i != len(want) {
		t.Errorf("%d events, want %d", i, len(want))
	}
	if err := l.Import(t.Context(), nil); err != nil {
		t.Errorf("importing nothing: %v", err)
	}
}

func TestAnImportThatDoesNotFitStoresNothing(t *testing.T) {
	l := open(t, pgtest.URL(t), pglog.Config{})
	if err := l.Import(t.Context(), []eventlog.Recorded{stamped("a", 0)}); err != nil {
		t.Fatal(err)
	}
	unstamped := stamped("b", 0)
	unstamped.Meta = eventlog.Meta{}.Encode()
	nameless := stamped("b", 0)
	nameless.Type = ""
	for name, c := range map[string]struct {
		batch []eventlog.Recorded
		want  error
	}{
		"an event that is there already":           {[]eventlog.Recorded{stamped("b", 0), stamped("a", 0)}, eventlog.ErrConflict},
		"a gap in a stream":                        {[]eventlog.Recorded{stamped("b", 0), stamped("a", 2)}, eventlog.ErrConflict},
		"a gap within the batch":                   {[]eventlog.Recorded{stamped("b", 0), stamped("b", 2)}, eventlog.ErrConflict},
		"a stream that begins in the middle":       {[]eventlog.Recorded{stamped("b", 1)}, eventlog.ErrConflict},
		"metadata that a log would have to stamp":  {[]eventlog.Recorded{unstamped}, eventlog.ErrInvalid},
		"an event without a type after a good one": {[]eventlog.Recorded{stamped("a", 1), nameless}, eventlog.ErrInvalid},
	} {
		if err := l.Import(t.Context(), c.batch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if end, err := l.End(t.Context()); err != nil || end != 1 {
		t.Errorf("the log ends at %d, %v; want 1", end, err)
	}
	l.Close()
	if err := l.Import(t.Context(), []eventlog.Recorded{stamped("a", 1)}); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
