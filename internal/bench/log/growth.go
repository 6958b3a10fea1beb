package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"sijil/internal/bench"
	"sijil/internal/bench/pgserver"
)

// growth compares a short log with a long one: how soon it opens, and how fast it appends.
func growth(ctx context.Context, server *pgserver.Server, o options) error {
	fmt.Printf("\nGrowth: the same appends to a log of %d and to one of %d events.\n\n", o.events, o.growth)
	plan := bench.Plan{Clock: time.Now, Rounds: o.rounds, Turn: o.turn, Writers: []int{64}}
	var subjects []bench.Subject
	for _, log := range []struct {
		database string
		events   int
	}{{"short", o.events}, {"long", o.growth}} {
		pool, err := server.Database(ctx, log.database)
		if err != nil {
			return err
		}
		if err := fill(ctx, pool, log.events); err != nil {
			return err
		}
		if _, err := pool.Exec(ctx, `checkpoint`); err != nil { // or the filling is still being written beneath what is measured
			return err
		}
		if plan.CPU == nil {
			if plan.CPU, err = bench.CPU(ctx, pool); err != nil {
				return err
			}
		}
		begin := time.Now()
		l, err := openDirect(ctx, pool)
		if err != nil {
			return err
		}
		defer l.Close()
		opened := time.Since(begin)
		s := bench.Append(fmt.Sprintf("%d events", log.events), l)
		if err := s.Do(ctx, 0, 0); err != nil {
			return err
		}
		fmt.Printf("%9d events: opened in %s, first append durable after %s\n", log.events, opened.Round(time.Millisecond/10), time.Since(begin).Round(time.Millisecond/10))
		subjects = append(subjects, s)
	}
	fmt.Println()
	results, err := bench.Run(ctx, plan, subjects...)
	if err != nil {
		return err
	}
	return bench.Print(os.Stdout, results)
}
