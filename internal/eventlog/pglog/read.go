package pglog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

// A reader takes events by pages and holds no connection while its caller works on one.
const (
	pageRows  = 1000
	pageBytes = 4 << 20
)

// columns are what scan reads, of events e. The name is looked up row by row: one plan
// for every size of the tables.
const columns = `e.pos, (select s.name from streams s where s.id = e.stream_id), e.rev, e.id, e.type, e.data, e.meta, e.created`

// scan reads columns, and into further what a query selects beside them.
func scan(row pgx.CollectableRow, further ...any) (e eventlog.Recorded, err error) {
	var pos, rev int64
	dest := [...]any{&pos, &e.Stream, &rev, (*[16]byte)(&e.ID), &e.Type, &e.Data, &e.Meta, &e.Created}
	err = row.Scan(append(dest[:], further...)...)
	e.Position, e.Revision, e.Created = eventlog.Position(pos), eventlog.Revision(rev), e.Created.UTC()
	return e, err
}

func scanOnly(row pgx.CollectableRow) (eventlog.Recorded, error) { return scan(row) }

const headSQL = `select head from streams where name = $1`

// Head implements eventlog.Log.
func (l *Log) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if !eventlog.ValidName(stream) {
		return eventlog.NoStream, ctx.Err()
	}
	var head int64
	err := l.pool.QueryRow(ctx, headSQL, stream).Scan(&head)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return eventlog.NoStream, nil
	case err != nil:
		return eventlog.NoStream, fmt.Errorf("reading the head of a stream: %w", err)
	}
	return eventlog.Revision(head), nil
}

// findSQL does not ask for an order, which might be served by reading the whole stream.
const findSQL = `
select ` + columns + `
from events e
where e.stream_id = (select id from streams where name = $1) and e.id = $2`

// Find implements eventlog.Log. Of events with one id it gives the first.
func (l *Log) Find(ctx context.Context, stream string, id eventlog.UUID) (first eventlog.Recorded, ok bool, err error) {
	if !eventlog.ValidName(stream) {
		return first, false, ctx.Err()
	}
	rows, err := l.pool.Query(ctx, findSQL, stream, [16]byte(id))
	if err == nil {
		var found []eventlog.Recorded
		found, err = pgx.CollectRows(rows, scanOnly)
		for _, e := range found {
			if !ok || e.Revision < first.Revision {
				first, ok = e, true
			}
		}
	}
	if err != nil {
		return eventlog.Recorded{}, false, fmt.Errorf("finding an event: %w", err)
	}
	return first, ok, nil
}

const endSQL = `select coalesce(max(pos), 0) from events`

// End implements eventlog.Log.
func (l *Log) End(ctx context.Context) (eventlog.Position, error) {
	var end int64
	if err := l.pool.QueryRow(ctx, endSQL).Scan(&end); err != nil {
		return 0, fmt.Errorf("reading the end of the event log: %w", err)
	}
	return eventlog.Position(end), nil
}

// readSQL also gives the stream's head as it was when the page was read.
const readSQL = `
select ` + columns + `, h.head
from streams h join events e on e.stream_id = h.id
where h.name = $1 and e.rev >= $2 and e.rev <= $3
order by e.rev
limit $4`

// Read implements eventlog.Log.
func (l *Log) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if !eventlog.ValidName(stream) {
			hand(ctx, nil, ctx.Err(), yield)
			return
		}
		var head int64
		upTo := int64(math.MaxInt64)
		for limit := pageRows; ; {
			events, more, err := l.page(ctx, &limit, readSQL, []any{stream, int64(from), upTo}, &head)
			if !hand(ctx, events, err, yield) || !more {
				return
			}
			from = events[len(events)-1].Revision + 1
			upTo = min(upTo, head) // as it was at the first page
		}
	}
}

const allSQL = `
select ` + columns + `
from events e
where e.pos > $1
order by e.pos
limit $2`

// All implements eventlog.Log.
func (l *Log) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for limit := pageRows; ; {
			events, more, err := l.page(ctx, &limit, allSQL, []any{int64(min(after, math.MaxInt64))})
			if !hand(ctx, events, err, yield) || !more {
				return
			}
			after = events[len(events)-1].Position
		}
	}
}

// page runs sql with limit as its last argument, and says whether there may be more. It
// stops at pageBytes, and lowers the limit for the next page so that the server does not
// send in vain; small pages raise it again.
func (l *Log) page(ctx context.Context, limit *int, sql string, args []any, further ...any) (events []eventlog.Recorded, more bool, err error) {
	rows, err := l.pool.Query(ctx, sql, append(args, *limit)...)
	if err != nil {
		return nil, false, fmt.Errorf("reading events: %w", err)
	}
	defer rows.Close()
	bytes := 0
	for bytes < pageBytes && rows.Next() {
		e, err := scan(rows, further...)
		if err != nil {
			return nil, false, fmt.Errorf("reading events: %w", err)
		}
		events = append(events, e)
		bytes += len(e.Data) + len(e.Meta)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("reading events: %w", err)
	}
	more = bytes >= pageBytes || len(events) == *limit
	switch {
	case bytes >= pageBytes:
		*limit = len(events)
	case bytes < pageBytes/4:
		*limit = min(pageRows, 2**limit)
	}
	return events, more, nil
}

// hand yields events, then err, and says whether to go on.
func hand(ctx context.Context, events []eventlog.Recorded, err error, yield func(eventlog.Recorded, error) bool) bool {
	for _, e := range events {
		if ended := ctx.Err(); ended != nil {
			yield(eventlog.Recorded{}, ended)
			return false
		}
		if !yield(e, nil) {
			return false
		}
	}
	if err != nil {
		yield(eventlog.Recorded{}, err)
	}
	return err == nil
}
