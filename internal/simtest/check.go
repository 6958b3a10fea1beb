package simtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/integrity"
	"sijil/internal/ledger"
	"sijil/projections"
)

// Held is the ledger that is held to a book. Its parts are opened beside the service, or
// after it ended.
type Held struct {
	Log eventlog.Log
	// Ledger knows under which name the log keeps a command.
	Ledger *ledger.Ledger
	// Runner's read models have to be at the end of the log; nil leaves them unchecked.
	Runner *projections.Runner
}

// Report is what [Check] found.
type Report struct {
	// Log is what the log says of itself.
	Log integrity.Report
	// Commands were acknowledged, a batch's rows counted one by one. Lost of them are missing
	// in the log, wholly or in part; Twice recorded more than they had to.
	Commands, Lost, Twice int
	// Strays are events of the crowd's offices that no acknowledged command recorded.
	Strays int
	// Elsewhere are commands whose answer named a position where they do not stand.
	Elsewhere int
	// Different rows between the log and the read models.
	Different int
	// Problems are the first ones, in words.
	Problems []string
}

// Err is nil when every promise was kept.
func (r Report) Err() error {
	if r.Log.Whole() && r.Lost+r.Twice+r.Strays+r.Elsewhere+r.Different == 0 && len(r.Problems) == 0 {
		return nil
	}
	return errors.New(r.String() + "\n  " + strings.Join(r.Problems, "\n  "))
}

// String counts.
func (r Report) String() string {
	return fmt.Sprintf("%d events in %d streams, %d commands acknowledged: %d lost, %d recorded twice, %d recorded unasked, %d at another place than answered; %d promises of the log broken; %d awards, %d signed; %d rows of the read models differ",
		r.Log.Events, r.Log.Streams, r.Commands, r.Lost, r.Twice, r.Strays, r.Elsewhere, r.Log.Broken, r.Log.Awards, r.Log.Signed, r.Different)
}

func (r *Report) complain(format string, args ...any) {
	if len(r.Problems) < shownProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// promise is one acknowledged command as the log has to hold it.
type promise struct {
	name  string
	facts []string
	// answered is the position that the answer named: of the last event, or of a later row's.
	answered eventlog.Position
	batch    bool

	found []string
	last  eventlog.Position
}

// Check walks the log and the read models once and holds them against the book: every
// acknowledged command stands in the log exactly once and where its answer said; nothing
// stands there that was not asked for; the log is whole (see integrity); every read model
// equals an independent fold of it. An error means that something could not be read.
func Check(ctx context.Context, h Held, b *Book) (Report, error) {
	var r Report
	promises, offices, err := promised(ctx, h.Ledger, b)
	if err != nil {
		return r, err
	}
	r.Commands = len(promises)
	walk := integrity.NewWalk()
	for e, err := range h.Log.All(ctx, 0) {
		if err != nil {
			return r, fmt.Errorf("reading the log: %w", err)
		}
		walk.Add(e)
		meta, err := eventlog.DecodeMeta(e.Meta)
		if err != nil {
			continue // the walk says so
		}
		if p := promises[meta.CommandKey]; p != nil {
			p.found, p.last = append(p.found, unversioned(e.Type)), e.Position
		} else if offices[meta.Actor] {
			r.Strays++
			r.complain("nobody was promised the %s at position %d", e.Type, e.Position)
		}
	}
	r.Log = walk.Report()
	for _, p := range r.Log.Problems {
		r.complain("%s", p)
	}
	for _, p := range promises {
		r.hold(p)
	}
	first, all := b.Problems()
	for _, p := range first {
		r.complain("%s", p)
	}
	if all > len(first) {
		r.complain("… and clients saw %d more", all-len(first))
	}
	if h.Runner == nil {
		return r, nil
	}
	return r, r.compare(ctx, h.Runner)
}

// hold compares one promise with what the log has of it.
func (r *Report) hold(p *promise) {
	switch {
	case len(p.found) > len(p.facts):
		r.Twice++
		r.complain("%s recorded %v, and had to record %v", p.name, p.found, p.facts)
	case !slices.Equal(p.found, p.facts):
		r.Lost++
		r.complain("%s was acknowledged at position %d and is lost: the log has %v of %v", p.name, p.answered, p.found, p.facts)
	case p.last != p.answered && !p.batch || p.last > p.answered:
		r.Elsewhere++
		r.complain("%s was acknowledged at position %d and stands at %d", p.name, p.answered, p.last)
	}
}

// compare holds the read models against a slow fold.
func (r *Report) compare(ctx context.Context, runner *projections.Runner) error {
	c, err := runner.Compare(ctx, nil)
	if err != nil {
		return fmt.Errorf("comparing the read models: %w", err)
	}
	r.Different = c.Different
	for _, d := range c.Differences {
		r.complain("a row of %s is only in the %s", d.Table, d.OnlyIn)
	}
	if c.Position != r.Log.Position {
		r.complain("the read models stand at %d, the log ends at %d", c.Position, r.Log.Position)
	}
	return nil
}

// promised are the book's commands by the name that metadata has for them, and the actors
// whose events must all be among them.
func promised(ctx context.Context, l *ledger.Ledger, b *Book) (map[string]*promise, map[string]bool, error) {
	promises, offices := map[string]*promise{}, map[string]bool{}
	for _, c := range b.Acknowledged() {
		offices[c.Office.Subject()] = true
		slug, _, _ := strings.Cut(c.Office.ClientID, ".")
		act, err := l.Begin(ctx, ledger.Request{
			Tenant: access.TenantID(slug), Actor: c.Office.Subject(),
			Client: c.Office.ClientID, Route: "POST " + c.Path, Key: c.Key,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("naming a command: %w", err)
		}
		acts := []ledger.Act{act}
		if c.Rows > 0 {
			acts = acts[:0]
		}
		for n := range c.Rows {
			row, err := l.Row(ctx, act, n, nil)
			if err != nil {
				return nil, nil, fmt.Errorf("naming a row: %w", err)
			}
			acts = append(acts, row)
		}
		for _, a := range acts {
			promises[a.CommandKey()] = &promise{
				name: "POST " + c.Path + " under " + a.Key, facts: c.Facts, answered: c.Position, batch: c.Rows > 0,
			}
		}
	}
	return promises, offices, nil
}

// unversioned is a type's name without its version.
func unversioned(typ string) string {
	if i := strings.LastIndex(typ, ".v"); i >= 0 {
		return typ[:i]
	}
	return typ
}
