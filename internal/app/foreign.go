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

const placesSQL = `
select 'read models' as part, log_id from read.checkpoints
union select 'processes', log_id from process_place
union select 'issuer', log_id from issuer_place
order by part desc, log_id`

// own is nil when everything the database remembers of a log is of this one, else
// [*ForeignLogError].
func (a *App) own(ctx context.Context) error {
	rows, err := a.DB.Projector.Query(ctx, placesSQL)
	if err != nil {
		return fmt.Errorf("looking which log the database belongs to: %w", err)
	}
	foreign := &ForeignLogError{Log: a.LogID}
	var part, id string
	_, err = pgx.ForEachRow(rows, []any{&part, &id}, func() error {
		if id != a.LogID {
			foreign.Was = id
			foreign.Parts = append(foreign.Parts, part)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking which log the database belongs to: %w", err)
	}
	if foreign.Was != "" {
		return foreign
	}
	return nil
}

const forgetCheckpointsSQL = `DELETE FROM read.checkpoints WHERE log_id <> $1`

// Rebuild makes every read model, or those named, anew from the log. When all are made, a
// database that belonged to another log belongs to this one: processes and issuer begin
// again, which is safe since what they did is in the log. A crash in between leaves a
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
	return errors.Join(err, a.processes.MoveTo(ctx, a.LogID), a.IssuerPlace().Move(ctx))
}
