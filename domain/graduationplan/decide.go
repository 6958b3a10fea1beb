package graduationplan

import (
	"reflect"
	"slices"

	"sijil/domain"
)

// Decider is the rules of one graduation plan.
var Decider = domain.Decider[Command, State, Event]{Category: "graduationPlan", Decide: decide, Evolve: evolve}

// State is every version ever published: the one in force on a day is replayed.
type State struct {
	// Versions in order; Versions[i].Version is i+1.
	Versions []GraduationPlanPublished
}

// InForce is the version in force on day. A version ends at its Until, or where the next one begins.
func (s State) InForce(day domain.Date) (GraduationPlanPublished, bool) {
	for _, v := range slices.Backward(s.Versions) {
		if v.From <= day {
			return v, v.Until == "" || day < v.Until
		}
	}
	return GraduationPlanPublished{}, false
}

// Version is the version with this number.
func (s State) Version(n int) (GraduationPlanPublished, bool) {
	if n < 1 || n > len(s.Versions) {
		return GraduationPlanPublished{}, false
	}
	return s.Versions[n-1], true
}

// Command asks for a decision about one graduation plan.
type Command interface{ isCommand() }

// Publish adds a version. The last version's content again changes nothing.
type Publish struct {
	// Plan is the version to publish; its Version and LowerIsBetter are set by the decision.
	Plan GraduationPlanPublished
	// ProgramKnown: the program exists.
	ProgramKnown bool
	// Scale is the grading scheme's; nil when there is no such scheme.
	Scale *Scale
	// UnknownCourses are the courses named that do not exist.
	UnknownCourses []domain.ID
}

// Scale is what a plan needs to know of its grading scheme.
type Scale struct {
	MinScore, MaxScore domain.Decimal
	LowerIsBetter      bool
}

func (s Scale) holds(score domain.Decimal) bool { return score >= s.MinScore && score <= s.MaxScore }

func (Publish) isCommand() {}

func decide(s State, c Command) ([]Event, error) {
	p, ok := c.(Publish)
	if !ok {
		panic("Command is sealed: this one was added without its rule")
	}
	next := p.Plan
	next.Requirements.LowerIsBetter = p.Scale != nil && p.Scale.LowerIsBetter
	if err := p.check(); err != nil {
		return nil, err
	}
	next.Version = 1
	if n := len(s.Versions); n > 0 {
		last := s.Versions[n-1]
		next.Version = last.Version
		if reflect.DeepEqual(last, next) {
			return nil, nil
		}
		next.Version++
		if last.EducationOrganization != next.EducationOrganization || last.IdentificationCode != next.IdentificationCode || last.Program != next.Program {
			return nil, domain.Refuse(domain.Conflict, "other_plan", "a version keeps the plan's owner, identificationCode and program")
		}
		if next.From <= last.From {
			return nil, domain.Refuse(domain.Conflict, "date_out_of_order", "version %d is in force from %s on; the next one begins later", last.Version, last.From)
		}
	}
	return []Event{next}, nil
}

func (p Publish) check() error {
	d := p.Plan
	if err := domain.Check(
		domain.Rule{Field: "educationOrganization", Holds: d.EducationOrganization.Valid(), Says: "is an institution"},
		domain.Rule{Field: "identificationCode", Holds: domain.Code(d.IdentificationCode), Says: "is one line of 1 to 60 characters"},
		domain.Rule{Field: "name", Holds: d.Name.Well(200), Says: "is a name of at most 200 characters by language tag"},
		domain.Rule{Field: "from", Holds: d.From.Valid(), Says: "is a day of the calendar"},
		domain.Rule{Field: "until", Holds: d.Until == "" || d.Until.Valid() && d.Until > d.From, Says: "is a later day than from"},
		domain.Rule{Field: "decision", Holds: d.Decision == "" || domain.Line(d.Decision, 200), Says: "is one line of at most 200 characters"},
	); err != nil {
		return err
	}
	switch {
	case !p.ProgramKnown:
		return domain.Refuse(domain.Missing, "program_unknown", "program is not a program of this authority")
	case d.Requirements.GradingScheme != "" && p.Scale == nil:
		return domain.Refuse(domain.Missing, "grading_scheme_unknown", "gradingScheme is not a grading scheme of this authority")
	case len(p.UnknownCourses) > 0:
		return domain.Refuse(domain.Missing, "course_unknown", "%d of the courses are not courses of this authority, the first is %s", len(p.UnknownCourses), p.UnknownCourses[0])
	}
	return d.Requirements.check(p.Scale)
}

func evolve(s State, e Event) State {
	if v, ok := e.(GraduationPlanPublished); ok {
		s.Versions = append(slices.Clip(s.Versions), v)
	}
	return s
}
