package logtest

import (
	"context"
	"fmt"
	"time"

	"sijil/internal/eventlog"
)

func restartKeepsAll(e *env) {
	l := e.open()
	name, err := l.ID(e.ctx)
	e.check(err, "reading the id")
	var stored []eventlog.Recorded
	for i := range 20 {
		stored = append(stored, e.append(l, fmt.Sprintf("s-%d", i%4), eventlog.Revision(i/4-1), draft(i))...)
		if i%6 == 5 {
			l = e.Reopen(e.TB, l)
		}
	}
	l = e.Reopen(e.TB, l)
	if again, err := l.ID(e.ctx); err != nil || again != name {
		e.Fatalf("the id changed from %q to %q, %v", name, again, err)
	}
	e.same(e.all(l, 0), stored)
	for _, want := range stored {
		if _, ok, err := l.Find(e.ctx, want.Stream, want.ID); err != nil || !ok {
			e.Fatalf("find of %s@%d after a restart: %v %v", want.Stream, want.Revision, ok, err)
		}
	}
	if h := e.head(l, "s-0"); h != 4 {
		e.Fatalf("the head after a restart is %d, want 4", h)
	}
	e.unchanged(l, "s-0", func() { e.same(e.append(l, "s-0", 3, draft(16)), stored[16:17]) })
	e.append(l, "s-0", 4, draft(99))
}

func restartMidStream(e *env) {
	l := e.open()
	var h history
	s := newSubscriber()
	for round := range 4 {
		together(8, func(i int) { h.write(e, l, 100*round+i+1, 2) })
		e.check(s.follow(e.ctx, l, 1+3*round), "following")
		l = e.Reopen(e.TB, l)
	}
	s.finish <- e.end(l)
	e.check(s.follow(e.ctx, l, 0), "following after the last restart")
	h.is(e, s.seen)
}

func twoProcessesAgree(e *env) {
	a := e.open()
	first := e.append(a, "s-1", eventlog.NoStream, drafts(1, 2)...)
	b := e.Second(e.TB, a)
	idA, err := a.ID(e.ctx)
	e.check(err, "reading the id")
	if idB, err := b.ID(e.ctx); err != nil || idA != idB {
		e.Fatalf("two processes give one log the ids %q and %q, %v", idA, idB, err)
	}
	logs := []eventlog.Log{a, b}
	stored := first
	for i := range 12 {
		one, other := logs[i%2], logs[(i+1)%2]
		want := eventlog.Revision(1 + i)
		if i%3 == 0 {
			one, other = other, one
		}
		stored = append(stored, e.append(one, "s-1", want, draft(10+i))...)
		e.unchanged(other, "s-1", func() {
			_, err := other.Append(e.ctx, "s-1", want, draft(100+i))
			e.wantConflict(err, "s-1", want, want+1)
			_, err = other.Append(e.ctx, "s-1", eventlog.NoStream, draft(100+i))
			e.wantConflict(err, "s-1", eventlog.NoStream, want+1)
			e.same(e.append(other, "s-1", want, draft(10+i)), stored[len(stored)-1:])
		})
		e.append(other, fmt.Sprintf("new-%d", i), eventlog.NoStream, draft(i))
		_, err := one.Append(e.ctx, fmt.Sprintf("new-%d", i), eventlog.NoStream, draft(200+i))
		e.wantConflict(err, fmt.Sprintf("new-%d", i), eventlog.NoStream, 0)
	}
	e.same(e.read(a, "s-1", 0), stored)
	e.same(e.all(b, 0), e.all(a, 0))
}

func secondIsWoken(e *env) {
	a := e.open()
	b := e.Second(e.TB, a)
	after := eventlog.Position(0)
	for i := range 5 {
		ctx, cancel := context.WithTimeout(e.ctx, soon)
		woken := make(chan error, 1)
		from := after
		go func() { woken <- b.Wait(ctx, from) }()
		time.Sleep(5 * time.Millisecond)
		after = e.append(a, fmt.Sprintf("s-%d", i), eventlog.NoStream, draft(i))[0].Position
		e.check(<-woken, "waiting for an append in the other process")
		cancel()
	}
}

func twoProcessesWrite(e *env) {
	a := e.open()
	b := e.Second(e.TB, a)
	e.followWriters([]eventlog.Log{a, b}, b, e.rounds(12))
}
