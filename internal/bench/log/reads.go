package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/bench"
	"sijil/internal/bench/pgserver"
	"sijil/internal/eventlog"
)

// reads compares how fast the whole log is read, and how fast a subscriber catches up. One
// operation is reading everything; the table says events.
func reads(ctx context.Context, server *pgserver.Server, o options) error {
	pool, err := server.Database(ctx, "reads")
	if err != nil {
		return err
	}
	if err := fill(ctx, pool, o.events); err != nil {
		return err
	}
	direct, err := openDirect(ctx, pool)
	if err != nil {
		return err
	}
	defer direct.Close()
	remote, err := openRemote(ctx, direct)
	if err != nil {
		return err
	}
	defer remote.Close()
	plan := bench.Plan{Clock: time.Now, Rounds: o.rounds, Turn: o.turn, Writers: []int{1}, Each: o.events}
	if plan.CPU, err = bench.CPU(ctx, pool); err != nil {
		return err
	}
	fmt.Printf("\nReading a log of %d events, first to last, by one reader. The first is a bare query of the same columns.\n\n", o.events)
	results, err := bench.Run(ctx, plan,
		bench.Subject{Name: "select", Do: func(ctx context.Context, _ int, _ int64) error { return selectAll(ctx, pool, o.events) }},
		readAll("PostgreSQL", o.events, func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return direct.All(ctx, 0) }),
		readAll("subscription, protocol", o.events, func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return remote.All(ctx, 0) }),
		readAll("backwards, PostgreSQL", o.events, func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return direct.Back(ctx, 1<<62) }),
		readAll("read of $all backwards, protocol", o.events, func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] { return remote.Back(ctx, 1<<62) }),
	)
	if err != nil {
		return err
	}
	return bench.Print(os.Stdout, results)
}

func selectAll(ctx context.Context, pool *pgxpool.Pool, want int) error {
	rows, err := pool.Query(ctx, `select pos, stream_id, rev, id, type, data, meta, created from events order by pos`)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		rows.RawValues()
		n++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return complete(n, want)
}

func readAll(name string, want int, events func(context.Context) iter.Seq2[eventlog.Recorded, error]) bench.Subject {
	return bench.Subject{Name: name, Do: func(ctx context.Context, _ int, _ int64) error {
		n := 0
		for _, err := range events(ctx) {
			if err != nil {
				return err
			}
			n++
		}
		return complete(n, want)
	}}
}

func complete(got, want int) error {
	if got != want {
		return fmt.Errorf("read %d events of %d", got, want)
	}
	return nil
}
