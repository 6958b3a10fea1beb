// Package course holds what a course is: defined once, never changed, and one day retired.
package course

import "sijil/domain"

// Event is a fact about one course.
type Event interface{ isCourseEvent() }

// CourseDefined: the organization offers this course.
type CourseDefined struct {
	// EducationOrganization owns the definition: a school its own, a ministry the national ones.
	EducationOrganization domain.ID         `json:"educationOrganization"`
	CourseCode            string            `json:"courseCode"`
	CourseTitle           domain.Text       `json:"courseTitle"`
	AcademicSubject       domain.Descriptor `json:"academicSubject,omitzero"`
	// Credits are what passing it is worth; 0 where credits are not used.
	Credits domain.Decimal `json:"credits,omitzero"`
}

// CourseRetired: no new grade is recorded in it from EndDate on; older ones stand.
type CourseRetired struct {
	EndDate domain.Date `json:"endDate"`
	// Successor is the course that replaces it, if one does.
	Successor domain.ID `json:"successor,omitzero"`
}

func (CourseDefined) isCourseEvent() {}
func (CourseRetired) isCourseEvent() {}
