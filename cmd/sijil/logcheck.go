package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sijil/internal/integrity"
)

type logCheckCmd struct {
	dataFlags
	Moved bool `help:"The log was on an event store once: recording times of two streams may differ in order by a minute. Understood where it is on one now."`
	JSON  bool `name:"json" help:"Print one JSON object."`
}

// Help is the part of the manual that the flags do not tell.
func (logCheckCmd) Help() string {
	return `Reads every event once, in order, and checks what no fault may break: positions and
recording times never go back, no stream has a gap or passes to another tenant, every event can be
read, no credential is signed without its award or otherwise than it was recorded, none twice,
and no place in a status list is given twice. It can run while the ledger serves.

sijil replay --compare checks the read models against the log in the same spirit.

Exit status: 0 the log is whole, 1 something is broken (the first problems are listed).`
}

// movedSlack is more than the longest append and what clocks of servers differ by.
const movedSlack = time.Minute

// Run checks.
func (c *logCheckCmd) Run(ctx context.Context, a *app) error {
	ledger, err := c.openOn(ctx, a, true)
	if err != nil {
		return err
	}
	defer closeLedger(ctx, a, ledger)
	end, err := ledger.Log.End(ctx)
	if err != nil {
		return err
	}
	p := newProgress(a.stderr, "checking", countOf(ledger, end))
	slack := time.Duration(0)
	if c.Moved || ledger.Elsewhere() {
		slack = movedSlack
	}
	found, err := integrity.Check(ctx, ledger.Log, slack, func(n int) { p.set(int64(n)) })
	p.done()
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(a.stdout).Encode(struct {
			LogID string `json:"logId"`
			integrity.Report
		}{ledger.LogID, found})
	} else {
		err = printIntegrity(a.stdout, ledger.LogID, found)
	}
	if err != nil {
		return err
	}
	if !found.Whole() {
		return fmt.Errorf("the log is broken in %d places: keep the database as it is, and compare with a backup", found.Broken)
	}
	return nil
}

func printIntegrity(w io.Writer, logID string, r integrity.Report) error {
	fmt.Fprintf(w, "log %s: %d events in %d streams up to position %d, %d awards, %d credentials signed\n", logID, r.Events, r.Streams, r.Position, r.Awards, r.Signed)
	for _, p := range r.Problems {
		fmt.Fprintf(w, "  %s\n", p)
	}
	verdict := "the log is whole"
	if !r.Whole() {
		verdict = "the log is BROKEN"
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}
