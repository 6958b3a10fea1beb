package student

import (
	"slices"

	"sijil/domain"
)

// Decider is the rules of one student's stream.
var Decider = domain.Decider[Command, State, Event]{Category: "student", Decide: decide, Evolve: evolve}

// earliestBirthYear is the oldest year of birth a register is asked to take: archives of
// the nineteenth century, and nothing that is a typing error in every century.
const earliestBirthYear = 1850

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case AbandonLink:
		return s.abandon(c)
	case Register:
		return s.register(c)
	}
	if !s.Registered {
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such student")
	}
	switch c := c.(type) {
	case Unmerge:
		return s.unmerge(c)
	case ErasePersonalData:
		return s.erase(c)
	}
	if s.MergedInto != "" {
		return nil, domain.Refuse(domain.Conflict, "student_merged", "this student was merged into %s; use that one, or unmerge first", s.MergedInto)
	}
	switch c := c.(type) {
	case LinkIdentifier:
		return s.link(c)
	case ChangeLegalName:
		return s.rename(c)
	case CorrectBirthData:
		return s.correctBirth(c)
	case Merge:
		return s.merge(c)
	}
	return nil, domain.Refuse(domain.Invalid, "unknown_command", "a student's stream does not know %T", c)
}

func (s State) register(c Register) ([]Event, error) {
	if c.Assurance == "" {
		c.Assurance = Declared
	}
	if err := domain.Check(
		domain.Rule{Field: "school", Holds: c.School.Valid(), Says: "is the id of an institution"},
		domain.Rule{Field: "identityAssurance", Holds: c.Assurance.Valid(), Says: "is undocumented, declared, documented or verified"},
		sexRule(c.Sex), birthYearRule(c.BirthYear, c.Today),
	); err != nil {
		return nil, err
	}
	national := 0
	for _, l := range c.Links {
		if slices.Contains(s.Abandoned, l.ID) {
			return nil, errLapsed()
		}
		if l.National {
			national++
		}
	}
	switch {
	case s.Registered:
		return nil, domain.Refuse(domain.Conflict, "already_registered", "this student is registered")
	case !c.Named && len(c.Links) == 0:
		return nil, domain.Refuse(domain.Invalid, "name_missing", "a student is known by a name or, where the register has none, by an identifier")
	case national > 1:
		return nil, domain.Refuse(domain.Invalid, "national_id_active", "a student has at most one active national id")
	case national > 0 && c.Assurance == Undocumented:
		return nil, errUndocumented()
	}
	facts := []Event{StudentRegistered{c.School, c.Sex, c.BirthYear, c.Assurance, c.Person}}
	for _, l := range c.Links {
		facts = append(facts, IdentifierLinked{Link: l.ID, National: l.National, Assurance: c.Assurance, Number: l.Number})
	}
	return facts, nil
}

func (s State) link(c LinkIdentifier) ([]Event, error) {
	if c.Assurance == "" {
		c.Assurance = s.Assurance
	}
	if err := domain.Check(
		domain.Rule{Field: "identityAssurance", Holds: c.Assurance.Valid(), Says: "is undocumented, declared, documented or verified"},
	); err != nil {
		return nil, err
	}
	if err := s.mayHold(); err != nil {
		return nil, err
	}
	if slices.Contains(s.Abandoned, c.ID) {
		return nil, errLapsed()
	}
	if _, known := s.Link(c.ID); known {
		return nil, nil
	}
	if c.Replaces != "" {
		if old, ok := s.Link(c.Replaces); !ok || !old.Active || old.National != c.National {
			return nil, domain.Refuse(domain.Conflict, "identifier_not_active", "the link to be replaced is not an active one of the same sort")
		}
	}
	if active, ok := s.National(); ok && c.National && c.Replaces != active.ID {
		return nil, domain.Refuse(domain.Conflict, "national_id_active", "a student has at most one active national id; name the link %s as replaced to put another in its place", active.ID)
	}
	switch {
	case c.Assurance.rank() < s.Assurance.rank():
		return nil, domain.Refuse(domain.Conflict, "assurance_lowered", "this student's identity is %s already, and a link does not make it less sure", s.Assurance)
	case c.National && c.Assurance == Undocumented:
		return nil, errUndocumented()
	}
	return []Event{IdentifierLinked{c.ID, c.National, c.Replaces, c.Assurance, c.Number}}, nil
}

// abandon comes from the process that tidies up after reservations whose link never came.
// It and the link meet in this stream, so exactly one of them happens.
func (s State) abandon(c AbandonLink) ([]Event, error) {
	if _, linked := s.Link(c.Link); linked || slices.Contains(s.Abandoned, c.Link) {
		return nil, nil
	}
	return []Event{IdentifierLinkAbandoned(c)}, nil
}

func (s State) rename(c ChangeLegalName) ([]Event, error) {
	if err := evidenceRule(c.Evidence); err != nil {
		return nil, err
	}
	if err := s.mayHold(); err != nil {
		return nil, err
	}
	return []Event{LegalNameChanged{c.Evidence, c.Names}}, nil
}

func (s State) correctBirth(c CorrectBirthData) ([]Event, error) {
	if err := domain.Check(sexRule(c.Sex), birthYearRule(c.BirthYear, c.Today)); err != nil {
		return nil, err
	}
	if err := evidenceRule(c.Evidence); err != nil {
		return nil, err
	}
	if err := s.mayHold(); err != nil {
		return nil, err
	}
	return []Event{BirthDataCorrected{c.Sex, c.BirthYear, c.Evidence, c.Birth}}, nil
}

func (s State) merge(c Merge) ([]Event, error) {
	if err := domain.Check(reasonRule(c.Reason)); err != nil {
		return nil, err
	}
	switch {
	case c.Into == c.Self:
		return nil, domain.Refuse(domain.Invalid, "merge_into_itself", "a student is not merged into itself")
	case !c.IntoRegistered:
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such student to merge into")
	case c.IntoMerged:
		return nil, domain.Refuse(domain.Conflict, "student_merged", "the student to merge into was merged itself; name the one that goes on")
	case c.Enrolled:
		return nil, domain.Refuse(domain.Conflict, "enrollment_open", "the student that ends still has an open enrollment or transfer; end it first")
	}
	return []Event{StudentMerged{c.Into, c.Reason}}, nil
}

func (s State) unmerge(c Unmerge) ([]Event, error) {
	if err := domain.Check(reasonRule(c.Reason)); err != nil {
		return nil, err
	}
	if s.MergedInto == "" {
		return nil, domain.Refuse(domain.Conflict, "not_merged", "this student is not merged")
	}
	return []Event{StudentUnmerged{s.MergedInto, c.Reason}}, nil
}

// erase is open to a merged student too: the law may demand it of any record.
func (s State) erase(c ErasePersonalData) ([]Event, error) {
	left := make([]domain.Class, 0, len(c.Classes))
	for _, class := range c.Classes {
		if class != domain.ClassRecord && class != domain.ClassRegister {
			return nil, domain.Check(domain.Rule{Field: "retentionClasses", Says: "are record or register"})
		}
		if !slices.Contains(s.Erased, class) && !slices.Contains(left, class) {
			left = append(left, class)
		}
	}
	if err := domain.Check(reasonRule(c.Reason),
		domain.Rule{Field: "retentionClasses", Holds: len(c.Classes) > 0, Says: "name at least one class"}); err != nil || len(left) == 0 {
		return nil, err
	}
	return []Event{PersonalDataErased{left, c.Reason}}, nil
}

// mayHold refuses new personal data of the record once it was erased.
func (s State) mayHold() error {
	if slices.Contains(s.Erased, domain.ClassRecord) {
		return domain.Refuse(domain.Conflict, "personal_data_erased", "this person's data was erased; their record takes no more personal data")
	}
	return nil
}

func sexRule(d domain.Descriptor) domain.Rule {
	return domain.Rule{Field: "sex", Holds: d == "" || d.Is("Sex"), Says: "is a code of a SexDescriptor list"}
}

func birthYearRule(year int, today domain.Date) domain.Rule {
	return domain.Rule{Field: "birthYear", Holds: year == 0 || year >= earliestBirthYear && year <= today.Time().Year(), Says: "is a year in which a person known today can be born"}
}

func reasonRule(d domain.Descriptor) domain.Rule {
	return domain.Rule{Field: "reasonCode", Holds: d.Valid(), Says: "is a code of a code list"}
}

func evidenceRule(d domain.Descriptor) error {
	if d == "" {
		return domain.Refuse(domain.Invalid, "evidence_missing", "a change of who a person is names the sort of proof that was seen")
	}
	return domain.Check(domain.Rule{Field: "evidence", Holds: d.Valid(), Says: "is a code of a code list"})
}

func errUndocumented() error {
	return domain.Refuse(domain.Invalid, "assurance_mismatch", "a person with a national id is not undocumented")
}

func errLapsed() error {
	return domain.Refuse(domain.Conflict, "reservation_lapsed", "the reservation of an identifier waited too long; send the command again under a new Idempotency-Key")
}
