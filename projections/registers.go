package projections

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/accreditation"
	"sijil/domain/course"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduationplan"
	"sijil/domain/institution"
	"sijil/domain/program"
)

// registers keeps one row per institution, accreditation, program, course, grading scheme,
// graduation plan and session, with its whole history: what holds on a day, and what was
// known of it then, is folded when it is read.
var registers = Projection{
	Name:    "registers",
	Version: 1,
	Tables:  []string{"registers"},
	DDL: `
CREATE TABLE registers (
    tenant   uuid   NOT NULL,
    category text   NOT NULL, -- of the stream
    id       uuid   NOT NULL,
    owner    uuid,            -- the institution it belongs to; NULL for institutions
    subject  uuid,            -- a plan's or an accreditation's program
    code     text   NOT NULL, -- the owner's own code for it, '' for none
    entries  bytea  NOT NULL, -- lines of JSON, see Entry
    PRIMARY KEY (tenant, category, id)
);
CREATE INDEX registers_by_owner ON registers (tenant, category, owner);
CREATE INDEX registers_by_code ON registers (tenant, category, code);
CREATE INDEX registers_by_subject ON registers (tenant, subject) WHERE subject IS NOT NULL;
` + tenantPolicy("registers", wholeTenant),
	Apply: applyRegister,
	Slow:  func() SlowFold { return slowRegisters{} },
}

// registerCategories are the streams of things, not of people.
var registerCategories = []string{
	"institution", "accreditation", "program", "course", "gradingScheme", "graduationPlan", "academicSession",
}

const registerEntrySQL = `INSERT INTO registers AS r (tenant, category, id, owner, subject, code, entries)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, category, id) DO UPDATE SET entries = r.entries || $7`

func applyRegister(b *pgx.Batch, e Event) {
	category := domain.CategoryOf(e.Stream)
	if !slices.Contains(registerCategories, category) {
		return
	}
	owner, subject, code := registered(e.Fact)
	b.Queue(registerEntrySQL, e.Tenant, category, e.IDs[0], orNull(owner), orNull(subject), code, newEntry(e).line())
}

// registered is what a stream's first fact says once and for all.
func registered(fact any) (owner, subject domain.ID, code string) {
	switch f := fact.(type) {
	case institution.InstitutionRegistered:
		return "", "", f.IdentificationCode
	case accreditation.AccreditationGranted:
		return f.Institution, f.Program, ""
	case program.ProgramDefined:
		return f.EducationOrganization, "", f.ProgramID
	case course.CourseDefined:
		return f.EducationOrganization, "", f.CourseCode
	case gradingscheme.GradingSchemeDefined:
		return f.EducationOrganization, "", f.IdentificationCode
	case graduationplan.GraduationPlanPublished:
		return f.EducationOrganization, f.Program, f.IdentificationCode
	case academicsession.SessionOpened:
		return f.School, "", f.SessionName
	}
	return "", "", ""
}

// Registered is one thing of a register with its history.
type Registered struct {
	ID      domain.ID
	Owner   *domain.ID
	Subject *domain.ID
	Code    string
	// Entries are its facts in order.
	Entries []Entry
}

type registerRow struct {
	ID      domain.ID
	Owner   *domain.ID
	Subject *domain.ID
	Code    string
	Entries []byte
}

const (
	registerOneSQL = `SELECT id, owner, subject, code, entries FROM read.registers WHERE tenant = $1 AND category = $2 AND id = $3`
	// An empty filter lets everything through; the cursor is the last id seen.
	registerListSQL = `SELECT id, owner, subject, code, entries FROM read.registers
		WHERE tenant = $1 AND category = $2 AND id > $3
		AND ($4::uuid IS NULL OR owner = $4) AND ($5::uuid IS NULL OR subject = $5) AND ($6 = '' OR code = $6)
		ORDER BY id LIMIT $7`
)

// RegisterOne is the thing with this id; ok is false when there is none in the tenant.
func RegisterOne(ctx context.Context, tx pgx.Tx, tenant domain.ID, category string, id domain.ID, knownAt time.Time) (r Registered, ok bool, err error) {
	row, ok, err := one[registerRow](ctx, tx, registerOneSQL, tenant, category, id)
	if err != nil || !ok {
		return Registered{}, false, err
	}
	if r, err = row.parse(knownAt); err != nil {
		return Registered{}, false, err
	}
	return r, len(r.Entries) > 0, nil
}

// RegisterFilter narrows a list; zero members let everything through.
type RegisterFilter struct {
	Owner, Subject domain.ID
	Code           string
	KnownAt        time.Time
}

// RegisterList is a page of things by id, after the id after ("" for the first page).
func RegisterList(ctx context.Context, tx pgx.Tx, tenant domain.ID, category string, f RegisterFilter, after domain.ID, limit int) ([]Registered, error) {
	rows, err := many[registerRow](ctx, tx, registerListSQL, tenant, category, afterID(after), orNull(f.Owner), orNull(f.Subject), f.Code, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Registered, 0, len(rows))
	for _, row := range rows {
		r, err := row.parse(f.KnownAt)
		if err != nil {
			return nil, err
		}
		if len(r.Entries) > 0 {
			list = append(list, r)
		}
	}
	return list, nil
}

func (r registerRow) parse(knownAt time.Time) (Registered, error) {
	entries, err := parseEntries(r.Entries, knownAt)
	return Registered{ID: r.ID, Owner: r.Owner, Subject: r.Subject, Code: r.Code, Entries: entries}, err
}

// afterID is the cursor before every id when there is none.
func afterID(id domain.ID) domain.ID {
	if id == "" {
		return "00000000-0000-0000-0000-000000000000"
	}
	return id
}

// line is the entry as it is stored: JSON and a newline.
func (e Entry) line() []byte {
	b, err := json.Marshal(e)
	if err != nil { // strings, numbers and stored JSON always marshal
		panic(err)
	}
	return append(b, '\n')
}

// parseEntries reads stored lines up to those recorded at knownAt (zero: all).
func parseEntries(stored []byte, knownAt time.Time) ([]Entry, error) {
	var list []Entry
	for line := range bytes.Lines(stored) {
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("reading a stored entry: %w", err)
		}
		if !knownAt.IsZero() && e.RecordedAt.After(knownAt) {
			break // recordedAt never decreases with position
		}
		list = append(list, e)
	}
	return list, nil
}

// slowRegisters keeps every stream's events.
type slowRegisters map[string][]Event

func (s slowRegisters) Add(e Event) {
	if slices.Contains(registerCategories, domain.CategoryOf(e.Stream)) {
		s[string(e.Tenant)+e.Stream] = append(s[string(e.Tenant)+e.Stream], e)
	}
}

func (s slowRegisters) Rows() map[string][]any {
	type row struct {
		Tenant   domain.ID  `json:"tenant"`
		Category string     `json:"category"`
		ID       domain.ID  `json:"id"`
		Owner    *domain.ID `json:"owner"`
		Subject  *domain.ID `json:"subject"`
		Code     string     `json:"code"`
		Entries  blob       `json:"entries"`
	}
	var rows []any
	for _, events := range s {
		first := events[0]
		owner, subject, code := registered(first.Fact)
		r := row{first.Tenant, domain.CategoryOf(first.Stream), first.IDs[0], orNull(owner), orNull(subject), code, nil}
		for _, e := range events {
			r.Entries = append(r.Entries, newEntry(e).line()...)
		}
		rows = append(rows, r)
	}
	return map[string][]any{"registers": rows}
}
