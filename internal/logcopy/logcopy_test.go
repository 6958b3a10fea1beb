package logcopy_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/logcopy"
	"sijil/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func newLog() *memlog.Log {
	return memlog.New(func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) })
}

// fill appends n events, up to three at a time, to a few streams that stream picks.
func fill(t interface{ Fatal(...any) }, log eventlog.Log, n int, stream func(i int) int) {
	ctx := context.Background()
	for i := 0; i < n; {
		name := fmt.Sprintf("thing-%d", stream(i))
		head, err := log.Head(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		var drafts []eventlog.Draft
		for range 1 + i%3 {
			drafts = append(drafts, eventlog.Draft{
				ID: eventlog.UUID{0: byte(i), 1: byte(i >> 8), 2: byte(i >> 16), 15: 1}, Type: fmt.Sprintf("thing.Happened%d.v1", i%4),
				Data: fmt.Appendf(nil, `{"n":%d,"é":"\u0000"}`, i), Meta: eventlog.Meta{Tenant: "t", Actor: fmt.Sprint(i)}.Encode(),
			})
			i++
		}
		if _, err := log.Append(ctx, name, head, drafts...); err != nil {
			t.Fatal(err)
		}
	}
}

func copies(t testing.TB, from, to eventlog.Log) logcopy.Verified {
	t.Helper()
	if _, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: to, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	return verified(t, from, to)
}

func verified(t testing.TB, from, to eventlog.Log) logcopy.Verified {
	t.Helper()
	v, err := logcopy.Verify(t.Context(), logcopy.Config{From: from, To: to, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// inPostgres is an empty log in a database of the test's own.
func inPostgres(t testing.TB) *pglog.Log {
	t.Helper()
	l, err := pglog.Open(t.Context(), pgtest.Pool(t), pglog.Config{Clock: time.Now, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestACopyIsEqualWhateverHoldsIt(t *testing.T) {
	from := newLog()
	fill(t, from, 9000, func(i int) int { return i * i % 97 })
	there := inPostgres(t)
	v := copies(t, from, there)
	if v.Events != 9000 || v.Streams == 0 || v.Behind != 0 || v.Bytes == 0 || len(v.Digest) != 64 {
		t.Errorf("verified %+v", v)
	}
	back := newLog()
	if again := copies(t, there, back); again.Digest != v.Digest {
		t.Errorf("the digest is %s, and of a copy of the copy %s", v.Digest, again.Digest)
	}
	// The source grows: a second run copies the rest only.
	fill(t, from, 10, func(i int) int { return 1000 + i })
	if v := verified(t, from, there); v.Behind == 0 || v.Events != 9000 {
		t.Errorf("of a source that has grown: %+v", v)
	}
	done, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: there})
	if err != nil || !done.Resumed || done.Events != 10 || done.Passes != 1 || done.Grows {
		t.Errorf("the second run: %+v, %v", done, err)
	}
	verified(t, from, there)
	// Nothing to do is done.
	if done, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: there}); err != nil || done.Events != 0 || done.Passes != 0 {
		t.Errorf("the third run: %+v, %v", done, err)
	}
}

// TestACopyMayBeKilledAnywhere: whatever fails before or after it was stored, and wherever
// the copier is killed, the target is the beginning of the source, and the last run completes it.
func TestACopyMayBeKilledAnywhere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// In a bubble the pauses between tries take no time.
		synctest.Test(t, func(t *testing.T) {
			from, to := newLog(), newLog()
			fill(rt, from, rapid.IntRange(0, 60).Draw(rt, "events"), func(int) int { return rapid.IntRange(0, 3).Draw(rt, "stream") })
			faults := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "", "lost", "stored", "killed", "killed and stored"}), 0, 60).Draw(rt, "faults")
			var kill context.CancelFunc
			to.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if len(faults) == 0 {
					return false, nil
				}
				fault := faults[0]
				faults = faults[1:]
				if strings.HasPrefix(fault, "killed") {
					kill()
				}
				if fault == "" {
					return false, nil
				}
				return strings.HasSuffix(fault, "stored"), errors.New("connection reset")
			}
			for runs := 0; ; runs++ {
				ctx, cancel := context.WithCancel(context.Background())
				kill = cancel
				_, err := logcopy.Copy(ctx, logcopy.Config{From: from, To: to, Logger: quiet})
				killed := ctx.Err() != nil
				cancel()
				v, verr := logcopy.Verify(context.Background(), logcopy.Config{From: from, To: to})
				if verr != nil {
					rt.Fatalf("after %d runs the target is not the beginning of the source: %v", runs+1, verr)
				}
				if !killed {
					if err != nil || v.Behind != 0 {
						rt.Fatalf("copying: %v, %d events behind", err, v.Behind)
					}
					return
				}
			}
		})
	})
}

// TestABulkWriteWithALostAnswer is the same for a target that takes many streams at once.
func TestABulkWriteWithALostAnswer(t *testing.T) {
	from := newLog()
	fill(t, from, 10_000, func(i int) int { return i % 7 })
	for name, persist := range map[string]bool{"before it was stored": false, "after it was stored": true} {
		t.Run(name, func(t *testing.T) {
			to := &lossy{Log: inPostgres(t), persist: persist, left: 2}
			if v := copies(t, from, to); v.Events != 10_000 || v.Behind != 0 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// lossy loses the answers of some imports.
type lossy struct {
	*pglog.Log
	persist bool
	left    int
}

func (l *lossy) Import(ctx context.Context, events []eventlog.Recorded) error {
	if l.left == 0 {
		return l.Log.Import(ctx, events)
	}
	l.left--
	if l.persist {
		if err := l.Log.Import(ctx, events); err != nil {
			return err
		}
	}
	return errors.New("connection reset")
}

func TestATargetThatHoldsSomethingElseIsRefused(t *testing.T) {
	other := eventlog.Draft{ID: eventlog.UUID{9}, Type: "other.Thing.v1", Data: []byte("{}"), Meta: []byte("{}")}
	for name, spoil := range map[string]func(from, to *memlog.Log) error{
		"another log altogether": func(_, to *memlog.Log) error {
			_, err := to.Append(t.Context(), "other", eventlog.NoStream, other)
			return err
		},
		"a copy that somebody wrote to since": func(from, to *memlog.Log) error {
			_, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: to})
			if err == nil {
				_, err = to.Append(t.Context(), "other", eventlog.NoStream, other)
			}
			return err
		},
		"a copy of a longer history with the same end": func(from, to *memlog.Log) error {
			_, err := to.Append(t.Context(), "other", eventlog.NoStream, other)
			for e := range from.Back(t.Context(), math.MaxUint64) {
				for prior := range from.Read(t.Context(), e.Stream, 0) {
					if err == nil {
						_, err = to.Append(t.Context(), prior.Stream, prior.Revision-1, prior.Draft)
					}
				}
				break
			}
			return err
		},
		"the same event with another byte": func(from, to *memlog.Log) error {
			for e := range from.All(t.Context(), 0) {
				e.Data = append(e.Data, ' ')
				_, err := to.Append(t.Context(), e.Stream, eventlog.NoStream, e.Draft)
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newLog(), newLog()
			fill(t, from, 20, func(i int) int { return i % 3 })
			if err := spoil(from, to); err != nil {
				t.Fatal(err)
			}
			before, _ := to.End(t.Context())
			if _, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: to}); !errors.Is(err, logcopy.ErrForeignTarget) {
				t.Errorf("copying: %v", err)
			}
			if after, _ := to.End(t.Context()); after != before {
				t.Errorf("%d events were written to it", after-before)
			}
			if v, err := logcopy.Verify(t.Context(), logcopy.Config{From: from, To: to}); err == nil {
				t.Errorf("verified as %+v", v)
			}
		})
	}
	one := newLog()
	if _, err := logcopy.Copy(t.Context(), logcopy.Config{From: one, To: one}); !errors.Is(err, logcopy.ErrSame) {
		t.Errorf("a log onto itself: %v", err)
	}
}

// TestAWriterDuringTheCopyIsNoticed: what another one writes to the target breaks the copy
// off, also when that comes to light only after more was copied.
func TestAWriterDuringTheCopyIsNoticed(t *testing.T) {
	for name, of := range map[string]func(stream string) string{
		"to the stream that is next": func(stream string) string { return stream },
		"to a stream that comes later": func(stream string) string {
			if stream == "thing-0" {
				return "thing-1"
			}
			return "thing-0"
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newLog(), newLog()
			fill(t, from, 50, func(i int) int { return i % 5 })
			n := 0
			to.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
				if n++; n == 10 {
					to.FailAppend = nil
					head, err := to.Head(t.Context(), of(stream))
					if err == nil {
						_, err = to.Append(t.Context(), of(stream), head, eventlog.Draft{ID: eventlog.UUID{9}, Type: "x.Y.v1"})
					}
					if err != nil {
						t.Error(err)
					}
				}
				return false, nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if _, err := logcopy.Copy(ctx, logcopy.Config{From: from, To: to, Logger: quiet}); !errors.Is(err, logcopy.ErrForeignTarget) {
				t.Errorf("copying: %v", err)
			}
		})
	}
}

func TestVerifyingFindsEveryDifference(t *testing.T) {
	for what, spoil := range map[string]func(*eventlog.Recorded){
		"id":       func(e *eventlog.Recorded) { e.ID[3]++ },
		"type":     func(e *eventlog.Recorded) { e.Type += "x" },
		"data":     func(e *eventlog.Recorded) { e.Data = append(e.Data, ' ') },
		"metadata": func(e *eventlog.Recorded) { e.Meta = append(e.Meta, ' ') },
		"stream":   func(e *eventlog.Recorded) { e.Stream, e.Revision = "elsewhere", 0 },
	} {
		t.Run(what, func(t *testing.T) {
			from, to := newLog(), newLog()
			fill(t, from, 30, func(i int) int { return i })
			i := 0
			for e := range from.All(t.Context(), 0) {
				if i++; i == 18 {
					spoil(&e)
				}
				if _, err := to.Append(t.Context(), e.Stream, e.Revision-1, e.Draft); err != nil {
					t.Fatal(err)
				}
				if i == 18 {
					break
				}
			}
			_, err := logcopy.Verify(t.Context(), logcopy.Config{From: from, To: to})
			found, ok := errors.AsType[*logcopy.DifferentError](err)
			if !ok || found.What != what || found.Event != 18 {
				t.Errorf("found %v", err)
			}
		})
	}
	t.Run("the order of two streams", func(t *testing.T) {
		a, b := newLog(), newLog()
		x, y := eventlog.Draft{ID: eventlog.UUID{1}, Type: "x"}, eventlog.Draft{ID: eventlog.UUID{2}, Type: "y"}
		for _, c := range []struct {
			log           *memlog.Log
			first, second string
		}{{a, "s", "r"}, {b, "r", "s"}} {
			for _, s := range []string{c.first, c.second} {
				if _, err := c.log.Append(t.Context(), s, eventlog.NoStream, map[string]eventlog.Draft{"s": x, "r": y}[s]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := logcopy.Verify(t.Context(), logcopy.Config{From: a, To: b}); err == nil {
			t.Error("equal")
		}
	})
}

func TestAnEventThatNoLogKeepsAsItIsIsRefused(t *testing.T) {
	from, to := &raw{newLog()}, newLog()
	_, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: to})
	if !errors.Is(err, eventlog.ErrInvalid) || !strings.Contains(err.Error(), "waits for its stamp") {
		t.Errorf("copying: %v", err)
	}
}

// raw is a log that another program wrote to, without stamping.
type raw struct{ *memlog.Log }

func (r *raw) End(context.Context) (eventlog.Position, error) { return 1, nil }

func (r *raw) All(context.Context, eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		yield(eventlog.Recorded{Stream: "s", Position: 1, Draft: eventlog.Draft{Type: "t", Meta: eventlog.Meta{}.Encode()}}, nil)
	}
}

// TestFailuresEndWithPatience: a target or a source that stays away ends the copy.
func TestFailuresEndWithPatience(t *testing.T) {
	for _, where := range []string{"the target", "the source"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, to := newLog(), newLog()
				fill(t, from, 10, func(i int) int { return i })
				gone := errors.New("gone")
				if where == "the target" {
					to.FailAppend = func(string, []eventlog.Draft) (bool, error) { return false, gone }
				} else {
					reads := 0
					from.FailRead = func(method string) error {
						if method != "All" {
							return nil
						}
						reads++
						return gone
					}
				}
				began := time.Now()
				_, err := logcopy.Copy(t.Context(), logcopy.Config{From: from, To: to, Logger: quiet, Patience: 20 * time.Second})
				if !errors.Is(err, gone) {
					t.Errorf("copying: %v", err)
				}
				if took := time.Since(began); took < 20*time.Second || took > 40*time.Second {
					t.Errorf("gave up after %s", took)
				}
			})
		})
	}
}
