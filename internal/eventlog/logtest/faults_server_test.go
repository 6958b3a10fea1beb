package logtest

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// stampBehind stamps drafts by a clock that stands still and what known says was seen.
func stampBehind(ds []eventlog.Draft, known time.Time) []eventlog.Draft {
	at := instant()
	if known.After(at) {
		at = known
	}
	out := make([]eventlog.Draft, len(ds))
	for i, d := range ds {
		d.Meta = eventlog.Stamp(d.Meta, at)
		out[i] = d
	}
	return out
}

// latest is the greatest recordedAt among events.
func latest(events []eventlog.Recorded) (at time.Time) {
	for _, e := range events {
		if r, ok := eventlog.RecordedAt(e.Meta); ok && r.After(at) {
			at = r
		}
	}
	return at
}

// secondWith gives the second user of a log a fault of its own.
func secondWith(seed func(b *broken)) func(*Suite) {
	return func(s *Suite) {
		s.Second = func(_ testing.TB, l eventlog.Log) eventlog.Log {
			b := &broken{Log: l}
			seed(b)
			return b
		}
	}
}

const (
	seen  = "recordedAt is never before anything that its writer has seen"
	away  = "without its server every method returns when its context ends, and works again with it"
	cuts  = "an append whose connection is cut is stored once or not at all"
	back  = "writers and a subscriber go on when the server comes back"
	still = "a reader that stands still costs bounded memory"
)

// serverFaults are about servers that go away, cut connections, times without a common
// clock, and memory.
var serverFaults = []fault{
	{
		name: "times forget what the writer has read", noticed: seen,
		hooks: secondWith(func(b *broken) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				before, _ := collect(b.Log.Read(ctx, stream, 0))
				return b.Log.Append(ctx, stream, want, stampBehind(ds, latest(before))...)
			}
		}),
	},
	{
		name: "times forget what stands before in the stream", noticed: seen,
		hooks: secondWith(func(b *broken) {
			known := time.Time{}
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(b.Log.All(ctx, after))
				known = latest(got)
				return yields(got)
			}
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				return b.Log.Append(ctx, stream, want, stampBehind(ds, known)...)
			}
		}),
	},
	{
		name: "a call hangs while the server is away", noticed: away, patience: 400 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			b.head = func(stream string) (eventlog.Revision, error) {
				h, err := l.Head(context.Background(), stream)
				if err != nil {
					time.Sleep(300 * time.Millisecond)
				}
				return h, err
			}
		},
	},
	{
		name: "a read says that nothing is there while the server is away", noticed: away,
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.All(ctx, after))
				return yields(got)
			}
		},
	},
	{
		name: "a log that lost its server once is lost for ever", noticed: away, patience: 400 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			var dead atomic.Bool
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if dead.Load() {
					return nil, errAway
				}
				got, err := l.Append(ctx, stream, want, ds...)
				dead.Store(errors.Is(err, errAway))
				return got, err
			}
		},
	},
	{
		name: "an append that was cut is sent again at the new head", noticed: cuts,
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				if errors.Is(err, errCut) {
					head, _ := l.Head(ctx, stream)
					return l.Append(ctx, stream, head, ds...)
				}
				return got, err
			}
		},
	},
	{
		name: "an append that was cut is taken for stored", noticed: cuts,
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				if !errors.Is(err, errCut) {
					return got, err
				}
				end, _ := l.End(ctx)
				for i, d := range ds {
					got = append(got, eventlog.Recorded{
						Draft: d, Stream: stream, Revision: want + 1 + eventlog.Revision(i), Position: end + 1 + eventlog.Position(i),
					})
				}
				return got, nil
			}
		},
	},
	{
		name: "a retry of an append that was cut is a conflict", noticed: cuts,
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if head, _ := l.Head(ctx, stream); head > want {
					return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: head}
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "a subscriber goes on behind what was stored while it was cut off", noticed: back,
		seed: func(b *broken, l *memlog.Log) {
			var mu sync.Mutex
			cutOff := false
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, err := collect(l.All(ctx, after))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					cutOff = true
					return l.All(ctx, after)
				}
				if cutOff && len(got) > 1 {
					got, cutOff = got[1:], false
				}
				return yields(got)
			}
		},
	},
	{
		name: "a position is taken again after the server was away", noticed: back,
		seed: func(b *broken, l *memlog.Log) {
			var shift atomic.Int64
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				if errors.Is(err, errAway) {
					shift.Store(1)
				}
				for i := range got {
					got[i].Position -= eventlog.Position(shift.Load())
				}
				return got, err
			}
		},
	},
	{
		name: "a reader collects the log before it yields", noticed: still, alone: true,
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return func(yield func(eventlog.Recorded, error) bool) {
					got, _ := collect(l.All(ctx, after))
					for _, e := range got {
						if !yield(e, nil) {
							return
						}
					}
				}
			}
		},
	},
}
