package projections

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

type checkpoint struct {
	Name     string
	Version  int
	LogID    string
	Position int64
}

const (
	checkpointsSQL   = `SELECT name, version, log_id, position FROM read.checkpoints ORDER BY name`
	othersSQL        = `SELECT position FROM read.checkpoints WHERE name <> $1 AND log_id = $2 ORDER BY name`
	othersLockedSQL  = othersSQL + ` FOR UPDATE`
	newTurnSQL       = `UPDATE read.checkpoints SET epoch = (SELECT max(epoch) + 1 FROM read.checkpoints) RETURNING epoch`
	addCheckpointSQL = `INSERT INTO read.checkpoints (name, version, log_id, position, epoch)
		VALUES ($1, $2, $3, $4, (SELECT coalesce(max(epoch), 0) FROM read.checkpoints))
		ON CONFLICT (name) DO UPDATE SET version = $2, log_id = $3, position = $4, updated = now()`
	dropCheckpointSQL = `DELETE FROM read.checkpoints WHERE name <> ALL ($1)`
)

// prepare brings the tables into today's shape and takes the turn: projections that are
// new, or whose version changed, are built beside the others and swapped in.
func (r *Runner) prepare(ctx context.Context, conn *pgx.Conn, logID string) (at eventlog.Position, epoch int64, err error) {
	have, err := r.checkpoints(ctx, conn)
	if err != nil {
		return 0, 0, err
	}
	for _, c := range have {
		if c.LogID != logID {
			return 0, 0, fmt.Errorf("%w (log %s, read models of log %s)", ErrForeignLog, logID, c.LogID)
		}
	}
	for _, p := range r.list {
		i := slices.IndexFunc(have, func(c checkpoint) bool { return c.Name == p.Name })
		if i >= 0 && have[i].Version == p.Version {
			continue
		}
		if err := r.rebuild(ctx, conn, p, logID, nil); err != nil {
			return 0, 0, err
		}
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, dropCheckpointSQL, r.names()); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, newTurnSQL).Scan(&epoch); err != nil {
			return err
		}
		var p int64
		err := tx.QueryRow(ctx, positionSQL, r.names(), r.versions()).Scan(&p)
		at = eventlog.Position(p)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("taking a turn at projecting: %w", err)
	}
	return at, epoch, nil
}

func (r *Runner) checkpoints(ctx context.Context, conn *pgx.Conn) ([]checkpoint, error) {
	rows, err := conn.Query(ctx, checkpointsSQL)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoints: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[checkpoint])
}

// Rebuild makes every projection, or those named, anew from the log, each beside the
// living one, and swaps it in; readers never see less than before. It can run while another
// process projects. progress, if not nil, hears how far each one is. A foreign log is
// accepted when all are rebuilt: that is how read models move to a restored or copied log.
func (r *Runner) Rebuild(ctx context.Context, progress func(name string, at eventlog.Position), names ...string) error {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to rebuild: %w", err)
	}
	defer conn.Release()
	logID, err := r.log.ID(ctx)
	if err != nil {
		return fmt.Errorf("asking the log for its id: %w", err)
	}
	for _, p := range r.list {
		if len(names) > 0 && !slices.Contains(names, p.Name) {
			continue
		}
		if err := r.rebuild(ctx, conn.Conn(), p, logID, progress); err != nil {
			return err
		}
	}
	return nil
}

// rebuild replays into schema rebuild and swaps. Crashing before the swap leaves tables
// there that the next rebuild drops.
func (r *Runner) rebuild(ctx context.Context, conn *pgx.Conn, p Projection, logID string, progress func(string, eventlog.Position)) error {
	fail := func(err error) error { return fmt.Errorf("rebuilding %s: %w", p.Name, err) }
	if err := inSchema(ctx, conn, "rebuild", dropTables(p)+p.DDL); err != nil {
		return fail(err)
	}
	var at eventlog.Position
	replay := func(tx func(func(pgx.Tx) error) error, upTo eventlog.Position) error {
		return batches(until(r.log.All(ctx, at), upTo), func(events []Event, last eventlog.Position) error {
			err := tx(func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, relaxSQL); err != nil {
					return err
				}
				return apply(ctx, tx, "rebuild", []Projection{p}, events)
			})
			if at = last; progress != nil {
				progress(p.Name, at)
			}
			return err
		})
	}
	// Most of the log without holding anybody up, as far as the other projections are …
	target, err := othersAt(ctx, conn, othersSQL, p, logID)
	if err != nil {
		return fail(err)
	}
	err = replay(func(fn func(pgx.Tx) error) error { return pgx.BeginFunc(ctx, conn, fn) }, target)
	if err != nil {
		return fail(err)
	}
	// … and the rest under the checkpoints' row locks, where nobody moves.
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		target, err := othersAt(ctx, tx, othersLockedSQL, p, logID)
		if err != nil {
			return err
		}
		if target != unlimited && at < target {
			if err := replay(func(fn func(pgx.Tx) error) error { return fn(tx) }, target); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, swapTables(p)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, addCheckpointSQL, p.Name, p.Version, logID, int64(at))
		return err
	})
	if err != nil {
		return fail(err)
	}
	r.logger.InfoContext(ctx, "read model built", "projection", p.Name, "version", p.Version, "position", at)
	return nil
}

// unlimited is the target of a projection that is alone: the end of the log. It is not 0,
// where other projections may stand that were built before the first event.
const unlimited = eventlog.Position(math.MaxUint64)

// othersAt is where the other projections on this log stand, together; unlimited when
// there are none.
func othersAt(ctx context.Context, q querier, sql string, p Projection, logID string) (eventlog.Position, error) {
	rows, err := q.Query(ctx, sql, p.Name, logID)
	if err != nil {
		return 0, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(all) == 0 {
		return unlimited, err
	}
	return eventlog.Position(slices.Min(all)), nil
}

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// until ends a reading after position upTo.
func until(all iter.Seq2[eventlog.Recorded, error], upTo eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range all {
			if e.Position > upTo || !yield(e, err) {
				return
			}
		}
	}
}

// inSchema runs statements with names resolved in a schema, as one transaction.
func inSchema(ctx context.Context, conn *pgx.Conn, schema, sql string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, schemaSQL, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql)
		return err
	})
}

func dropTables(p Projection) string {
	var b strings.Builder
	for _, t := range p.Tables {
		fmt.Fprintf(&b, "DROP TABLE IF EXISTS %s CASCADE;\n", pgx.Identifier{t}.Sanitize())
	}
	return b.String()
}

func swapTables(p Projection) string {
	var b strings.Builder
	for _, t := range p.Tables {
		name := pgx.Identifier{t}.Sanitize()
		fmt.Fprintf(&b, "DROP TABLE IF EXISTS read.%s CASCADE; ALTER TABLE rebuild.%s SET SCHEMA read;\n", name, name)
	}
	return b.String()
}
