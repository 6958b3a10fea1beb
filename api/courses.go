package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/course"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerCourses() {
	write(s, op{
		ID: "define-course", Method: http.MethodPost, Path: "/v1/courses", Scope: access.CatalogWrite, Tag: "courses", Status: http.StatusCreated,
		Summary:     "Define a course",
		Description: "A definition never changes: the same one again changes nothing, another one under the same courseCode is refused.",
	}, s.defineCourse)
	write(s, op{
		ID: "retire-course", Method: http.MethodPost, Path: "/v1/courses/{course}/retirements", Scope: access.CatalogWrite, Tag: "courses", Status: http.StatusCreated,
		Summary: "End a course: no new grade is recorded in it from a day on",
	}, s.retireCourse)
	s.registerCourseReads()
}

// NewCourse is a course.
type NewCourse struct {
	EducationOrganization domain.ID         `json:"educationOrganization,omitempty" doc:"Whose course it is; absent for the caller's institution. It can be used by that one and those below it"`
	CourseCode            LocalCode         `json:"courseCode" doc:"The organization's own code" example:"MATH-4"`
	CourseTitle           domain.Text       `json:"courseTitle"`
	AcademicSubject       domain.Descriptor `json:"academicSubject,omitempty" example:"uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics"`
	Credits               domain.Decimal    `json:"credits,omitzero" doc:"What passing it is worth"`
}

type defineCourseInput struct{ Body NewCourse }

func (s *Server) defineCourse(ctx context.Context, in *defineCourseInput) (*answer[WrittenID], error) {
	b := in.Body
	title, err := cleaned(b.CourseTitle)
	if err != nil {
		return nil, err
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.DefineCourse(ctx, act, course.CourseDefined{
		EducationOrganization: b.EducationOrganization, CourseCode: string(b.CourseCode), CourseTitle: title,
		AcademicSubject: b.AcademicSubject, Credits: b.Credits,
	})
	return recorded(s, "/v1/courses/", w, err)
}

type retireCourseInput struct {
	Course domain.ID `path:"course"`
	Body   CourseRetirement
}

// CourseRetirement is the end of a course.
type CourseRetirement struct {
	EndDate   domain.Date `json:"endDate" doc:"The first day on which no new grade is recorded"`
	Successor domain.ID   `json:"successor,omitempty" doc:"The course that replaces it"`
}

func (s *Server) retireCourse(ctx context.Context, in *retireCourseInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RetireCourse(ctx, act, in.Course, in.Body.EndDate, in.Body.Successor)
	return recorded(s, "/v1/courses/", w, err)
}

// Course is a course as it stands on a day.
type Course struct {
	ID                    domain.ID         `json:"id"`
	EducationOrganization domain.ID         `json:"educationOrganization"`
	CourseCode            string            `json:"courseCode"`
	CourseTitle           domain.Text       `json:"courseTitle"`
	AcademicSubject       domain.Descriptor `json:"academicSubject,omitempty"`
	Credits               domain.Decimal    `json:"credits,omitzero"`
	EndDate               domain.Date       `json:"endDate,omitempty" doc:"The first day on which no new grade is recorded"`
	Successor             domain.ID         `json:"successor,omitempty"`
	Running               bool              `json:"running" doc:"Whether grades of that day can be recorded in it"`
	History               []HistoryEntry    `json:"history,omitempty"`
}

type listCoursesInput struct {
	Paged
	Asked
	EducationOrganization domain.ID `query:"educationOrganization"`
	CourseCode            string    `query:"courseCode" maxLength:"60"`
}

type getCourseInput struct {
	Asked
	Known
	Course domain.ID `path:"course"`
}

func (s *Server) registerCourseReads() {
	r := register[course.Event, Course]{
		category: course.Decider.Category, path: "/v1/courses", tag: "courses", noun: "course", scope: access.CatalogRead,
		build: func(id domain.ID, facts []course.Event, day domain.Date) Course {
			st := course.Decider.Fold(course.State{}, facts...)
			d := st.Definition
			return Course{
				id, d.EducationOrganization, d.CourseCode, d.CourseTitle, d.AcademicSubject, d.Credits,
				st.EndDate, st.Successor, st.RunsOn(day), nil,
			}
		},
		withHistory: func(b *Course, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listCoursesInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, in.Asked, projections.RegisterFilter{Owner: in.EducationOrganization, Code: in.CourseCode}
	})
	getRegister(s, r, "course", func(in *getCourseInput) (domain.ID, Asked, Known) { return in.Course, in.Asked, in.Known })
}
