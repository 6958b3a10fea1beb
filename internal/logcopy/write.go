package logcopy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sijil/internal/eventlog"
)

// pass copies what follows position at, as far as the source goes when it is read, and gives
// the position it came to. Reading goes on while the target takes what was read before.
func (c *copier) pass(ctx context.Context, at, end eventlog.Position, copied *int64) (eventlog.Position, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := Progress{At: at, End: end}
	tries := c.patience("writing to the target")
	for got := range c.pieces(ctx, "source", c.From, at) {
		if got.err != nil {
			return at, got.err
		}
		for todo := got.events; len(todo) > 0; {
			n, err := c.put(ctx, todo)
			if err != nil {
				if n, err = c.settle(ctx, tries, todo, err); err != nil {
					return at, err
				}
			}
			if n > 0 {
				tries.succeeded()
				at = todo[n-1].Position
				*copied += int64(n)
				p.At, p.Events = at, p.Events+int64(n)
				c.Progress(p)
			}
			todo = todo[n:]
		}
	}
	return at, ctx.Err()
}

// put stores some of events, from the first on, and says how many: all in one commit where
// the target takes that, else the neighbours of one stream.
func (c *copier) put(ctx context.Context, events []eventlog.Recorded) (int, error) {
	if bulk, ok := c.To.(eventlog.Importer); ok {
		if err := bulk.Import(ctx, events); err != nil {
			return 0, err
		}
		return len(events), nil
	}
	if unstamped(events[0]) {
		return 0, fmt.Errorf("%w: metadata that waits for its stamp cannot be copied as it is", eventlog.ErrInvalid)
	}
	drafts := run(events)
	_, err := c.To.Append(ctx, events[0].Stream, events[0].Revision-1, drafts...)
	if err != nil {
		return 0, err
	}
	return len(drafts), nil
}

// run are the drafts of the first events, those of one stream that one append takes.
func run(events []eventlog.Recorded) []eventlog.Draft {
	var drafts []eventlog.Draft
	size := 0
	for i, e := range events {
		size += eventlog.Size([]eventlog.Draft{e.Draft})
		if i > 0 && (e.Stream != events[0].Stream || e.Revision != events[i-1].Revision+1 || size > eventlog.MaxAppend || unstamped(e)) {
			break
		}
		drafts = append(drafts, e.Draft)
	}
	return drafts
}

// unstamped reports whether an append would change e's metadata.
func unstamped(e eventlog.Recorded) bool {
	return len(eventlog.Stamp(e.Meta, e.Created)) != len(e.Meta)
}

// settle finds out what became of a write that failed, and says how many of todo the target
// holds: an error of a log is an unknown outcome. An error of settle's own is for good.
func (c *copier) settle(ctx context.Context, tries *patience, todo []eventlog.Recorded, failed error) (int, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if errors.Is(failed, eventlog.ErrInvalid) || errors.Is(failed, eventlog.ErrTooLarge) {
		e := todo[0]
		return 0, fmt.Errorf("the target cannot hold an event of the source (at or after %s, revision %d, id %s): %w", e.Type, e.Revision, e.ID, failed)
	}
	conflict := errors.Is(failed, eventlog.ErrConflict)
	if !conflict {
		if err := tries.failed(ctx, failed); err != nil {
			return 0, err
		}
	}
	at, err := c.place(ctx)
	if errors.Is(err, ErrForeignTarget) {
		return 0, err
	}
	if err != nil {
		return 0, tries.failed(ctx, err)
	}
	held := slices.IndexFunc(todo, func(e eventlog.Recorded) bool { return e.Position > at })
	if held < 0 {
		held = len(todo)
	}
	if held == 0 && conflict { // it takes nothing, and not because it has it
		return 0, fmt.Errorf("%w (%w)", ErrForeignTarget, failed)
	}
	return held, nil
}
