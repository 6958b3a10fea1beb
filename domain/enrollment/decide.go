package enrollment

import "sijil/domain"

// Decider is the rules of one student's enrollments and transfers.
var Decider = domain.Decider[Command, State, Event]{Category: "enrollment", Decide: decide, Evolve: evolve}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Enroll:
		return s.enroll(c)
	case ChangeGradeLevel:
		return s.changeLevel(c)
	case Promote:
		return s.promote(c)
	case Retain:
		return s.retain(c)
	case Withdraw:
		return s.withdraw(c)
	case Void:
		return s.void(c)
	case RequestTransfer:
		return s.request(c)
	case ReleaseTransfer:
		return s.release(c)
	case ContestTransfer:
		return s.contest(c)
	case AcceptTransfer:
		return s.accept(c)
	case RefuseTransfer:
		return s.refuse(c)
	case CancelTransfer:
		return s.cancel(c)
	case LapseTransfer:
		return s.lapse(c)
	}
	return nil, domain.Refuse(domain.Invalid, "unknown_command", "an enrollment stream does not know %T", c)
}

func (s State) enroll(c Enroll) ([]Event, error) {
	if err := c.well(); err != nil {
		return nil, err
	}
	if err := c.Evidence.permits(c.Placement); err != nil {
		return nil, err
	}
	if err := s.fits(c.Placement); err != nil {
		return nil, err
	}
	if !c.Primary {
		return []Event{c.enrolled()}, nil
	}
	facts, err := s.lapsed(c.Today)
	if err != nil {
		return nil, err
	}
	return append(facts, c.enrolled()), nil
}

// fits refuses a second primary enrollment at a time, and the same module twice at a time.
func (s State) fits(p Placement) error {
	span := domain.Span{From: p.EntryDate}
	for _, e := range s.Enrollments {
		if e.Voided || !e.span().Overlaps(span) {
			continue
		}
		same := e.School == p.School
		switch {
		case p.Primary && e.Primary && same,
			p.Primary == e.Primary && same && e.Program == p.Program && e.Session == p.Session:
			return domain.Refuse(domain.Conflict, "already_enrolled", "the student is enrolled there at that time already")
		case p.Primary && e.Primary:
			return domain.Refuse(domain.Conflict, "enrolled_elsewhere", "the student has a primary enrollment at another school at that time; request a transfer")
		}
	}
	return nil
}

func (s State) changeLevel(c ChangeGradeLevel) ([]Event, error) {
	e, err := s.going(c.Enrollment, c.Effective)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(levelRule(c.GradeLevel, true)); err != nil || e.GradeLevel == c.GradeLevel {
		return nil, err
	}
	return []Event{GradeLevelChanged(c)}, nil
}

func (s State) promote(c Promote) ([]Event, error) {
	e, err := s.going(c.Enrollment, c.Effective)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(levelRule(c.GradeLevel, true)); err != nil {
		return nil, err
	}
	if e.GradeLevel == c.GradeLevel {
		return nil, domain.Refuse(domain.Conflict, "same_grade_level", "a promotion leads to another level than %s", e.GradeLevel.Code())
	}
	return []Event{StudentPromoted{c.Enrollment, e.GradeLevel, c.GradeLevel, c.Effective}}, nil
}

func (s State) retain(c Retain) ([]Event, error) {
	e, err := s.going(c.Enrollment, c.Effective)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(reasonRule(c.Reason, false)); err != nil {
		return nil, err
	}
	return []Event{StudentRetained{c.Enrollment, e.GradeLevel, c.Effective, c.Reason}}, nil
}

// going is the enrollment with this id if its level can change on that day.
func (s State) going(id domain.ID, day domain.Date) (Enrollment, error) {
	e, err := s.standing(id)
	if err != nil {
		return e, err
	}
	if err := domain.Check(dayRule("effectiveDate", day)); err != nil {
		return e, err
	}
	switch {
	case e.Exit != "":
		return e, domain.Refuse(domain.Conflict, "enrollment_ended", "the enrollment ended on %s", e.Exit)
	case day < e.Changed:
		return e, domain.Refuse(domain.Conflict, "date_before_last_change", "the level was set on %s; a change comes on that day or later", e.Changed)
	}
	return e, nil
}

// standing is the enrollment with this id unless it is absent or voided.
func (s State) standing(id domain.ID) (Enrollment, error) {
	e, ok := s.Enrollment(id)
	switch {
	case !ok:
		return e, domain.Refuse(domain.Missing, "not_found", "there is no such enrollment")
	case e.Voided:
		return e, domain.Refuse(domain.Conflict, "enrollment_voided", "the enrollment was voided")
	}
	return e, nil
}

func (s State) withdraw(c Withdraw) ([]Event, error) {
	e, err := s.standing(c.Enrollment)
	if err != nil {
		return nil, err
	}
	if c.DatePrecision == "" {
		c.DatePrecision = Day
	}
	if err := domain.Check(
		dayRule("exitWithdrawDate", c.ExitDate), precisionRule(c.DatePrecision),
		domain.Rule{Field: "exitWithdrawType", Holds: c.ExitType.Is("ExitWithdrawType"), Says: "is a code of an ExitWithdrawTypeDescriptor list"},
	); err != nil {
		return nil, err
	}
	switch {
	case e.Exit != "":
		return nil, domain.Refuse(domain.Conflict, "enrollment_ended", "the enrollment ended on %s", e.Exit)
	case c.ExitDate < e.Entry:
		return nil, errExitBeforeEntry(e.Entry)
	case c.DatePrecision == Day && c.ExitDate > c.Today.AddDays(1): // east of Greenwich it is tomorrow already
		return nil, domain.Refuse(domain.Invalid, "date_in_future", "a withdrawal is recorded when it has happened")
	}
	facts := []Event{StudentWithdrawn{c.Enrollment, c.ExitDate, c.DatePrecision, c.ExitType}}
	// Who lets the student go anyway has nothing left to object to.
	if t, open := s.OpenTransfer(); open && t.Enrollment == e.ID && t.Stage != Released {
		facts = append(facts, TransferReleased{t.ID, e.School, c.ExitDate})
	}
	return facts, nil
}

func (s State) void(c Void) ([]Event, error) {
	e, ok := s.Enrollment(c.Enrollment)
	if !ok {
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such enrollment")
	}
	if err := domain.Check(reasonRule(c.Reason, true)); err != nil {
		return nil, err
	}
	if t, open := s.OpenTransfer(); open && t.Enrollment == e.ID {
		return nil, domain.Refuse(domain.Conflict, "transfer_open", "a transfer of this enrollment is under way; it must end first")
	}
	if e.Voided {
		return nil, domain.Refuse(domain.Conflict, "enrollment_voided", "the enrollment was voided")
	}
	return []Event{EnrollmentVoided(c)}, nil
}

func errExitBeforeEntry(entry domain.Date) error {
	return domain.Refuse(domain.Invalid, "exit_before_entry", "the student came on %s and leaves on that day or later", entry)
}
