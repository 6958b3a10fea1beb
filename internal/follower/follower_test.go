package follower_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/follower"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func fill(t interface{ Fatal(...any) }, log eventlog.Log, from, n int) {
	for i := from; i < from+n; i++ {
		d := eventlog.Draft{ID: eventlog.UUID{byte(i >> 8), byte(i)}, Type: "test.Happened.v1", Data: make([]byte, 100)}
		if _, err := log.Append(context.Background(), fmt.Sprintf("s-%d", i), eventlog.NoStream, d); err != nil {
			t.Fatal(err)
		}
	}
}

// table is what a handler keeps: rows and the place, committed together.
type table struct {
	rows  []eventlog.Position
	place eventlog.Position
	sizes []int
}

func (b *table) Place(context.Context) (eventlog.Position, error) { return b.place, nil }

func (b *table) Handle(_ context.Context, events []eventlog.Recorded) error {
	for _, e := range events {
		b.rows = append(b.rows, e.Position)
		b.place = e.Position
	}
	b.sizes = append(b.sizes, len(events))
	return nil
}

func (b *table) check(t interface{ Fatalf(string, ...any) }, n int) {
	if len(b.rows) != n {
		t.Fatalf("%d events were handled, want %d", len(b.rows), n)
	}
	for i, p := range b.rows {
		if p != eventlog.Position(i+1) {
			t.Fatalf("position %d was handled as the %dth event", p, i+1)
		}
	}
}

// start runs f and gives a function that stops it and returns what Run returned.
func start(t testing.TB, f *follower.Follower) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	return func() error { cancel(); return <-ended }
}

func TestFollowsInOrderAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New(time.Now)
		fill(t, log, 0, 25)
		var b table
		f := follower.New(follower.Config{Name: "test", Log: log, Place: b.Place, Handle: b.Handle, MaxBatch: 10, Logger: quiet})
		stop := start(t, f)
		if err := f.Reached(t.Context(), 25); err != nil {
			t.Fatal(err)
		}
		fill(t, log, 25, 1)
		if err := f.Reached(t.Context(), 26); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatalf("stopping gave %v", err)
		}
		b.check(t, 26)
		if want := []int{10, 10, 5, 1}; fmt.Sprint(b.sizes) != fmt.Sprint(want) {
			t.Fatalf("batches of %v, want %v", b.sizes, want)
		}

		// Another run goes on from the place.
		fill(t, log, 26, 4)
		f = follower.New(follower.Config{Name: "test", Log: log, Place: b.Place, Handle: b.Handle, MaxBytes: 150, Logger: quiet})
		stop = start(t, f)
		if err := f.Reached(t.Context(), 30); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		b.check(t, 30)
		if want := []int{2, 2}; fmt.Sprint(b.sizes[4:]) != fmt.Sprint(want) {
			t.Fatalf("batches of %v, want %v", b.sizes[4:], want)
		}
	})
}

func TestReachedEndsWithItsContext(t *testing.T) {
	f := follower.New(follower.Config{Log: memlog.New(time.Now)})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := f.Reached(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestRetriesWithACappedPauseAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New(time.Now)
		fill(t, log, 0, 3)
		var b table
		var at []time.Duration
		begin := time.Now()
		var messages bytes.Buffer
		broken := errors.New("relation is missing")
		f := follower.New(follower.Config{
			Name: "transcripts", Log: log, Place: b.Place,
			Handle: func(ctx context.Context, events []eventlog.Recorded) error {
				at = append(at, time.Since(begin))
				if len(at) <= 6 {
					return broken
				}
				return b.Handle(ctx, events)
			},
			Backoff: time.Second, MaxBackoff: 5 * time.Second,
			Logger: slog.New(slog.NewTextHandler(&messages, nil)),
		})
		stop := start(t, f)
		time.Sleep(500 * time.Millisecond)
		if s := f.Status(); !errors.Is(s.Err, broken) || s.Stopped {
			t.Fatalf("while it fails its status is %+v", s)
		}
		if err := f.Reached(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := f.Status(); s.Err != nil || s.Position != 3 {
			t.Fatalf("when it gets on again its status is %+v", s)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		b.check(t, 3)
		want := []time.Duration{0, 1, 3, 7, 12, 17, 22}
		for i := range want {
			want[i] *= time.Second
		}
		if fmt.Sprint(at) != fmt.Sprint(want) {
			t.Fatalf("tried at %v, want %v", at, want)
		}
		for _, word := range []string{"level=WARN", "follower=transcripts", "relation is missing", "in=5s", "position=0"} {
			if !strings.Contains(messages.String(), word) {
				t.Errorf("no message says %q:\n%s", word, messages.String())
			}
		}
	})
}

func TestThePauseStartsAnewAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New(time.Now)
		fill(t, log, 0, 4)
		var b table
		failed := map[eventlog.Position]int{}
		begin := time.Now()
		f := follower.New(follower.Config{
			Log: log, Place: b.Place, MaxBatch: 1, Backoff: time.Second, Logger: quiet,
			Handle: func(ctx context.Context, events []eventlog.Recorded) error {
				if p := events[0].Position; failed[p] < 2 {
					failed[p]++
					return errors.New("busy")
				}
				return b.Handle(ctx, events)
			},
		})
		stop := start(t, f)
		if err := f.Reached(t.Context(), 4); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 12*time.Second { // four times 1 s and 2 s
			t.Fatalf("it took %v", took)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAPermanentErrorStopsIt(t *testing.T) {
	unknown := errors.New("unknown type x.v9")
	for name, cfg := range map[string]follower.Config{
		"of the handler": {
			Place: func(context.Context) (eventlog.Position, error) { return 0, nil },
			Handle: func(context.Context, []eventlog.Recorded) error {
				return fmt.Errorf("projecting: %w", follower.Permanent(unknown))
			},
		},
		"of the place": {
			Place: func(context.Context) (eventlog.Position, error) { return 0, follower.Permanent(unknown) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := memlog.New(time.Now)
			fill(t, log, 0, 3)
			cfg.Log, cfg.Logger = log, quiet
			f := follower.New(cfg)
			if err := f.Run(t.Context()); !errors.Is(err, unknown) || !follower.IsPermanent(err) {
				t.Fatalf("Run returned %v", err)
			}
			if s := f.Status(); !s.Stopped || !errors.Is(s.Err, unknown) {
				t.Fatalf("the status is %+v", s)
			}
			if err := f.Reached(t.Context(), 1); !errors.Is(err, unknown) {
				t.Fatalf("who waits for it is told %v", err)
			}
		})
	}
	if follower.Permanent(nil) != nil || follower.IsPermanent(nil) || follower.IsPermanent(unknown) {
		t.Error("what is not permanent is taken for it")
	}
}

func TestStopsCleanlyWhereverItIs(t *testing.T) {
	ended := errors.New("handler saw the end")
	for name, c := range map[string]struct {
		events int
		handle func(ctx context.Context) error
	}{
		"while it waits for events": {0, nil},
		"while it pauses":           {1, func(context.Context) error { return errors.New("busy") }},
		"while it handles":          {1, func(ctx context.Context) error { <-ctx.Done(); return ended }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := memlog.New(time.Now)
				fill(t, log, 0, c.events)
				f := follower.New(follower.Config{
					Log: log, Logger: quiet, Backoff: time.Hour, MaxBackoff: time.Hour,
					Place:  func(context.Context) (eventlog.Position, error) { return 0, nil },
					Handle: func(ctx context.Context, _ []eventlog.Recorded) error { return c.handle(ctx) },
				})
				stop := start(t, f)
				synctest.Wait()
				begin := time.Now()
				if err := stop(); err != nil {
					t.Fatalf("stopping gave %v", err)
				}
				if took := time.Since(begin); took != 0 {
					t.Fatalf("stopping took %v", took)
				}
			})
		})
	}
}

// The law: whatever fails, before or after the handler committed, in reading, waiting or
// looking up the place, every event is handled once, in order.
func TestEveryEventOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := memlog.New(time.Now)
		chance := rapid.IntRange(2, 10).Draw(rt, "one call fails of")
		faults := rapid.SliceOfN(rapid.IntRange(0, 1000), 200, 200).Draw(rt, "faults")
		n := 0
		fails := func() bool {
			n++
			return n < len(faults) && faults[n]%chance == 0
		}
		broken := errors.New("broken")
		log.FailRead = func(string) error {
			if fails() {
				return broken
			}
			return nil
		}
		total := rapid.IntRange(1, 40).Draw(rt, "events")
		fill(rt, log, 0, total/2)
		var b table
		f := follower.New(follower.Config{
			Log: log, MaxBatch: rapid.IntRange(1, 7).Draw(rt, "batch"), Logger: quiet, Backoff: time.Microsecond, MaxBackoff: time.Microsecond,
			Place: func(ctx context.Context) (eventlog.Position, error) {
				if fails() {
					return 0, broken
				}
				return b.Place(ctx)
			},
			Handle: func(ctx context.Context, events []eventlog.Recorded) error {
				if fails() {
					return broken // before the commit
				}
				if err := b.Handle(ctx, events); err != nil {
					return err
				}
				if fails() {
					return broken // the commit's answer was lost
				}
				return nil
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		fill(rt, log, total/2, total-total/2)
		err := f.Reached(ctx, eventlog.Position(total))
		cancel()
		if err := errors.Join(err, <-ended); err != nil {
			rt.Fatalf("%v", err)
		}
		b.check(rt, total)
	})
}
