package course

import (
	"maps"

	"sijil/domain"
)

// Decider is the rules of one course.
var Decider = domain.Decider[Command, State, Event]{Category: "course", Decide: decide, Evolve: evolve}

// State is the definition and the end of a course; CourseCode is empty when there is none.
type State struct {
	Definition CourseDefined
	// EndDate is the first day no new grade is recorded; empty while the course runs.
	EndDate   domain.Date
	Successor domain.ID
}

// Defined reports whether the course exists.
func (s State) Defined() bool { return s.Definition.CourseCode != "" }

// RunsOn reports whether grades of day may be recorded in the course.
func (s State) RunsOn(day domain.Date) bool {
	return s.Defined() && (s.EndDate == "" || day < s.EndDate)
}

// Command asks for a decision about one course.
type Command interface{ isCommand() }

// Define offers a course. The same definition again changes nothing; another one under
// the same code is refused.
type Define struct{ Definition CourseDefined }

// Retire ends a course.
type Retire struct {
	// Self is the course's own id.
	Self    domain.ID
	EndDate domain.Date
	// Successor replaces it, if a course does; SuccessorKnown says that it exists.
	Successor      domain.ID
	SuccessorKnown bool
}

func (Define) isCommand() {}
func (Retire) isCommand() {}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Define:
		return c.decide(s)
	case Retire:
		return c.decide(s)
	}
	panic("Command is sealed: this one was added without its rule")
}

func (c Define) decide(s State) ([]Event, error) {
	d := c.Definition
	if err := domain.Check(
		domain.Rule{Field: "educationOrganization", Holds: d.EducationOrganization.Valid(), Says: "is an institution"},
		domain.Rule{Field: "courseCode", Holds: domain.Code(d.CourseCode), Says: "is one line of 1 to 60 characters"},
		domain.Rule{Field: "courseTitle", Holds: d.CourseTitle.Well(200), Says: "is a title of at most 200 characters by language tag"},
		domain.Rule{Field: "academicSubject", Holds: d.AcademicSubject == "" || d.AcademicSubject.Is("AcademicSubject"), Says: "is a code of an AcademicSubjectDescriptor list"},
		domain.Rule{Field: "credits", Holds: d.Credits >= 0 && d.Credits <= domain.Whole(1000), Says: "is a number of credits from 0 to 1000"},
	); err != nil {
		return nil, err
	}
	switch {
	case !s.Defined():
		return []Event{d}, nil
	case same(s.Definition, d):
		return nil, nil
	}
	return nil, domain.Refuse(domain.Conflict, "already_defined", "this courseCode is defined otherwise; a changed course has another courseCode")
}

// same compares two definitions member by member; the title is a map.
func same(a, b CourseDefined) bool {
	return maps.Equal(a.CourseTitle, b.CourseTitle) && a.EducationOrganization == b.EducationOrganization &&
		a.CourseCode == b.CourseCode && a.AcademicSubject == b.AcademicSubject && a.Credits == b.Credits
}

func (c Retire) decide(s State) ([]Event, error) {
	switch {
	case !s.Defined():
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such course")
	case !c.EndDate.Valid():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "endDate is a day of the calendar")
	case c.Successor != "" && (!c.SuccessorKnown || c.Successor == c.Self):
		return nil, domain.Refuse(domain.Missing, "successor_unknown", "the successor is not another course of this authority")
	case s.EndDate == c.EndDate && s.Successor == c.Successor:
		return nil, nil
	case s.EndDate != "":
		return nil, domain.Refuse(domain.Conflict, "course_retired", "the course is retired already, as of %s", s.EndDate)
	}
	return []Event{CourseRetired{c.EndDate, c.Successor}}, nil
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case CourseDefined:
		return State{Definition: e}
	case CourseRetired:
		s.EndDate, s.Successor = e.EndDate, e.Successor
	}
	return s
}
