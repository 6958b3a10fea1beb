package logtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"sijil/internal/eventlog"
)

func findGives(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 40)...)
	e.append(l, "s-2", eventlog.NoStream, draft(99))
	for _, want := range stored {
		got, ok, err := l.Find(e.ctx, "s-1", want.ID)
		e.check(err, "finding")
		if diff := difference(got, want); !ok || diff != "" {
			e.Fatalf("find: %v %s", ok, diff)
		}
	}
	for stream, n := range map[string]int{"s-1": 99, "s-2": 1, "s-3": 1, "s-\xff": 1, "s-\x00": 1} {
		if got, ok, err := l.Find(e.ctx, stream, id(n)); err != nil || ok || got.Position != 0 {
			e.Fatalf("find of what is not in %q: %v %v %v", stream, got.Position, ok, err)
		}
	}
}

func readFrom(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 5)...)
	e.append(l, "s-2", eventlog.NoStream, drafts(6, 2)...)
	stored = append(stored, e.append(l, "s-1", 4, drafts(8, 2)...)...)
	for from := range len(stored) + 2 {
		e.same(e.read(l, "s-1", eventlog.Revision(from)), stored[min(from, len(stored)):])
	}
	e.same(e.read(l, "s-1", eventlog.NoStream), stored)
	e.same(e.read(l, "s-1", math.MaxInt64), nil)
}

func readIsBounded(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	var got []eventlog.Recorded
	for r, err := range l.Read(e.ctx, "s-1", 0) {
		e.check(err, "reading")
		got = append(got, r)
		if len(got) > 3 {
			break // the case fails below; a reader that chases its own appends never ends
		}
		e.append(l, "s-1", eventlog.Revision(1+len(got)), draft(10+len(got)))
	}
	e.same(got, stored)
}

func missingStream(e *env) {
	l := e.open()
	e.append(l, "s-10", eventlog.NoStream, draft(1))
	for _, name := range []string{"s-1", "s-", "s-100", "S-10", "", "s-\x00", "s-\xff"} {
		if h := e.head(l, name); h != eventlog.NoStream {
			e.Fatalf("the head of %q is %d, want NoStream", name, h)
		}
		e.same(e.read(l, name, 0), nil)
	}
}

func allResumes(e *env) {
	l := e.open()
	var stored []eventlog.Recorded
	for i := range 30 {
		stored = append(stored, e.append(l, fmt.Sprintf("s-%d", i%7), eventlog.Revision(i/7-1), draft(i))...)
	}
	e.same(e.all(l, 0), stored)
	for i, r := range stored {
		e.same(e.all(l, r.Position), stored[i+1:])
	}
	e.same(e.all(l, e.end(l)), nil)
}

func farPosition(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, draft(1))
	for _, far := range []eventlog.Position{math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		e.same(e.all(l, far), nil)
		ctx, cancel := context.WithTimeout(e.ctx, 30*time.Millisecond)
		err := l.Wait(ctx, far)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			e.Fatalf("waiting after %d answered %v, want the context's end", far, err)
		}
	}
}

func backFrom(e *env) {
	l := e.open()
	e.same(e.back(l, math.MaxUint64), nil)
	var stored []eventlog.Recorded
	for i := range 20 {
		stored = append(stored, e.append(l, fmt.Sprintf("s-%d", i%7), eventlog.Revision(i/7-1), draft(i))...)
	}
	reversed := slices.Clone(stored)
	slices.Reverse(reversed)
	for _, beyond := range []eventlog.Position{math.MaxUint64, math.MaxInt64 + 1, math.MaxInt64, e.end(l) + 1} {
		e.same(e.back(l, beyond), reversed)
	}
	for i, r := range reversed {
		e.same(e.back(l, r.Position), reversed[i+1:])
	}
	e.same(e.back(l, 0), nil)
}

func backIsBounded(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	slices.Reverse(stored)
	var got []eventlog.Recorded
	for r, err := range l.Back(e.ctx, math.MaxUint64) {
		e.check(err, "reading backwards")
		got = append(got, r)
		e.append(l, "s-1", eventlog.Revision(1+len(got)), draft(10+len(got)))
	}
	e.same(got, stored)
}

// manyPages is more than any adapter takes at once, in number and in bytes.
func manyPages(e *env) {
	l := e.open()
	var stored []eventlog.Recorded
	want := eventlog.NoStream
	for i := range 3 {
		stored = append(stored, e.append(l, "s-long", want, drafts(2000*i, 900)...)...)
		want += 900
		big := drafts(2000*i+1000, 3)
		for j := range big {
			big[j].Data = make([]byte, 300_000)
		}
		stored = append(stored, e.append(l, "s-long", want, big...)...)
		want += 3
	}
	for i := range 6 {
		d := draft(i)
		d.Data = make([]byte, 1_000_000)
		stored = append(stored, e.append(l, "s-big", eventlog.Revision(i-1), d)...)
	}
	e.same(e.all(l, 0), stored)
	reversed := slices.Clone(stored)
	slices.Reverse(reversed)
	e.same(e.back(l, math.MaxUint64), reversed)
	e.same(e.read(l, "s-long", 0), stored[:2709])
	e.same(e.read(l, "s-long", 1100), stored[1100:2709])
	e.same(e.read(l, "s-big", 0), stored[2709:])
}

func readersAreFree(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 50)...)
	n := 0
	for range e.rounds(100) { // more readers than an adapter has connections
		for r, err := range l.All(e.ctx, 0) {
			e.check(err, "reading")
			for _, err := range l.Read(e.ctx, r.Stream, r.Revision) {
				e.check(err, "reading inside a read")
				break
			}
			_, ok, err := l.Find(e.ctx, r.Stream, r.ID)
			e.check(err, "finding inside a read")
			if !ok {
				e.Fatalf("find missed revision %d inside a read", r.Revision)
			}
			e.append(l, "s-2", eventlog.Revision(n-1), draft(100+n))
			n++
			break
		}
	}
	e.same(e.read(l, "s-1", 0), stored)
}

func contextEnds(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	ctx, cancel := context.WithCancel(e.ctx)
	cancel()
	for name, call := range map[string]func() error{
		"Append": func() error { _, err := l.Append(ctx, "s-1", 2, draft(9)); return err },
		"Head":   func() error { _, err := l.Head(ctx, "s-1"); return err },
		"Find":   func() error { _, _, err := l.Find(ctx, "s-1", id(1)); return err },
		"Read":   func() error { _, err := collect(l.Read(ctx, "s-1", 0)); return err },
		"All":    func() error { _, err := collect(l.All(ctx, 0)); return err },
		"Back":   func() error { _, err := collect(l.Back(ctx, math.MaxUint64)); return err },
		"End":    func() error { _, err := l.End(ctx); return err },
		"Wait":   func() error { return l.Wait(ctx, math.MaxInt64) },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			e.Fatalf("%s with an ended context answered %v", name, err)
		}
	}
}

func contextEndsMidway(e *env) {
	l := e.open()
	e.append(l, "s-1", eventlog.NoStream, drafts(1, 100)...)
	for name, events := range map[string]func(context.Context) iter.Seq2[eventlog.Recorded, error]{
		"All":  func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return l.All(ctx, 0) },
		"Back": func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return l.Back(ctx, math.MaxUint64) },
		"Read": func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return l.Read(ctx, "s-1", 0) },
	} {
		ctx, cancel := context.WithCancel(e.ctx)
		n, last := 0, error(nil)
		for _, err := range events(ctx) {
			n, last = n+1, err
			cancel()
		}
		cancel()
		if n != 2 || !errors.Is(last, context.Canceled) {
			e.Fatalf("%s: a reader whose context ended at its first event was called %d times, last with %v", name, n, last)
		}
	}
}
