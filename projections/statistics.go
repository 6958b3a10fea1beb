package projections

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/student"
)

// statistics keeps what counting needs and nothing that names a person: one row per
// enrollment with the open facts of its student.
var statistics = Projection{
	Name:    "statistics",
	Version: 1,
	Tables:  []string{"statistics_students", "statistics_sessions", "statistics_enrollments"},
	DDL: `
CREATE TABLE statistics_students (
    tenant     uuid NOT NULL,
    student    uuid NOT NULL,
    sex        text NOT NULL,
    birth_year int  NOT NULL,
    PRIMARY KEY (tenant, student)
);
CREATE TABLE statistics_sessions (
    tenant      uuid NOT NULL,
    session     uuid NOT NULL,
    school_year int  NOT NULL,
    PRIMARY KEY (tenant, session)
);
CREATE TABLE statistics_enrollments (
    tenant      uuid NOT NULL,
    enrollment  uuid NOT NULL,
    institution uuid NOT NULL,
    student     uuid NOT NULL,
    school_year int  NOT NULL, -- in which the year of the entry ends
    grade_level text NOT NULL, -- at the entry or as changed since
    sex         text NOT NULL,
    birth_year  int  NOT NULL,
    is_primary  boolean NOT NULL,
    withdrawn   boolean NOT NULL,
    PRIMARY KEY (tenant, enrollment)
);
CREATE INDEX statistics_by_year ON statistics_enrollments (tenant, school_year, institution);
CREATE INDEX statistics_by_student ON statistics_enrollments (tenant, student);
` + tenantPolicy("statistics_students", `false`) + tenantPolicy("statistics_sessions", `false`) +
		tenantPolicy("statistics_enrollments", inScope),
	Apply: applyStatistics,
	Slow: func() SlowFold {
		return &slowStatistics{map[domain.ID]*countedStudent{}, map[domain.ID]countedSession{}, map[domain.ID]*countedEnrollment{}}
	},
}

const (
	countStudentSQL = `INSERT INTO statistics_students (tenant, student, sex, birth_year) VALUES ($1, $2, $3, $4)`
	countBirthSQL   = `UPDATE statistics_students SET sex = CASE WHEN $3 = '' THEN sex ELSE $3 END,
		birth_year = CASE WHEN $4 = 0 THEN birth_year ELSE $4 END WHERE tenant = $1 AND student = $2`
	recountSQL = `UPDATE statistics_enrollments e SET sex = s.sex, birth_year = s.birth_year FROM statistics_students s
		WHERE e.tenant = $1 AND e.student = $2 AND s.tenant = $1 AND s.student = $2`
	countSessionSQL    = `INSERT INTO statistics_sessions (tenant, session, school_year) VALUES ($1, $2, $3)`
	countEnrollmentSQL = `INSERT INTO statistics_enrollments (tenant, enrollment, institution, student, school_year, grade_level, sex, birth_year, is_primary, withdrawn)
		SELECT $1, $2, $3, $4, coalesce((SELECT school_year FROM statistics_sessions WHERE tenant = $1 AND session = $5), $6),
			$7, s.sex, s.birth_year, $8, false FROM statistics_students s WHERE s.tenant = $1 AND s.student = $4`
	countLevelSQL    = `UPDATE statistics_enrollments SET grade_level = $3 WHERE tenant = $1 AND enrollment = $2`
	countWithdrawSQL = `UPDATE statistics_enrollments SET withdrawn = true WHERE tenant = $1 AND enrollment = $2`
	uncountSQL       = `DELETE FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2`
)

// schoolYearOf is the year in which the school year of a day ends, where no session says
// it: a school year begins in August.
func schoolYearOf(day domain.Date) int {
	t := day.Time()
	if t.Month() >= time.August {
		return t.Year() + 1
	}
	return t.Year()
}

func applyStatistics(b *pgx.Batch, e Event) {
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		b.Queue(countStudentSQL, e.Tenant, e.IDs[0], f.Sex, f.BirthYear)
	case student.BirthDataCorrected:
		b.Queue(countBirthSQL, e.Tenant, e.IDs[0], f.Sex, f.BirthYear)
		b.Queue(recountSQL, e.Tenant, e.IDs[0])
	case academicsession.SessionOpened:
		b.Queue(countSessionSQL, e.Tenant, e.IDs[0], f.SchoolYear)
	case enrollment.StudentEnrolled:
		b.Queue(countEnrollmentSQL, e.Tenant, f.Enrollment, f.School, e.IDs[0], orNull(f.Session), schoolYearOf(f.EntryDate), f.GradeLevel, f.Primary)
	case enrollment.GradeLevelChanged:
		b.Queue(countLevelSQL, e.Tenant, f.Enrollment, f.GradeLevel)
	case enrollment.StudentWithdrawn:
		b.Queue(countWithdrawSQL, e.Tenant, f.Enrollment)
	case enrollment.EnrollmentVoided:
		b.Queue(uncountSQL, e.Tenant, f.Enrollment)
	}
}

// Count is how many enrollments, and of how many students, share these traits.
type Count struct {
	// Region is the nearest region above the school, nil when it stands below the country.
	Region      *domain.ID
	Institution *domain.ID
	GradeLevel  string
	Sex         string
	SchoolYear  int
	Enrollments int
	Students    int
	Withdrawn   int
}

// CountBy says which traits to keep apart; what is false is summed up.
type CountBy struct {
	Region, School, Level, Sex, Year bool
}

// CountFilter narrows what is counted; zero members let everything through.
type CountFilter struct {
	SchoolYear int
	School     domain.ID
	// PrimaryOnly leaves module enrollments out.
	PrimaryOnly bool
}

const countSQL = `SELECT region, institution, grade_level, sex, school_year, count(*)::int AS enrollments,
		count(DISTINCT student)::int AS students, (count(*) FILTER (WHERE withdrawn))::int AS withdrawn
	FROM (SELECT CASE WHEN $2 THEN r.region END AS region, CASE WHEN $3 THEN e.institution END AS institution,
			CASE WHEN $4 THEN e.grade_level ELSE '' END AS grade_level, CASE WHEN $5 THEN e.sex ELSE '' END AS sex,
			CASE WHEN $6 THEN e.school_year ELSE 0 END AS school_year, e.student, e.withdrawn
		FROM read.statistics_enrollments e
		LEFT JOIN LATERAL (SELECT a.institution AS region FROM read.institutions i
			JOIN read.institutions a ON a.tenant = i.tenant AND a.institution = ANY (i.path) AND a.tier = 'region'
			WHERE i.tenant = e.tenant AND i.institution = e.institution
			ORDER BY cardinality(a.path) DESC LIMIT 1) r ON $2
		WHERE e.tenant = $1 AND ($7 = 0 OR e.school_year = $7) AND ($8::uuid IS NULL OR e.institution = $8) AND (NOT $9 OR e.is_primary)) x
	GROUP BY 1, 2, 3, 4, 5 ORDER BY 5, 1, 2, 3, 4 LIMIT $10`

// Counts are the enrollments in scope, grouped; at most limit groups.
func Counts(ctx context.Context, tx pgx.Tx, tenant domain.ID, by CountBy, f CountFilter, limit int) ([]Count, error) {
	return many[Count](ctx, tx, countSQL, tenant, by.Region, by.School, by.Level, by.Sex, by.Year, f.SchoolYear, orNull(f.School), f.PrimaryOnly, limit)
}

type countedStudent struct {
	Tenant    domain.ID `json:"tenant"`
	Student   domain.ID `json:"student"`
	Sex       string    `json:"sex"`
	BirthYear int       `json:"birth_year"`
}

type countedSession struct {
	Tenant     domain.ID `json:"tenant"`
	Session    domain.ID `json:"session"`
	SchoolYear int       `json:"school_year"`
}

type countedEnrollment struct {
	Tenant      domain.ID `json:"tenant"`
	Enrollment  domain.ID `json:"enrollment"`
	Institution domain.ID `json:"institution"`
	Student     domain.ID `json:"student"`
	SchoolYear  int       `json:"school_year"`
	GradeLevel  string    `json:"grade_level"`
	Sex         string    `json:"sex"`
	BirthYear   int       `json:"birth_year"`
	IsPrimary   bool      `json:"is_primary"`
	Withdrawn   bool      `json:"withdrawn"`
}

// slowStatistics fills in the students' traits only at the end.
type slowStatistics struct {
	students    map[domain.ID]*countedStudent
	sessions    map[domain.ID]countedSession
	enrollments map[domain.ID]*countedEnrollment
}

func (s *slowStatistics) Add(e Event) {
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		s.students[e.IDs[0]] = &countedStudent{e.Tenant, e.IDs[0], string(f.Sex), f.BirthYear}
	case student.BirthDataCorrected:
		if f.Sex != "" {
			s.students[e.IDs[0]].Sex = string(f.Sex)
		}
		if f.BirthYear != 0 {
			s.students[e.IDs[0]].BirthYear = f.BirthYear
		}
	case academicsession.SessionOpened:
		s.sessions[e.IDs[0]] = countedSession{e.Tenant, e.IDs[0], f.SchoolYear}
	case enrollment.StudentEnrolled:
		c := &countedEnrollment{
			Tenant: e.Tenant, Enrollment: f.Enrollment, Institution: f.School, Student: e.IDs[0],
			SchoolYear: schoolYearOf(f.EntryDate), GradeLevel: string(f.GradeLevel), IsPrimary: f.Primary,
		}
		if session, ok := s.sessions[f.Session]; ok {
			c.SchoolYear = session.SchoolYear
		}
		s.enrollments[f.Enrollment] = c
	case enrollment.GradeLevelChanged:
		s.enrollments[f.Enrollment].GradeLevel = string(f.GradeLevel)
	case enrollment.StudentWithdrawn:
		s.enrollments[f.Enrollment].Withdrawn = true
	case enrollment.EnrollmentVoided:
		delete(s.enrollments, f.Enrollment)
	}
}

func (s *slowStatistics) Rows() map[string][]any {
	rows := map[string][]any{}
	for _, r := range s.students {
		rows["statistics_students"] = append(rows["statistics_students"], r)
	}
	for _, r := range s.sessions {
		rows["statistics_sessions"] = append(rows["statistics_sessions"], r)
	}
	for _, r := range s.enrollments {
		who := s.students[r.Student]
		r.Sex, r.BirthYear = who.Sex, who.BirthYear
		rows["statistics_enrollments"] = append(rows["statistics_enrollments"], r)
	}
	return rows
}
