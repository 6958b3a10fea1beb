package gradingscheme

import (
	"maps"
	"slices"

	"sijil/domain"
)

// Decider is the rules of one grading scheme.
var Decider = domain.Decider[Command, State, Event]{Category: "gradingScheme", Decide: decide, Evolve: evolve}

// State is the scheme and how it reads in others; IdentificationCode is empty when there is none.
type State struct {
	Definition GradingSchemeDefined
	// Conversions in the order they were published.
	Conversions []ConversionPublished
}

// Defined reports whether the scheme exists.
func (s State) Defined() bool { return s.Definition.IdentificationCode != "" }

// Convert reads score in the scheme to, by the table in force on day; ok is false when no
// authority has published one, or when score is not one of this scheme.
func (s State) Convert(score domain.Decimal, to domain.ID, day domain.Date) (read domain.Decimal, ok bool) {
	c, ok := s.conversion(to, day)
	if !ok || !s.Definition.Accepts(score) {
		return 0, false
	}
	for _, step := range c.Table {
		if step.From <= score {
			read = step.To
		}
	}
	return read, true
}

// InForce are the tables in force on day, one for each scheme that scores read in.
func (s State) InForce(day domain.Date) []ConversionPublished {
	var list []ConversionPublished
	for _, c := range s.Conversions {
		if in, ok := s.conversion(c.To, day); ok && in.From == c.From {
			list = append(list, c)
		}
	}
	return list
}

// conversion is the table in force on day.
func (s State) conversion(to domain.ID, day domain.Date) (ConversionPublished, bool) {
	for i := len(s.Conversions) - 1; i >= 0; i-- {
		if c := s.Conversions[i]; c.To == to && c.From <= day {
			return c, true
		}
	}
	return ConversionPublished{}, false
}

// Command asks for a decision about one grading scheme.
type Command interface{ isCommand() }

// Define fixes a scheme. The same definition again changes nothing; another one under the
// same code is refused.
type Define struct{ Definition GradingSchemeDefined }

// PublishConversion says how scores read in another scheme.
type PublishConversion struct {
	// Self is the scheme's own id.
	Self domain.ID
	To   domain.ID
	// Target is the scheme to; nil when there is none.
	Target    *Scheme
	Authority domain.ID
	// MayConvert: Authority is an authority, not a school.
	MayConvert bool
	From       domain.Date
	Table      []Step
	Decision   string
}

func (Define) isCommand()            {}
func (PublishConversion) isCommand() {}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Define:
		return c.decide(s)
	case PublishConversion:
		return c.decide(s)
	}
	panic("Command is sealed: this one was added without its rule")
}

func (c Define) decide(s State) ([]Event, error) {
	d := c.Definition
	if err := domain.Check(
		domain.Rule{Field: "educationOrganization", Holds: d.EducationOrganization.Valid(), Says: "is an institution"},
		domain.Rule{Field: "identificationCode", Holds: domain.Code(d.IdentificationCode), Says: "is one line of 1 to 60 characters"},
		domain.Rule{Field: "name", Holds: d.Name.Well(200), Says: "is a name of at most 200 characters by language tag"},
	); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	old := s.Definition
	switch {
	case !s.Defined():
		return []Event{d}, nil
	case old.EducationOrganization == d.EducationOrganization && old.IdentificationCode == d.IdentificationCode &&
		maps.Equal(old.Name, d.Name) && old.equal(d.Scheme):
		return nil, nil
	}
	return nil, domain.Refuse(domain.Conflict, "already_defined", "this identificationCode is defined otherwise; a scheme never changes, a changed one has another code")
}

func (c PublishConversion) decide(s State) ([]Event, error) {
	switch {
	case !s.Defined():
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such grading scheme")
	case !c.MayConvert:
		return nil, domain.Refuse(domain.Forbidden, "not_an_authority", "only an authority publishes conversions")
	case c.Target == nil || c.To == c.Self:
		return nil, domain.Refuse(domain.Missing, "grading_scheme_unknown", "to is not another grading scheme of this authority")
	}
	rising := true
	for i, step := range c.Table {
		rising = rising && s.Definition.Accepts(step.From) && c.Target.Accepts(step.To) && (i == 0 || step.From > c.Table[i-1].From)
	}
	if err := domain.Check(
		domain.Rule{Field: "from", Holds: c.From.Valid(), Says: "is a day of the calendar"},
		domain.Rule{Field: "table", Holds: len(c.Table) > 0 && len(c.Table) <= 1000 && c.Table[0].From == s.Definition.MinScore, Says: "has 1 to 1000 steps and begins at the scheme's minScore, so that every score reads as something"},
		domain.Rule{Field: "table", Holds: rising, Says: "leads from scores of this scheme, rising, to scores of the other"},
		domain.Rule{Field: "decision", Holds: c.Decision == "" || domain.Line(c.Decision, 200), Says: "is one line of at most 200 characters"},
	); err != nil {
		return nil, err
	}
	next := ConversionPublished{To: c.To, Authority: c.Authority, From: c.From, Table: c.Table, Decision: c.Decision}
	for i := len(s.Conversions) - 1; i >= 0; i-- {
		last := s.Conversions[i]
		if last.To != c.To {
			continue
		}
		if last.Authority == next.Authority && last.From == next.From && last.Decision == next.Decision && slices.Equal(last.Table, next.Table) {
			return nil, nil
		}
		if c.From <= last.From {
			return nil, domain.Refuse(domain.Conflict, "date_out_of_order", "a table for this scheme is published from %s on; another one begins later", last.From)
		}
		break
	}
	return []Event{next}, nil
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case GradingSchemeDefined:
		return State{Definition: e}
	case ConversionPublished:
		s.Conversions = append(slices.Clip(s.Conversions), e)
	}
	return s
}
