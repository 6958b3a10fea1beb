package logcopy

import (
	"context"
	"fmt"
	"time"

	"sijil/internal/eventlog"
)

const (
	// pieceEvents and pieceBytes bound what is read ahead at once. Four pieces may wait.
	pieceEvents = 4000
	pieceBytes  = 4 << 20
	ahead       = 4
)

// piece is a run of consecutive events, or why there are no more.
type piece struct {
	events []eventlog.Recorded
	err    error
}

// pieces reads log after position after, in order to its end, in a goroutine of its own that
// stays a few pieces ahead. The channel closes at the end, or after a piece with an error;
// until then the caller receives, or ends ctx.
func (c *copier) pieces(ctx context.Context, what string, log eventlog.Log, after eventlog.Position) <-chan piece {
	out := make(chan piece, ahead)
	go func() {
		defer close(out)
		put := func(p piece) bool {
			select {
			case out <- p:
				return true
			case <-ctx.Done():
				return false
			}
		}
		tries := c.patience("reading the " + what)
		for {
			at, err := read(ctx, log, after, put)
			if err == nil || ctx.Err() != nil {
				return
			}
			if at > after {
				tries.succeeded()
			}
			after = at
			if err := tries.failed(ctx, err); err != nil {
				put(piece{err: err})
				return
			}
		}
	}()
	return out
}

// read hands on what log holds after position after, and gives how far it came.
func read(ctx context.Context, log eventlog.Log, after eventlog.Position, put func(piece) bool) (eventlog.Position, error) {
	var p piece
	size := 0
	flush := func() bool {
		if len(p.events) == 0 {
			return true
		}
		last := p.events[len(p.events)-1].Position
		if !put(p) {
			return false
		}
		after, p, size = last, piece{}, 0
		return true
	}
	for e, err := range log.All(ctx, after) {
		if err != nil {
			flush()
			return after, err
		}
		p.events = append(p.events, e)
		if size += eventlog.Size([]eventlog.Draft{e.Draft}); len(p.events) == pieceEvents || size >= pieceBytes {
			if !flush() {
				return after, ctx.Err()
			}
		}
	}
	flush()
	return after, nil
}

// patience bounds how long one thing may go on failing, by the pauses between its tries.
type patience struct {
	*copier
	what   string
	waited time.Duration
	pause  time.Duration
}

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

func (c *copier) patience(what string) *patience {
	return &patience{copier: c, what: what, pause: firstPause}
}

// succeeded begins anew.
func (p *patience) succeeded() { p.waited, p.pause = 0, firstPause }

// failed waits before the next try; it is err when the patience has come to its end.
func (p *patience) failed(ctx context.Context, err error) error {
	if p.waited >= p.Patience {
		return fmt.Errorf("%s: %w", p.what, err)
	}
	p.Logger.WarnContext(ctx, p.what+" failed; trying again", "in", p.pause, "err", err)
	t := time.NewTimer(p.pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.waited += p.pause
	p.pause = min(2*p.pause, lastPause)
	return nil
}
