package logtest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"sijil/internal/eventlog"
)

func newLogIsEmpty(e *env) {
	l := e.open()
	name, err := l.ID(e.ctx)
	e.check(err, "reading the id")
	if len(name) != 36 || strings.Count(name, "-") != 4 {
		e.Fatalf("the log's id is %q, want a UUID", name)
	}
	if again, err := l.ID(e.ctx); err != nil || again != name {
		e.Fatalf("the id changed from %q to %q, %v", name, again, err)
	}
	if end := e.end(l); end != 0 {
		e.Fatalf("the end of an empty log is %d, want 0", end)
	}
	e.same(e.all(l, 0), nil)
	e.append(l, "s-1", eventlog.NoStream, draft(1))
	if again, err := l.ID(e.ctx); err != nil || again != name {
		e.Fatalf("the id changed with an append from %q to %q, %v", name, again, err)
	}
}

func idsDiffer(e *env) {
	a, err := e.open().ID(e.ctx)
	e.check(err, "reading an id")
	b, err := e.open().ID(e.ctx)
	e.check(err, "reading the other id")
	if a == b {
		e.Fatalf("two logs have the id %s", a)
	}
}

func appendAnswers(e *env) {
	l := e.open()
	got := e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	next := e.append(l, "s-2", eventlog.NoStream, draft(4))
	if next[0].Position <= got[2].Position {
		e.Fatalf("a later append got position %d, not after %d", next[0].Position, got[2].Position)
	}
	for _, r := range append(got, next...) {
		if r.Created.IsZero() || r.Created.Location() != time.UTC {
			e.Fatalf("created is %v, want a time in UTC", r.Created)
		}
	}
	if end := e.end(l); end != next[0].Position {
		e.Fatalf("the end is %d, want the last position %d", end, next[0].Position)
	}
	e.same(e.all(l, 0), append(got, next...))
	e.same(e.read(l, "s-1", 0), got)
}

func bytesAreVerbatim(e *env) {
	l := e.open()
	contents := [][]byte{
		nil,
		{},
		{0},
		{0xff, 0xfe, 0x00},
		[]byte(" {\"b\":1, \"a\":2,\n\"a\":3} "),
		[]byte("سجل ć 🎓 \u202e"), []byte(`\x00\\`), slices.Repeat([]byte{0xa5}, 100_000),
	}
	var stored []eventlog.Recorded
	for i, c := range contents {
		d := eventlog.Draft{ID: id(i), Type: "test.Happened.v1", Data: c, Meta: slices.Clone(c)}
		stored = append(stored, e.append(l, "s-1", eventlog.Revision(i-1), d)...)
	}
	for i, r := range e.all(l, 0) {
		if !slices.Equal(r.Data, contents[i]) || !slices.Equal(r.Meta, contents[i]) {
			e.Fatalf("bytes %q came back as data %q and metadata %q", contents[i], r.Data, r.Meta)
		}
	}
	e.same(e.read(l, "s-1", 0), stored)
}

func bytesAreOwned(e *env) {
	l := e.open()
	d := draft(1)
	data := slices.Clone(d.Data)
	got := e.append(l, "s-1", eventlog.NoStream, d)
	clear(d.Data)
	clear(d.Meta)
	clear(e.all(l, 0)[0].Data)
	for _, r := range slices.Concat(e.all(l, 0), e.read(l, "s-1", 0)) {
		if !slices.Equal(r.Data, data) || !slices.Equal(r.Meta, got[0].Meta) {
			e.Fatalf("the stored event became %q %q", r.Data, r.Meta)
		}
	}
}

func namesAreAnyText(e *env) {
	l := e.open()
	for i, name := range []string{
		"a", "A", "enrollment-0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", "with space", "quote'\"\\;--", "سجل-1", "e\u0301-1", "\u00e9-1",
		"%_", " a", "a ", strings.Repeat("x", eventlog.MaxStreamName),
	} {
		got := e.append(l, name, eventlog.NoStream, eventlog.Draft{ID: id(i), Type: name})
		e.same(e.read(l, name, 0), got)
		if h := e.head(l, name); h != 0 {
			e.Fatalf("the head of %q is %d, want 0", name, h)
		}
	}
}

func streamGrows(e *env) {
	l := e.open()
	var stored []eventlog.Recorded
	want := eventlog.NoStream
	for n := 1; n <= 5; n++ {
		if h := e.head(l, "s-1"); h != want {
			e.Fatalf("the head is %d, want %d", h, want)
		}
		stored = append(stored, e.append(l, "s-1", want, drafts(10*n, n)...)...)
		want += eventlog.Revision(n)
		e.append(l, "s-2", eventlog.Revision(n-2), draft(n)) // another stream in between
	}
	e.same(e.read(l, "s-1", 0), stored)
}

func conflictStoresNothing(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	for name, c := range map[string]struct {
		stream       string
		want, actual eventlog.Revision
		n            int
	}{
		"the stream exists":               {"s-1", eventlog.NoStream, 2, 1},
		"below the head":                  {"s-1", 1, 2, 1},
		"below the head, beyond it after": {"s-1", 1, 2, 4},
		"above the head":                  {"s-1", 3, 2, 1},
		"far above the head":              {"s-1", 1 << 62, 2, 1},
		"no such stream":                  {"s-2", 0, eventlog.NoStream, 1},
		"no such stream, far above":       {"s-2", 7, eventlog.NoStream, 2},
	} {
		e.unchanged(l, c.stream, func() {
			_, err := l.Append(e.ctx, c.stream, c.want, drafts(100, c.n)...)
			e.Logf("when %s", name)
			e.wantConflict(err, c.stream, c.want, c.actual)
		})
	}
	e.append(l, "s-1", 2, draft(9))
}

func invalidIsRefused(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, draft(1))
	for name, c := range map[string]struct {
		stream string
		want   eventlog.Revision
		drafts []eventlog.Draft
		err    error
	}{
		"no drafts":                {"s-1", 0, nil, eventlog.ErrInvalid},
		"no name":                  {"", eventlog.NoStream, drafts(2, 1), eventlog.ErrInvalid},
		"a name with U+0000":       {"s-\x00", eventlog.NoStream, drafts(2, 1), eventlog.ErrInvalid},
		"a name that is not UTF-8": {"s-\xff", eventlog.NoStream, drafts(2, 1), eventlog.ErrInvalid},
		"a type with U+0000":       {"s-1", 0, []eventlog.Draft{draft(2), {ID: id(3), Type: "a\x00"}}, eventlog.ErrInvalid},
		"no type":                  {"s-1", 0, []eventlog.Draft{{ID: id(3)}}, eventlog.ErrInvalid},
		"below no stream":          {"s-1", -2, drafts(2, 1), eventlog.ErrInvalid},
		"too long a name":          {strings.Repeat("x", eventlog.MaxStreamName+1), eventlog.NoStream, drafts(2, 1), eventlog.ErrTooLarge},
	} {
		e.unchanged(l, "s-1", func() {
			if _, err := l.Append(e.ctx, c.stream, c.want, c.drafts...); !errors.Is(err, c.err) {
				e.Fatalf("%s: got error %v, want %v", name, err, c.err)
			}
		})
	}
	e.append(l, "s-1", 0, draft(4))
}

func sizeIsLimited(e *env) {
	l := e.open()
	fill := func(size int) []eventlog.Draft {
		ds := drafts(1, 3)
		ds[0].Data, ds[1].Meta = make([]byte, size/2), make([]byte, 1000)
		ds[2].Data = make([]byte, len(ds[2].Data)+size-eventlog.Size(ds))
		return ds
	}
	e.unchanged(l, "s-1", func() {
		if _, err := l.Append(e.ctx, "s-1", eventlog.NoStream, fill(eventlog.MaxAppend+1)...); !errors.Is(err, eventlog.ErrTooLarge) {
			e.Fatalf("a byte too many: got error %v, want ErrTooLarge", err)
		}
	})
	got := e.append(l, "s-1", eventlog.NoStream, fill(eventlog.MaxAppend)...)
	e.same(e.read(l, "s-1", 0), got)
}

func retryIsAnswered(e *env) {
	l := e.open()
	first := e.append(l, "s-1", eventlog.NoStream, drafts(1, 2)...)
	second := e.append(l, "s-1", 1, drafts(3, 3)...)
	e.append(l, "s-1", 4, draft(6))
	retry := func(want eventlog.Revision, ds []eventlog.Draft, stored []eventlog.Recorded) {
		e.Helper()
		e.unchanged(l, "s-1", func() { e.same(e.append(l, "s-1", want, ds...), stored) })
	}
	retry(eventlog.NoStream, drafts(1, 2), first)
	retry(1, drafts(3, 3), second)
	other := drafts(3, 3)
	other[0].Data, other[1].Meta, other[2].Type = []byte("else"), nil, "test.Else.v1"
	retry(1, other, second) // the stored bytes win: ids decide
}

func otherIDsConflict(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	e.append(l, "s-1", 2, drafts(4, 3)...)
	for name, ids := range map[string][]int{
		"the first id differs":   {9, 5, 6},
		"the last id differs":    {4, 5, 9},
		"another order":          {5, 4, 6},
		"one more than stored":   {4, 5, 6, 7},
		"ids stored one further": {5, 6},
		"ids stored before":      {1, 2, 3},
	} {
		var ds []eventlog.Draft
		for _, n := range ids {
			ds = append(ds, draft(n))
		}
		e.unchanged(l, "s-1", func() {
			_, err := l.Append(e.ctx, "s-1", 2, ds...)
			e.Logf("when %s", name)
			e.wantConflict(err, "s-1", 2, 5)
		})
	}
}

func headAlwaysWrites(e *env) {
	l := e.open()
	first := e.append(l, "s-1", eventlog.NoStream, draft(1))
	// The same id at the head is stored again: who retries without the original revision
	// has to read the head and call Find first.
	again := e.append(l, "s-1", 0, draft(1))
	e.same(e.read(l, "s-1", 0), append(first, again...))
	for range 2 { // a log may remember what it found
		found, ok, err := l.Find(e.ctx, "s-1", id(1))
		e.check(err, "finding")
		if !ok || found.Revision != 0 {
			e.Fatalf("find gives revision %d, %v; want the first of the two", found.Revision, ok)
		}
	}
}

func idsArePerStream(e *env) {
	l := e.open()
	a := e.append(l, "s-1", eventlog.NoStream, drafts(1, 2)...)
	b := e.append(l, "s-2", eventlog.NoStream, drafts(1, 2)...)
	for stream, stored := range map[string][]eventlog.Recorded{"s-1": a, "s-2": b} {
		for _, want := range stored {
			got, ok, err := l.Find(e.ctx, stream, want.ID)
			e.check(err, "finding")
			if diff := difference(got, want); !ok || diff != "" {
				e.Fatalf("find in %s: %v %s", stream, ok, diff)
			}
		}
	}
}
