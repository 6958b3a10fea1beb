package projections

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/enrollment"
)

// enrollments keeps every enrollment as it stands, for rosters and for a student's
// history. Its changes in time are in the transcripts.
var enrollments = Projection{
	Name:    "enrollments",
	Version: 1,
	Tables:  []string{"enrollments"},
	DDL: `
CREATE TABLE enrollments (
    tenant         uuid NOT NULL,
    institution    uuid NOT NULL, -- the school
    institutions   uuid[] NOT NULL, -- every school the student is or was at: they may see it
    enrollment     uuid NOT NULL,
    student        uuid NOT NULL,
    program        uuid,
    session        uuid,
    entry_date     date NOT NULL,
    date_precision text NOT NULL,
    entry_type     text NOT NULL,
    grade_level    text NOT NULL, -- today's
    is_primary     boolean NOT NULL,
    exit_date      date,          -- the last day
    exit_type      text NOT NULL,
    voided         boolean NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant, enrollment)
);
CREATE INDEX enrollments_by_student ON enrollments (tenant, student, entry_date);
CREATE INDEX enrollments_roster ON enrollments (tenant, institution, student, enrollment);
` + tenantPolicy("enrollments", anyInScope),
	Apply: applyEnrollment,
	Slow:  func() SlowFold { return slowEnrollments{} },
}

const (
	enrollmentAddSQL = `INSERT INTO enrollments (tenant, institution, institutions, enrollment, student, program, session, entry_date,
			date_precision, entry_type, grade_level, is_primary, exit_type, voided, recorded_at)
		VALUES ($1, $2, (SELECT ARRAY(SELECT DISTINCT i FROM (SELECT institution FROM enrollments WHERE tenant = $1 AND student = $4 UNION SELECT $2::uuid) x (i) ORDER BY 1)),
			$3, $4, $5, $6, $7::text::date, $8, $9, $10, $11, '', false, $12)`
	// The student's other enrollments become visible to the new school.
	enrollmentSeenSQL = `UPDATE enrollments SET institutions = ARRAY(SELECT DISTINCT unnest(institutions || $3::uuid) ORDER BY 1)
		WHERE tenant = $1 AND student = $2 AND NOT institutions @> ARRAY[$3::uuid]`
	enrollmentLevelSQL = `UPDATE enrollments SET grade_level = $3 WHERE tenant = $1 AND enrollment = $2`
	enrollmentExitSQL  = `UPDATE enrollments SET exit_date = $3::text::date, exit_type = $4 WHERE tenant = $1 AND enrollment = $2`
	enrollmentVoidSQL  = `UPDATE enrollments SET voided = true WHERE tenant = $1 AND enrollment = $2`
)

func applyEnrollment(b *pgx.Batch, e Event) {
	switch f := e.Fact.(type) {
	case enrollment.StudentEnrolled:
		b.Queue(enrollmentAddSQL, e.Tenant, f.School, f.Enrollment, e.IDs[0], orNull(f.Program), orNull(f.Session), f.EntryDate,
			f.DatePrecision, f.EntryType, f.GradeLevel, f.Primary, e.Meta.RecordedAt)
		b.Queue(enrollmentSeenSQL, e.Tenant, e.IDs[0], f.School)
	case enrollment.GradeLevelChanged:
		b.Queue(enrollmentLevelSQL, e.Tenant, f.Enrollment, f.GradeLevel)
	case enrollment.StudentPromoted:
		b.Queue(enrollmentLevelSQL, e.Tenant, f.Enrollment, f.GradeLevel)
	case enrollment.StudentRetained:
		if f.GradeLevel != "" {
			b.Queue(enrollmentLevelSQL, e.Tenant, f.Enrollment, f.GradeLevel)
		}
	case enrollment.StudentWithdrawn:
		b.Queue(enrollmentExitSQL, e.Tenant, f.Enrollment, f.ExitDate, f.ExitType)
	case enrollment.EnrollmentVoided:
		b.Queue(enrollmentVoidSQL, e.Tenant, f.Enrollment)
	}
}

// Enrollment is one row.
type Enrollment struct {
	Enrollment    domain.ID
	Student       domain.ID
	School        domain.ID
	Program       *domain.ID
	Session       *domain.ID
	EntryDate     domain.Date
	DatePrecision string
	EntryType     string
	GradeLevel    string
	IsPrimary     bool
	ExitDate      *domain.Date
	ExitType      string
	Voided        bool
	RecordedAt    time.Time
}

const (
	enrollmentColumns = `enrollment, student, institution AS school, program, session, entry_date::text AS entry_date, date_precision,
		entry_type, grade_level, is_primary, exit_date::text AS exit_date, exit_type, voided, recorded_at`
	historySQL = `SELECT ` + enrollmentColumns + ` FROM read.enrollments WHERE tenant = $1 AND student = $2 ORDER BY entry_date, enrollment`
	rosterSQL  = `SELECT ` + enrollmentColumns + ` FROM read.enrollments
		WHERE tenant = $1 AND institution = $2 AND NOT voided AND (student, enrollment) > ($3, $4)
		AND ($5::uuid IS NULL OR program = $5) AND ($6::uuid IS NULL OR session = $6) AND ($7 = '' OR grade_level = $7)
		AND ($8 = '' OR (entry_date <= $8::text::date AND (exit_date IS NULL OR exit_date >= $8::text::date)))
		ORDER BY student, enrollment LIMIT $9`
)

// EnrollmentHistory is every enrollment of a student that is in scope, oldest first.
func EnrollmentHistory(ctx context.Context, tx pgx.Tx, tenant, student domain.ID) ([]Enrollment, error) {
	return many[Enrollment](ctx, tx, historySQL, tenant, student)
}

// RosterFilter narrows a roster to a section or class; zero members let everything through.
type RosterFilter struct {
	Program, Session domain.ID
	GradeLevel       domain.Descriptor
	// AsOf: enrolled on that day.
	AsOf domain.Date
}

// Roster is a page of a school's enrollments by student; after is the last row of the page before.
func Roster(ctx context.Context, tx pgx.Tx, tenant, school domain.ID, f RosterFilter, after Enrollment, limit int) ([]Enrollment, error) {
	return many[Enrollment](ctx, tx, rosterSQL, tenant, school, afterID(after.Student), afterID(after.Enrollment),
		orNull(f.Program), orNull(f.Session), f.GradeLevel, f.AsOf, limit)
}

type enrollmentRow struct {
	Tenant        domain.ID    `json:"tenant"`
	Institution   domain.ID    `json:"institution"`
	Institutions  []domain.ID  `json:"institutions"`
	Enrollment    domain.ID    `json:"enrollment"`
	Student       domain.ID    `json:"student"`
	Program       *domain.ID   `json:"program"`
	Session       *domain.ID   `json:"session"`
	EntryDate     domain.Date  `json:"entry_date"`
	DatePrecision string       `json:"date_precision"`
	EntryType     string       `json:"entry_type"`
	GradeLevel    string       `json:"grade_level"`
	IsPrimary     bool         `json:"is_primary"`
	ExitDate      *domain.Date `json:"exit_date"`
	ExitType      string       `json:"exit_type"`
	Voided        bool         `json:"voided"`
	RecordedAt    stamp        `json:"recorded_at"`
}

type slowEnrollments map[domain.ID]*enrollmentRow

func (s slowEnrollments) Add(e Event) {
	switch f := e.Fact.(type) {
	case enrollment.StudentEnrolled:
		s[f.Enrollment] = &enrollmentRow{
			Tenant: e.Tenant, Institution: f.School, Enrollment: f.Enrollment, Student: e.IDs[0], Program: orNull(f.Program),
			Session: orNull(f.Session), EntryDate: f.EntryDate, DatePrecision: string(f.DatePrecision), EntryType: string(f.EntryType),
			GradeLevel: string(f.GradeLevel), IsPrimary: f.Primary, RecordedAt: stamp(e.Meta.RecordedAt),
		}
	case enrollment.GradeLevelChanged:
		s[f.Enrollment].GradeLevel = string(f.GradeLevel)
	case enrollment.StudentPromoted:
		s[f.Enrollment].GradeLevel = string(f.GradeLevel)
	case enrollment.StudentRetained:
		if f.GradeLevel != "" {
			s[f.Enrollment].GradeLevel = string(f.GradeLevel)
		}
	case enrollment.StudentWithdrawn:
		s[f.Enrollment].ExitDate, s[f.Enrollment].ExitType = &f.ExitDate, string(f.ExitType)
	case enrollment.EnrollmentVoided:
		s[f.Enrollment].Voided = true
	}
}

func (s slowEnrollments) Rows() map[string][]any {
	var rows []any
	schools := map[domain.ID][]domain.ID{}
	for _, r := range s {
		schools[r.Student] = append(schools[r.Student], r.Institution)
	}
	for _, r := range s {
		slices.Sort(schools[r.Student])
		r.Institutions = slices.Compact(schools[r.Student])
		schools[r.Student] = r.Institutions
		rows = append(rows, r)
	}
	return map[string][]any{"enrollments": rows}
}
