package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/follower"
)

// Place remembers how far an issuer has come, outside the log.
type Place interface {
	// Load is the position before which nothing is left to do, 0 at first. [ErrForeignLog]
	// when it is of another log.
	Load(ctx context.Context) (eventlog.Position, error)
	// Save remembers it.
	Save(ctx context.Context, at eventlog.Position) error
}

const (
	// maxBatch is how many awards go through the steps together, of readBatch events.
	maxBatch  = 1024
	readBatch = 4096
	// saveEvery and saveAfter bound what is read again after a crash where nothing was
	// awarded; saving each place would cost a commit beside every append.
	saveEvery = 20_000
	saveAfter = 10 * time.Second
	// retryHeld is how often awards that wait for keys are looked at again; others are every
	// retryRest-th time.
	retryHeld = 2 * time.Second
	retryRest = 15
)

// run is one following of the log.
type run struct {
	issuer *Issuer
	place  Place
	// saved is the remembered place, savedAt when it was remembered.
	saved   eventlog.Position
	savedAt time.Time
}

// Run issues what the log awards until ctx ends, which is nil, or until what no waiting
// cures. Two processes that run at once do each other no harm, only double work.
func (i *Issuer) Run(ctx context.Context, place Place) error {
	r := &run{issuer: i, place: place}
	f := follower.New(follower.Config{
		Name: "issuer", Log: i.ledger.Log(), Place: r.load, Handle: r.handle, MaxBatch: readBatch, Logger: i.logger,
	})
	i.mu.Lock()
	i.following = f
	i.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	var retrying sync.WaitGroup
	retrying.Go(func() { i.retryHeld(ctx) })
	err := f.Run(ctx)
	stop()
	retrying.Wait()
	return err
}

func (r *run) load(ctx context.Context) (eventlog.Position, error) {
	at, err := r.place.Load(ctx)
	if errors.Is(err, ErrForeignLog) {
		return 0, follower.Permanent(err)
	}
	r.saved, r.savedAt = at, r.issuer.now()
	return at, err
}

func (r *run) handle(ctx context.Context, events []eventlog.Recorded) error {
	var awards []eventlog.Recorded
	issued := false
	flush := func() error {
		issued = issued || len(awards) > 0
		err := r.issuer.Issue(ctx, awards)
		awards = awards[:0]
		return err
	}
	for _, e := range events {
		if !strings.HasPrefix(e.Type, awardType) {
			continue
		}
		if awards = append(awards, e); len(awards) == maxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return r.save(ctx, events[len(events)-1].Position, issued)
}

// save remembers at, or the place before the first award that waits: after a restart it is
// found again by reading from there.
func (r *run) save(ctx context.Context, at eventlog.Position, issued bool) error {
	now := r.issuer.now()
	if !issued && at < r.saved+saveEvery && now.Sub(r.savedAt) < saveAfter {
		return nil
	}
	if first, waits := r.issuer.firstHeld(); waits {
		at = min(at, first-1)
	}
	r.savedAt = now
	if at == r.saved {
		return nil
	}
	if err := r.place.Save(ctx, at); err != nil {
		return fmt.Errorf("saving the issuer's place in the log: %w", err)
	}
	r.saved = at
	return nil
}

// retryHeld looks again at awards that wait, until ctx ends.
func (i *Issuer) retryHeld(ctx context.Context) {
	t := time.NewTicker(retryHeld)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		held, err := i.promising(ctx, n%retryRest == 0)
		for len(held) > 0 && err == nil {
			some := held[:min(len(held), maxBatch)]
			held = held[len(some):]
			err = i.Issue(ctx, some)
		}
		if err != nil && ctx.Err() == nil {
			i.logger.WarnContext(ctx, "awards that wait were looked at in vain; trying again", "in", retryHeld, "err", err)
		}
	}
}

// promising are the waiting awards that may be signed now: those whose institution has got
// its keys and, when all is true, those that wait for anything else.
func (i *Issuer) promising(ctx context.Context, all bool) ([]eventlog.Recorded, error) {
	ready := map[domain.ID]bool{}
	var list []eventlog.Recorded
	for _, w := range i.held() {
		if w.reason != noKey {
			if all {
				list = append(list, w.job.event)
			}
			continue
		}
		inst := w.job.fact.Institution
		ok, asked := ready[inst]
		if !asked {
			k, err := i.usable(ctx, w.job)
			if err != nil {
				return nil, err
			}
			ok = k.signer != nil
			ready[inst] = ok
		}
		if ok {
			list = append(list, w.job.event)
		}
	}
	return list, nil
}

// Follow runs until ctx ends, in turns with other processes. It returns earlier only for
// what will not pass by waiting.
func (i *Issuer) Follow(ctx context.Context, place *PGPlace) error {
	if urls, err := place.URLs(ctx); err == nil && len(urls) > 0 && !slices.Contains(urls, i.base) {
		i.logger.WarnContext(ctx, "this public URL is new to the ledger: credentials signed from now on name it for ever; if that is a mistake, stop and start with the former one",
			"url", i.base, "former", urls[len(urls)-1])
	}
	for ctx.Err() == nil {
		err := place.RememberURL(ctx, i.base)
		if err == nil {
			err = place.turn(ctx, func(ctx context.Context) error { return i.Run(ctx, place) })
		}
		if follower.IsPermanent(err) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			i.logger.WarnContext(ctx, "the issuer cannot take its turn; trying again", "in", turnPause, "err", err)
		}
		select {
		case <-time.After(turnPause):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// Err is why credentials are not issued at the moment; nil while they are, or while
// another process issues them.
func (i *Issuer) Err() error {
	i.mu.Lock()
	f := i.following
	i.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.Status().Err
}

// Position is how far this process has come in the log; 0 while another one issues.
func (i *Issuer) Position() eventlog.Position {
	i.mu.Lock()
	f := i.following
	i.mu.Unlock()
	if f == nil {
		return 0
	}
	return f.Position()
}
