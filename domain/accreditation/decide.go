package accreditation

import "sijil/domain"

// Decider is the rules of one accreditation.
var Decider = domain.Decider[Command, State, Event]{Category: "accreditation", Decide: decide, Evolve: evolve}

// Command asks for a decision about one accreditation. By is the institution that decides.
type Command interface{ isCommand() }

// GrantAccreditation lets an institution award a program, or everything at a level.
type GrantAccreditation struct {
	By          domain.ID
	Institution domain.ID
	Program     domain.ID
	Level       domain.Descriptor
	From, Until domain.Date
	Decision    string
	// MayAccredit: By is an authority or an agency, not a school.
	MayAccredit bool
	// InstitutionOperating: the accredited institution works on From.
	InstitutionOperating bool
}

// Renew moves the end of the running grant.
type Renew struct {
	By       domain.ID
	Until    domain.Date
	Decision string
}

// Suspend stops awards from a day on.
type Suspend struct {
	By       domain.ID
	From     domain.Date
	Decision string
}

// Reinstate ends a suspension.
type Reinstate struct {
	By       domain.ID
	From     domain.Date
	Decision string
}

// Withdraw ends the grant before its time, or AbInitio, as if it had never been made.
type Withdraw struct {
	By domain.ID
	// From is not used ab initio: the grant then falls from its first day.
	From     domain.Date
	AbInitio bool
	Decision string
}

func (GrantAccreditation) isCommand() {}
func (Renew) isCommand()              {}
func (Suspend) isCommand()            {}
func (Reinstate) isCommand()          {}
func (Withdraw) isCommand()           {}

func decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(GrantAccreditation); ok {
		return c.decide(s)
	}
	if len(s.Grants) == 0 {
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such accreditation")
	}
	g := s.Grants[len(s.Grants)-1]
	switch c := c.(type) {
	case Renew:
		return c.decide(s, g)
	case Suspend:
		if err := mayChange(s, g, c.By, "from", c.From, c.Decision); err != nil {
			return nil, err
		}
		if g.suspended() {
			return nil, domain.Refuse(domain.Conflict, "accreditation_suspended", "the accreditation is suspended already")
		}
		return []Event{AccreditationSuspended{c.From, c.Decision}}, nil
	case Reinstate:
		if err := mayChange(s, g, c.By, "from", c.From, c.Decision); err != nil {
			return nil, err
		}
		if !g.suspended() {
			return nil, domain.Refuse(domain.Conflict, "accreditation_not_suspended", "the accreditation is not suspended")
		}
		return []Event{AccreditationReinstated{c.From, c.Decision}}, nil
	case Withdraw:
		return c.decide(s, g)
	}
	panic("Command is sealed: this one was added without its rule")
}

func (c GrantAccreditation) decide(s State) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "institution", Holds: c.Institution.Valid() && c.Institution != c.By, Says: "is another institution than the accrediting agent"},
		domain.Rule{Field: "program", Holds: (c.Program == "") != (c.Level == ""), Says: "or level is given, and not both"},
		domain.Rule{Field: "level", Holds: c.Level == "" || c.Level.Valid(), Says: "is a code of a code list"},
		domain.Rule{Field: "from", Holds: c.From.Valid(), Says: "is a day of the calendar"},
		domain.Rule{Field: "until", Holds: c.Until == "" || c.Until.Valid() && c.Until > c.From, Says: "is a later day than from"},
		decisionRule(c.Decision),
	); err != nil {
		return nil, err
	}
	if !c.MayAccredit {
		return nil, domain.Refuse(domain.Forbidden, "not_an_accrediting_agent", "only an authority or an agency accredits")
	}
	if n := len(s.Grants); n > 0 {
		if s.AccreditingAgent != c.By {
			return nil, notAgent()
		}
		g := s.Grants[n-1]
		if g.Span == (domain.Span{From: c.From, Until: c.Until}) && g.WithdrawnFrom == "" {
			return nil, nil
		}
		if c.From < g.end() || g.end() == "" {
			return nil, domain.Refuse(domain.Conflict, "already_accredited", "a grant already holds on that day; renew it, or begin when it has ended")
		}
	}
	if !c.InstitutionOperating {
		return nil, domain.Refuse(domain.Conflict, "institution_not_operating", "the institution does not work on the day the grant would begin")
	}
	return []Event{AccreditationGranted{
		Institution: c.Institution, AccreditingAgent: c.By, Program: c.Program, Level: c.Level,
		From: c.From, Until: c.Until, Decision: c.Decision,
	}}, nil
}

// end is the first day the grant no longer holds for good; empty when it has no end.
func (g Grant) end() domain.Date {
	switch {
	case g.AbInitio:
		return g.From
	case g.WithdrawnFrom != "":
		return g.WithdrawnFrom
	}
	return g.Until
}

func (c Renew) decide(s State, g Grant) ([]Event, error) {
	if err := mayChange(s, g, c.By, "", g.From, c.Decision); err != nil {
		return nil, err
	}
	if c.Until == g.Until {
		return nil, nil
	}
	// A renewal never shortens: ending early is a withdrawal, which says so.
	if c.Until != "" && (!c.Until.Valid() || g.Until == "" || c.Until < g.Until) {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "until is a later day than the present end; ending earlier is a withdrawal")
	}
	return []Event{AccreditationRenewed{c.Until, c.Decision}}, nil
}

func (c Withdraw) decide(s State, g Grant) ([]Event, error) {
	field := "from"
	if c.AbInitio {
		field, c.From = "", g.From
	}
	if s.AccreditingAgent == c.By && g.WithdrawnFrom == c.From && g.AbInitio == c.AbInitio && g.WithdrawnFrom != "" {
		return nil, nil
	}
	if err := mayChange(s, g, c.By, field, c.From, c.Decision); err != nil {
		return nil, err
	}
	return []Event{AccreditationWithdrawn{c.From, c.AbInitio, c.Decision}}, nil
}

// mayChange holds what every change of a running grant has in common. Changes come in order
// of their days, so that what held on a day can be read off the end of each list.
func mayChange(s State, g Grant, by domain.ID, field string, from domain.Date, decision string) error {
	if s.AccreditingAgent != by {
		return notAgent()
	}
	if err := domain.Check(
		domain.Rule{Field: field, Holds: from.Valid(), Says: "is a day of the calendar"},
		decisionRule(decision),
	); err != nil {
		return err
	}
	if g.WithdrawnFrom != "" {
		return domain.Refuse(domain.Conflict, "accreditation_withdrawn", "the accreditation was withdrawn as of %s; a new one can be granted", g.WithdrawnFrom)
	}
	if field != "" && (!(from >= g.From && (g.Until == "" || from < g.Until)) || from < g.lastChange()) {
		return domain.Refuse(domain.Conflict, "date_out_of_order", "the day lies outside the grant or before the last change, which was on %s", g.lastChange())
	}
	return nil
}

func notAgent() error {
	return domain.Refuse(domain.Forbidden, "not_the_accrediting_agent", "only the agent that granted an accreditation decides about it")
}

func decisionRule(decision string) domain.Rule {
	return domain.Rule{Field: "decision", Holds: decision == "" || domain.Line(decision, 200), Says: "is one line of at most 200 characters"}
}
