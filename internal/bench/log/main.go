// Command log compares the homes of the event log: in PostgreSQL, and behind the EventStoreDB
// protocol, with plain inserts beside them. It measures appends, reading, how soon a follower
// hears, and whether a long log is slower than a short one, on a private PostgreSQL that it
// starts and removes. Run it by "make bench-log".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"sijil/internal/bench"
	"sijil/internal/bench/pgserver"
)

// options are the command line.
type options struct {
	rounds  int
	turn    time.Duration
	conns   int
	events  int
	growth  int
	writers []int
}

// part is one thing that can be measured.
type part struct {
	name string
	run  func(ctx context.Context, server *pgserver.Server, o options) error
}

// parts are in the order in which they run.
var parts = []part{
	{"appends", appends},
	{"reads", reads},
	{"push", push},
	{"growth", growth},
}

func main() {
	o := options{writers: []int{1, 8, 64, 256}}
	flag.IntVar(&o.rounds, "rounds", 5, "how often each has its turn")
	flag.DurationVar(&o.turn, "turn", 2*time.Second, "how long a turn lasts")
	flag.IntVar(&o.conns, "conns", 32, "the most connections of one process to the database")
	flag.IntVar(&o.events, "events", 100_000, "events in the log that is read, and in the short log")
	flag.IntVar(&o.growth, "growth", 5_000_000, "events in the long log")
	only := flag.String("only", "", "the parts to run: appends,reads,push,growth (all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wanted := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, w := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == w }) {
			fmt.Fprintf(os.Stderr, "bench-log: there is no part %q\n", w)
			os.Exit(2)
		}
	}
	if err := run(ctx, o, wanted); err != nil {
		fmt.Fprintln(os.Stderr, "bench-log:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, wanted []string) (err error) {
	server, err := pgserver.Start(ctx, o.conns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	for _, p := range parts {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		if err := p.run(ctx, server, o); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// appends compares durable appends of single events.
func appends(ctx context.Context, server *pgserver.Server, o options) error {
	pool, err := server.Database(ctx, "appends")
	if err != nil {
		return err
	}
	plan := bench.Plan{Clock: time.Now, Rounds: o.rounds, Turn: o.turn, Writers: o.writers}
	if plan.CPU, err = bench.CPU(ctx, pool); err != nil {
		return err
	}
	raw, err := bench.RawInsert(ctx, pool)
	if err != nil {
		return err
	}
	direct, err := openDirect(ctx, pool)
	if err != nil {
		return err
	}
	defer direct.Close()
	// The remote one has a database of its own: a client that appends also follows, which the log
	// that is used directly is not to pay for.
	other, err := server.Database(ctx, "appends_remote")
	if err != nil {
		return err
	}
	behind, err := openDirect(ctx, other)
	if err != nil {
		return err
	}
	defer behind.Close()
	remote, err := openRemote(ctx, behind)
	if err != nil {
		return err
	}
	defer remote.Close()
	fmt.Printf("Appends: one event of %d bytes to a new stream each time, durable before the answer.\nMedians of %d turns of %s, taken in turns; ratio to the first in the same round; CPU is this process and PostgreSQL.\n\n",
		bench.EventSize, plan.Rounds, plan.Turn)
	results, err := bench.Run(ctx, plan, raw, bench.Append("PostgreSQL", direct), bench.Append("EventStoreDB protocol", remote))
	if err != nil {
		return err
	}
	return bench.Print(os.Stdout, results)
}
