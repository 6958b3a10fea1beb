package issuer

import (
	"context"
	"errors"
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
	i.setErr(nil)
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

// Follow runs until ctx ends, in turns with other processes, and tries again after what may
// pass; [Issuer.Err] says why it does not get on meanwhile.
func (i *Issuer) Follow(ctx context.Context, place *PGPlace) error {
	backoff := minBackoff
	for ctx.Err() == nil {
		err := place.RememberURL(ctx, i.base)
		if err == nil {
			err = place.turn(ctx, func(ctx context.Context) error { return i.Run(ctx, place) })
		}
		if ctx.Err() != nil {
			break
		}
		i.setErr(err)
		if errors.Is(err, ErrForeignLog) {
			return err
		}
		wait := turnPause
		if err != nil {
			i.logger.WarnContext(ctx, "issuing credentials failed; trying again", "in", backoff, "err", err)
			wait, backoff = backoff, min(2*backoff, 10*time.Second)
		} else {
			backoff = minBackoff
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// minBackoff is how long to wait after the first failure in a row.
const minBackoff = 100 * time.Millisecond

// Err is why credentials are not issued at the moment; nil while they are.
func (i *Issuer) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.failed
}

func (i *Issuer) setErr(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed = err
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
