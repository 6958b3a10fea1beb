// Command append compares ways to store single events durably, on a private PostgreSQL
// that it starts and removes: plain inserts, the event log's group commit, and single grades
// posted to the API. Run it by "make bench-append".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/bench"
	"sijil/internal/bench/gradepost"
	"sijil/internal/bench/pgserver"
	"sijil/internal/eventlog/pglog"
)

// maker makes one way to store an event, in pool's database or in one of its own, and what ends it.
type maker func(ctx context.Context, server *pgserver.Server, pool *pgxpool.Pool) (s bench.Subject, end func(), err error)

// ways are compared with each other, and all with the first.
var ways = []maker{rawInsert, eventLog, posts("POST /v1/grades", false), posts("with read models", true)}

func rawInsert(ctx context.Context, _ *pgserver.Server, pool *pgxpool.Pool) (bench.Subject, func(), error) {
	s, err := bench.RawInsert(ctx, pool)
	return s, func() {}, err
}

func eventLog(ctx context.Context, _ *pgserver.Server, pool *pgxpool.Pool) (bench.Subject, func(), error) {
	log, err := pglog.Open(ctx, pool, pglog.Config{Clock: time.Now})
	if err != nil {
		return bench.Subject{}, nil, err
	}
	return bench.Append("event log", log), log.Close, nil
}

// posts is the API with token, validation, rules and keyed hashes before the append; read
// models and processes follow the log on the same processors or not at all. It has a
// database of its own: no other way's events are in its log.
func posts(name string, follow bool) maker {
	return func(ctx context.Context, server *pgserver.Server, _ *pgxpool.Pool) (bench.Subject, func(), error) {
		at, err := server.URL(ctx, fmt.Sprintf("posts_%t", follow))
		if err != nil {
			return bench.Subject{}, nil, err
		}
		keys, err := os.MkdirTemp("", "sijil-bench-keys-")
		if err != nil {
			return bench.Subject{}, nil, err
		}
		s, err := gradepost.Start(ctx, gradepost.Config{DatabaseURL: at, Dir: keys, Follow: follow, Clock: time.Now})
		if err != nil {
			return bench.Subject{}, nil, errors.Join(err, os.RemoveAll(keys))
		}
		end := func() {
			if err := errors.Join(s.Close(context.WithoutCancel(ctx)), os.RemoveAll(keys)); err != nil {
				fmt.Fprintln(os.Stderr, "bench-append: stopping the API:", err)
			}
		}
		return s.Subject(name), end, nil
	}
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each has its turn")
	turn := flag.Duration("turn", 2*time.Second, "how long a turn lasts")
	conns := flag.Int("conns", 32, "the most connections for plain inserts")
	writers := flag.String("writers", "1,8,64", "numbers of concurrent writers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	plan := bench.Plan{Clock: time.Now, Rounds: *rounds, Turn: *turn}
	for w := range strings.SplitSeq(*writers, ",") {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "bench-append: %q is no number of writers\n", w)
			os.Exit(2)
		}
		plan.Writers = append(plan.Writers, n)
	}
	if err := run(ctx, plan, *conns); err != nil {
		fmt.Fprintln(os.Stderr, "bench-append:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, plan bench.Plan, conns int) (err error) {
	server, err := pgserver.Start(ctx, conns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	pool, err := server.Database(ctx, "events")
	if err != nil {
		return err
	}
	if plan.CPU, err = bench.CPU(ctx, pool); err != nil {
		return err
	}
	var subjects []bench.Subject
	for _, make := range ways {
		s, end, err := make(ctx, server, pool)
		if err != nil {
			return err
		}
		defer end()
		subjects = append(subjects, s)
	}
	fmt.Printf("One event of %d bytes to a new stream each time, durable before the answer.\nMedians of %d turns of %s, taken in turns; ratio to the first in the same round; CPU is this process and PostgreSQL.\n\n",
		bench.EventSize, plan.Rounds, plan.Turn)
	results, err := bench.Run(ctx, plan, subjects...)
	if err != nil {
		return err
	}
	return bench.Print(os.Stdout, results)
}
