package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	service "sijil/internal/app"
	"sijil/internal/eventlog"
)

// logCmd looks at the event log.
type logCmd struct {
	Stats logStatsCmd `cmd:"" help:"Count the events of the log by type."`
	Copy  logCopyCmd  `cmd:"" help:"Copy a log to another place, between PostgreSQL and EventStoreDB, and compare the two."`
	Check logCheckCmd `cmd:"" help:"Walk the whole log and say whether it is whole."`
	Read  logReadCmd  `cmd:"" help:"Print events as they are stored, one JSON object a line. Personal data stays sealed."`
}

type logStatsCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print one JSON object."`
}

// logStats is what `sijil log stats --json` prints.
type logStats struct {
	LogID    string            `json:"logId"`
	Position eventlog.Position `json:"position"`
	Events   int               `json:"events"`
	Streams  int               `json:"streams"`
	ByType   map[string]int    `json:"byType"`
}

// Run counts.
func (c *logStatsCmd) Run(ctx context.Context, a *app) error {
	if err := c.exists(); err != nil {
		return err
	}
	ledger, err := c.openOn(ctx, a, true)
	if err != nil {
		return err
	}
	defer closeLedger(ctx, a, ledger)
	s := logStats{LogID: ledger.LogID, ByType: map[string]int{}}
	end, err := ledger.Log.End(ctx)
	if err != nil {
		return err
	}
	p := newProgress(a.stderr, "counting", countOf(ledger, end))
	defer p.done()
	for e, err := range ledger.Log.All(ctx, 0) {
		if err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		s.Position = e.Position
		s.Events++
		s.ByType[e.Type]++
		if e.Revision == 0 {
			s.Streams++ // every stream begins once
		}
		p.set(int64(s.Events))
	}
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(s)
	}
	fmt.Fprintf(a.stdout, "log %s: %d events in %d streams, last position %d\n", s.LogID, s.Events, s.Streams, s.Position)
	for _, t := range slices.Sorted(maps.Keys(s.ByType)) {
		fmt.Fprintf(a.stdout, "%9d  %s\n", s.ByType[t], t)
	}
	return nil
}

type logReadCmd struct {
	dataFlags
	Stream string `placeholder:"NAME" help:"Only this stream."`
	After  uint64 `placeholder:"POSITION" help:"Only events after this position of the whole log."`
	Limit  int    `default:"100" help:"At most so many events; 0 for all. Default: ${default}."`
}

// Validate refuses flags that contradict each other.
func (c *logReadCmd) Validate() error {
	if c.Stream != "" && c.After > 0 {
		return fmt.Errorf("--stream and --after do not go together: a position is one of the whole log")
	}
	return nil
}

// storedEvent is one line of `sijil log read`.
type storedEvent struct {
	Position eventlog.Position `json:"position"`
	Stream   string            `json:"stream"`
	Revision eventlog.Revision `json:"revision"`
	ID       string            `json:"id"`
	Type     string            `json:"type"`
	Meta     json.RawMessage   `json:"meta"`
	Data     json.RawMessage   `json:"data"`
}

// Run prints.
func (c *logReadCmd) Run(ctx context.Context, a *app) error {
	if err := c.exists(); err != nil {
		return err
	}
	ledger, err := c.openOn(ctx, a, true)
	if err != nil {
		return err
	}
	defer closeLedger(ctx, a, ledger)
	out := json.NewEncoder(a.stdout)
	out.SetEscapeHTML(false)
	n := 0
	for e, err := range c.events(ctx, ledger) {
		if err != nil {
			return fmt.Errorf("reading the log: %w", err)
		}
		if c.Limit > 0 && n == c.Limit {
			break
		}
		n++
		err := out.Encode(storedEvent{e.Position, e.Stream, e.Revision, e.ID.String(), e.Type, e.Meta, e.Data})
		if err != nil {
			return fmt.Errorf("printing the event at position %d: %w", e.Position, err)
		}
	}
	return nil
}

func (c *logReadCmd) events(ctx context.Context, ledger *service.App) func(func(eventlog.Recorded, error) bool) {
	if c.Stream != "" {
		return ledger.Log.Read(ctx, c.Stream, 0)
	}
	return ledger.Log.All(ctx, eventlog.Position(c.After))
}
