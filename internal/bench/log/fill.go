package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/bench"
	"sijil/internal/eventlog"
)

// fillSQL writes events as the log would have them after n appends, ten to a stream. Only a
// benchmark may: it is alone, and nobody relies on these events.
const fillSQL = `
with e as (
	select n as pos, n - (n - 1) % 10 as stream_id, (n - 1) % 10 as rev
	from generate_series($1::bigint, $2::bigint) as n
), s as (
	insert into streams (id, name, head)
	select stream_id, 'academicRecord-' || md5(stream_id::text)::uuid, 9 from e where rev = 0
)
insert into events (pos, stream_id, rev, id, type, data, meta, created)
select pos, stream_id, rev, md5(pos::text)::uuid, $3, $4, $5, now() from e`

// fillStep is how many events one transaction fills in.
const fillStep = 100_000

// fill brings n events into an empty log, in steps that are a multiple of ten.
func fill(ctx context.Context, pool *pgxpool.Pool, n int) error {
	d := bench.Draft()
	d.Meta = eventlog.Stamp(d.Meta, time.Now())
	for from := 1; from <= n; from += fillStep {
		to := min(from+fillStep-1, n)
		if _, err := pool.Exec(ctx, fillSQL, pgx.QueryExecModeExec, from, to, d.Type, d.Data, d.Meta); err != nil {
			return fmt.Errorf("filling the log: %w", err)
		}
	}
	_, err := pool.Exec(ctx, `vacuum analyze events, streams`)
	return err
}
