package logtest

import (
	"context"
	"iter"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// broken is a log with one seeded fault: the methods that are set replace memlog's.
type broken struct {
	eventlog.Log
	append func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error)
	id     func() string
	head   func(stream string) (eventlog.Revision, error)
	find   func(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error)
	read   func(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error]
	all    func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error]
	back   func(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error]
	recent func(after eventlog.Position) []eventlog.Recorded
	wait   func(ctx context.Context, after eventlog.Position) error
}

func (b *broken) ID(ctx context.Context) (string, error) {
	if b.id != nil {
		return b.id(), nil
	}
	return b.Log.ID(ctx)
}

func (b *broken) Append(ctx context.Context, stream string, want eventlog.Revision, ds ...eventlog.Draft) ([]eventlog.Recorded, error) {
	if b.append != nil {
		return b.append(ctx, stream, want, ds)
	}
	return b.Log.Append(ctx, stream, want, ds...)
}

func (b *broken) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if b.head != nil {
		return b.head(stream)
	}
	return b.Log.Head(ctx, stream)
}

func (b *broken) Find(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
	if b.find != nil {
		return b.find(ctx, stream, id)
	}
	return b.Log.Find(ctx, stream, id)
}

func (b *broken) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	if b.read != nil {
		return b.read(ctx, stream, from)
	}
	return b.Log.Read(ctx, stream, from)
}

func (b *broken) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	if b.all != nil {
		return b.all(ctx, after)
	}
	return b.Log.All(ctx, after)
}

func (b *broken) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	if b.back != nil {
		return b.back(ctx, before)
	}
	return b.Log.Back(ctx, before)
}

// Recent remembers everything.
func (b *broken) Recent(after eventlog.Position) []eventlog.Recorded {
	if b.recent != nil {
		return b.recent(after)
	}
	got, _ := collect(b.Log.All(context.Background(), after))
	return got
}

func (b *broken) Wait(ctx context.Context, after eventlog.Position) error {
	if b.wait != nil {
		return b.wait(ctx, after)
	}
	return b.Log.Wait(ctx, after)
}

// instant is a clock that stands still, so that a fault is the only thing that differs.
func instant() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// yields are the events as an iterator.
func yields(events []eventlog.Recorded) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// fault is a log that is wrong in one way, and the case that has to notice.
type fault struct {
	name     string
	noticed  string
	seed     func(b *broken, l *memlog.Log)
	hooks    func(s *Suite)
	patience time.Duration
	alone    bool // what it is about is the whole process's: no other fault is judged meanwhile
}

// memlogOf is a memlog that holds what was recorded elsewhere.
func memlogOf(t testing.TB, events []eventlog.Recorded) eventlog.Log {
	l := memlog.New(instant)
	for _, e := range events {
		if _, err := l.Append(t.Context(), e.Stream, e.Revision-1, e.Draft); err != nil {
			t.Errorf("copying: %v", err)
		}
	}
	return l
}
