package academicrecord

import "sijil/domain"

func amend(s State, c Amend) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "amendment", Holds: c.Amendment.Valid(), Says: "is an id"},
		domain.Rule{Field: "reasonCode", Holds: c.ReasonCode.Valid(), Says: "is a code of a descriptor"},
		domain.Rule{Field: "authority", Holds: c.Authority.Valid(), Says: "is an institution's id"},
		officerRule(c.By),
	); err != nil {
		return nil, err
	}
	entry, err := s.amendable(c.Of, c.When, c.Evidence)
	if err != nil {
		return nil, err
	}
	if c.Follows != "" && c.Follows != entry.Head {
		return nil, domain.Refuse(domain.Conflict, "amended_meanwhile", "the entry was amended since: look at it again")
	}
	c.Follows = entry.Head
	changed, err := c.change(entry)
	if err != nil {
		return nil, err
	}
	if !changed {
		return nil, domain.Refuse(domain.Conflict, "nothing_to_amend", "the entry says this already")
	}
	if c.Evidence.Session.Finalized {
		return []Event{AmendmentProposed{Amended: c.Amended, ProposedBy: c.By, When: c.When, Reason: c.Reason}}, nil
	}
	return []Event{GradeAmended{Amended: c.Amended, When: c.When, Reason: c.Reason}}, nil
}

// change judges what an amendment wants to make of an entry, and whether that differs.
func (c Amend) change(e Entry) (bool, error) {
	switch e.Kind {
	case KindGrade:
		if c.CourseAttemptResult != "" || c.Decision != "" {
			return false, domain.Refuse(domain.Invalid, "invalid_field", "a grade is amended by another mark only")
		}
		return !c.Mark.equal(e.Mark), c.Mark.check(c.Evidence.Scheme)
	case KindCourseResult:
		if err := domain.Check(resultRule(c.CourseAttemptResult),
			domain.Rule{Field: "decision", Holds: c.Decision == "", Says: "is left out for a course result"}); err != nil {
			return false, err
		}
		return c.CourseAttemptResult != e.CourseAttemptResult || !c.Mark.equal(e.Mark), checkFinal(c.Mark, c.Evidence.Scheme)
	case KindJuryDecision:
		return c.Decision != e.Decision || c.CourseAttemptResult != e.CourseAttemptResult, domain.Check(
			decisionRule(c.Decision), juryResultRule(e.Course, c.CourseAttemptResult),
			domain.Rule{Field: "gradingScheme", Holds: c.Mark.empty(), Says: "and marks are left out for a jury decision"})
	}
	return false, domain.Refuse(domain.Invalid, "not_amendable", "foreign grades and credits are voided and recorded anew")
}

func void(s State, c Void) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "void", Holds: c.Void.Valid(), Says: "is an id"},
		domain.Rule{Field: "reasonCode", Holds: c.ReasonCode.Valid(), Says: "is a code of a descriptor"},
		domain.Rule{Field: "authority", Holds: c.Authority.Valid(), Says: "is an institution's id"},
		officerRule(c.By),
	); err != nil {
		return nil, err
	}
	entry, err := s.amendable(c.Of, c.When, c.Evidence)
	if err != nil {
		return nil, err
	}
	for _, e := range s.Entries {
		if e.ForeignGrade == c.Of && !e.Voided {
			return nil, domain.Refuse(domain.Conflict, "foreign_grade_recognized", "a credit recognizes this foreign grade: void that first")
		}
	}
	if c.Evidence.Session.Finalized {
		a := Amended{Amendment: c.Void, Of: c.Of, Follows: entry.Head, ReasonCode: c.ReasonCode, Authority: c.Authority}
		return []Event{AmendmentProposed{Amended: a, Void: true, ProposedBy: c.By, When: c.When, Reason: c.Reason}}, nil
	}
	return []Event{GradeVoided{Void: c.Void, Of: c.Of, ReasonCode: c.ReasonCode, Authority: c.Authority, When: c.When, Reason: c.Reason}}, nil
}

// amendable is the living entry with this id, unless a proposal on it is open.
func (s State) amendable(id domain.ID, w When, e Evidence) (Entry, error) {
	entry, ok := s.Entry(id)
	switch {
	case !ok:
		return Entry{}, domain.Refuse(domain.Missing, "not_found", "there is no such entry in this record")
	case entry.Session != "" && !e.Session.Known:
		return Entry{}, domain.Refuse(domain.Missing, "session_unknown", "this school has no such academic session")
	case entry.Voided:
		return Entry{}, domain.Refuse(domain.Conflict, "grade_voided", "the entry was voided; it is not amended any more")
	}
	for _, p := range s.proposals {
		if p.Of == id {
			return Entry{}, domain.Refuse(domain.Conflict, "amendment_pending", "an amendment of this entry waits for a second officer: confirm or decline it first")
		}
	}
	return entry, w.check(Evidence{Today: e.Today})
}

func confirm(s State, c ConfirmAmendment) ([]Event, error) {
	if err := domain.Check(officerRule(c.By)); err != nil {
		return nil, err
	}
	p, ok := s.Pending(c.Amendment)
	switch {
	case !ok:
		return nil, errNoProposal()
	case p.ProposedBy == c.By:
		return nil, domain.Refuse(domain.Forbidden, "needs_second_approval", "another officer than the one who proposed it confirms an amendment of a finalized session")
	case p.Void:
		return []Event{GradeVoided{Void: p.Amendment, Of: p.Of, ReasonCode: p.ReasonCode, Authority: p.Authority, ProposedBy: p.ProposedBy, ConfirmedBy: c.By, When: p.When}}, nil
	}
	return []Event{GradeAmended{Amended: p.Amended, ProposedBy: p.ProposedBy, ConfirmedBy: c.By, When: p.When}}, nil
}

func decline(s State, c DeclineAmendment) ([]Event, error) {
	if _, ok := s.Pending(c.Amendment); !ok {
		return nil, errNoProposal()
	}
	if err := domain.Check(domain.Rule{Field: "reasonCode", Holds: c.ReasonCode.Valid(), Says: "is a code of a descriptor"}, officerRule(c.By)); err != nil {
		return nil, err
	}
	return []Event{AmendmentDeclined{Amendment: c.Amendment, ReasonCode: c.ReasonCode, DeclinedBy: c.By}}, nil
}

func officerRule(by string) domain.Rule {
	return domain.Rule{Field: "actor", Holds: by != "", Says: "is the token subject that decides"}
}

func errNoProposal() error {
	return domain.Refuse(domain.Missing, "amendment_unknown", "no amendment with this id waits for a second officer")
}
