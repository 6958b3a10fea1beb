package pglog

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/internal/eventlog"
)

// The laws of a plan: taken one after another, its requests are stored exactly when the
// stream is where they want it; positions and revisions are dense; and what the columns say
// of the streams is what the events come to.
func TestPlanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := map[string]state{}
		for n := range rapid.IntRange(0, 3).Draw(t, "streams") {
			before[fmt.Sprint("s-", n)] = state{id: int64(n + 1), head: eventlog.Revision(rapid.IntRange(0, 3).Draw(t, "head"))}
		}
		base := eventlog.Position(rapid.IntRange(10, 20).Draw(t, "base"))
		var batch []*request
		for range rapid.IntRange(1, 12).Draw(t, "requests") {
			r := &request{
				stream: fmt.Sprint("s-", rapid.IntRange(0, 4).Draw(t, "stream")),
				want:   eventlog.Revision(rapid.IntRange(-1, 5).Draw(t, "want")),
			}
			for range rapid.IntRange(1, 3).Draw(t, "events") {
				r.drafts = append(r.drafts, eventlog.Draft{Type: "t", Meta: eventlog.Meta{}.Encode()})
			}
			batch = append(batch, r)
		}
		p := newPlan(base, batch)
		var stamp eventlog.Stamper
		for _, r := range batch {
			p.add(r, &stamp, time.Unix(1, 0), func(stream string, _ eventlog.Revision) (state, bool) {
				if s, ok := before[stream]; ok {
					return s, true
				}
				return state{head: eventlog.NoStream}, true
			})
		}
		p.finish()

		now := maps.Clone(before)
		at := base
		for i, r := range batch {
			s, ok := now[r.stream]
			if !ok {
				s = state{head: eventlog.NoStream}
			}
			a := p.answers[i]
			if s.head != r.want {
				if a.stored != nil || a.head != s.head {
					t.Fatalf("request %d at %d on a stream at %d was answered %+v", i, r.want, s.head, a)
				}
				continue
			}
			if len(a.stored) != len(r.drafts) {
				t.Fatalf("request %d of %d events was answered with %d", i, len(r.drafts), len(a.stored))
			}
			for j, e := range a.stored {
				at++
				s.head++
				if e.Position != at || e.Revision != s.head || e.Stream != r.stream {
					t.Fatalf("event %d of request %d is %s@%d at %d, want @%d at %d", j, i, e.Stream, e.Revision, e.Position, s.head, at)
				}
				if s.id == 0 {
					s.id = int64(at)
				}
				if n := int(at - base - 1); p.streamIDs[n] != s.id || p.revs[n] != int64(s.head) {
					t.Fatalf("the row of position %d has stream %d, revision %d", at, p.streamIDs[n], p.revs[n])
				}
			}
			now[r.stream] = s
		}
		if p.end() != at {
			t.Fatalf("the plan ends at %d, want %d", p.end(), at)
		}
		said := maps.Clone(before)
		for i, name := range p.names {
			if _, ok := before[name]; ok {
				t.Fatalf("%s begins again", name)
			}
			said[name] = state{p.begun[i], eventlog.Revision(p.first[i])}
		}
		for i, id := range p.moved {
			for name, s := range before {
				if s.id == id {
					said[name] = state{id, eventlog.Revision(p.heads[i])}
				}
			}
		}
		if !maps.Equal(said, now) {
			t.Fatalf("the columns say %v, the events come to %v", said, now)
		}
		if p.refuses() != slices.ContainsFunc(p.answers, func(a answer) bool { return a.stored == nil }) {
			t.Fatal("refuses is wrong")
		}
	})
}

func TestLatelyIsBounded(t *testing.T) {
	var l lately
	next := eventlog.Position(1)
	put := func(n, size int) {
		for range n {
			l.put([]eventlog.Recorded{{Draft: eventlog.Draft{Data: make([]byte, size)}, Position: next}})
			next++
		}
	}
	put(2*latelyEvents, 10)
	if n := len(l.after(next - 1 - latelyEvents)); n != latelyEvents {
		t.Errorf("the latest %d events are remembered, want %d", n, latelyEvents)
	}
	if l.after(next-2-latelyEvents) != nil || l.after(next-1) != nil {
		t.Error("it answers for what it does not remember")
	}
	put(10, latelyBytes/4)
	if len(l.events) > 4 || l.bytes > latelyBytes {
		t.Errorf("%d events of %d bytes are remembered, more than %d bytes", len(l.events), l.bytes, latelyBytes)
	}
	next += 5 // somebody else's
	put(2, 10)
	if n := len(l.after(next - 3)); n != 2 || l.after(next-4) != nil {
		t.Errorf("after a hole %d events are remembered, want the 2 behind it", n)
	}
}
