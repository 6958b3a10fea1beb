package academicsession

import "sijil/domain"

// Decider is the rules of one session.
var Decider = domain.Decider[Command, State, Event]{Category: "academicSession", Decide: decide, Evolve: evolve}

// State is a session as it stands; SessionName is empty when there is none.
type State struct {
	Definition SessionOpened
	// FinalizedOn is empty while marks can still be recorded.
	FinalizedOn domain.Date
}

// Opened reports whether the session exists.
func (s State) Opened() bool { return s.Definition.SessionName != "" }

// Finalized reports whether marks are amended only.
func (s State) Finalized() bool { return s.FinalizedOn != "" }

// Span is the session's days; its Until is the day after EndDate.
func (s State) Span() domain.Span {
	return domain.Span{From: s.Definition.BeginDate, Until: s.Definition.EndDate.AddDays(1)}
}

// Command asks for a decision about one session.
type Command interface{ isCommand() }

// Open begins a session. The same session again changes nothing.
type Open struct {
	Definition SessionOpened
	// SchoolEnrolls: the institution is a school that works on BeginDate.
	SchoolEnrolls bool
}

// Finalize closes a session's marks, at once: FinalizedOn is no plan for later.
type Finalize struct{ FinalizedOn, Today domain.Date }

func (Open) isCommand()     {}
func (Finalize) isCommand() {}

// longest is the most days a session may have, so that a slipped year shows.
const longest = 400

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Open:
		return c.decide(s)
	case Finalize:
		return c.decide(s)
	}
	panic("Command is sealed: this one was added without its rule")
}

func (c Open) decide(s State) ([]Event, error) {
	d := c.Definition
	if err := domain.Check(
		domain.Rule{Field: "school", Holds: d.School.Valid(), Says: "is an institution"},
		domain.Rule{Field: "schoolYear", Holds: d.SchoolYear >= 1900 && d.SchoolYear <= 2199, Says: "is the year in which the school year ends"},
		domain.Rule{Field: "sessionName", Holds: domain.Line(d.SessionName, 60), Says: "is one line of at most 60 characters"},
		domain.Rule{Field: "term", Holds: d.Term == "" || d.Term.Is("Term"), Says: "is a code of a TermDescriptor list"},
		domain.Rule{Field: "beginDate", Holds: d.BeginDate.Valid(), Says: "is a day of the calendar"},
		domain.Rule{Field: "endDate", Holds: d.EndDate.Valid() && d.EndDate >= d.BeginDate && d.EndDate < d.BeginDate.AddDays(longest), Says: "is a day from beginDate on, within 400 days"},
	); err != nil {
		return nil, err
	}
	switch {
	case s.Definition == d:
		return nil, nil
	case s.Opened():
		return nil, domain.Refuse(domain.Conflict, "already_opened", "the school has another session of this name in this school year")
	case !c.SchoolEnrolls:
		return nil, domain.Refuse(domain.Conflict, "institution_not_operating", "a session is opened at a school that works on its first day")
	}
	return []Event{d}, nil
}

func (c Finalize) decide(s State) ([]Event, error) {
	switch {
	case !s.Opened():
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such session")
	case !c.FinalizedOn.Valid() || c.FinalizedOn < s.Definition.BeginDate:
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "finalizedOn is a day from the session's beginDate on")
	case c.FinalizedOn > c.Today:
		return nil, domain.Refuse(domain.Invalid, "date_in_future", "finalizedOn is today or earlier: the marks are final at once")
	case s.FinalizedOn == c.FinalizedOn:
		return nil, nil
	case s.Finalized():
		return nil, domain.Refuse(domain.Conflict, "session_finalized", "the session was finalized on %s", s.FinalizedOn)
	}
	return []Event{SessionFinalized{c.FinalizedOn}}, nil
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case SessionOpened:
		return State{Definition: e}
	case SessionFinalized:
		s.FinalizedOn = e.FinalizedOn
	}
	return s
}
