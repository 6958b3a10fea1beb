package logtest

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// readingFaults are about reading, times, waiting, restarts and second processes.
var readingFaults = []fault{
	{
		name: "a missing stream is at revision 0", noticed: "a stream that does not exist yields nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.head = func(stream string) (eventlog.Revision, error) {
				h, err := l.Head(context.Background(), stream)
				return max(h, 0), err
			}
		},
	},
	{
		name: "a missing stream is an error", noticed: "a stream that does not exist yields nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.head = func(stream string) (eventlog.Revision, error) {
				h, err := l.Head(context.Background(), stream)
				if h == eventlog.NoStream {
					err = errors.New("no such stream")
				}
				return h, err
			}
		},
	},
	{
		name: "read begins after its revision", noticed: "read begins at a revision, included",
		seed: func(b *broken, l *memlog.Log) {
			b.read = func(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
				if from > 0 && from < math.MaxInt64 {
					from++
				}
				return l.Read(ctx, stream, from)
			}
		},
	},
	{
		name: "read chases what is appended meanwhile", noticed: "read ends where the stream ended when it began",
		seed: func(b *broken, l *memlog.Log) {
			b.read = func(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
				return func(yield func(eventlog.Recorded, error) bool) {
					for {
						got, err := collect(l.Read(ctx, stream, from))
						if err != nil || len(got) == 0 || !yield(got[0], nil) {
							return
						}
						from++
					}
				}
			}
		},
	},
	{
		name: "back includes its position", noticed: "back yields what lies before a position, the last first",
		seed: func(b *broken, l *memlog.Log) {
			b.back = func(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return l.Back(ctx, max(before, before+1))
			}
		},
	},
	{
		name: "back goes forward", noticed: "back yields what lies before a position, the last first",
		seed: func(b *broken, l *memlog.Log) {
			b.back = func(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.Back(ctx, before))
				slices.Reverse(got)
				return yields(got)
			}
		},
	},
	{
		name: "back begins again with what is appended", noticed: "back does not see what is appended meanwhile",
		seed: func(b *broken, l *memlog.Log) {
			b.back = func(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return func(yield func(eventlog.Recorded, error) bool) {
					end, _ := l.End(ctx)
					for e, err := range l.Back(ctx, before) {
						if !yield(e, err) {
							return
						}
					}
					for e, err := range l.All(ctx, end) {
						if !yield(e, err) {
							return
						}
						break
					}
				}
			}
		},
	},
	{
		name: "what is remembered has a hole", noticed: "what a log remembers is what it holds",
		seed: func(b *broken, l *memlog.Log) {
			b.recent = func(after eventlog.Position) []eventlog.Recorded {
				got, _ := collect(l.All(context.Background(), after))
				return slices.DeleteFunc(got, func(r eventlog.Recorded) bool { return r.Position == 7 })
			}
		},
	},
	{
		name: "what is remembered does not begin with the next event", noticed: "what a log remembers is what it holds",
		seed: func(b *broken, l *memlog.Log) {
			b.recent = func(after eventlog.Position) []eventlog.Recorded {
				got, _ := collect(l.All(context.Background(), max(after, 3)))
				return got
			}
		},
	},
	{
		name: "what is remembered is shared with its readers", noticed: "what a log remembers is what it holds",
		seed: func(b *broken, l *memlog.Log) {
			var kept []eventlog.Recorded
			b.recent = func(after eventlog.Position) []eventlog.Recorded {
				if kept == nil {
					kept, _ = collect(l.All(context.Background(), 0))
				}
				return slices.Clone(kept[min(int(after), len(kept)):])
			}
		},
	},
	{
		name: "subscribers of what is remembered miss an event", noticed: "a live subscriber sees every event of many writers once, in order",
		seed: func(b *broken, l *memlog.Log) {
			b.recent = func(after eventlog.Position) []eventlog.Recorded {
				got, _ := collect(l.All(context.Background(), after))
				return got[min(1, max(len(got)-1, 0)):]
			}
		},
	},
	{
		name: "a long log ends after its first page", noticed: "reading goes over many pages",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.All(ctx, after))
				return yields(got[:min(1000, len(got))])
			}
		},
	},
	{
		name: "a far position wraps around", noticed: "a position far ahead is after everything",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return l.All(ctx, after&math.MaxInt64)
			}
		},
	},
	{
		name: "the context is ignored", noticed: "every method returns when its context ends",
		seed: func(b *broken, l *memlog.Log) {
			b.find = func(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
				return l.Find(context.WithoutCancel(ctx), stream, id)
			}
		},
	},
	{
		name: "a reader goes on after its context ended", noticed: "a reader stops when its context ends in the middle",
		seed: func(b *broken, l *memlog.Log) {
			b.read = func(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
				return l.Read(context.WithoutCancel(ctx), stream, from)
			}
		},
	},
	{
		name: "recordedAt is never set", noticed: "recordedAt is set where it is empty and nowhere else",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				plain := slices.Clone(ds)
				for i := range plain {
					plain[i].Meta = nil
				}
				got, err := l.Append(ctx, stream, want, plain...)
				for i := range got {
					got[i].Meta = ds[i].Meta
				}
				return got, err
			}
		},
	},
	{
		name: "a copied recordedAt is overwritten", noticed: "recordedAt is set where it is empty and nowhere else",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				ds = slices.Clone(ds)
				for i := range ds {
					if m, err := eventlog.DecodeMeta(ds[i].Meta); err == nil && !m.RecordedAt.IsZero() {
						m.RecordedAt = time.Time{}
						ds[i].Meta = m.Encode()
					}
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "each event is stamped by the clock alone", noticed: "recordedAt never decreases, whatever the clock says",
		hooks: func(s *Suite) {
			s.OpenAt = func(_ testing.TB, clock func() time.Time) eventlog.Log {
				l := memlog.New(clock)
				b := &broken{Log: l}
				b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
					ds = slices.Clone(ds)
					for i := range ds {
						ds[i].Meta = eventlog.Stamp(ds[i].Meta, clock())
					}
					return l.Append(ctx, stream, want, ds...)
				}
				return b
			}
		},
	},
	{
		name: "copied times are not looked at", noticed: "recordedAt is never before that of a copied event",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				ds = slices.Clone(ds)
				for i := range ds {
					ds[i].Meta = eventlog.Stamp(ds[i].Meta, instant())
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "wait is never woken", noticed: "wait returns soon after an append and not before", patience: 300 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			b.wait = func(ctx context.Context, after eventlog.Position) error {
				if end, _ := l.End(ctx); end > after {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}
		},
	},
	{
		name: "wait returns without an event", noticed: "wait returns soon after an append and not before",
		seed: func(b *broken, _ *memlog.Log) {
			b.wait = func(ctx context.Context, _ eventlog.Position) error { return ctx.Err() }
		},
	},
	{
		name: "one waiter eats the others' wake-up", noticed: "wait wakes everyone", patience: 300 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			turn := make(chan struct{}, 1)
			turn <- struct{}{}
			b.wait = func(ctx context.Context, after eventlog.Position) error {
				select {
				case <-turn:
					return l.Wait(ctx, after)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		},
	},
	{
		name: "the id is made at each call", noticed: "a new log is empty and has an id",
		seed: func(b *broken, _ *memlog.Log) {
			n := 0
			b.id = func() string { n++; return id(n).String() }
		},
	},
	{
		name: "every log has the same id", noticed: "two logs have two ids",
		seed: func(b *broken, _ *memlog.Log) { b.id = func() string { return id(1).String() } },
	},
	{
		name: "a restart loses the last event", noticed: "everything is there after a restart",
		hooks: func(s *Suite) {
			s.Reopen = func(t testing.TB, l eventlog.Log) eventlog.Log {
				got, _ := collect(l.All(t.Context(), 0))
				return memlogOf(t, got[:len(got)-1])
			}
		},
	},
	{
		name: "a restart makes a new id", noticed: "everything is there after a restart",
		hooks: func(s *Suite) {
			s.Reopen = func(t testing.TB, l eventlog.Log) eventlog.Log {
				got, _ := collect(l.All(t.Context(), 0))
				return memlogOf(t, got)
			}
		},
	},
	{
		name: "a restart in mid-stream loses an event", noticed: "a subscriber goes on across a restart",
		hooks: func(s *Suite) {
			s.Reopen = func(t testing.TB, l eventlog.Log) eventlog.Log {
				got, _ := collect(l.All(t.Context(), 0))
				return memlogOf(t, got[:len(got)-1])
			}
		},
	},
	{
		name: "another process caches heads", noticed: "two processes see each other's events and conflicts",
		hooks: func(s *Suite) {
			s.Second = func(t testing.TB, l eventlog.Log) eventlog.Log {
				at := map[string]eventlog.Revision{}
				b := &broken{Log: l}
				b.head = func(stream string) (eventlog.Revision, error) {
					if _, known := at[stream]; !known {
						at[stream], _ = l.Head(t.Context(), stream)
					}
					return at[stream], nil
				}
				return b
			}
		},
	},
	{
		name: "another process is not woken", noticed: "an append in one process wakes the other", patience: 300 * time.Millisecond,
		hooks: func(s *Suite) {
			s.Second = func(_ testing.TB, l eventlog.Log) eventlog.Log {
				return &broken{Log: l, wait: func(ctx context.Context, _ eventlog.Position) error {
					<-ctx.Done()
					return ctx.Err()
				}}
			}
		},
	},
	{
		name: "another process misses an event", noticed: "many writers in two processes leave no hole and no duplicate",
		hooks: func(s *Suite) {
			s.Second = func(_ testing.TB, l eventlog.Log) eventlog.Log {
				return &broken{Log: l, all: func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
					got, _ := collect(l.All(ctx, after))
					if after < 50 && len(got) > 1 {
						got = got[1:]
					}
					return yields(got)
				}}
			}
		},
	},
}
