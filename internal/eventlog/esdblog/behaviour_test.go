package esdblog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/memlog"
)

// A server that stores an append and then fails is asked again, and the append is answered.
func TestAnUnknownOutcomeIsClearedUp(t *testing.T) {
	for name, persist := range map[string]bool{"that was stored": true, "that was not stored": false} {
		for way, cfg := range map[string]esdblog.Config{"in a batch": {}, "by itself": esdblog.OneByOne(esdblog.Config{})} {
			t.Run(name+", "+way, func(t *testing.T) {
				below := memlog.New(time.Now)
				var failures atomic.Int64
				below.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
					if stream == "s-1" && failures.Add(1) <= 2 {
						return persist && failures.Load() == 1, errors.New("disk on fire")
					}
					return false, nil
				}
				l := open(t, serve(t, below), cfg)
				if _, err := l.Append(t.Context(), "s-0", eventlog.NoStream, draft(9)); err != nil {
					t.Fatal(err)
				}
				got, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1), draft(2))
				if err != nil {
					t.Fatal(err)
				}
				stored, err := collect(below.Read(t.Context(), "s-1", 0))
				if err != nil || len(stored) != 2 || len(got) != 2 || !bytes.Equal(stored[0].Meta, got[0].Meta) {
					t.Fatalf("stored %+v, %v; answered %+v", stored, err, got)
				}
			})
		}
	}
}

// Closing in the middle of everything finishes what was accepted, and nothing panics.
func TestCloseUnderLoad(t *testing.T) {
	below := memlog.New(time.Now)
	n := serve(t, below)
	l := open(t, n, esdblog.Config{})
	var acked atomic.Int64
	var users sync.WaitGroup
	for w := range 32 {
		users.Go(func() {
			for r := eventlog.NoStream; ; r++ {
				if _, err := l.Append(t.Context(), fmt.Sprintf("s-%d", w), r, draft(int(r)+2)); err != nil {
					if !errors.Is(err, eventlog.ErrClosed) {
						t.Errorf("appending: %v", err)
					}
					return
				}
				acked.Add(1)
			}
		})
		users.Go(func() {
			for at := eventlog.Position(0); ; {
				if err := l.Wait(t.Context(), at); err != nil {
					if !errors.Is(err, eventlog.ErrClosed) {
						t.Errorf("waiting: %v", err)
					}
					return
				}
				for e, err := range l.All(t.Context(), at) {
					if err != nil {
						if !errors.Is(err, eventlog.ErrClosed) {
							t.Errorf("reading: %v", err)
						}
						return
					}
					at = e.Position
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	l.Close()
	l.Close()
	users.Wait()
	if end, err := below.End(t.Context()); err != nil || int64(end) != acked.Load() || end == 0 {
		t.Errorf("%d events are stored, %v; %d were acknowledged", end, err, acked.Load())
	}
	if _, err := l.Head(t.Context(), "s-1"); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("reading after the close: %v", err)
	}
	if _, err := l.End(t.Context()); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("the end after the close: %v", err)
	}
}

// A server writes events of its own, without end on an idle one. They are not the ledger's,
// and are read once.
func TestTheServersOwnEvents(t *testing.T) {
	var backs, forwards atomic.Int64
	below := memlog.New(time.Now)
	below.FailRead = func(method string) error {
		switch method {
		case "Back":
			backs.Add(1)
		case "All":
			forwards.Add(1)
		}
		return nil
	}
	own := func(from, n int) {
		for i := from; i < from+n; i++ {
			d := draft(i + 1)
			d.Type = "$statsCollected"
			if _, err := below.Append(t.Context(), "$stats-0.0.0.0:2113", eventlog.Revision(i-1), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := open(t, serve(t, below), esdblog.Config{})
	own(0, 600)
	got, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1))
	if err != nil {
		t.Fatal(err)
	}
	own(600, 1500)
	for range 3 {
		if end, err := l.End(t.Context()); err != nil || end != got[0].Position {
			t.Fatalf("the end is %d, %v; want %d", end, err, got[0].Position)
		}
	}
	backs.Store(0)
	own(2100, 10)
	if end, err := l.End(t.Context()); err != nil || end != got[0].Position || backs.Load() > 3 {
		t.Errorf("the end is %d, %v, after %d pages", end, err, backs.Load())
	}
	for what, events := range map[string]func() ([]eventlog.Recorded, error){
		"All":  func() ([]eventlog.Recorded, error) { return collect(l.All(t.Context(), 0)) },
		"Back": func() ([]eventlog.Recorded, error) { return collect(l.Back(t.Context(), math.MaxUint64)) },
		"Read": func() ([]eventlog.Recorded, error) { return collect(l.Read(t.Context(), "s-1", 0)) },
	} {
		if seen, err := events(); err != nil || len(seen) != 1 || seen[0].Position != got[0].Position {
			t.Errorf("%s gives %d events, %v", what, len(seen), err)
		}
	}
	if seen, err := collect(l.Read(t.Context(), "$stats-0.0.0.0:2113", 0)); err != nil || len(seen) > 0 {
		t.Errorf("the server's stream gives %d events, %v", len(seen), err)
	}
	for name, c := range map[string]struct{ stream, kind string }{
		"a stream of the server's": {"$stats-1", "x"}, "the identity": {"sijil-log", "x"}, "a type of the server's": {"s-1", "$x"},
	} {
		d := draft(5)
		d.Type = c.kind
		if _, err := l.Append(t.Context(), c.stream, eventlog.NoStream, d); !errors.Is(err, eventlog.ErrInvalid) {
			t.Errorf("appending to %s: %v", name, err)
		}
	}
	d := draft(5)
	d.ID = eventlog.UUID{}
	if _, err := l.Append(t.Context(), "s-1", 0, d); !errors.Is(err, eventlog.ErrInvalid) {
		t.Errorf("appending an event without an id: %v", err)
	}
}

// A subscriber is told of an event by one subscription, and reads it without asking again.
func TestFollowersShareOneSubscription(t *testing.T) {
	l := open(t, serve(t, inMemory(t)), esdblog.Config{})
	const followers, events = 20, 50
	ready := make(chan struct{}, followers)
	var all sync.WaitGroup
	for range followers {
		all.Go(func() {
			at, seen := eventlog.Position(0), 0
			ready <- struct{}{}
			for seen < events {
				if err := l.Wait(t.Context(), at); err != nil {
					t.Errorf("waiting: %v", err)
					return
				}
				for e, err := range l.All(t.Context(), at) {
					if err != nil {
						t.Errorf("reading: %v", err)
						return
					}
					at = e.Position
					seen++
				}
			}
		})
	}
	for range followers {
		<-ready
	}
	for n := range events {
		if _, err := l.Append(t.Context(), "s-1", eventlog.Revision(n-1), draft(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
}

// Behind the same address another log appears: restored from a backup, or another server.
func TestAnotherLogBehindTheAddress(t *testing.T) {
	var logged bytes.Buffer
	var mu sync.Mutex
	n := serve(t, inMemory(t))
	l := open(t, n, esdblog.Config{
		Timeout: 2 * time.Second, Attempt: time.Second,
		Logger: slog.New(slog.NewTextHandler(writer(func(b []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return logged.Write(b)
		}), nil)),
	})
	if _, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); err != nil {
		t.Fatal(err)
	}
	n.stop()
	n.log = inMemory(t)
	n.start()
	// Each connection is found out on its first use.
	var err error
	for range 10 {
		if _, err = l.Append(t.Context(), "s-1", eventlog.NoStream, draft(2)); err != nil && strings.Contains(err.Error(), "now holds the log") {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "point it to the right server, or restart") {
		t.Errorf("appending to another log: %v", err)
	}
	if end, err := n.log.End(t.Context()); err != nil || end != 0 {
		t.Errorf("the other log holds %d events, %v", end, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(logged.String(), "now holds the log") {
		t.Errorf("the operator is not told: %s", logged.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// Two processes open a server without a ledger at once: it gets one id.
func TestTheIdentityIsMadeOnce(t *testing.T) {
	n := serve(t, inMemory(t))
	ids := make(chan string, 8)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			l, err := esdblog.Open(t.Context(), complete(n, esdblog.Config{}))
			if err != nil {
				t.Errorf("opening: %v", err)
				return
			}
			defer l.Close()
			id, err := l.ID(t.Context())
			if err != nil {
				t.Errorf("reading the id: %v", err)
			}
			ids <- id
		})
	}
	all.Wait()
	first, err := n.log.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if id := <-ids; id != first {
			t.Errorf("one log has the ids %s and %s", first, id)
		}
	}
}

func TestWaitOutlastsTheServer(t *testing.T) {
	n := serve(t, inMemory(t))
	l := open(t, n, esdblog.Config{Attempt: 500 * time.Millisecond, Timeout: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- l.Wait(ctx, 0) }()
	n.stop()
	select {
	case err := <-woken:
		t.Fatalf("without its server Wait answered %v", err)
	case <-time.After(1500 * time.Millisecond): // longer than anything else tries
	}
	n.start()
	if _, err := n.log.Append(ctx, "s-1", eventlog.NoStream, draft(1)); err != nil {
		t.Fatal(err)
	}
	if err := <-woken; err != nil {
		t.Fatal(err)
	}
}
