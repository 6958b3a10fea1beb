package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/projections"
)

// HistoryEntry is one recorded fact about a thing.
type HistoryEntry struct {
	Event       domain.ID `json:"event" doc:"The event's id"`
	Type        string    `json:"type" doc:"The fact's versioned name" example:"institution.InstitutionRenamed.v1"`
	RecordedAt  time.Time `json:"recordedAt" doc:"When the ledger took it"`
	EffectiveAt string    `json:"effectiveAt,omitempty" doc:"From when it holds: a day or an instant"`
	Actor       string    `json:"actor,omitempty" doc:"The opaque id of who decided"`
	Institution domain.ID `json:"institution,omitempty" doc:"The institution that recorded it"`
	Fact        any       `json:"fact" doc:"What was recorded, as docs/events.md describes it"`
}

// register is one category of reference data as two read operations: a listing, and one
// thing with its history.
type register[E, B any] struct {
	// category is the stream's; path, such as "/v1/courses"; tag and noun name it in the document.
	category, path, tag, noun string
	scope                     access.Scope
	// build answers one thing as it stands on a day.
	build func(id domain.ID, facts []E, asOf domain.Date) B
	// withHistory adds the history to what build gave.
	withHistory func(b *B, h []HistoryEntry)
}

// Asked is embedded in the input of a read: the day it is about.
type Asked struct {
	AsOf domain.Date `query:"asOf" doc:"The day it is about; absent for today"`
}

// Known is embedded in the input of a read of one thing: what was known by when.
type Known struct {
	KnownAt time.Time `query:"knownAt" doc:"Only what was recorded by this instant; absent for everything"`
}

// listRegister registers the listing; I embeds Paged and Asked, and of reads them with
// its filters: the owner, the subject, the code.
func listRegister[I, E, B any](s *Server, r register[E, B], of func(*I) (Paged, Asked, projections.RegisterFilter)) {
	o := op{
		ID: "list-" + r.noun + "s", Method: http.MethodGet, Path: r.path, Scope: r.scope, Tag: r.tag,
		Summary: "List " + r.noun + "s, by id",
	}
	read(s, o, func(ctx context.Context, in *I) (page[B], error) {
		q, when, f := of(in)
		bound := []string{string(f.Owner), string(f.Subject), f.Code, string(when.AsOf)}
		after, err := s.from(ctx, q, bound...)
		if err != nil {
			return page[B]{}, err
		}
		var last domain.ID
		if after != nil {
			last = domain.ID(after[0])
		}
		var rows []projections.Registered
		err = s.inTenant(ctx, func(ctx context.Context, tx pgx.Tx) error {
			rows, err = projections.RegisterList(ctx, tx, principal(ctx).Tenant, r.category, f, last, q.Limit+1)
			return err
		})
		if err != nil {
			return page[B]{}, err
		}
		cut, err := pageOf(s, ctx, q, rows, func(row projections.Registered) []string { return []string{string(row.ID)} }, bound...)
		if err != nil {
			return page[B]{}, err
		}
		out := page[B]{Items: make([]B, len(cut.Items)), Next: cut.Next}
		for i, row := range cut.Items {
			if out.Items[i], err = r.item(row, s.day(when.AsOf)); err != nil {
				return page[B]{}, err
			}
		}
		return out, nil
	})
}

// getRegister registers the read of one thing; param is the path parameter's name.
func getRegister[I, E, B any](s *Server, r register[E, B], param string, of func(*I) (domain.ID, Asked, Known)) {
	o := op{
		ID: "get-" + r.noun, Method: http.MethodGet, Path: r.path + "/{" + param + "}", Scope: r.scope, Tag: r.tag,
		Summary:     "Read one, with its history",
		Description: "`asOf` is the day it is about, `knownAt` the instant by which it was recorded: the two times of every fact.",
	}
	read(s, o, func(ctx context.Context, in *I) (b B, err error) {
		id, when, by := of(in)
		var row projections.Registered
		var ok bool
		err = s.inTenant(ctx, func(ctx context.Context, tx pgx.Tx) error {
			row, ok, err = projections.RegisterOne(ctx, tx, principal(ctx).Tenant, r.category, id, by.KnownAt)
			return err
		})
		if err == nil && !ok {
			err = newProblem(http.StatusNotFound, "not_found", "")
		}
		if err != nil {
			return b, err
		}
		if b, err = r.item(row, s.day(when.AsOf)); err != nil {
			return b, err
		}
		h, err := history(row.Entries)
		r.withHistory(&b, h)
		return b, err
	})
}

// item folds one thing's entries.
func (r register[E, B]) item(row projections.Registered, asOf domain.Date) (b B, err error) {
	facts := make([]E, len(row.Entries))
	for i, e := range row.Entries {
		f, err := e.Fact()
		if err != nil {
			return b, err
		}
		fact, ok := f.(E)
		if !ok {
			return b, fmt.Errorf("a %T stands in the register of %s", f, r.category)
		}
		facts[i] = fact
	}
	return r.build(row.ID, facts, asOf), nil
}

func history(entries []projections.Entry) ([]HistoryEntry, error) {
	list := make([]HistoryEntry, len(entries))
	for i, e := range entries {
		f, err := e.Fact()
		if err != nil {
			return nil, err
		}
		list[i] = HistoryEntry{
			Event: e.Event, Type: e.Type, RecordedAt: e.RecordedAt, EffectiveAt: e.EffectiveAt,
			Actor: e.Actor, Institution: e.Institution, Fact: f,
		}
	}
	return list, nil
}

// inTenant reads what everybody in the tenant may see: reference data.
func (s *Server) inTenant(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	p := principal(ctx)
	scope := projections.Scope{Tenant: p.Tenant, Institutions: []domain.ID{p.Institution}}
	return s.cfg.Reader.View(ctx, scope, func(tx pgx.Tx) error { return fn(ctx, tx) })
}

// day is the day asked for, or today in UTC.
func (s *Server) day(asked domain.Date) domain.Date {
	if asked == "" {
		return domain.DateOf(s.cfg.Now())
	}
	return asked
}
