package projections

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/enrollment"
)

// transfers keeps every request for a student and how it ended, for the two schools that
// it concerns and those above them.
var transfers = Projection{
	Name:    "transfers",
	Version: 1,
	Tables:  []string{"transfers"},
	DDL: `
CREATE TABLE transfers (
    tenant          uuid   NOT NULL,
    transfer        uuid   NOT NULL,
    institutions    uuid[] NOT NULL, -- from and to, sorted
    from_school     uuid   NOT NULL,
    to_school       uuid   NOT NULL,
    student         uuid   NOT NULL,
    state           text   NOT NULL,
    request_date    date   NOT NULL,
    entry_date      date   NOT NULL,
    grade_level     text   NOT NULL,
    lapse_date      date   NOT NULL,
    exit_date       date,
    released_by     uuid,
    reason          text   NOT NULL, -- of a contest or a refusal
    note            bytea,           -- envelope
    old_enrollment  uuid   NOT NULL,
    new_enrollment  uuid,
    record_digest   text   NOT NULL, -- '' until completed
    requested_at    timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant, transfer)
);
CREATE INDEX transfers_in ON transfers (tenant, to_school, transfer);
CREATE INDEX transfers_out ON transfers (tenant, from_school, transfer);
` + tenantPolicy("transfers", anyInScope),
	Apply: applyTransfer,
	Slow:  func() SlowFold { return slowTransfers{} },
}

// The states of a transfer.
const (
	TransferRequested = "requested"
	TransferReleased  = "released"
	TransferContested = "contested"
	TransferRefused   = "refused"
	TransferCancelled = "cancelled"
	TransferLapsed    = "lapsed"
	TransferCompleted = "completed"
)

const (
	transferAddSQL = `INSERT INTO transfers (tenant, transfer, institutions, from_school, to_school, student, state, request_date,
			entry_date, grade_level, lapse_date, reason, old_enrollment, record_digest, requested_at, changed_at)
		VALUES ($1, $2, ARRAY(SELECT DISTINCT unnest(ARRAY[$3::uuid, $4::uuid]) ORDER BY 1), $3, $4, $5, 'requested', $6::text::date,
			$7::text::date, $8, $9::text::date, '', $10, '', $11, $11)`
	transferReleaseSQL  = `UPDATE transfers SET state = 'released', released_by = $3, exit_date = $4::text::date, changed_at = $5 WHERE tenant = $1 AND transfer = $2`
	transferObjectSQL   = `UPDATE transfers SET state = $3, reason = $4, note = $5, changed_at = $6 WHERE tenant = $1 AND transfer = $2`
	transferEndSQL      = `UPDATE transfers SET state = $3, changed_at = $4 WHERE tenant = $1 AND transfer = $2`
	transferCompleteSQL = `UPDATE transfers SET state = 'completed', new_enrollment = $3, record_digest = $4, changed_at = $5 WHERE tenant = $1 AND transfer = $2`
)

func applyTransfer(b *pgx.Batch, e Event) {
	at := e.Meta.RecordedAt
	switch f := e.Fact.(type) {
	case enrollment.TransferRequested:
		b.Queue(transferAddSQL, e.Tenant, f.Transfer, f.FromSchool, f.ToSchool, e.IDs[0], f.Requested, f.EntryDate, f.GradeLevel, f.LapseDate, f.Enrollment, at)
	case enrollment.TransferReleased:
		b.Queue(transferReleaseSQL, e.Tenant, f.Transfer, f.By, f.ExitDate, at)
	case enrollment.TransferContested:
		b.Queue(transferObjectSQL, e.Tenant, f.Transfer, TransferContested, f.Reason, f.Note.Envelope(), at)
	case enrollment.TransferRefused:
		b.Queue(transferObjectSQL, e.Tenant, f.Transfer, TransferRefused, f.Reason, f.Note.Envelope(), at)
	case enrollment.TransferCancelled:
		b.Queue(transferEndSQL, e.Tenant, f.Transfer, TransferCancelled, at)
	case enrollment.TransferLapsed:
		b.Queue(transferEndSQL, e.Tenant, f.Transfer, TransferLapsed, at)
	case enrollment.TransferCompleted:
		b.Queue(transferCompleteSQL, e.Tenant, f.Transfer, f.Enrollment, f.RecordDigest, at)
	}
}

// Transfer is one row; Note opens through the vault.
type Transfer struct {
	Transfer      domain.ID
	FromSchool    domain.ID
	ToSchool      domain.ID
	Student       domain.ID
	State         string
	RequestDate   domain.Date
	EntryDate     domain.Date
	GradeLevel    string
	LapseDate     domain.Date
	ExitDate      *domain.Date
	ReleasedBy    *domain.ID
	Reason        string
	Note          []byte
	OldEnrollment domain.ID
	NewEnrollment *domain.ID
	RecordDigest  string
	RequestedAt   time.Time
	ChangedAt     time.Time
}

const (
	transferColumns = `transfer, from_school, to_school, student, state, request_date::text AS request_date, entry_date::text AS entry_date,
		grade_level, lapse_date::text AS lapse_date, exit_date::text AS exit_date, released_by, reason, note, old_enrollment,
		new_enrollment, record_digest, requested_at, changed_at`
	transferOneSQL  = `SELECT ` + transferColumns + ` FROM read.transfers WHERE tenant = $1 AND transfer = $2`
	transferListSQL = `SELECT ` + transferColumns + ` FROM read.transfers WHERE tenant = $1 AND transfer > $2
		AND ($3::uuid IS NULL OR to_school = $3) AND ($4::uuid IS NULL OR from_school = $4) AND ($5 = '' OR state = $5)
		ORDER BY transfer LIMIT $6`
)

// TransferOne is a transfer in scope; ok is false when there is none.
func TransferOne(ctx context.Context, tx pgx.Tx, tenant, id domain.ID) (Transfer, bool, error) {
	return one[Transfer](ctx, tx, transferOneSQL, tenant, id)
}

// TransferFilter narrows a list: in to a school, out of a school, in a state; zero
// members let everything through.
type TransferFilter struct {
	To, From domain.ID
	State    string
}

// TransferList is a page of transfers in scope by id.
func TransferList(ctx context.Context, tx pgx.Tx, tenant domain.ID, f TransferFilter, after domain.ID, limit int) ([]Transfer, error) {
	return many[Transfer](ctx, tx, transferListSQL, tenant, afterID(after), orNull(f.To), orNull(f.From), f.State, limit)
}
