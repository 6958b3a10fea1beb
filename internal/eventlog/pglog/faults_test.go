package pglog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

func draft(n int) eventlog.Draft {
	return eventlog.Draft{
		ID: eventlog.UUID{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, Type: "test.Happened.v1",
		Data: fmt.Appendf(nil, `{"n":%d}`, n), Meta: eventlog.Meta{Actor: "tester"}.Encode(),
	}
}

// insist appends as a writer must whose outcomes may be unknown: it retries with the same
// want and the same events until it has an answer.
func insist(ctx context.Context, l eventlog.Log, stream string, want eventlog.Revision, drafts ...eventlog.Draft) (got []eventlog.Recorded, unknown int, err error) {
	for {
		got, err := l.Append(ctx, stream, want, drafts...)
		if err == nil || errors.Is(err, eventlog.ErrConflict) || ctx.Err() != nil {
			return got, unknown, err
		}
		unknown++
		time.Sleep(5 * time.Millisecond)
	}
}

// holds asserts that the log is whole: dense positions, dense streams, and every
// acknowledged event exactly once, where it was acknowledged.
func holds(t *testing.T, l eventlog.Log, acked []eventlog.Recorded) {
	t.Helper()
	heads := map[string]eventlog.Revision{}
	stored := map[string]eventlog.Recorded{}
	next := eventlog.Position(1)
	for e, err := range l.All(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Position != next {
			t.Fatalf("position %d follows %d", e.Position, next-1)
		}
		next++
		if head, ok := heads[e.Stream]; ok && e.Revision != head+1 || !ok && e.Revision != 0 {
			t.Fatalf("%s@%d follows revision %d", e.Stream, e.Revision, head)
		}
		heads[e.Stream] = e.Revision
		key := e.Stream + e.ID.String()
		if _, twice := stored[key]; twice {
			t.Fatalf("%s holds event %s twice", e.Stream, e.ID)
		}
		stored[key] = e
	}
	for _, a := range acked {
		e, ok := stored[a.Stream+a.ID.String()]
		if !ok {
			t.Fatalf("%s@%d was acknowledged and is lost", a.Stream, a.Revision)
		}
		if e.Position != a.Position || e.Revision != a.Revision || string(e.Meta) != string(a.Meta) {
			t.Fatalf("%s@%d was acknowledged at position %d and is %+v", a.Stream, a.Revision, a.Position, e)
		}
	}
	for stream, head := range heads {
		if h, err := l.Head(t.Context(), stream); err != nil || h != head {
			t.Fatalf("the head of %s is %d, %v; it has events to %d", stream, h, err, head)
		}
	}
}

// A server that is killed in the middle of appends loses nothing that was acknowledged, and
// the log finds it again by itself. Two processes append, so that both ways of storing are
// met by the kill, and a subscriber follows all along.
func TestKilledServer(t *testing.T) {
	server := pgtest.NewServer(t)
	a := open(t, server.URL(), pglog.Config{})
	b := open(t, server.URL(), pglog.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var (
		mu      sync.Mutex
		acked   []eventlog.Recorded
		unknown atomic.Int64
		stop    atomic.Bool
		writers sync.WaitGroup
	)
	for w := range 8 {
		l := []eventlog.Log{a, a, b}[w%3]
		writers.Go(func() {
			stream := fmt.Sprintf("s-%d", w)
			want := eventlog.NoStream
			for n := 0; !stop.Load(); n += 2 {
				got, u, err := insist(ctx, l, stream, want, draft(n), draft(n+1))
				if err != nil {
					t.Errorf("%s: %v", stream, err)
					return
				}
				unknown.Add(int64(u))
				want += 2
				mu.Lock()
				acked = append(acked, got...)
				mu.Unlock()
			}
		})
	}
	var seen []eventlog.Position
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		after := eventlog.Position(0)
		for !stop.Load() {
			for e, err := range a.All(ctx, after) {
				if err != nil {
					break // the server is away: go on from the place remembered
				}
				after = e.Position
				seen = append(seen, after)
			}
			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			_ = a.Wait(short, after) // whether it ended or rose, the log is read again
			cancel()
		}
	}()
	for range 3 {
		time.Sleep(time.Duration(100+rand.IntN(100)) * time.Millisecond)
		server.Kill()
		server.Restart()
	}
	time.Sleep(200 * time.Millisecond)
	stop.Store(true)
	writers.Wait()
	<-followed
	if unknown.Load() == 0 {
		t.Error("no append met a kill: the test proves nothing")
	}
	holds(t, b, acked)
	for i, p := range seen {
		if p != eventlog.Position(i+1) {
			t.Fatalf("the subscriber saw position %d as its %dth", p, i+1)
		}
	}
	t.Logf("%d events acknowledged, %d unknown outcomes, %d seen live", len(acked), unknown.Load(), len(seen))
}

// The connection is cut before the request arrives, or after it was carried out and before
// the answer arrives. Both look alike to the writer, who finds out and loses nothing.
func TestCutConnection(t *testing.T) {
	url := freshURL(t)
	p := newProxy(t, url)
	l := open(t, p.url, pglog.Config{})
	other := open(t, url, pglog.Config{}) // now and then another process appends, so that the locked way is cut too
	random := rand.New(rand.NewPCG(1, 2))
	var acked []eventlog.Recorded
	stored, lost := 0, 0
	want, others := eventlog.NoStream, eventlog.NoStream
	for n := range 150 {
		if n%20 == 0 {
			got, _, err := insist(t.Context(), other, "other", others, draft(n))
			if err != nil {
				t.Fatal(err)
			}
			others++
			acked = append(acked, got...)
		}
		p.cut(random.IntN(4), random.IntN(2) == 0)
		got, err := l.Append(t.Context(), "s-1", want, draft(n))
		p.heal()
		if errors.Is(err, eventlog.ErrConflict) {
			t.Fatal(err)
		}
		if err != nil {
			head, e1 := l.Head(t.Context(), "s-1")
			found, ok, e2 := l.Find(t.Context(), "s-1", draft(n).ID)
			if err := errors.Join(e1, e2); err != nil {
				t.Fatalf("finding out: %v", err)
			}
			if ok {
				stored++
				if head != want+1 || found.Revision != want+1 {
					t.Fatalf("found at revision %d with the head at %d, want %d", found.Revision, head, want+1)
				}
			} else {
				lost++
			}
			// Either way, the same append again is answered.
			if got, err = l.Append(t.Context(), "s-1", want, draft(n)); err != nil {
				t.Fatalf("retrying: %v", err)
			}
		}
		acked = append(acked, got...)
		want++
	}
	holds(t, l, acked)
	if stored == 0 || lost == 0 {
		t.Errorf("of the unknown outcomes %d were stored and %d were not: the test proves nothing", stored, lost)
	}
	t.Logf("cut: %d stored, %d not stored", stored, lost)
}

// The kill is hard enough to show a commit that was not durable: on a server that answers
// before it has written, acknowledged events are lost.
func TestTheKillWouldShowALostCommit(t *testing.T) {
	server := pgtest.NewServer(t, pgtest.Setting{Name: "synchronous_commit", Value: "off"}, pgtest.Setting{Name: "wal_writer_delay", Value: "1s"})
	l := open(t, server.URL(), pglog.Config{})
	acked := eventlog.NoStream
	for n := range 50 {
		if _, err := l.Append(t.Context(), "s-1", acked, draft(n)); err != nil {
			t.Fatal(err)
		}
		acked++
	}
	server.Kill()
	server.Restart()
	for range 100 { // until the pool's connections were replaced
		head, err := l.Head(t.Context(), "s-1")
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if head >= acked {
			t.Fatalf("all %d events survived a kill although nothing waited for the disk: TestKilledServer proves nothing", acked+1)
		}
		return
	}
	t.Fatal("the server did not come back")
}
