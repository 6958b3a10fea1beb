// Package integrity walks an event log and says whether it is whole: what every log of this
// ledger must satisfy after any fault, found from its events alone, without database, keys
// or read models. Tests and operators call the same check.
package integrity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/domain/award"
	"sijil/domain/schema"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
)

// Rule names a promise that a log breaks.
type Rule string

const (
	// PositionOrder: an event does not stand after the one before it.
	PositionOrder Rule = "position_order"
	// StreamGap: a stream's revisions are not 0, 1, 2 …
	StreamGap Rule = "stream_gap"
	// TimeOrder: recordedAt is missing or lies before that of an earlier event.
	TimeOrder Rule = "time_order"
	// TenantMixed: a stream's events belong to more than one tenant, or to none.
	TenantMixed Rule = "tenant_mixed"
	// Unreadable: an event of ours is not what this program's writers write.
	Unreadable Rule = "unreadable"
	// NotAwarded: a credential was prepared without a standing award before it.
	NotAwarded Rule = "not_awarded"
	// PreparedTwice: two credentials were prepared for one edition.
	PreparedTwice Rule = "prepared_twice"
	// NotPrepared: a signature covers something else than what was recorded to be signed, or
	// nothing was recorded before it.
	NotPrepared Rule = "not_prepared"
	// SignedTwice: two signatures for one edition.
	SignedTwice Rule = "signed_twice"
	// PlaceTwice: a place in a status list was given twice, or not to the credential that names it.
	PlaceTwice Rule = "place_twice"
)

// Problem is one broken promise, at the event where it shows. It names no person.
type Problem struct {
	Rule     Rule              `json:"rule"`
	Position eventlog.Position `json:"position"`
	Stream   string            `json:"stream"`
	Revision eventlog.Revision `json:"revision"`
	Detail   string            `json:"detail"`
}

func (p Problem) String() string {
	return fmt.Sprintf("%s at position %d, %s revision %d: %s", p.Rule, p.Position, p.Stream, p.Revision, p.Detail)
}

// Report is what a walk found.
type Report struct {
	Events   int               `json:"events"`
	Streams  int               `json:"streams"`
	Position eventlog.Position `json:"position"`
	// Foreign counts events of streams that are not the ledger's; they are skipped.
	Foreign int `json:"foreign"`
	// Awards that were not annulled, and how many of them are Signed.
	Awards int `json:"awards"`
	Signed int `json:"signed"`
	// Problems are the first ones found; Broken counts all.
	Problems []Problem `json:"problems"`
	Broken   int       `json:"broken"`
}

// Whole reports whether nothing is broken.
func (r Report) Whole() bool { return r.Broken == 0 }

// shownProblems bounds what a report lists.
const shownProblems = 20

// Check walks the whole log, with a slack as [Walk] has it. progress, if not nil, hears how
// many events were read. An error means that the log could not be read to its end, and says
// nothing about it.
func Check(ctx context.Context, log eventlog.Log, slack time.Duration, progress func(events int)) (Report, error) {
	w := NewWalk()
	w.Slack = slack
	for e, err := range log.All(ctx, 0) {
		if err != nil {
			return w.Report(), fmt.Errorf("reading the log: %w", err)
		}
		w.Add(e)
		if progress != nil && w.report.Events%1000 == 0 {
			progress(w.report.Events)
		}
	}
	return w.Report(), nil
}

// Walk checks events one by one, in the order of the log. It remembers a few words for each
// stream.
type Walk struct {
	// Slack is by how much recordedAt may lie before that of an event of another stream. An event
	// store does not stamp, so that on it two appends of one moment may stand in the other
	// order; within a stream none may, anywhere. 0 is for a log that always was in PostgreSQL.
	Slack time.Duration

	report       Report
	recorded     time.Time
	streams      map[string]*stream
	editions     map[editionOf]*edition
	attestations map[string]*attested // by stream
	places       map[place]domain.ID
}

type stream struct {
	head     eventlog.Revision
	tenant   string
	recorded time.Time
}

// NewWalk begins before the first event.
func NewWalk() *Walk {
	return &Walk{
		report: Report{Problems: []Problem{}}, streams: map[string]*stream{},
		editions: map[editionOf]*edition{}, attestations: map[string]*attested{}, places: map[place]domain.ID{},
	}
}

// Report is what was found so far.
func (w *Walk) Report() Report {
	r := w.report
	r.Streams = len(w.streams)
	for _, e := range w.editions {
		if e.awarded && !e.annulled {
			r.Awards++
		}
		if e.signed {
			r.Signed++
		}
	}
	return r
}

// Add looks at the next event.
func (w *Walk) Add(e eventlog.Recorded) {
	w.report.Events++
	if e.Position <= w.report.Position {
		w.broken(e, PositionOrder, "the event before stands at %d", w.report.Position)
	}
	w.report.Position = e.Position
	s := w.streams[e.Stream]
	if s == nil {
		s = &stream{head: eventlog.NoStream}
		w.streams[e.Stream] = s
	}
	if e.Revision != s.head+1 {
		w.broken(e, StreamGap, "the stream stood at %d", s.head)
	}
	s.head = e.Revision
	fact, err := schema.Decode(domain.Place{Stream: e.Stream, Type: e.Type, Event: domain.IDFromBytes(e.ID)}, e.Data)
	if errors.Is(err, schema.ErrUnknown) && !schema.Ours(domain.CategoryOf(e.Stream)) {
		w.report.Foreign++
		return
	} else if err != nil {
		w.broken(e, Unreadable, "%s cannot be read", e.Type)
		return
	}
	w.envelope(e, s)
	switch f := fact.(type) {
	case award.Event:
		w.award(e, f)
	case attestation.Event:
		w.attestation(e, f)
	case statuslist.StatusIndexAssigned:
		w.assigned(e, f)
	}
}

// envelope checks what an event's metadata says.
func (w *Walk) envelope(e eventlog.Recorded, s *stream) {
	m, err := eventlog.DecodeMeta(e.Meta)
	if err != nil {
		w.broken(e, Unreadable, "its metadata cannot be read")
		return
	}
	if m.RecordedAt.IsZero() {
		w.broken(e, TimeOrder, "it has no recordedAt")
	} else if earliest := latest(s.recorded, w.recorded.Add(-w.Slack)); m.RecordedAt.Before(earliest) {
		w.broken(e, TimeOrder, "recorded at %s, an earlier event at %s", m.RecordedAt.Format(time.RFC3339Nano), latest(s.recorded, w.recorded).Format(time.RFC3339Nano))
	} else {
		s.recorded, w.recorded = m.RecordedAt, latest(w.recorded, m.RecordedAt)
	}
	if s.tenant == "" {
		s.tenant = m.Tenant
	}
	if m.Tenant == "" || m.Tenant != s.tenant {
		w.broken(e, TenantMixed, "the event names tenant %q, its stream %q", m.Tenant, s.tenant)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (w *Walk) broken(e eventlog.Recorded, r Rule, format string, args ...any) {
	if w.report.Broken++; len(w.report.Problems) < shownProblems {
		w.report.Problems = append(w.report.Problems, Problem{r, e.Position, e.Stream, e.Revision, fmt.Sprintf(format, args...)})
	}
}
