package esdbserver_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

// 32 clients write while others subscribe to everything and to one stream: each gets every event once, in order.
func TestSubscribersMissNothingWhileClientsWrite(t *testing.T) {
	logs := map[string]func() eventlog.Log{
		"in memory": func() eventlog.Log { return memlog.New(time.Now) },
		"in PostgreSQL": func() eventlog.Log {
			l, err := pglog.Open(t.Context(), pgtest.Pool(t), pglog.Config{Clock: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			return l
		},
	}
	for name, open := range logs {
		t.Run(name, func(t *testing.T) {
			const writers, each = 32, 20
			ctx := within(t)
			c := serve(t, esdbserver.Config{Log: open()}).client(t)
			var done sync.WaitGroup
			all, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}})
			if err != nil {
				t.Fatal(err)
			}
			one, err := c.SubscribeToStream(ctx, "writer-7", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
			if err != nil {
				t.Fatal(err)
			}
			done.Go(func() { follow(t, all, writers*each, false) })
			done.Go(func() { follow(t, one, each, true) })
			for w := range writers {
				done.Go(func() {
					for i := range each {
						var at esdb.ExpectedRevision = esdb.NoStream{}
						if i > 0 {
							at = esdb.Revision(uint64(i - 1))
						}
						if _, err := c.AppendToStream(ctx, fmt.Sprintf("writer-%d", w), esdb.AppendToStreamOptions{ExpectedRevision: at}, event(w*100+i, "a.A.v1")); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			late, err := c.SubscribeToStream(ctx, "writer-9", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
			if err != nil {
				t.Fatal(err)
			}
			done.Go(func() { follow(t, late, each, true) })
			done.Wait()
		})
	}
}

// follow takes n events and fails when one is missing, comes twice or out of order.
func follow(t *testing.T, sub *esdb.Subscription, n int, stream bool) {
	defer sub.Close()
	next, position := map[string]uint64{}, uint64(0)
	for got := 0; got < n; {
		e := sub.Recv()
		switch {
		case e.SubscriptionDropped != nil:
			t.Errorf("dropped after %d events of %d: %v", got, n, e.SubscriptionDropped.Error)
			return
		case e.EventAppeared == nil:
			continue
		}
		r := e.EventAppeared.OriginalEvent()
		if r.EventNumber != next[r.StreamID] || r.Position.Commit <= position || !stream && r.Position.Commit != position+1 {
			t.Errorf("got %s@%d at %d, after position %d", r.StreamID, r.EventNumber, r.Position.Commit, position)
			return
		}
		next[r.StreamID]++
		position = r.Position.Commit
		got++
	}
}

func TestOneWhoDoesNotReadCostsNoMemory(t *testing.T) {
	l := memlog.New(time.Now)
	const events = 400
	for i := range events {
		d := eventlog.Draft{ID: eventlog.UUID(id(i)), Type: "a.A.v1", Data: make([]byte, 64<<10)}
		if _, err := l.Append(t.Context(), "s", eventlog.Revision(i-1), d); err != nil {
			t.Fatal(err)
		}
	}
	counting := &counted{Log: l}
	s := serve(t, esdbserver.Config{Log: counting, Grace: 100 * time.Millisecond})
	ctx := within(t)
	sub := open(ctx, t, s.dial(t), live(readAll(0, false)))
	next(t, sub, 2) // the confirmation and an event; nothing is taken any more

	// Another subscriber is served meanwhile, and when it has everything so would the first have.
	if got := positions(untilLive(t, open(within(t), t, s.dial(t), live(readAll(0, false))))); len(got) != events {
		t.Errorf("another subscriber got %d events", len(got))
	}
	if n := counting.yielded.Load() - events; n > events/4 {
		t.Errorf("%d events were read for a subscriber who took one", n)
	}
	s.stop() // cuts it
	if ctx.Err() != nil {
		t.Error("stopping waited for the subscriber")
	}
	for {
		if _, err := sub.Recv(); err != nil {
			break
		}
	}
}

func TestStoppingEndsSubscriptionsAndFinishesAppends(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	l := memlog.New(time.Now)
	l.FailAppend = func(string, []eventlog.Draft) (bool, error) {
		close(began)
		<-goOn
		return false, nil
	}
	s := serve(t, esdbserver.Config{Log: l, Grace: time.Hour})
	sub := open(within(t), t, s.dial(t), live(readAll(0, false)))
	untilLive(t, sub)
	appended := make(chan error, 1)
	c := s.dial(t)
	go func() {
		resp, _, err := appendRaw(context.Background(), c, appendOptions("s", none), proposed(1))
		if err == nil && resp.GetSuccess() == nil {
			err = fmt.Errorf("got %v", resp)
		}
		appended <- err
	}()
	<-began
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	if _, err := sub.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the subscription ended with %v", err)
	}
	close(goOn)
	if err := <-appended; err != nil {
		t.Errorf("the append: %v", err)
	}
	<-stopped
	if h, err := l.Head(t.Context(), "s"); h != 0 || err != nil {
		t.Errorf("the stream is at %d, %v", h, err)
	}
}

// A caller who sees a part of the log is not kept busy by the rest of it: it waits for what comes after
// each thing that woke it.
func TestANarrowSubscriberSleepsWhileOthersWrite(t *testing.T) {
	l := memlog.New(time.Now)
	waits := &waiting{Log: narrow{l, "a-"}, asked: make(chan eventlog.Position, 1000)}
	s := serve(t, esdbserver.Config{Log: waits})
	sub := open(within(t), t, s.dial(t), live(readAll(0, false)))
	untilLive(t, sub)
	put := func(stream string, n int) {
		if _, err := l.Append(t.Context(), stream, eventlog.NoStream, eventlog.Draft{ID: eventlog.UUID(id(n)), Type: "a.A.v1"}); err != nil {
			t.Fatal(err)
		}
	}
	const others = 50
	last := <-waits.asked
	for i := range others {
		put(fmt.Sprintf("b-%d", i), i)
		if at := <-waits.asked; at <= last {
			t.Fatalf("it waits for what comes after %d again", at)
		} else {
			last = at
		}
	}
	put("a-1", 99)
	if got := positions(next(t, sub, 1)); got[0] != others+1 {
		t.Errorf("got the event at %v", got)
	}
}
