package eventlog

import (
	"context"
	"iter"
)

// Rememberer is a log that keeps its latest events in memory.
type Rememberer interface {
	Log
	// Recent are events after position after, the very next ones, in order and without a
	// hole, as far as this process remembers; none when it does not remember the next one. The
	// log may have gone further. The bytes are the caller's own.
	Recent(after Position) []Recorded
}

// Since yields the events after position after for those who follow a log: at least one if
// [Log.Wait] returned, but not always up to the end, as [Log.All] does. They come from memory
// where the log offers that, so that following costs no query for what was appended just now.
func Since(ctx context.Context, l Log, after Position) iter.Seq2[Recorded, error] {
	r, ok := l.(Rememberer)
	if !ok {
		return l.All(ctx, after)
	}
	return func(yield func(Recorded, error) bool) {
		recent := r.Recent(after)
		if len(recent) == 0 {
			for e, err := range l.All(ctx, after) {
				if !yield(e, err) {
					return
				}
			}
			return
		}
		for _, e := range recent {
			if err := ctx.Err(); err != nil {
				yield(Recorded{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
