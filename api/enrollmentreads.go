package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerEnrollmentReads() {
	read(s, op{
		ID: "list-student-enrollments", Method: http.MethodGet, Path: studentPath + "/enrollments", Scope: access.EnrollmentsRead, Tag: "enrollments",
		Summary:     "A student's enrollments, oldest first",
		Description: "At every school, for who may see the student; voided ones among them.",
	}, s.enrollmentHistory)
	read(s, op{
		ID: "list-enrollments", Method: http.MethodGet, Path: "/v1/enrollments", Scope: access.EnrollmentsRead, Tag: "enrollments",
		Summary:     "The roster of a school, or of a section or class of it, by student",
		Description: "Narrow it by `program`, `session` and `gradeLevel`. Voided enrollments are left out.",
	}, s.roster)
}

// Enrollment is one enrollment as it stands.
type Enrollment struct {
	ID               domain.ID         `json:"id"`
	StudentUniqueID  domain.ID         `json:"studentUniqueId"`
	School           domain.ID         `json:"school"`
	Program          *domain.ID        `json:"program,omitempty"`
	Session          *domain.ID        `json:"session,omitempty"`
	EntryDate        domain.Date       `json:"entryDate"`
	DatePrecision    string            `json:"datePrecision" enum:"day,session" doc:"Of entryDate"`
	EntryType        domain.Descriptor `json:"entryType,omitempty"`
	GradeLevel       domain.Descriptor `json:"gradeLevel,omitempty" doc:"As it stands now"`
	PrimarySchool    bool              `json:"primarySchool"`
	ExitWithdrawDate *domain.Date      `json:"exitWithdrawDate,omitempty" doc:"The last day; absent while the enrollment is open"`
	ExitWithdrawType domain.Descriptor `json:"exitWithdrawType,omitempty"`
	Voided           bool              `json:"voided,omitempty"`
	RecordedAt       time.Time         `json:"recordedAt"`
	PersonalNames    []PersonalName    `json:"personalNames,omitempty" doc:"In rosters only"`
}

func enrollmentOf(e projections.Enrollment) Enrollment {
	return Enrollment{
		ID: e.Enrollment, StudentUniqueID: e.Student, School: e.School, Program: e.Program, Session: e.Session,
		EntryDate: e.EntryDate, DatePrecision: e.DatePrecision, EntryType: domain.Descriptor(e.EntryType), GradeLevel: domain.Descriptor(e.GradeLevel),
		PrimarySchool: e.IsPrimary, ExitWithdrawDate: e.ExitDate, ExitWithdrawType: domain.Descriptor(e.ExitType), Voided: e.Voided, RecordedAt: e.RecordedAt,
	}
}

// EnrollmentHistory is every enrollment of a student.
type EnrollmentHistory struct {
	Items []Enrollment `json:"items"`
}

func (s *Server) enrollmentHistory(ctx context.Context, in *getStudentInput) (EnrollmentHistory, error) {
	out := EnrollmentHistory{Items: []Enrollment{}}
	var ok bool
	err := s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) (err error) {
		if _, ok, err = projections.StudentOne(ctx, tx, principal(ctx).Tenant, in.Student); err != nil || !ok {
			return err
		}
		rows, err := projections.EnrollmentHistory(ctx, tx, principal(ctx).Tenant, in.Student)
		for _, r := range rows {
			out.Items = append(out.Items, enrollmentOf(r))
		}
		return err
	})
	if err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	return out, err
}

type rosterInput struct {
	Paged
	School     domain.ID         `query:"school" doc:"Absent for the caller's own institution"`
	Program    domain.ID         `query:"program"`
	Session    domain.ID         `query:"session"`
	GradeLevel domain.Descriptor `query:"gradeLevel"`
	AsOf       domain.Date       `query:"asOf" doc:"Enrolled on that day; absent for everybody who ever was"`
}

func (s *Server) roster(ctx context.Context, in *rosterInput) (page[Enrollment], error) {
	if in.School == "" {
		in.School = principal(ctx).Institution
	}
	bound := []string{string(in.School), string(in.Program), string(in.Session), string(in.GradeLevel), string(in.AsOf)}
	key, err := s.from(ctx, in.Paged, bound...)
	if err != nil {
		return page[Enrollment]{}, err
	}
	var after projections.Enrollment
	if len(key) == 2 {
		after.Student, after.Enrollment = domain.ID(key[0]), domain.ID(key[1])
	}
	var rows []projections.Enrollment
	var people []projections.Student
	err = s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) error {
		rows, err = projections.Roster(ctx, tx, principal(ctx).Tenant, in.School, projections.RosterFilter{
			Program: in.Program, Session: in.Session, GradeLevel: in.GradeLevel, AsOf: in.AsOf,
		}, after, in.Limit+1)
		if err != nil {
			return err
		}
		ids := make([]domain.ID, len(rows))
		for i, r := range rows {
			ids[i] = r.Student
		}
		people, err = projections.StudentsByID(ctx, tx, principal(ctx).Tenant, ids)
		return err
	})
	if err != nil {
		return page[Enrollment]{}, err
	}
	names := map[domain.ID][]PersonalName{}
	for _, r := range people {
		p, err := s.person(ctx, r)
		if err != nil {
			return page[Enrollment]{}, err
		}
		names[r.Student] = namesOf(p.Names)
	}
	items := make([]Enrollment, len(rows))
	for i, r := range rows {
		items[i] = enrollmentOf(r)
		items[i].PersonalNames = names[r.Student]
	}
	return pageOf(s, ctx, in.Paged, items, func(e Enrollment) []string { return []string{string(e.StudentUniqueID), string(e.ID)} }, bound...)
}
