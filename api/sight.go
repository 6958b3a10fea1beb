package api

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/projections"
)

// sight is which institutions' students a caller sees: its own, those of the subtree below
// it, or all of the tenant.
type sight struct {
	all          bool
	institutions []domain.ID
}

func (v sight) sees(institution domain.ID) bool {
	return v.all || slices.Contains(v.institutions, institution)
}

// inSight reads what the caller's institution and those below it may see. The tables'
// policies hold it to that, whatever the query says.
func (s *Server) inSight(ctx context.Context, fn func(context.Context, pgx.Tx, sight) error) error {
	p := principal(ctx)
	v := sight{all: p.Institution == p.Tenant}
	if !v.all {
		err := s.inTenant(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			v.institutions, err = projections.Below(ctx, tx, p.Tenant, p.Institution)
			return err
		})
		if err != nil {
			return err
		}
		if !v.sees(p.Institution) {
			v.institutions = append(v.institutions, p.Institution)
		}
	}
	scope := projections.Scope{Tenant: p.Tenant, All: v.all, Institutions: v.institutions}
	return s.cfg.Reader.View(ctx, scope, func(tx pgx.Tx) error { return fn(ctx, tx, v) })
}
