package logtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"sijil/internal/eventlog"
)

func oneWins(e *env) {
	l := e.open()
	const writers = 16
	for round := range 20 {
		stream := fmt.Sprintf("s-%d", round%2)
		want := e.head(l, stream)
		var mu sync.Mutex
		won := 0
		together(writers, func(i int) {
			got, err := l.Append(e.ctx, stream, want, drafts(10_000*round+10*i, 2)...)
			mu.Lock()
			defer mu.Unlock()
			var c *eventlog.ConflictError
			switch {
			case err == nil:
				won++
				if len(got) != 2 || got[0].Revision != want+1 || got[1].Revision != want+2 || got[0].ID != id(10_000*round+10*i) {
					e.Errorf("the winner was answered %+v", got)
				}
			case !errors.As(err, &c) || c.Actual != want+2:
				e.Errorf("a loser was answered %v", err)
			}
		})
		if won != 1 {
			e.Fatalf("%d of %d appends at one revision were stored, want 1", won, writers)
		}
		if h := e.head(l, stream); h != want+2 {
			e.Fatalf("the head is %d, want %d", h, want+2)
		}
	}
}

func sameAppendAtOnce(e *env) {
	l := e.open()
	for round := range 10 {
		ds := drafts(10*round, 3)
		answers := make([][]eventlog.Recorded, 12)
		want := eventlog.Revision(3*round - 1)
		together(len(answers), func(i int) {
			got, err := l.Append(e.ctx, "s-1", want, ds...)
			if err != nil {
				e.Errorf("a retry in the same moment was answered %v", err)
			}
			answers[i] = got
		})
		stored := e.read(l, "s-1", want+1)
		for _, a := range answers {
			e.same(a, stored)
		}
	}
	if h := e.head(l, "s-1"); h != 29 {
		e.Fatalf("the head is %d, want 29", h)
	}
}

func batchIsWhole(e *env) {
	l := e.open()
	const size = 7
	batches := e.rounds(40)
	stop := make(chan struct{})
	var watch sync.WaitGroup
	whole := func(n int, what string) {
		if n%size != 0 {
			e.Errorf("%s shows %d events, which is no whole number of batches of %d", what, n, size)
		}
	}
	for range 3 {
		watch.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				head, err := l.Head(e.ctx, "s-1")
				got, err2 := collect(l.Read(e.ctx, "s-1", 0))
				if err = errors.Join(err, err2); err != nil {
					e.Errorf("watching: %v", err)
					return
				}
				whole(int(head+1), "the head")
				whole(len(got), "the stream")
			}
		})
	}
	for i := range batches {
		if _, err := l.Append(e.ctx, "s-1", eventlog.Revision(size*i-1), drafts(size*i, size)...); err != nil {
			e.Errorf("appending: %v", err)
			break
		}
	}
	close(stop)
	watch.Wait()
}

// history is what many writers were told, and what is left to compare with it.
type history struct {
	mu    sync.Mutex
	acked map[eventlog.Position]eventlog.Recorded
}

// keep remembers an answer, and fails the case when a position was given twice.
func (h *history) keep(e *env, got []eventlog.Recorded) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.acked == nil {
		h.acked = map[eventlog.Position]eventlog.Recorded{}
	}
	for _, r := range got {
		if _, twice := h.acked[r.Position]; twice {
			e.Errorf("position %d was given twice", r.Position)
		}
		h.acked[r.Position] = r
	}
}

// is asserts that events are exactly what was acknowledged, in order, streams without gaps.
func (h *history) is(e *env, events []eventlog.Recorded) {
	e.Helper()
	heads := map[string]eventlog.Revision{}
	last := eventlog.Position(0)
	for _, r := range events {
		if r.Position <= last {
			e.Fatalf("position %d comes after %d", r.Position, last)
		}
		last = r.Position
		if head, ok := heads[r.Stream]; !ok && r.Revision != 0 || ok && r.Revision != head+1 {
			e.Fatalf("%s@%d comes after revision %d", r.Stream, r.Revision, head)
		}
		heads[r.Stream] = r.Revision
		want, ok := h.acked[r.Position]
		if !ok {
			e.Fatalf("position %d holds an event that was not acknowledged", r.Position)
		}
		if diff := difference(r, want); diff != "" {
			e.Fatalf("position %d: %s", r.Position, diff)
		}
	}
	if len(events) != len(h.acked) {
		e.Fatalf("%d events are there, %d were acknowledged", len(events), len(h.acked))
	}
}

// write is one writer: batches to a stream of its own and, after conflicts, to one that
// all share.
func (h *history) write(e *env, l eventlog.Log, writer, batches int) {
	random := rand.New(rand.NewPCG(uint64(writer), 7))
	own := eventlog.NoStream
	for n := range batches {
		ds := drafts(writer*1_000_000+n*10, 1+random.IntN(3))
		got, err := l.Append(e.ctx, fmt.Sprintf("own-%d", writer), own, ds...)
		if err != nil {
			e.Errorf("appending: %v", err)
			return
		}
		own += eventlog.Revision(len(got))
		h.keep(e, got)
		if n%5 != 0 {
			continue
		}
		for want := eventlog.NoStream; ; {
			got, err := l.Append(e.ctx, "shared", want, draft(writer*1_000_000+n*10+5))
			var c *eventlog.ConflictError
			if errors.As(err, &c) {
				want = c.Actual
				continue
			}
			if err != nil {
				e.Errorf("appending to the shared stream: %v", err)
				return
			}
			h.keep(e, got)
			break
		}
	}
}

// subscriber follows a log by Wait and All, or by Wait and Since, until it has reached the end
// that finish gives, or its context ends.
type subscriber struct {
	since  bool
	seen   []eventlog.Recorded
	at     eventlog.Position
	finish chan eventlog.Position
	end    eventlog.Position
}

// follow reads on until done, or until limit more events were seen when limit is positive.
func (s *subscriber) follow(ctx context.Context, l eventlog.Log, limit int) error {
	for {
		next := l.All(ctx, s.at)
		if s.since {
			next = eventlog.Since(ctx, l, s.at)
		}
		for r, err := range next {
			if err != nil {
				return fmt.Errorf("following after %d: %w", s.at, err)
			}
			s.seen, s.at = append(s.seen, r), r.Position
			if limit--; limit == 0 {
				return nil
			}
		}
		if s.end == 0 {
			select {
			case s.end = <-s.finish:
			default:
			}
		}
		if s.end != 0 && s.at >= s.end {
			return nil
		}
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // to look at finish again
		err := l.Wait(short, s.at)
		cancel()
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("waiting after %d: %w", s.at, err)
		}
	}
}

func newSubscriber() *subscriber {
	return &subscriber{finish: make(chan eventlog.Position, 1)}
}

func liveSubscriber(e *env) {
	l := e.open()
	e.followWriters([]eventlog.Log{l}, l, e.rounds(25))
}

// followWriters lets many writers append through logs, which share one storage, while
// reader is followed, and compares.
func (e *env) followWriters(logs []eventlog.Log, reader eventlog.Log, batches int) {
	e.Helper()
	var h history
	live := [2]*subscriber{newSubscriber(), newSubscriber()}
	live[1].since = true
	followed := make(chan error, len(live))
	for _, s := range live {
		go func() { followed <- s.follow(e.ctx, reader, 0) }()
	}
	together(e.Writers, func(i int) { h.write(e, logs[i%len(logs)], i+1, batches) })
	end := e.end(reader)
	for _, s := range live {
		s.finish <- end
	}
	for range live {
		e.check(<-followed, "a live subscriber")
	}
	for _, s := range live {
		h.is(e, s.seen)
	}
	e.same(e.all(reader, 0), live[0].seen)
	e.stampsInOrder(live[0].seen)
}

func resumingSubscribers(e *env) {
	l := e.open()
	var h history
	const subscribers = 4
	all := make([]*subscriber, subscribers)
	results := make(chan error, subscribers)
	for i := range all {
		s := newSubscriber()
		s.since = i%2 == 1
		all[i] = s
		go func() {
			random := rand.New(rand.NewPCG(uint64(i), 11))
			for {
				// A stop anywhere, and a new start from the place seen last.
				if err := s.follow(e.ctx, l, 1+random.IntN(20)); err != nil || s.end != 0 && s.at >= s.end {
					results <- err
					return
				}
			}
		}()
	}
	together(e.Writers/2, func(i int) { h.write(e, l, i+1, 8) })
	end := e.end(l)
	for _, s := range all {
		s.finish <- end
	}
	for range all {
		e.check(<-results, "a resuming subscriber")
	}
	for _, s := range all {
		h.is(e, s.seen)
	}
}
