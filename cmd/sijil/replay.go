package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	service "sijil/internal/app"
	"sijil/internal/eventlog"
	"sijil/projections"
)

// replayCmd reads the whole log again: to compare the read models with it, or to make
// them anew.
type replayCmd struct {
	dataFlags
	Compare bool     `xor:"what" required:"" help:"Fold the whole log slowly in memory and compare every row of every read model with it."`
	Rebuild bool     `xor:"what" required:"" help:"Build the read models anew beside the living ones and swap them in, without downtime."`
	Only    []string `placeholder:"NAME" help:"With --rebuild: only these read models."`
	JSON    bool     `name:"json" help:"Print the result as one JSON object."`
}

// Help is the part of the manual that the flags do not tell.
func (replayCmd) Help() string {
	return `Both can run while the ledger serves. After the log was copied or restored, --rebuild with the
new log configured moves the whole ledger to it: read models, processes and issuer. --compare shares nothing with the projections but the
facts: what it finds equal is a function of the log alone.

Exit status with --compare: 0 all equal, 1 something differs (the first rows are listed).`
}

// Run compares or rebuilds.
func (c *replayCmd) Run(ctx context.Context, a *app) error {
	if err := c.exists(); err != nil {
		return err
	}
	ledger, err := c.openOn(ctx, a, c.Rebuild)
	if err != nil {
		return err
	}
	defer closeLedger(ctx, a, ledger)
	if c.Rebuild {
		return c.rebuild(ctx, a, ledger)
	}
	// A ledger that nobody serves has read models that stand where the last server left
	// them: bring them to the end first, so that the comparison covers the whole log.
	if err := catchUp(ctx, ledger); err != nil {
		return err
	}
	began := a.now()
	end, err := ledger.Log.End(ctx)
	if err != nil {
		return err
	}
	p := newProgress(a.stderr, "comparing", countOf(ledger, end))
	found, err := ledger.Runner.Compare(ctx, func(n int) { p.set(int64(n)) })
	p.done()
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(a.stdout).Encode(struct {
			projections.Comparison
			Seconds float64 `json:"seconds"`
		}{found, a.now().Sub(began).Seconds()})
	} else {
		err = printComparison(a.stdout, found, a.now().Sub(began))
	}
	if err != nil {
		return err
	}
	if found.Different > 0 {
		return fmt.Errorf("%d rows differ between the log and the read models: find out why, then run `sijil replay --rebuild`", found.Different)
	}
	return nil
}

func (c *replayCmd) rebuild(ctx context.Context, a *app, ledger *service.App) error {
	end, err := ledger.Log.End(ctx)
	if err != nil {
		return err
	}
	var p *progress
	current := ""
	err = ledger.Rebuild(ctx, func(name string, at eventlog.Position) {
		if name != current {
			p.done()
			p, current = newProgress(a.stderr, "rebuilding "+name, int64(end)), name
		}
		p.set(int64(at))
	}, c.Only...)
	p.done()
	return err
}

func printComparison(w io.Writer, c projections.Comparison, took time.Duration) error {
	fmt.Fprintf(w, "log %s, %d events up to position %d, compared in %.1f s\n", c.LogID, c.Events, c.Position, took.Seconds())
	for _, t := range c.Tables {
		fmt.Fprintf(w, "  %-24s %8d rows  %s\n", t.Table, t.Rows, t.SHA256)
	}
	for _, d := range c.Differences {
		fmt.Fprintf(w, "  only in the %s: %s %s\n", d.OnlyIn, d.Table, d.Row)
	}
	verdict := "the read models equal the log"
	if c.Different > 0 {
		verdict = "the read models DIFFER from the log"
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}

// catchUp projects up to the end of the log as it is now, whoever does it.
func catchUp(ctx context.Context, ledger *service.App) error {
	end, err := ledger.Log.End(ctx)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- ledger.Runner.Run(running) }()
	defer func() { stop(); <-stopped }()
	for {
		err := ledger.Runner.WaitFor(ctx, end, time.Second)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case err := <-stopped:
			stopped <- err
			return err
		default: // behind, and getting on
		}
	}
}

// countOf is how many events a log that ends there holds, -1 when positions are no counts.
func countOf(ledger *service.App, end eventlog.Position) int64 {
	if ledger.Elsewhere() {
		return -1
	}
	return int64(end)
}

// closeLedger ends what openLedger began; the end of ctx must not cut it short.
func closeLedger(ctx context.Context, a *app, ledger *service.App) {
	if err := ledger.Close(context.WithoutCancel(ctx)); err != nil {
		a.log.WarnContext(ctx, "closing the ledger", "err", err)
	}
}
