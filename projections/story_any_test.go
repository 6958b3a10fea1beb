package projections

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"sijil/domain/schema"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/pgtest"
)

// TestTheStoryTellsEveryFact: a fact that is added to the ledger has to happen in it.
func TestTheStoryTellsEveryFact(t *testing.T) {
	s, told := theStory(), map[string]bool{}
	for _, events := range s.events {
		for _, h := range events {
			typ := h.typ
			if h.fact != nil {
				enc, err := schema.Encode(h.fact)
				if err != nil {
					t.Fatal(err)
				}
				typ = enc.Type
			}
			told[typ] = true
		}
	}
	for _, k := range schema.Kinds() {
		if k.Current && !told[k.Type] {
			t.Errorf("%s does not happen", k.Type)
		}
	}
}

// TestAnyOrderInAnyBatchesGivesWhatTheSlowFoldFinds: whatever order the streams' events came
// in, however many were recorded at one instant, and however they are cut into transactions.
func TestAnyOrderInAnyBatchesGivesWhatTheSlowFoldFinds(t *testing.T) {
	pool := as(t, pgtest.URL(t), "sijil_projector")
	s := theStory()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // a hundred take half a minute
		if err := f.Value.Set("25"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(f.DefValue) }) // it was taken before
	}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
		log := memlog.New(func() time.Time { return now })
		done := map[string]int{}
		for ready := s.ready(done); len(ready) > 0; ready = s.ready(done) {
			stream := rapid.SampledFrom(ready).Draw(rt, "stream")
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 0, time.Microsecond, time.Hour}).Draw(rt, "later"))
			if err := s.append(ctx, log, stream, done[stream]); err != nil {
				rt.Fatal(err)
			}
			done[stream]++
		}
		for stream, events := range s.events {
			if done[stream] != len(events) {
				rt.Fatalf("%s is told to %d of %d: something needs what never comes", stream, done[stream], len(events))
			}
		}
		r := NewRunner(pool, log, quiet())
		if err := emptied(ctx, pool, log); err != nil {
			rt.Fatal(err)
		}
		size := rapid.SampledFrom([]int{1, 3, 20, 200}).Draw(rt, "largest batch")
		err := inBatches(ctx, r, func() int { return rapid.IntRange(1, size).Draw(rt, "batch") }, func() {
			if rapid.IntRange(0, 30).Draw(rt, "compare now") == 0 {
				equal(ctx, rt, r)
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
		equal(ctx, rt, r)
	})
}

func equal(ctx context.Context, t *rapid.T, r *Runner) {
	c, err := r.Compare(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Differences {
		t.Errorf("at %d: %s.%s only in %s: %s", c.Position, d.Projection, d.Table, d.OnlyIn, d.Row)
	}
	if c.Different > 0 {
		t.FailNow()
	}
}

// emptied hands the tables to another log, which is quicker than another database.
func emptied(ctx context.Context, pool *pgxpool.Pool, log eventlog.Log) error {
	id, err := log.ID(ctx)
	if err != nil {
		return err
	}
	var sql string
	for _, p := range All() {
		for _, table := range p.Tables {
			sql += `DO $$ BEGIN IF to_regclass('read.` + table + `') IS NOT NULL THEN DELETE FROM read.` + table + `; END IF; END $$;`
		}
	}
	if _, err := pool.Exec(ctx, sql); err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `UPDATE read.checkpoints SET position = 0, log_id = $1`, id)
	return err
}

// inBatches projects the whole log as the runner does, in batches of the sizes given.
func inBatches(ctx context.Context, r *Runner, size func() int, between func()) error {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	logID, err := r.log.ID(ctx)
	if err != nil {
		return err
	}
	at, epoch, err := r.prepare(ctx, conn.Conn(), logID)
	if err != nil {
		return err
	}
	var events []Event
	left := size()
	flush := func(last eventlog.Position) error {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := advance(ctx, tx, logID, epoch, at, last, len(r.list)); err != nil {
				return err
			}
			return apply(ctx, tx, "read", r.list, events)
		})
		at, events, left = last, nil, size()
		return err
	}
	for rec, err := range r.log.All(ctx, at) {
		if err != nil {
			return err
		}
		e, ours, err := decode(rec)
		if err != nil {
			return err
		}
		if ours {
			events = append(events, e)
		}
		if left--; left == 0 {
			if err := flush(rec.Position); err != nil {
				return err
			}
			between()
		}
	}
	end, err := r.log.End(ctx)
	if err != nil || end == at {
		return err
	}
	return flush(end)
}
