package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/course"
	"sijil/internal/access"
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
