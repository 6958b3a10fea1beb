package logtest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"sijil/internal/eventlog"
)

// model is the slowest log that is right: slices, and the rules of Append as they are
// written in the port.
type model struct {
	base    eventlog.Position // where this history begins in a log that others used before
	all     []eventlog.Recorded
	streams map[string][]eventlog.Recorded
}

// append says what an append must do: be stored, be refused as a conflict with actual, or,
// when neither, be answered as the earlier append it repeats.
func (m *model) append(stream string, want eventlog.Revision, ds []eventlog.Draft) (stored, conflict bool, actual eventlog.Revision) {
	events := m.streams[stream]
	actual = eventlog.Revision(len(events) - 1)
	if want == actual {
		return true, false, actual
	}
	from := int(want + 1)
	if from+len(ds) > len(events) {
		return false, true, actual
	}
	for i, d := range ds {
		if events[from+i].ID != d.ID {
			return false, true, actual
		}
	}
	return false, false, actual
}

// modelAgrees draws histories of appends, retries and reads on a few short streams with
// few ids, so that retries, conflicts and repeated ids happen by themselves.
func modelAgrees(e *env) {
	l := e.open()
	history := 0
	rapid.Check(e.TB, func(t *rapid.T) {
		if history++; e.Light && history > 15 {
			return
		}
		m := &model{streams: map[string][]eventlog.Recorded{}}
		var err error
		if m.base, err = l.End(e.ctx); err != nil {
			t.Fatalf("reading the end: %v", err)
		}
		step := &steps{env: e, log: l, model: m, history: history}
		t.Repeat(map[string]func(*rapid.T){
			"append":   step.append,
			"read":     step.read,
			"find":     step.find,
			"read all": step.all,
		})
		step.wholeLog(t)
	})
}

type steps struct {
	*env
	log     eventlog.Log
	model   *model
	history int
}

func (s *steps) stream(t *rapid.T) string {
	return fmt.Sprintf("h%d-%d", s.history, rapid.IntRange(0, 2).Draw(t, "stream"))
}

func (s *steps) append(t *rapid.T) {
	stream := s.stream(t)
	head := len(s.model.streams[stream]) - 1
	want := eventlog.Revision(rapid.OneOf(rapid.Just(head), rapid.IntRange(-1, head+2)).Draw(t, "want"))
	ds := make([]eventlog.Draft, rapid.IntRange(1, 3).Draw(t, "events"))
	for i := range ds {
		n := rapid.OneOf(rapid.IntRange(0, 4), rapid.Just(int(want)+1+i)).Draw(t, "id")
		ds[i] = draft(n)
	}
	store, conflict, actual := s.model.append(stream, want, ds)
	got, err := s.log.Append(s.ctx, stream, want, ds...)
	if conflict {
		s.wantConflict(err, stream, want, actual)
		return
	}
	s.check(err, "appending")
	if store {
		s.wellAnswered(got, stream, want, ds)
		s.model.all = append(s.model.all, got...)
		s.model.streams[stream] = append(s.model.streams[stream], got...)
		return
	}
	s.same(got, s.model.streams[stream][want+1:][:len(ds)])
}

func (s *steps) read(t *rapid.T) {
	stream := s.stream(t)
	events := s.model.streams[stream]
	if h := s.head(s.log, stream); int(h) != len(events)-1 {
		t.Fatalf("the head of %s is %d, want %d", stream, h, len(events)-1)
	}
	from := rapid.IntRange(0, len(events)+1).Draw(t, "from")
	s.same(s.env.read(s.log, stream, eventlog.Revision(from)), events[min(from, len(events)):])
}

func (s *steps) find(t *rapid.T) {
	stream, n := s.stream(t), rapid.IntRange(0, 6).Draw(t, "id")
	events := s.model.streams[stream]
	at := slices.IndexFunc(events, func(r eventlog.Recorded) bool { return r.ID == id(n) })
	got, ok, err := s.log.Find(s.ctx, stream, id(n))
	s.check(err, "finding")
	if ok != (at >= 0) {
		t.Fatalf("find of id %d in %s: %v", n, stream, ok)
	}
	if ok {
		s.same([]eventlog.Recorded{got}, events[at:at+1])
	}
}

func (s *steps) all(t *rapid.T) {
	n := rapid.IntRange(0, len(s.model.all)).Draw(t, "resume after")
	after := s.model.base
	if n > 0 {
		after = s.model.all[n-1].Position
	}
	s.same(s.env.all(s.log, after), s.model.all[n:])
}

func (s *steps) wholeLog(t *rapid.T) {
	end := s.model.base
	if n := len(s.model.all); n > 0 {
		end = s.model.all[n-1].Position
	}
	if got := s.end(s.log); got != end {
		t.Fatalf("the end is %d, want %d", got, end)
	}
	s.stampsInOrder(s.model.all)
}
