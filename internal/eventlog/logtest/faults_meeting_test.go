package logtest

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// meetingFaults are about what happens while something else does, and in histories that nobody thought of.
var meetingFaults = []fault{
	{
		name: "nobody writes while somebody reads", noticed: "a reader may stop early and may use the log meanwhile", patience: 300 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			free := make(chan struct{}, 1)
			free <- struct{}{}
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return func(yield func(eventlog.Recorded, error) bool) {
					<-free
					defer func() { free <- struct{}{} }()
					l.All(ctx, after)(yield)
				}
			}
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				select {
				case <-free:
					defer func() { free <- struct{}{} }()
					return l.Append(ctx, stream, want, ds...)
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
		},
	},
	{
		name: "wait wants an event that is yet to come", noticed: "wait returns at once when there is an event", patience: 300 * time.Millisecond,
		seed: func(b *broken, l *memlog.Log) {
			b.wait = func(ctx context.Context, after eventlog.Position) error {
				end, err := l.End(ctx)
				if err != nil {
					return err
				}
				return l.Wait(ctx, max(after, end))
			}
		},
	},
	{
		name: "whoever comes second writes again at the new head", noticed: "one append sent many times at once is stored once",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				for {
					head, err := l.Head(ctx, stream)
					if err != nil {
						return nil, err
					}
					if got, err := l.Append(ctx, stream, head, ds...); !errors.Is(err, eventlog.ErrConflict) {
						return got, err
					}
				}
			}
		},
	},
	{
		name: "a head is found for the first five events only", noticed: "a model agrees with random histories",
		seed: func(b *broken, l *memlog.Log) {
			b.head = func(stream string) (eventlog.Revision, error) {
				head, err := l.Head(context.Background(), stream)
				return min(head, 4), err
			}
		},
	},
	{
		name: "who resumes misses an event", noticed: "subscribers that stop and resume miss nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				if after > 0 {
					after++
				}
				return l.All(ctx, after)
			}
		},
	},
}

// No case is in the contract that nothing has failed.
func TestEveryCaseNoticesAFault(t *testing.T) {
	noticed := map[string]bool{}
	for _, f := range faults() {
		noticed[f.noticed] = true
	}
	for _, c := range cases {
		if !noticed[c.name] {
			t.Errorf("no fault is there for the case %q to notice", c.name)
		}
	}
}
