package ledger

import (
	"context"
	"sync/atomic"
)

// Tally counts what commands under one context did. Safe for concurrent use.
type Tally struct {
	// Appended events, and commands that were Replayed because they had been executed before.
	Appended, Replayed atomic.Int64
}

type tallyKey struct{}

// WithTally makes every command under the returned context count in t.
func WithTally(ctx context.Context, t *Tally) context.Context {
	return context.WithValue(ctx, tallyKey{}, t)
}

// Total counts every command of this ledger since it was made.
func (l *Ledger) Total() *Tally { return &l.total }

func (l *Ledger) tally(ctx context.Context, appended, replayed int64) {
	l.total.Appended.Add(appended)
	l.total.Replayed.Add(replayed)
	if t, ok := ctx.Value(tallyKey{}).(*Tally); ok {
		t.Appended.Add(appended)
		t.Replayed.Add(replayed)
	}
}
