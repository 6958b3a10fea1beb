package logtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"sijil/internal/eventlog"
)

// env is what a case works with.
type env struct {
	testing.TB
	Suite
	ctx context.Context // ends when the case has used up its patience
}

// rounds is n, or where the suite is light a quarter of it.
func (e *env) rounds(n int) int {
	if e.Light {
		return n/4 + 1
	}
	return n
}

func (e *env) open() eventlog.Log {
	e.Helper()
	return e.Open(e.TB)
}

// check fails the case on err.
func (e *env) check(err error, doing string) {
	e.Helper()
	if err != nil {
		e.Fatalf("%s: %v", doing, err)
	}
}

// append appends and fails the case on an error.
func (e *env) append(l eventlog.Log, stream string, want eventlog.Revision, drafts ...eventlog.Draft) []eventlog.Recorded {
	e.Helper()
	got, err := l.Append(e.ctx, stream, want, drafts...)
	e.check(err, "appending")
	e.wellAnswered(got, stream, want, drafts)
	return got
}

// wellAnswered asserts that got is the answer to an append of drafts at want.
func (e *env) wellAnswered(got []eventlog.Recorded, stream string, want eventlog.Revision, drafts []eventlog.Draft) {
	e.Helper()
	if len(got) != len(drafts) {
		e.Fatalf("append of %d events answered %d", len(drafts), len(got))
	}
	for i, r := range got {
		switch {
		case r.ID != drafts[i].ID:
			e.Fatalf("event %d of the answer has id %s, want %s", i, r.ID, drafts[i].ID)
		case r.Stream != stream:
			e.Fatalf("event %d of the answer is in stream %q, want %q", i, r.Stream, stream)
		case r.Revision != want+1+eventlog.Revision(i):
			e.Fatalf("event %d of the answer has revision %d, want %d", i, r.Revision, want+1+eventlog.Revision(i))
		case r.Position == 0 || i > 0 && r.Position <= got[i-1].Position:
			e.Fatalf("event %d of the answer has position %d after %d", i, r.Position, got[max(i-1, 0)].Position)
		}
	}
}

// head, end, all, back and read are the methods, failing the case on an error.
func (e *env) head(l eventlog.Log, stream string) eventlog.Revision {
	e.Helper()
	h, err := l.Head(e.ctx, stream)
	e.check(err, "reading the head")
	return h
}

func (e *env) end(l eventlog.Log) eventlog.Position {
	e.Helper()
	p, err := l.End(e.ctx)
	e.check(err, "reading the end")
	return p
}

func (e *env) all(l eventlog.Log, after eventlog.Position) []eventlog.Recorded {
	e.Helper()
	got, err := collect(l.All(e.ctx, after))
	e.check(err, "reading the log")
	return got
}

func (e *env) back(l eventlog.Log, before eventlog.Position) []eventlog.Recorded {
	e.Helper()
	got, err := collect(l.Back(e.ctx, before))
	e.check(err, "reading the log backwards")
	return got
}

func (e *env) read(l eventlog.Log, stream string, from eventlog.Revision) []eventlog.Recorded {
	e.Helper()
	got, err := collect(l.Read(e.ctx, stream, from))
	e.check(err, "reading a stream")
	return got
}

// unchanged asserts that do leaves nothing in the log, the stream included.
func (e *env) unchanged(l eventlog.Log, stream string, do func()) {
	e.Helper()
	end, events := e.end(l), e.read(l, stream, 0)
	do()
	if now := e.end(l); now != end {
		e.Fatalf("the end moved from %d to %d although nothing was to be stored", end, now)
	}
	e.same(e.read(l, stream, 0), events)
	if h := e.head(l, stream); int(h) != len(events)-1 {
		e.Fatalf("the head is %d although the stream has %d events", h, len(events))
	}
}

// same asserts that two runs of events are equal, byte for byte.
func (e *env) same(got, want []eventlog.Recorded) {
	e.Helper()
	for i := range min(len(got), len(want)) {
		if diff := difference(got[i], want[i]); diff != "" {
			e.Fatalf("event %d differs: %s", i, diff)
		}
	}
	if len(got) != len(want) {
		e.Fatalf("got %d events, want %d", len(got), len(want))
	}
}

func difference(got, want eventlog.Recorded) string {
	switch {
	case got.Position != want.Position:
		return fmt.Sprintf("position %d, want %d", got.Position, want.Position)
	case got.Stream != want.Stream || got.Revision != want.Revision:
		return fmt.Sprintf("place %s@%d, want %s@%d", got.Stream, got.Revision, want.Stream, want.Revision)
	case got.ID != want.ID:
		return fmt.Sprintf("id %s, want %s", got.ID, want.ID)
	case got.Type != want.Type:
		return fmt.Sprintf("type %q, want %q", got.Type, want.Type)
	case !bytes.Equal(got.Data, want.Data):
		return fmt.Sprintf("data %q, want %q", got.Data, want.Data)
	case !bytes.Equal(got.Meta, want.Meta):
		return fmt.Sprintf("meta %q, want %q", got.Meta, want.Meta)
	case !got.Created.Equal(want.Created):
		return fmt.Sprintf("created %s, want %s", got.Created, want.Created)
	}
	return ""
}

// wantConflict asserts that err says that stream is at actual and not at want.
func (e *env) wantConflict(err error, stream string, want, actual eventlog.Revision) {
	e.Helper()
	var c *eventlog.ConflictError
	switch {
	case !errors.Is(err, eventlog.ErrConflict) || !errors.As(err, &c):
		e.Fatalf("got error %v, want a conflict", err)
	case c.Stream != stream || c.Want != want || c.Actual != actual:
		e.Fatalf("got the conflict %+v, want stream %q, want %d, actual %d", c, stream, want, actual)
	}
}

func collect(events iter.Seq2[eventlog.Recorded, error]) (got []eventlog.Recorded, err error) {
	for r, err := range events {
		if err != nil {
			return got, err
		}
		got = append(got, r)
	}
	return got, nil
}

// draft is an event with a payload of its own, and metadata that the log is to stamp.
func draft(n int) eventlog.Draft {
	return eventlog.Draft{
		ID:   id(n),
		Type: "test.Happened.v1",
		Data: fmt.Appendf(nil, `{"n":%d,"title":"شهادة ć 🎓"}`, n),
		Meta: eventlog.Meta{Actor: "tester", Tenant: "tenant"}.Encode(),
	}
}

func drafts(from, n int) []eventlog.Draft {
	out := make([]eventlog.Draft, n)
	for i := range out {
		out[i] = draft(from + i)
	}
	return out
}

// id is a version-8 UUID that holds n.
func id(n int) (u eventlog.UUID) {
	binary.BigEndian.PutUint64(u[8:], uint64(n))
	u[6], u[8] = 0x80, u[8]&0x3f|0x80
	return u
}

// together runs f n times at once and returns when all have.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// soon is how long a push may take before a case calls it lost: a second of polling and
// room for a busy machine.
const soon = 5 * time.Second
