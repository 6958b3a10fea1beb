package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
	"sijil/internal/eventlog"
)

// PGStore keeps reminders in tables process_place and process_reminder. It commits
// without waiting for the disk: a crash takes place and reminders back together, to a state
// that follows from the log as well, and everything done twice is done once.
type PGStore struct{ pool *pgxpool.Pool }

// NewPGStore uses connections of pool, which act as sijil_projector.
func NewPGStore(pool *pgxpool.Pool) *PGStore { return &PGStore{pool} }

const (
	relaxSQL     = `SET LOCAL synchronous_commit = off`
	placeSQL     = `SELECT log_id, position FROM process_place`
	placeMakeSQL = `INSERT INTO process_place (log_id, position) VALUES ($1, 0) ON CONFLICT DO NOTHING`
	leaveSQL     = `UPDATE process_place SET log_id = $1, position = 0 WHERE log_id <> $1 OR position > $2`
	emptySQL     = `DELETE FROM process_reminder`
	placeMoveSQL = `UPDATE process_place SET position = $3 WHERE log_id = $1 AND position = $2`
	clearSQL     = `DELETE FROM process_reminder r USING unnest($1::uuid[], $2::text[], $3::text[]) g (tenant, rule, grp)
		WHERE r.tenant = g.tenant AND r.rule = g.rule AND r.grp = g.grp AND r.grp <> ''`
	addSQL = `INSERT INTO process_reminder (tenant, rule, event, grp, due, stream, revision)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::bigint[])
		ON CONFLICT (tenant, rule, event) DO NOTHING`
	dueSQL = `SELECT tenant, rule, event, grp AS "group", due, stream, revision, failed
		FROM process_reminder WHERE due <= $1 ORDER BY due LIMIT $2`
	settleSQL   = `DELETE FROM process_reminder WHERE tenant = $1 AND rule = $2 AND event = $3`
	postponeSQL = `UPDATE process_reminder SET due = $4, failed = $5 WHERE tenant = $1 AND rule = $2 AND event = $3`
)

// Place implements Store.
func (s *PGStore) Place(ctx context.Context, log string) (eventlog.Position, error) {
	if _, err := s.pool.Exec(ctx, placeMakeSQL, log); err != nil {
		return 0, fmt.Errorf("making the place of processes: %w", err)
	}
	var stored string
	var at int64
	if err := s.pool.QueryRow(ctx, placeSQL).Scan(&stored, &at); err != nil {
		return 0, fmt.Errorf("reading the place of processes: %w", err)
	}
	if stored != log {
		return 0, ErrForeignLog
	}
	return eventlog.Position(at), nil
}

// MoveTo lets processes begin again on log, which ends at end, unless they are on it and
// within it: place and reminders of another log are forgotten, and made anew as the log is read
// from its beginning.
func (s *PGStore) MoveTo(ctx context.Context, log string, end eventlog.Position) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, leaveSQL, log, int64(end))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, emptySQL)
		return err
	})
	if err != nil {
		return fmt.Errorf("moving processes to another log: %w", err)
	}
	return nil
}

// errMoved rolls a transaction back whose place another process moved.
var errMoved = errors.New("the place of processes was moved")

// Keep implements Store.
func (s *PGStore) Keep(ctx context.Context, log string, from, to eventlog.Position, cleared []Group, added []Reminder) (bool, error) {
	err := s.relaxed(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, placeMoveSQL, log, int64(from), int64(to))
		if err != nil {
			return fmt.Errorf("moving the place of processes: %w", err)
		}
		if tag.RowsAffected() != 1 {
			return errMoved
		}
		if err := clearGroups(ctx, tx, cleared); err != nil {
			return err
		}
		return addReminders(ctx, tx, added)
	})
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return err == nil, err
}

func clearGroups(ctx context.Context, tx pgx.Tx, cleared []Group) error {
	if len(cleared) == 0 {
		return nil
	}
	var tenants, rules, names []string
	for _, g := range cleared {
		tenants, rules, names = append(tenants, string(g.Tenant)), append(rules, g.Rule), append(names, g.Name)
	}
	if _, err := tx.Exec(ctx, clearSQL, tenants, rules, names); err != nil {
		return fmt.Errorf("clearing reminders: %w", err)
	}
	return nil
}

func addReminders(ctx context.Context, tx pgx.Tx, added []Reminder) error {
	if len(added) == 0 {
		return nil
	}
	var tenants, rules, events, groups, streams []string
	var due []time.Time
	var revisions []int64
	for _, r := range added {
		tenants, rules, events = append(tenants, string(r.Tenant)), append(rules, r.Rule), append(events, string(r.Event))
		groups, due = append(groups, r.Group), append(due, r.Due)
		streams, revisions = append(streams, r.Stream), append(revisions, int64(r.Revision))
	}
	if _, err := tx.Exec(ctx, addSQL, tenants, rules, events, groups, due, streams, revisions); err != nil {
		return fmt.Errorf("adding reminders: %w", err)
	}
	return nil
}

// Due implements Store.
func (s *PGStore) Due(ctx context.Context, now time.Time, n int) ([]Reminder, error) {
	rows, err := s.pool.Query(ctx, dueSQL, now, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Reminder])
}

// Settle implements Store.
func (s *PGStore) Settle(ctx context.Context, r Reminder) error {
	return s.one(ctx, settleSQL, r.Tenant, r.Rule, r.Event)
}

// Postpone implements Store.
func (s *PGStore) Postpone(ctx context.Context, r Reminder) error {
	return s.one(ctx, postponeSQL, r.Tenant, r.Rule, r.Event, r.Due, r.Failed)
}

func (s *PGStore) one(ctx context.Context, sql string, tenant domain.ID, rest ...any) error {
	return s.relaxed(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sql, append([]any{tenant}, rest...)...); err != nil {
			return fmt.Errorf("changing a reminder: %w", err)
		}
		return nil
	})
}

func (s *PGStore) relaxed(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, relaxSQL); err != nil {
			return err
		}
		return fn(tx)
	})
}
