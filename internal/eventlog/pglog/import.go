package pglog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

var _ eventlog.Importer = (*Log)(nil)

// importing makes a transaction an import's, and only it: see session.
const importing = `
set local plan_cache_mode to force_generic_plan;
set local enable_seqscan to off;
set local work_mem to '16MB'`

// Import implements [eventlog.Importer]. It is a writer beside the appender: it takes its
// turn by the same lock, and the appender notices that the log has moved. How many events it
// takes is the caller's to bound; some thousand, or some MiB, are good.
func (l *Log) Import(ctx context.Context, events []eventlog.Recorded) error {
	select {
	case <-l.quit:
		return eventlog.ErrClosed
	default:
	}
	if len(events) == 0 {
		return ctx.Err()
	}
	batch := make([]*request, len(events))
	for i, e := range events {
		drafts := []eventlog.Draft{e.Draft}
		if err := eventlog.Check(e.Stream, e.Revision-1, drafts); err != nil {
			return err
		}
		if len(eventlog.Stamp(e.Meta, time.Time{})) != len(e.Meta) {
			return fmt.Errorf("%w: metadata that waits for its stamp cannot be imported as it is", eventlog.ErrInvalid)
		}
		batch[i] = &request{stream: e.Stream, want: e.Revision - 1, drafts: drafts}
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	var p *plan
	err := pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) (err error) {
		p, err = l.importIn(ctx, tx, batch)
		return err
	})
	if err != nil {
		return fmt.Errorf("importing into the event log: %w", err)
	}
	l.tide.Rise(p.end())
	return nil
}

func (l *Log) importIn(ctx context.Context, tx pgx.Tx, batch []*request) (*plan, error) {
	if _, err := tx.Exec(ctx, importing, pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, err
	}
	var now standing
	var b pgx.Batch
	b.Queue(lockSQL, int64(appendLock))
	now.queue(&b, batch)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, err
	}
	p := now.plan(batch, l.cfg.Clock())
	if i := slices.IndexFunc(p.answers, func(a answer) bool { return a.stored == nil }); i >= 0 {
		return nil, &eventlog.ConflictError{Stream: batch[i].stream, Want: batch[i].want, Actual: p.answers[i].head}
	}
	free := false
	var store pgx.Batch
	p.queue(&store, &free)
	if err := tx.SendBatch(ctx, &store).Close(); err != nil {
		return nil, err
	}
	if !free {
		return nil, fmt.Errorf("the log moved from position %d while it was locked: does somebody write events without the lock?", p.base)
	}
	return p, nil
}
