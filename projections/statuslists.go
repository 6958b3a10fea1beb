package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/domain/award"
	"sijil/domain/statuslist"
)

// statusLists keeps which places of which list are set, and since when, so that a list can
// be made as it stands and as it stood.
var statusLists = Projection{
	Name:    "statuslists",
	Version: 2,
	Tables:  []string{"status_lists", "status_entries", "status_changes"},
	DDL: `
CREATE TABLE status_lists (
    tenant      uuid NOT NULL,
    institution uuid NOT NULL,
    number      int  NOT NULL,
    length      int  NOT NULL,
    assigned    int  NOT NULL,
    opened_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, institution, number)
);
CREATE TABLE status_entries (
    tenant      uuid NOT NULL,
    institution uuid NOT NULL,
    number      int  NOT NULL,
    index       int  NOT NULL,
    award       uuid NOT NULL,
    edition     int  NOT NULL,
    credential  uuid NOT NULL,
    PRIMARY KEY (tenant, institution, number, index)
);
CREATE INDEX status_entries_by_award ON status_entries (tenant, award, edition);
CREATE TABLE status_changes (
    tenant      uuid NOT NULL,
    institution uuid NOT NULL,
    number      int  NOT NULL,
    index       int  NOT NULL,
    purpose     text NOT NULL, -- revocation or suspension
    value       boolean NOT NULL,
    changed_at  timestamptz NOT NULL,
    revision    bigint NOT NULL, -- in the award's stream, whose one edition has the place
    PRIMARY KEY (tenant, institution, number, purpose, index, revision)
);
CREATE INDEX status_changes_in_time ON status_changes (tenant, institution, number, purpose, changed_at);
` + tenantPolicy("status_lists", wholeTenant) + tenantPolicy("status_entries", inScope) + tenantPolicy("status_changes", wholeTenant),
	Apply: applyStatus,
	Slow:  func() SlowFold { return &slowStatus{entries: map[string]statusEntryRow{}} },
}

// The purposes of a status (Bitstring Status List 1.0 section 2.1).
const (
	PurposeRevocation = "revocation"
	PurposeSuspension = "suspension"
)

const (
	listOpenSQL   = `INSERT INTO status_lists (tenant, institution, number, length, assigned, opened_at) VALUES ($1, $2, $3, $4, 0, $5)`
	listAssignSQL = `INSERT INTO status_entries (tenant, institution, number, index, award, edition, credential)
		SELECT $1, l.institution, l.number, $4, $5, $6, $7 FROM status_lists l WHERE l.tenant = $1 AND l.institution = $2 AND l.number = $3`
	listCountSQL = `UPDATE status_lists SET assigned = assigned + 1 WHERE tenant = $1 AND institution = $2 AND number = $3`
	statusSetSQL = `INSERT INTO status_changes (tenant, institution, number, index, purpose, value, changed_at, revision)
		SELECT tenant, institution, number, index, $4, $5, $6, $7 FROM status_entries WHERE tenant = $1 AND award = $2 AND edition = $3`
)

func applyStatus(b *pgx.Batch, e Event) {
	set := func(edition int, purpose string, value bool) {
		b.Queue(statusSetSQL, e.Tenant, e.IDs[2], edition, purpose, value, e.Meta.RecordedAt, int64(e.Revision))
	}
	switch f := e.Fact.(type) {
	case statuslist.StatusListOpened:
		b.Queue(listOpenSQL, e.Tenant, f.Institution, f.Number, f.Length, e.Meta.RecordedAt)
	case statuslist.StatusIndexAssigned:
		institution, number, _ := statuslist.ParseStream(e.Stream)
		b.Queue(listAssignSQL, e.Tenant, institution, number, f.Index, f.Award, f.Edition, f.Credential)
		b.Queue(listCountSQL, e.Tenant, institution, number)
	case attestation.AttestationRevoked: // its place was given to it as its own first edition
		b.Queue(statusSetSQL, e.Tenant, e.IDs[0], 1, PurposeRevocation, true, e.Meta.RecordedAt, int64(e.Revision))
	case award.CredentialRevoked:
		set(f.Edition, PurposeRevocation, true)
	case award.CredentialSuperseded:
		set(f.Edition, PurposeRevocation, true)
	case award.CredentialSuspended:
		set(f.Edition, PurposeSuspension, true)
	case award.CredentialReinstated:
		set(f.Edition, PurposeSuspension, false)
	}
}

// StatusList is one list.
type StatusList struct {
	Number   int
	Length   int
	Assigned int
	OpenedAt time.Time
}

const (
	statusListsSQL = `SELECT number, length, assigned, opened_at FROM read.status_lists WHERE tenant = $1 AND institution = $2 ORDER BY number`
	// The latest change of each place counts; several may have been recorded at one instant.
	statusBitsSQL = `SELECT index FROM (SELECT DISTINCT ON (index) index, value FROM read.status_changes
			WHERE tenant = $1 AND institution = $2 AND number = $3 AND purpose = $4 AND changed_at <= $5
			ORDER BY index, revision DESC) latest WHERE value ORDER BY index`
)

// StatusLists are an institution's lists.
func StatusLists(ctx context.Context, tx pgx.Tx, tenant, institution domain.ID) ([]StatusList, error) {
	return many[StatusList](ctx, tx, statusListsSQL, tenant, institution)
}

// StatusBits are the places of a list that were set at an instant, ascending.
func StatusBits(ctx context.Context, tx pgx.Tx, tenant, institution domain.ID, number int, purpose string, at time.Time) ([]int, error) {
	rows, err := tx.Query(ctx, statusBitsSQL, tenant, institution, number, purpose, at)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

type statusListRow struct {
	Tenant      domain.ID `json:"tenant"`
	Institution domain.ID `json:"institution"`
	Number      int       `json:"number"`
	Length      int       `json:"length"`
	Assigned    int       `json:"assigned"`
	OpenedAt    stamp     `json:"opened_at"`
}

type statusEntryRow struct {
	Tenant      domain.ID `json:"tenant"`
	Institution domain.ID `json:"institution"`
	Number      int       `json:"number"`
	Index       int       `json:"index"`
	Award       domain.ID `json:"award"`
	Edition     int       `json:"edition"`
	Credential  domain.ID `json:"credential"`
}

type statusChangeRow struct {
	Tenant      domain.ID `json:"tenant"`
	Institution domain.ID `json:"institution"`
	Number      int       `json:"number"`
	Index       int       `json:"index"`
	Purpose     string    `json:"purpose"`
	Value       bool      `json:"value"`
	ChangedAt   stamp     `json:"changed_at"`
	Revision    int64     `json:"revision"`
}

type slowStatus struct {
	lists   []*statusListRow
	entries map[string]statusEntryRow // by award and edition
	changes []any
}

func (s *slowStatus) Add(e Event) {
	changeOf := func(award domain.ID, edition int, purpose string, value bool) {
		p, ok := s.entries[fmt.Sprint(award, edition)]
		if ok {
			s.changes = append(s.changes, statusChangeRow{
				e.Tenant, p.Institution, p.Number, p.Index, purpose, value, stamp(e.Meta.RecordedAt), int64(e.Revision),
			})
		}
	}
	change := func(edition int, purpose string, value bool) { changeOf(e.IDs[2], edition, purpose, value) }
	switch f := e.Fact.(type) {
	case attestation.AttestationRevoked:
		changeOf(f.Credential, 1, PurposeRevocation, true)
	case statuslist.StatusListOpened:
		s.lists = append(s.lists, &statusListRow{e.Tenant, f.Institution, f.Number, f.Length, 0, stamp(e.Meta.RecordedAt)})
	case statuslist.StatusIndexAssigned:
		institution, number, _ := statuslist.ParseStream(e.Stream)
		for _, l := range s.lists {
			if l.Tenant == e.Tenant && l.Institution == institution && l.Number == number {
				l.Assigned++
			}
		}
		s.entries[fmt.Sprint(f.Award, f.Edition)] = statusEntryRow{e.Tenant, institution, number, f.Index, f.Award, f.Edition, f.Credential}
	case award.CredentialRevoked:
		change(f.Edition, PurposeRevocation, true)
	case award.CredentialSuperseded:
		change(f.Edition, PurposeRevocation, true)
	case award.CredentialSuspended:
		change(f.Edition, PurposeSuspension, true)
	case award.CredentialReinstated:
		change(f.Edition, PurposeSuspension, false)
	}
}

func (s *slowStatus) Rows() map[string][]any {
	rows := map[string][]any{"status_changes": s.changes}
	for _, l := range s.lists {
		rows["status_lists"] = append(rows["status_lists"], l)
	}
	for _, e := range s.entries {
		rows["status_entries"] = append(rows["status_entries"], e)
	}
	return rows
}
