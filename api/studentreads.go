package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerStudentReads() {
	read(s, op{
		ID: "list-students", Method: http.MethodGet, Path: studentsPath, Scope: access.StudentsRead, Tag: "students",
		Summary:     "List the register of students, by id",
		Description: "Students whom the caller's institution, or one below it, registered or has or had enrolled.",
	}, s.listStudents)
	read(s, op{
		ID: "get-student", Method: http.MethodGet, Path: studentPath, Scope: access.StudentsRead, Tag: "students",
		Summary: "Read one student, with their identification codes",
	}, s.getStudent)
}

// Student is one student of the register.
type Student struct {
	StudentUniqueID            domain.ID          `json:"studentUniqueId"`
	School                     domain.ID          `json:"school" doc:"Of the primary enrollment opened last, else where registered"`
	PersonalNames              []PersonalName     `json:"personalNames"`
	Sex                        domain.Descriptor  `json:"sex,omitempty"`
	BirthYear                  int                `json:"birthYear,omitempty"`
	IdentityAssurance          student.Assurance  `json:"identityAssurance" enum:"undocumented,declared,documented,verified"`
	StudentIdentificationCodes []IdentifierOnFile `json:"studentIdentificationCodes,omitempty" doc:"Of one student only, not in listings"`
	MergedInto                 *domain.ID         `json:"mergedInto,omitempty" doc:"The student that goes on since a merge"`
	Erased                     bool               `json:"erased,omitempty" doc:"The person's data was erased"`
	RegisteredAt               time.Time          `json:"registeredAt"`
	BirthFields
}

// IdentifierOnFile is a number that names or named a student.
type IdentifierOnFile struct {
	Link     domain.ID `json:"link" doc:"What another number names to replace this one"`
	Active   bool      `json:"active"`
	National bool      `json:"national"`
	IdentificationCode
}

type listStudentsInput struct {
	Paged
	School domain.ID `query:"school" doc:"Who are or were at this institution; absent for all within reach"`
}

func (s *Server) listStudents(ctx context.Context, in *listStudentsInput) (page[Student], error) {
	key, err := s.from(ctx, in.Paged, string(in.School))
	if err != nil {
		return page[Student]{}, err
	}
	var after domain.ID
	if key != nil {
		after = domain.ID(key[0])
	}
	var rows []projections.Student
	err = s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) error {
		rows, err = projections.StudentList(ctx, tx, principal(ctx).Tenant, in.School, after, in.Limit+1)
		return err
	})
	if err != nil {
		return page[Student]{}, err
	}
	items := make([]Student, len(rows))
	for i, r := range rows {
		if items[i], err = s.student(ctx, r); err != nil {
			return page[Student]{}, err
		}
	}
	return pageOf(s, ctx, in.Paged, items, func(x Student) []string { return []string{string(x.StudentUniqueID)} }, string(in.School))
}

type getStudentInput struct {
	Student domain.ID `path:"student"`
}

func (s *Server) getStudent(ctx context.Context, in *getStudentInput) (Student, error) {
	var row projections.Student
	var numbers []projections.Identifier
	var ok bool
	err := s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) (err error) {
		if row, ok, err = projections.StudentOne(ctx, tx, principal(ctx).Tenant, in.Student); err != nil || !ok {
			return err
		}
		numbers, err = projections.StudentIdentifiers(ctx, tx, principal(ctx).Tenant, in.Student)
		return err
	})
	if err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	if err != nil {
		return Student{}, err
	}
	out, err := s.student(ctx, row)
	if err != nil {
		return out, err
	}
	for _, n := range numbers {
		var number student.Identification
		if _, err := s.reveal(ctx, n.Number, &number); err != nil {
			return out, err
		}
		out.StudentIdentificationCodes = append(out.StudentIdentificationCodes, IdentifierOnFile{
			Link: n.Link, Active: n.Active, National: n.National,
			IdentificationCode: IdentificationCode{number.System, LocalCode(number.Assigner), LocalCode(number.Code)},
		})
	}
	return out, nil
}

// student opens a row: the registration, then what changed it since.
func (s *Server) student(ctx context.Context, r projections.Student) (Student, error) {
	out := Student{
		StudentUniqueID: r.Student, School: r.School, Sex: domain.Descriptor(r.Sex), BirthYear: r.BirthYear,
		IdentityAssurance: student.Assurance(r.Assurance), MergedInto: r.MergedInto, Erased: r.Erased, RegisteredAt: r.RegisteredAt,
	}
	p, err := s.person(ctx, r)
	out.PersonalNames, out.BirthFields = namesOf(p.Names), birthOf(p.Birth)
	return out, err
}

func (s *Server) person(ctx context.Context, r projections.Student) (student.Person, error) {
	var p student.Person
	if _, err := s.reveal(ctx, r.Person, &p); err != nil {
		return p, err
	}
	var names student.NameChange
	if ok, err := s.reveal(ctx, r.Names, &names); err != nil {
		return p, err
	} else if ok {
		p.Names = names.Names
	}
	var birth student.BirthCorrection
	if ok, err := s.reveal(ctx, r.Birth, &birth); err != nil {
		return p, err
	} else if ok {
		p.Birth = birth.Birth
	}
	return p, nil
}
