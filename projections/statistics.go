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
// enrollment and school year, with the open facts of its student.
var statistics = Projection{
	Name:    "statistics",
	Version: 2,
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
    school_year int  NOT NULL, -- the session's or the entry's, and each that began since
    grade_level text NOT NULL, -- in that year
    sex         text NOT NULL,
    birth_year  int  NOT NULL,
    is_primary  boolean NOT NULL,
    withdrawn   boolean NOT NULL, -- in that year
    PRIMARY KEY (tenant, enrollment, school_year)
);
CREATE INDEX statistics_by_year ON statistics_enrollments (tenant, school_year, institution);
CREATE INDEX statistics_by_student ON statistics_enrollments (tenant, student);
` + tenantPolicy("statistics_students", `false`) + tenantPolicy("statistics_sessions", `false`) +
		tenantPolicy("statistics_enrollments", inScope),
	Apply: applyStatistics,
	Slow: func() SlowFold {
		return &slowStatistics{map[domain.ID]*countedStudent{}, map[domain.ID]countedSession{}, map[domain.ID][]*countedEnrollment{}}
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
	countNextYearSQL = `INSERT INTO statistics_enrollments (tenant, enrollment, institution, student, school_year, grade_level, sex, birth_year, is_primary, withdrawn)
		SELECT tenant, enrollment, institution, student, school_year + 1, CASE WHEN $3 = '' THEN grade_level ELSE $3 END, sex, birth_year, is_primary, false
		FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2 ORDER BY school_year DESC LIMIT 1`
	lastYear         = ` AND school_year = (SELECT max(school_year) FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2)`
	countLevelSQL    = `UPDATE statistics_enrollments SET grade_level = $3 WHERE tenant = $1 AND enrollment = $2` + lastYear
	countWithdrawSQL = `UPDATE statistics_enrollments SET withdrawn = true WHERE tenant = $1 AND enrollment = $2` + lastYear
	// Who leaves between two years never was in the second one.
	uncountYearsSQL = `DELETE FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2 AND school_year > $3
		AND school_year > (SELECT min(school_year) FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2)`
	uncountSQL = `DELETE FROM statistics_enrollments WHERE tenant = $1 AND enrollment = $2`
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
	case enrollment.StudentPromoted:
		b.Queue(countNextYearSQL, e.Tenant, f.Enrollment, f.GradeLevel)
	case enrollment.StudentRetained:
		b.Queue(countNextYearSQL, e.Tenant, f.Enrollment, f.GradeLevel)
	case enrollment.StudentWithdrawn:
		b.Queue(uncountYearsSQL, e.Tenant, f.Enrollment, schoolYearOf(f.ExitDate))
		b.Queue(countWithdrawSQL, e.Tenant, f.Enrollment)
	case enrollment.EnrollmentVoided:
		b.Queue(uncountSQL, e.Tenant, f.Enrollment)
	}
}

// Count is how many enrollments, and of how many students, share these traits. An enrollment
// of several years shows in each of them, and once where years are summed up.
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

const countSQL = `SELECT region, institution, grade_level, sex, school_year, count(DISTINCT enrollment)::int AS enrollments,
		count(DISTINCT student)::int AS students, (count(*) FILTER (WHERE withdrawn))::int AS withdrawn
	FROM (SELECT CASE WHEN $2 THEN r.region END AS region, CASE WHEN $3 THEN e.institution END AS institution,
			CASE WHEN $4 THEN e.grade_level ELSE '' END AS grade_level, CASE WHEN $5 THEN e.sex ELSE '' END AS sex,
			CASE WHEN $6 THEN e.school_year ELSE 0 END AS school_year, e.enrollment, e.student, e.withdrawn
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
