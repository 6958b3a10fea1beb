package issuer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sijil/internal/eventlog"
)

// Place remembers how far an issuer has come, outside the log.
type Place interface {
	// Load is the position before which nothing is left to do, 0 at first.
	Load(ctx context.Context) (eventlog.Position, error)
	// Save remembers it.
	Save(ctx context.Context, at eventlog.Position) error
}

const (
	// maxBatch is how many awards go through the steps together.
	maxBatch = 512
	// saveEvery is how many events may be read again after a crash.
	saveEvery = 20_000
	// retryHeld is how often awards that wait are looked at again.
	retryHeld = 2 * time.Second
)

// Run issues what the log awards until ctx ends. Two processes that run at once do each
// other no harm, only double work. An error is temporary: the caller waits and runs again.
func (i *Issuer) Run(ctx context.Context, place Place) error {
	log := i.ledger.Log()
	at, err := place.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading the issuer's place in the log: %w", err)
	}
	saved, looked := at, i.now()
	for ctx.Err() == nil {
		var batch []eventlog.Recorded
		flush := func() error {
			err := i.Issue(ctx, batch)
			batch = batch[:0]
			return err
		}
		read := 0
		for e, err := range log.All(ctx, at) {
			if err != nil {
				return fmt.Errorf("reading the log to issue credentials: %w", err)
			}
			if strings.HasPrefix(e.Type, awardType) {
				batch = append(batch, e)
			}
			if len(batch) == maxBatch {
				if err := flush(); err != nil {
					return err
				}
			}
			at = e.Position
			if read++; read%saveEvery == 0 {
				if err := flush(); err != nil {
					return err
				}
				if saved, err = i.save(ctx, place, saved, at); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
		if held := i.held(); len(held) > 0 && i.now().Sub(looked) >= retryHeld {
			looked = i.now()
			if err := i.Issue(ctx, held); err != nil {
				return err
			}
		}
		if saved, err = i.save(ctx, place, saved, at); err != nil {
			return err
		}
		if err := i.pause(ctx, at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// save remembers at, or the place before the first award that waits: after a restart it is
// found again by reading from there.
func (i *Issuer) save(ctx context.Context, place Place, saved, at eventlog.Position) (eventlog.Position, error) {
	if held := i.held(); len(held) > 0 {
		at = min(at, held[0].Position-1)
	}
	if at == saved {
		return saved, nil
	}
	if err := place.Save(ctx, at); err != nil {
		return saved, fmt.Errorf("saving the issuer's place in the log: %w", err)
	}
	return at, nil
}

// pause waits for more of the log, and no longer than awards that wait may wait.
func (i *Issuer) pause(ctx context.Context, at eventlog.Position) error {
	waiting, cancel := context.WithTimeout(ctx, retryHeld)
	defer cancel()
	if err := i.ledger.Log().Wait(waiting, at); err != nil && waiting.Err() == nil {
		return fmt.Errorf("waiting for the log: %w", err)
	}
	return nil
}
