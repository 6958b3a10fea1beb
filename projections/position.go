package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/internal/eventlog"
)

// ErrBehind: the read models have not reached the position in time.
var ErrBehind = errors.New("the read models are behind that position")

// pollPause is how often a process whose turn it is not asks the tables how far they are.
// What it heard last is no answer: a crash of the database takes them back.
const pollPause = 20 * time.Millisecond

// positionSQL is 0 as long as one of the projections is still to be built in the version
// that this program reads: another program's may be there.
const positionSQL = `SELECT CASE WHEN count(*) = cardinality($1::text[]) THEN min(position) ELSE 0 END
	FROM read.checkpoints JOIN unnest($1::text[], $2::int[]) AS ours (name, version) USING (name, version)`

// names are those of the projections this runner keeps.
func (r *Runner) names() []string {
	names := make([]string, len(r.list))
	for i, p := range r.list {
		names[i] = p.Name
	}
	return names
}

// versions are those of names, in the same order.
func (r *Runner) versions() []int {
	versions := make([]int, len(r.list))
	for i, p := range r.list {
		versions[i] = p.Version
	}
	return versions
}

// readPosition asks the database how far the projections are.
func (r *Runner) readPosition(ctx context.Context) (eventlog.Position, error) {
	var at int64
	if err := r.pool.QueryRow(ctx, positionSQL, r.names(), r.versions()).Scan(&at); err != nil {
		return 0, fmt.Errorf("reading the checkpoint: %w", err)
	}
	return eventlog.Position(at), nil
}

// Position is how far the read models are known to be.
func (r *Runner) Position() eventlog.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// Err is why projecting stopped or stumbles; nil while it runs.
func (r *Runner) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// WaitFor returns when the read models have reached position at, [ErrBehind] when they have
// not after limit.
func (r *Runner) WaitFor(ctx context.Context, at eventlog.Position, limit time.Duration) error {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		here, mine, moved := r.at >= at, r.mine, r.moved
		r.mu.Unlock()
		if mine && here {
			return nil
		}
		if !mine {
			now, err := r.readPosition(ctx)
			if err != nil {
				return err
			}
			r.moveTo(now)
			if now >= at {
				return nil
			}
		}
		select {
		case <-moved:
		case <-time.After(pollPause):
		case <-deadline.C:
			return ErrBehind
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begin says where the tables are at the beginning of a turn, which after a crash of the
// database is further back than they were.
func (r *Runner) begin(at eventlog.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.mine = at, true
	r.tell()
}

// end is the end of a turn: from now on the tables are asked.
func (r *Runner) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mine = false
	r.tell()
}

func (r *Runner) moveTo(at eventlog.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at > r.at {
		r.at = at
		r.tell()
	}
}

// tell wakes who waits; the caller holds mu.
func (r *Runner) tell() {
	close(r.moved)
	r.moved = make(chan struct{})
}

func (r *Runner) setErr(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err
}
