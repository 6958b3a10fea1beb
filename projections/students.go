package projections

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/student"
)

// students is the register of students: who is known, at which schools, under which
// sealed name. The name is what the latest fact says, sealed where that fact lies.
var students = Projection{
	Name:    "students",
	Version: 1,
	Tables:  []string{"students", "student_identifiers"},
	DDL: `
CREATE TABLE students (
    tenant        uuid   NOT NULL,
    student       uuid   NOT NULL,
    institutions  uuid[] NOT NULL, -- where registered, is or was enrolled, sorted
    school        uuid   NOT NULL, -- of the primary enrollment last opened, else where registered
    sex           text   NOT NULL,
    birth_year    int    NOT NULL, -- 0 when unknown
    assurance     text   NOT NULL,
    person        bytea,           -- envelope of the registration, gone after an erasure
    names         bytea,           -- envelope of the latest change of names
    birth         bytea,           -- envelope of the latest correction of birth data
    merged_into   uuid,
    erased        boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, student)
);
CREATE INDEX students_by_institution ON students USING gin (institutions);
CREATE TABLE student_identifiers (
    tenant       uuid NOT NULL,
    student      uuid NOT NULL,
    link         uuid NOT NULL,
    active       boolean NOT NULL,
    national     boolean NOT NULL,
    number       bytea,
    PRIMARY KEY (tenant, student, link)
);
` + tenantPolicy("students", anyInScope) + tenantPolicy("student_identifiers",
		`EXISTS (SELECT FROM students s WHERE s.tenant = student_identifiers.tenant AND s.student = student_identifiers.student)`),
	Apply: applyStudent,
	Slow:  func() SlowFold { return &slowStudents{byID: map[domain.ID]*studentRow{}} },
}

const (
	studentAddSQL = `INSERT INTO students (tenant, student, institutions, school, sex, birth_year, assurance, person, erased, registered_at)
		VALUES ($1, $2, ARRAY[$3::uuid], $3, $4, $5, $6, $7, false, $8)`
	studentAtSQL = `UPDATE students SET institutions = ARRAY(SELECT DISTINCT unnest(institutions || $3::uuid) ORDER BY 1),
		school = CASE WHEN $4 THEN $3 ELSE school END WHERE tenant = $1 AND student = $2`
	studentNamesSQL = `UPDATE students SET names = $3 WHERE tenant = $1 AND student = $2`
	studentBirthSQL = `UPDATE students SET birth = $3, sex = CASE WHEN $4 = '' THEN sex ELSE $4 END,
		birth_year = CASE WHEN $5 = 0 THEN birth_year ELSE $5 END WHERE tenant = $1 AND student = $2`
	studentMergeSQL  = `UPDATE students SET merged_into = $3 WHERE tenant = $1 AND student = $2`
	studentEraseSQL  = `UPDATE students SET erased = true, person = NULL, names = NULL, birth = NULL WHERE tenant = $1 AND student = $2`
	numbersEraseSQL  = `UPDATE student_identifiers SET number = NULL WHERE tenant = $1 AND student = $2`
	identifierAddSQL = `INSERT INTO student_identifiers (tenant, student, link, active, national, number)
		VALUES ($1, $2, $3, true, $4, $5)`
	identifierEndSQL     = `UPDATE student_identifiers SET active = false WHERE tenant = $1 AND student = $2 AND link = $3`
	studentsAssuranceSQL = `UPDATE students SET assurance = $3 WHERE tenant = $1 AND student = $2`
)

func applyStudent(b *pgx.Batch, e Event) {
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		b.Queue(studentAddSQL, e.Tenant, e.IDs[0], f.School, f.Sex, f.BirthYear, f.Assurance, f.Person.Envelope(), e.Meta.RecordedAt)
	case enrollment.StudentEnrolled:
		b.Queue(studentAtSQL, e.Tenant, e.IDs[0], f.School, f.Primary)
	case student.LegalNameChanged:
		b.Queue(studentNamesSQL, e.Tenant, e.IDs[0], f.Names.Envelope())
	case student.BirthDataCorrected:
		b.Queue(studentBirthSQL, e.Tenant, e.IDs[0], f.Birth.Envelope(), f.Sex, f.BirthYear)
	case student.IdentifierLinked:
		b.Queue(identifierAddSQL, e.Tenant, e.IDs[0], f.Link, f.National, f.Number.Envelope())
		b.Queue(studentsAssuranceSQL, e.Tenant, e.IDs[0], f.Assurance)
		if f.Replaces != "" {
			b.Queue(identifierEndSQL, e.Tenant, e.IDs[0], f.Replaces)
		}
	case student.StudentMerged:
		b.Queue(studentMergeSQL, e.Tenant, e.IDs[0], f.Into)
	case student.StudentUnmerged:
		b.Queue(studentMergeSQL, e.Tenant, e.IDs[0], nil)
	case student.PersonalDataErased:
		if slices.Contains(f.Classes, domain.ClassRecord) {
			b.Queue(studentEraseSQL, e.Tenant, e.IDs[0])
			b.Queue(numbersEraseSQL, e.Tenant, e.IDs[0])
		}
	}
}

// Student is one row of the register; sealed members open through the vault.
type Student struct {
	Student      domain.ID
	Institutions []domain.ID
	School       domain.ID
	Sex          string
	BirthYear    int
	Assurance    string
	Person       []byte
	Names        []byte
	Birth        []byte
	MergedInto   *domain.ID
	Erased       bool
	RegisteredAt time.Time
}

// Identifier is one number of a student, sealed.
type Identifier struct {
	Link     domain.ID
	Active   bool
	National bool
	Number   []byte
}

const (
	studentColumns = `student, institutions, school, sex, birth_year, assurance, person, names, birth, merged_into, erased, registered_at`
	studentOneSQL  = `SELECT ` + studentColumns + ` FROM read.students WHERE tenant = $1 AND student = $2`
	studentListSQL = `SELECT ` + studentColumns + ` FROM read.students WHERE tenant = $1 AND student > $2
		AND ($3::uuid IS NULL OR institutions @> ARRAY[$3::uuid]) ORDER BY student LIMIT $4`
	studentsByIDSQL   = `SELECT ` + studentColumns + ` FROM read.students WHERE tenant = $1 AND student = ANY($2::uuid[]) ORDER BY student`
	studentNumbersSQL = `SELECT link, active, national, number FROM read.student_identifiers WHERE tenant = $1 AND student = $2 ORDER BY link`
)

// StudentOne is a student in scope; ok is false when there is none.
func StudentOne(ctx context.Context, tx pgx.Tx, tenant, id domain.ID) (Student, bool, error) {
	return one[Student](ctx, tx, studentOneSQL, tenant, id)
}

// StudentList is a page of the register by id; school "" for all in scope.
func StudentList(ctx context.Context, tx pgx.Tx, tenant, school, after domain.ID, limit int) ([]Student, error) {
	return many[Student](ctx, tx, studentListSQL, tenant, afterID(after), orNull(school), limit)
}

// StudentsByID are those of the students named that are in scope, each once.
func StudentsByID(ctx context.Context, tx pgx.Tx, tenant domain.ID, ids []domain.ID) ([]Student, error) {
	return many[Student](ctx, tx, studentsByIDSQL, tenant, ids)
}

// StudentIdentifiers are a student's numbers.
func StudentIdentifiers(ctx context.Context, tx pgx.Tx, tenant, id domain.ID) ([]Identifier, error) {
	return many[Identifier](ctx, tx, studentNumbersSQL, tenant, id)
}

type studentRow struct {
	Tenant       domain.ID   `json:"tenant"`
	Student      domain.ID   `json:"student"`
	Institutions []domain.ID `json:"institutions"`
	School       domain.ID   `json:"school"`
	Sex          string      `json:"sex"`
	BirthYear    int         `json:"birth_year"`
	Assurance    string      `json:"assurance"`
	Person       blob        `json:"person"`
	Names        blob        `json:"names"`
	Birth        blob        `json:"birth"`
	MergedInto   *domain.ID  `json:"merged_into"`
	Erased       bool        `json:"erased"`
	RegisteredAt stamp       `json:"registered_at"`
}

type identifierRow struct {
	Tenant   domain.ID `json:"tenant"`
	Student  domain.ID `json:"student"`
	Link     domain.ID `json:"link"`
	Active   bool      `json:"active"`
	National bool      `json:"national"`
	Number   blob      `json:"number"`
}

type slowStudents struct {
	byID    map[domain.ID]*studentRow
	numbers []*identifierRow
}

func (s *slowStudents) Add(e Event) {
	if len(e.IDs) == 0 {
		return
	}
	r := s.byID[e.IDs[0]]
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		s.byID[e.IDs[0]] = &studentRow{
			Tenant: e.Tenant, Student: e.IDs[0], Institutions: []domain.ID{f.School}, School: f.School, Sex: string(f.Sex),
			BirthYear: f.BirthYear, Assurance: string(f.Assurance), Person: f.Person.Envelope(), RegisteredAt: stamp(e.Meta.RecordedAt),
		}
	case enrollment.StudentEnrolled:
		if !slices.Contains(r.Institutions, f.School) {
			r.Institutions = append(r.Institutions, f.School)
			slices.Sort(r.Institutions)
		}
		if f.Primary {
			r.School = f.School
		}
	case student.LegalNameChanged:
		r.Names = f.Names.Envelope()
	case student.BirthDataCorrected:
		r.Birth = f.Birth.Envelope()
		if f.Sex != "" {
			r.Sex = string(f.Sex)
		}
		if f.BirthYear != 0 {
			r.BirthYear = f.BirthYear
		}
	case student.IdentifierLinked:
		r.Assurance = string(f.Assurance)
		for _, n := range s.numbers {
			n.Active = n.Active && (n.Link != f.Replaces || n.Student != r.Student)
		}
		s.numbers = append(s.numbers, &identifierRow{e.Tenant, r.Student, f.Link, true, f.National, f.Number.Envelope()})
	case student.StudentMerged:
		r.MergedInto = &f.Into
	case student.StudentUnmerged:
		r.MergedInto = nil
	case student.PersonalDataErased:
		if slices.Contains(f.Classes, domain.ClassRecord) {
			r.Erased, r.Person, r.Names, r.Birth = true, nil, nil, nil
			for _, n := range s.numbers {
				if n.Student == r.Student {
					n.Number = nil
				}
			}
		}
	}
}

func (s *slowStudents) Rows() map[string][]any {
	rows := map[string][]any{}
	for _, r := range s.byID {
		rows["students"] = append(rows["students"], r)
	}
	for _, n := range s.numbers {
		rows["student_identifiers"] = append(rows["student_identifiers"], n)
	}
	return rows
}
