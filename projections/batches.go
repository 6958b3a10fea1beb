package projections

import (
	"context"
	"iter"
	"time"

	"sijil/internal/eventlog"
)

// batches hands decoded events on in groups that fit one transaction. last is the
// position after the group; it moves over events that are not ours, too.
func batches(all iter.Seq2[eventlog.Recorded, error], do func(events []Event, last eventlog.Position) error) error {
	var events []Event
	var last eventlog.Position
	seen, bytes := 0, 0
	flush := func() error {
		if seen == 0 {
			return nil
		}
		err := do(events, last)
		events, seen, bytes = events[:0], 0, 0
		return err
	}
	for r, err := range all {
		if err != nil {
			return err
		}
		e, ours, err := decode(r)
		if err != nil {
			// What came before it is still good.
			if ferr := flush(); ferr != nil {
				return ferr
			}
			return err
		}
		if ours {
			events = append(events, e)
		}
		last = r.Position
		seen++
		if bytes += len(r.Data); seen >= maxBatch || bytes >= maxBatchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
