package logtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"sijil/internal/eventlog"
)

// insist appends as a writer must whose outcomes may be unknown: with the same revision and
// the same events until there is an answer.
func (e *env) insist(ctx context.Context, l eventlog.Log, stream string, want eventlog.Revision, ds ...eventlog.Draft) ([]eventlog.Recorded, error) {
	for {
		got, err := l.Append(ctx, stream, want, ds...)
		if err == nil || errors.Is(err, eventlog.ErrConflict) || ctx.Err() != nil {
			return got, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func cutAppends(e *env) {
	l := e.open()
	var stored []eventlog.Recorded
	for n := range 24 {
		want := eventlog.Revision(2*n - 1)
		e.Cut(e.TB, l, n%2 == 0)
		got, err := e.insist(e.ctx, l, "s-1", want, drafts(10*n, 2)...)
		e.check(err, "appending until there is an answer")
		e.wellAnswered(got, "s-1", want, drafts(10*n, 2))
		stored = append(stored, got...)
	}
	e.same(e.read(l, "s-1", 0), stored)
	e.same(e.all(l, 0), stored)
}

// serverAway asks everything at once and often while nobody is there, then lets the server
// come back.
func serverAway(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 3)...)
	end := e.end(l)
	e.Stop(e.TB, l)
	limit := min(soon, e.Patience/2)
	ctx, cancel := context.WithTimeout(e.ctx, limit/10)
	defer cancel()
	calls := map[string]func() error{
		"Append": func() error { _, err := l.Append(ctx, "s-1", 2, draft(9)); return err },
		"Head":   func() error { _, err := l.Head(ctx, "s-1"); return err },
		"Find":   func() error { _, _, err := l.Find(ctx, "s-1", id(77)); return err },
		"Read":   func() error { _, err := collect(l.Read(ctx, "s-1", 0)); return err },
		"All":    func() error { _, err := collect(l.All(ctx, 0)); return err },
		"Back":   func() error { _, err := collect(l.Back(ctx, math.MaxUint64)); return err },
		"End":    func() error { _, err := l.End(ctx); return err },
		"Wait":   func() error { return l.Wait(ctx, end) },
	}
	const each = 6
	type answer struct {
		name string
		err  error
	}
	answers := make(chan answer, each*len(calls))
	for name, call := range calls {
		for range each {
			go func() { answers <- answer{name, call()} }()
		}
	}
	late := time.After(limit)
	for range each * len(calls) {
		select {
		case a := <-answers:
			if a.err == nil || errors.Is(a.err, eventlog.ErrConflict) {
				e.Fatalf("%s was answered %v although nobody was there", a.name, a.err)
			}
		case <-late:
			e.Fatalf("a call has not returned long after its context's end")
		}
	}
	e.Start(e.TB, l)
	back, cancel := context.WithTimeout(e.ctx, 2*limit)
	defer cancel()
	got, err := e.insist(back, l, "s-1", 2, draft(9))
	e.check(err, "appending when the server is back")
	stored = append(stored, got...)
	e.same(e.all(l, 0), stored)
	e.same(e.read(l, "s-1", 0), stored)
	e.check(l.Wait(back, end), "waiting when the server is back")
}

// serverReturns takes the server away three times under writers that insist and one live
// subscriber.
func serverReturns(e *env) {
	l := e.open()
	var h history
	var writers sync.WaitGroup
	var over atomic.Bool
	for w := range min(8, e.Writers) {
		writers.Go(func() {
			stream := fmt.Sprintf("s-%d", w)
			for n := 0; !over.Load() || n == 0; n++ {
				ds := drafts(1_000_000*w+10*n, 2)
				got, err := e.insist(e.ctx, l, stream, eventlog.Revision(2*n-1), ds...)
				if err != nil {
					e.Errorf("appending: %v", err)
					return
				}
				h.keep(e, got)
			}
		})
	}
	live := newSubscriber()
	followed := make(chan error, 1)
	go func() {
		for {
			// An error is the server's absence: the place is remembered.
			if err := live.follow(e.ctx, l, 0); err == nil || e.ctx.Err() != nil {
				followed <- err
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	random := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		time.Sleep(time.Duration(30+random.IntN(30)) * time.Millisecond)
		e.Stop(e.TB, l)
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		e.Start(e.TB, l)
	}
	time.Sleep(30 * time.Millisecond)
	over.Store(true)
	writers.Wait()
	live.finish <- e.end(l)
	e.check(<-followed, "the live subscriber")
	h.is(e, live.seen)
	e.same(e.all(l, 0), live.seen)
}
