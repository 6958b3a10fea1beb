package projections

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
	"sijil/domain/institution"
)

// institutions keeps the tree as it is today: who stands below whom. The register with its
// history is in registers.
var institutions = Projection{
	Name:    "institutions",
	Version: 1,
	Tables:  []string{"institutions"},
	DDL: `
CREATE TABLE institutions (
    tenant      uuid   NOT NULL,
    institution uuid   NOT NULL,
    parent      uuid,
    tier        text   NOT NULL,
    path        uuid[] NOT NULL, -- from the root down to itself
    names       jsonb  NOT NULL, -- by language
    status      text   NOT NULL, -- '' until it first changes, then the descriptor
    PRIMARY KEY (tenant, institution)
);
CREATE INDEX institutions_by_path ON institutions USING gin (path);
` + tenantPolicy("institutions", wholeTenant),
	Apply: applyInstitution,
	Slow:  func() SlowFold { return slowInstitutions{} },
}

const (
	institutionAddSQL = `INSERT INTO institutions (tenant, institution, parent, tier, path, names, status)
		VALUES ($1, $2, $3, $4, coalesce((SELECT path FROM institutions WHERE tenant = $1 AND institution = $3), '{}') || $2::uuid, $5, '')`
	institutionNameSQL   = `UPDATE institutions SET names = $3 WHERE tenant = $1 AND institution = $2`
	institutionStatusSQL = `UPDATE institutions SET status = $3 WHERE tenant = $1 AND institution = $2`
	// Everything below moves along: the part of the path above is exchanged.
	institutionMoveSQL = `UPDATE institutions i SET
			parent = CASE WHEN i.institution = $2 THEN $3 ELSE i.parent END,
			path = p.path || i.path[array_position(i.path, $2::uuid):]
		FROM institutions p WHERE p.tenant = $1 AND p.institution = $3 AND i.tenant = $1 AND i.path @> ARRAY[$2::uuid]`
)

func applyInstitution(b *pgx.Batch, e Event) {
	switch f := e.Fact.(type) {
	case institution.InstitutionRegistered:
		b.Queue(institutionAddSQL, e.Tenant, e.IDs[0], orNull(f.ParentOrganization), f.Tier, f.NameOfInstitution)
	case institution.InstitutionRenamed:
		b.Queue(institutionNameSQL, e.Tenant, e.IDs[0], f.NameOfInstitution)
	case institution.OperationalStatusChanged:
		b.Queue(institutionStatusSQL, e.Tenant, e.IDs[0], f.OperationalStatus)
	case institution.ParentOrganizationChanged:
		b.Queue(institutionMoveSQL, e.Tenant, e.IDs[0], f.ParentOrganization)
	}
}

const belowSQL = `SELECT institution FROM read.institutions WHERE tenant = $1 AND path @> ARRAY[$2::uuid] ORDER BY institution`

// Below are the institution and everything under it.
func Below(ctx context.Context, tx pgx.Tx, tenant, top domain.ID) ([]domain.ID, error) {
	rows, err := tx.Query(ctx, belowSQL, tenant, top)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[domain.ID])
}

type institutionRow struct {
	Tenant      domain.ID        `json:"tenant"`
	Institution domain.ID        `json:"institution"`
	Parent      *domain.ID       `json:"parent"`
	Tier        institution.Tier `json:"tier"`
	Path        []domain.ID      `json:"path"`
	Names       domain.Text      `json:"names"`
	Status      string           `json:"status"`
}

// slowInstitutions finds the paths only at the end, by walking up.
type slowInstitutions map[domain.ID]*institutionRow

func (s slowInstitutions) Add(e Event) {
	switch f := e.Fact.(type) {
	case institution.InstitutionRegistered:
		s[e.IDs[0]] = &institutionRow{
			Tenant: e.Tenant, Institution: e.IDs[0], Parent: orNull(f.ParentOrganization), Tier: f.Tier, Names: f.NameOfInstitution,
		}
	case institution.InstitutionRenamed:
		s[e.IDs[0]].Names = f.NameOfInstitution
	case institution.OperationalStatusChanged:
		s[e.IDs[0]].Status = string(f.OperationalStatus)
	case institution.ParentOrganizationChanged:
		s[e.IDs[0]].Parent = &f.ParentOrganization
	}
}

func (s slowInstitutions) Rows() map[string][]any {
	var rows []any
	for _, r := range s {
		r.Path = nil
		for at := r; at != nil; {
			r.Path = append(r.Path, at.Institution)
			if at.Parent == nil {
				break
			}
			at = s[*at.Parent]
		}
		slices.Reverse(r.Path)
		rows = append(rows, r)
	}
	return map[string][]any{"institutions": rows}
}

const authoritiesSQL = `SELECT institution::text FROM read.institutions WHERE parent IS NULL LIMIT 2`

// SoleAuthority is the authority of a ledger that has one; not_found when it has none yet, or
// several. pool's connections act as sijil_projector, whom no tenant bounds.
func SoleAuthority(ctx context.Context, pool *pgxpool.Pool) (domain.ID, error) {
	rows, err := pool.Query(ctx, authoritiesSQL)
	if err != nil {
		return "", fmt.Errorf("looking for the ledger's authority: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("looking for the ledger's authority: %w", err)
	}
	if len(list) != 1 {
		return "", domain.Refuse(domain.Missing, "not_found", "this is not one authority's ledger")
	}
	return domain.ID(list[0]), nil
}
