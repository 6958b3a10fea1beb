package course_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/course"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[course.Command, course.Event]
	f = []course.Event
)

const (
	self domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	next domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
)

var (
	defined = course.CourseDefined{
		EducationOrganization: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01", CourseCode: "MATH 4",
		CourseTitle: domain.Text{"ar": "الرياضيات", "bs": "Matematika – viši tečaj"}, AcademicSubject: domain.EdFi("AcademicSubject", "Mathematics"),
		Credits: domain.Whole(6),
	}
	retired = course.CourseRetired{EndDate: "2026-07-01", Successor: next}
)

func TestDecide(t *testing.T) {
	but := func(change func(*course.CourseDefined)) course.Define {
		d := defined
		change(&d)
		return course.Define{Definition: d}
	}
	bad := func(change func(*course.CourseDefined)) c { return c{When: but(change), Code: "invalid_field"} }
	retire := course.Retire{Self: self, EndDate: "2026-07-01", Successor: next, SuccessorKnown: true}
	cases := map[string]c{
		"a course is defined":                           {When: course.Define{Definition: defined}, Then: f{defined}},
		"the same definition again changes nothing":     {Given: f{defined}, When: course.Define{Definition: defined}},
		"the same definition of a retired one, neither": {Given: f{defined, retired}, When: course.Define{Definition: defined}},
		"an owner that is no id is refused":             bad(func(d *course.CourseDefined) { d.EducationOrganization = "x" }),
		"a course without a code is refused":            bad(func(d *course.CourseDefined) { d.CourseCode = "" }),
		"a course without a title is refused":           bad(func(d *course.CourseDefined) { d.CourseTitle = nil }),
		"a subject of another list is refused":          bad(func(d *course.CourseDefined) { d.AcademicSubject = domain.EdFi("Term", "Fall") }),
		"negative credits are refused":                  bad(func(d *course.CourseDefined) { d.Credits = -1 }),
		"a course is retired":                           {Given: f{defined}, When: retire, Then: f{retired}},
		"a course is retired without successor":         {Given: f{defined}, When: course.Retire{Self: self, EndDate: "2026-07-01"}, Then: f{course.CourseRetired{EndDate: "2026-07-01"}}},
		"a retirement again changes nothing":            {Given: f{defined, retired}, When: retire},
		"a retirement is not moved":                     {Given: f{defined, retired}, When: course.Retire{Self: self, EndDate: "2027-07-01"}, Code: "course_retired"},
		"what is not there is not retired":              {When: retire, Code: "not_found"},
		"a retirement on no day is refused":             {Given: f{defined}, When: course.Retire{Self: self}, Code: "invalid_field"},
		"a successor that is not there is refused":      {Given: f{defined}, When: course.Retire{Self: self, EndDate: "2026-07-01", Successor: next}, Code: "successor_unknown"},
		"a course does not succeed itself":              {Given: f{defined}, When: course.Retire{Self: self, EndDate: "2026-07-01", Successor: self, SuccessorKnown: true}, Code: "successor_unknown"},
	}
	for name, change := range map[string]func(*course.CourseDefined){
		"owner":   func(d *course.CourseDefined) { d.EducationOrganization = next },
		"code":    func(d *course.CourseDefined) { d.CourseCode = "MATH 5" },
		"title":   func(d *course.CourseDefined) { d.CourseTitle = domain.Text{"fr": "Maths"} },
		"subject": func(d *course.CourseDefined) { d.AcademicSubject = "" },
		"credits": func(d *course.CourseDefined) { d.Credits++ },
	} {
		cases["another "+name+" is another course"] = c{Given: f{defined}, When: but(change), Code: "already_defined"}
	}
	scenario.Run(t, course.Decider, cases)
}

func TestRunsOn(t *testing.T) {
	var none course.State
	open := course.Decider.Fold(none, defined)
	ended := course.Decider.Fold(open, retired)
	if none.RunsOn("2026-01-01") {
		t.Error("a course that is not there runs")
	}
	if !open.RunsOn("2099-01-01") {
		t.Error("a course without end does not run")
	}
	if !ended.RunsOn("2026-06-30") || ended.RunsOn("2026-07-01") {
		t.Error("a retired course does not end on its day")
	}
}
