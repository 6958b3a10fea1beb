package pglog

import (
	"strconv"

	"github.com/jackc/pgx/v5"
)

// The statement that stores a batch does so if the log ends at $1; free says whether it did.
// A stream to begin that is there already fails the whole statement as a duplicate name: asking
// first would cost a tenth of every append for what hardly ever happens. A part that has
// nothing to do is left out, which saves its setting up: most batches only begin streams, or
// only go on with some.
const (
	eventsSQL = `, stored as (
	insert into events (pos, stream_id, rev, id, type, data, meta, created)
	select $1 + e.n, e.stream_id, e.rev, e.id, e.type, e.data, e.meta, e.created
	from here, unnest($3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::bytea[], $8::bytea[], $9::timestamptz[])
		with ordinality as e (stream_id, rev, id, type, data, meta, created, n)
	where here.free
)
select here.free, case when here.free then pg_notify('` + channel + `', $2)::text end from here`

	hereSQL = `
with here as materialized (
	select coalesce((select max(pos) from events), 0) = $1::bigint as free
)`
	moveSQL = hereSQL + `, moved as (
	update streams s set head = m.head
	from here, unnest($10::bigint[], $11::bigint[]) as m (id, head)
	where here.free and s.id = m.id
)` + eventsSQL

	beginSQL = hereSQL + begunSQL + eventsSQL
	begunSQL = `, begun as (
	insert into streams (name, id, head)
	select n.name, n.id, n.head
	from here, unnest($10::text[], $11::bigint[], $12::bigint[]) as n (name, id, head)
	where here.free
)`
	beginMoveSQL = hereSQL + begunSQL + `, moved as (
	update streams s set head = m.head
	from here, unnest($13::bigint[], $14::bigint[]) as m (id, head)
	where here.free and s.id = m.id
)` + eventsSQL
)

// queue adds the statement that stores p to b; free is set when its answer is read.
func (p *plan) queue(b *pgx.Batch, free *bool) {
	sql := moveSQL
	args := []any{
		int64(p.base), strconv.FormatUint(uint64(p.end()), 10),
		p.streamIDs, p.revs, p.ids, p.types, p.data, p.metas, p.created,
	}
	if len(p.names) > 0 {
		sql = beginSQL
		args = append(args, p.names, p.begun, p.first)
		if len(p.moved) > 0 {
			sql = beginMoveSQL
		}
	}
	if len(p.moved) > 0 {
		args = append(args, p.moved, p.heads)
	}
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(free, nil) })
}
