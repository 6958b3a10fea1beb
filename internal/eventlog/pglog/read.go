package pglog

import (
	"context"
	"encoding/binary"
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
	rows, err := l.pool.Query(ctx, findSQL, binaryFormats, stream, [16]byte(id))
	if err == nil {
		var found []eventlog.Recorded
		found, err = readIn(rows, stream)
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
		upTo := int64(math.MaxInt64)
		for p := newPager(l); ; {
			err := p.read(ctx, readSQL, stream, int64(from), upTo)
			for i := range p.events {
				p.events[i].Stream = stream
			}
			if !hand(ctx, p.events, err, yield) || !p.more {
				return
			}
			from = p.events[len(p.events)-1].Revision + 1
			upTo = min(upTo, p.extra) // the head as it was at the first page
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
	return l.pages(ctx, allSQL, after)
}

const backSQL = `
select ` + columns + `
from events e
where e.pos < $1
order by e.pos desc
limit $2`

// Back implements eventlog.Log.
func (l *Log) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return l.pages(ctx, backSQL, before)
}

// pages yields what sql selects from position from on, page after page: its first argument
// is the last position before the page.
func (l *Log) pages(ctx context.Context, sql string, from eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		from := from // the sequence may be used again
		for p := newPager(l); ; {
			err := p.read(ctx, sql, int64(min(from, math.MaxInt64)))
			if err == nil {
				err = l.names.fill(ctx, l.pool, p.events, p.streams)
			}
			if err != nil {
				p.events = nil
			}
			if !hand(ctx, p.events, err, yield) || !p.more {
				return
			}
			from = p.events[len(p.events)-1].Position
		}
	}
}

// pager reads events page by page.
type pager struct {
	log     *Log
	limit   int
	decoder decoder

	events  []eventlog.Recorded // the last page's, without their streams
	streams []int64             // their streams' ids
	extra   int64               // what the query selects behind columns, if anything
	more    bool                // there may be another page
}

func newPager(l *Log) *pager { return &pager{log: l, limit: pageRows} }

// read runs sql with the page's limit as its last argument. It stops at pageBytes, and lowers
// the limit of the next page so that the server does not send in vain; small pages raise it
// again. The page before is overwritten.
func (p *pager) read(ctx context.Context, sql string, args ...any) error {
	p.events, p.streams, p.more = p.events[:0], p.streams[:0], false
	rows, err := p.log.pool.Query(ctx, sql, append(append([]any{binaryFormats}, args...), p.limit)...)
	if err != nil {
		return fmt.Errorf("reading events: %w", err)
	}
	defer rows.Close()
	size := 0
	for size < pageBytes && rows.Next() {
		row := rows.RawValues()
		e, stream, err := p.decoder.read(row)
		if err != nil {
			return fmt.Errorf("reading events: %w", err)
		}
		if len(row) > 8 && len(row[8]) == 8 {
			p.extra = int64(binary.BigEndian.Uint64(row[8]))
		}
		p.events, p.streams = append(p.events, e), append(p.streams, stream)
		size += len(e.Data) + len(e.Meta)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading events: %w", err)
	}
	p.more = size >= pageBytes || len(p.events) == p.limit
	switch {
	case size >= pageBytes:
		p.limit = len(p.events)
	case size < pageBytes/4:
		p.limit = min(pageRows, 2*p.limit)
	}
	return nil
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
