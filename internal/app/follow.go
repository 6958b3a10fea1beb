package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"sijil/api"
)

// follower is one part that follows the log for as long as the process runs.
type follower struct {
	name string
	// run returns when ctx ends, or earlier for what will not pass by waiting.
	run func(ctx context.Context) error
	// stumbles is why it does not get on at the moment; nil when it has no such thing.
	stumbles func() error

	mu      sync.Mutex
	stopped error
}

// allFollowers is the list of everything that follows the log.
func (a *App) allFollowers() []*follower {
	return []*follower{
		{name: "folds", run: a.Ledger.Follow},
		{name: "projections", run: a.Runner.Run, stumbles: a.Runner.Err},
		{name: "processes", run: a.Processes.Run, stumbles: a.Processes.Err},
	}
}

// Follow runs every follower until ctx ends, and returns when all have stopped. One that
// stops early does not stop the others: the service answers on, and /readyz says what is wrong.
func (a *App) Follow(ctx context.Context) {
	var all sync.WaitGroup
	for _, f := range a.followers {
		all.Go(func() {
			err := f.run(ctx)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				err = errors.New("it ended without a reason")
			}
			f.mu.Lock()
			f.stopped = err
			f.mu.Unlock()
			a.cfg.Logger.ErrorContext(ctx, "a follower of the log stopped; /readyz is false until the process is restarted with its cause removed", "follower", f.name, "err", err)
		})
	}
	all.Wait()
}

// check is nil while the follower gets on.
func (f *follower) check(context.Context) error { return f.trouble() }

// up is check as a number.
func (f *follower) up() float64 {
	if f.trouble() != nil {
		return 0
	}
	return 1
}

func (f *follower) trouble() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped != nil {
		return fmt.Errorf("stopped: %w", f.stopped)
	}
	if f.stumbles != nil {
		return f.stumbles()
	}
	return nil
}

// Checks are what /readyz asks.
func (a *App) Checks() []api.Check {
	list := []api.Check{{Name: "database", Check: a.DB.App.Ping}, {Name: "log", Check: a.answers}}
	for _, f := range a.followers {
		list = append(list, api.Check{Name: f.name, Check: f.check})
	}
	return list
}
