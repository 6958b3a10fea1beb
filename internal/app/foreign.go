package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

// ForeignLogError: the database remembers places in another log than the one configured.
// Positions of one log mean nothing on another, and commands decided here would go
// where the read models never look.
type ForeignLogError struct {
	// Log is the configured one, Was the one that Parts were made from.
	Log, Was string
	Parts    []string
}

// Error names both ways out.
func (e *ForeignLogError) Error() string {
	return fmt.Sprintf("the event log that is configured is %s, but this database's %s belong to the log %s. "+
		"Is it the wrong log? Then point back to the former one (SIJIL_EVENTSTORE or --eventstore; unset for the one in PostgreSQL). "+
		"Was the log copied or restored? Then run `sijil replay --rebuild` with this log: it makes the read models anew and lets processes and issuer begin again, which repeats nothing",
		e.Log, strings.Join(e.Parts, ", "), e.Was)
}

// LostEventsError: the database has seen more of the log than there is.
type LostEventsError struct {
	Log string
	// End is where the log ends, Seen how far Parts had read it.
	End, Seen eventlog.Position
	Parts     []string
}

// Error says what happened, and what is to be done before new events take those places.
func (e *LostEventsError) Error() string {
	return fmt.Sprintf("the event log %s ends at position %d, but this database's %s have read it up to %d: the log was restored from an older backup, or events were lost. "+
		"If a newer copy of the log can be had, restore that. Else run `sijil replay --rebuild`: it makes the read models anew from the log as it is and lets processes and issuer begin again; "+
		"whoever follows the log from outside has to begin again too",
		e.Log, e.End, strings.Join(e.Parts, ", "), e.Seen)
}

const placesSQL = `
select 'read models' as part, log_id, max(position) from read.checkpoints group by log_id
union all select 'processes', log_id, position from process_place
union all select 'issuer', log_id, position from issuer_place
order by part desc, log_id`

// own is nil when everything the database remembers of a log is of this one and within it,
// else [*ForeignLogError] or [*LostEventsError].
func (a *App) own(ctx context.Context) error {
	rows, err := a.DB.Projector.Query(ctx, placesSQL)
	if err != nil {
		return fmt.Errorf("looking which log the database belongs to: %w", err)
	}
	// After the places were read: the log only grows.
	end, err := a.Log.End(ctx)
	if err != nil {
		rows.Close()
		return fmt.Errorf("finding the end of the log: %w", err)
	}
	foreign, lost := &ForeignLogError{Log: a.LogID}, &LostEventsError{Log: a.LogID, End: end}
	var part, id string
	var at int64
	_, err = pgx.ForEachRow(rows, []any{&part, &id, &at}, func() error {
		switch seen := eventlog.Position(at); {
		case id != a.LogID:
			foreign.Was = id
			foreign.Parts = append(foreign.Parts, part)
		case seen > end:
			lost.Seen = max(lost.Seen, seen)
			lost.Parts = append(lost.Parts, part)
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("looking which log the database belongs to: %w", err)
	case foreign.Was != "":
		return foreign
	case lost.Seen > 0:
		return lost
	}
	return nil
}

const forgetCheckpointsSQL = `DELETE FROM read.checkpoints WHERE log_id <> $1`

// Rebuild makes every read model, or those named, anew from the log. When all are made, a
// database that belonged to another log, or to more of this one, belongs to it as it is:
// processes and issuer begin again, which is safe since what they did is in the log. A crash in between leaves a
// database that still refuses to be served, and Rebuild to be run again.
func (a *App) Rebuild(ctx context.Context, progress func(name string, at eventlog.Position), names ...string) error {
	if len(names) > 0 {
		if err := a.own(ctx); err != nil {
			return fmt.Errorf("some read models alone cannot move to another log: %w", err)
		}
		return a.Runner.Rebuild(ctx, progress, names...)
	}
	if err := a.Runner.Rebuild(ctx, progress); err != nil {
		return err
	}
	// What an older program projected and this one does not is not rebuilt.
	_, err := a.DB.Projector.Exec(ctx, forgetCheckpointsSQL, a.LogID)
	if err != nil {
		err = fmt.Errorf("forgetting checkpoints of another log: %w", err)
	}
	end, lookErr := a.Log.End(ctx)
	if err = errors.Join(err, lookErr); err != nil {
		return err
	}
	return errors.Join(a.processes.MoveTo(ctx, a.LogID, end), a.IssuerPlace().Move(ctx, end))
}
