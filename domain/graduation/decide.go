package graduation

import (
	"fmt"

	"sijil/domain"
)

// Decider holds the rules of graduation.
var Decider = domain.Decider[Command, State, Event]{Category: "graduation", Decide: Decide, Evolve: Evolve}

// Stream is the graduation of a student from a program.
func Stream(student, program domain.ID) string { return Decider.Stream(student, program) }

// Command is what can be asked of a graduation.
type Command interface{ isCommand() }

// Assess asks to record what holding the record against the plan found.
type Assess struct {
	Assessed GraduationAssessed
	Evidence Evidence
}

// Evidence is what an assessment needs to be worth anything, on its EventDate.
type Evidence struct {
	Today domain.Date
	// Enrolled: the student was enrolled at the school, in this program where enrollments name one.
	Enrolled bool
	// PlanInForce: a version of a plan of this program was in force.
	PlanInForce bool
	// Accredited: the school was accredited for the program or its level.
	Accredited bool
}

// Approve is the first officer's yes.
type Approve struct {
	// Named is what the officer says they approve; Stored is what lies in the log under
	// the event they name.
	Named, Stored Approval
	// Stands: assessed again on the record as it is now, the outcome is the same.
	Stands bool
	// By is the officer's token subject, never a name they gave for somebody else.
	By string
}

// Confirm is the second officer's yes.
type Confirm Approve

// Rescind ends an assessment and its approvals.
type Rescind struct {
	EventDate  domain.Date
	ReasonCode domain.Descriptor
	Authority  domain.ID
	By         string
	Reason     domain.Private
	Today      domain.Date
}

func (Assess) isCommand()  {}
func (Approve) isCommand() {}
func (Confirm) isCommand() {}
func (Rescind) isCommand() {}

// Decide answers a command.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Assess:
		if err := assess(s, c); err != nil {
			return nil, err
		}
		return []Event{c.Assessed}, nil
	case Approve:
		if err := approve(s, c, Assessed); err != nil {
			return nil, err
		}
		return []Event{GraduationApproved{Approval: c.Stored, ApprovedBy: c.By}}, nil
	case Confirm:
		if err := approve(s, Approve(c), Approved); err != nil {
			return nil, err
		}
		if c.By == s.ApprovedBy {
			return nil, domain.Refuse(domain.Forbidden, "needs_second_approval", "another officer than the one who approved confirms a graduation")
		}
		return []Event{GraduationConfirmed{Approval: c.Stored, ConfirmedBy: c.By}}, nil
	case Rescind:
		return rescind(s, c)
	}
	panic(fmt.Sprintf("graduation: no rule for %T", c))
}

// pending: an assessment that can still lead to a graduation. A school that the student has
// left must not be able to put its own in the place of another school's.
func pending(s State) bool {
	return (s.Stage == Assessed || s.Stage == Approved) && s.Assessment.Outcome == Met
}

func assess(s State, c Assess) error {
	f, e := c.Assessed, c.Evidence
	if err := domain.Check(
		domain.Rule{Field: "assessment", Holds: f.Assessment.Valid(), Says: "is an id"},
		domain.Rule{Field: "school", Holds: f.School.Valid(), Says: "is an institution's id"},
		domain.Rule{Field: "eventDate", Holds: f.EventDate.Valid(), Says: "is a day of the calendar written YYYY-MM-DD"},
	); err != nil {
		return err
	}
	switch {
	case s.Stage == Confirmed:
		return domain.Refuse(domain.Conflict, "already_graduated", "the graduation is confirmed: rescind it before assessing again")
	case pending(s) && s.Assessment.School != f.School:
		return domain.Refuse(domain.Conflict, "assessed_elsewhere", "another school's assessment waits for its officers: it or an authority above rescinds that one first")
	case f.EventDate > e.Today:
		return domain.Refuse(domain.Invalid, "date_in_future", "nothing is assessed for a day that has not come")
	case !e.Enrolled:
		return domain.Refuse(domain.Conflict, "not_enrolled", "the student was not enrolled in this program at this school on that day")
	case !e.PlanInForce:
		return domain.Refuse(domain.Conflict, "plan_not_in_force", "no graduation plan of this program was in force on that day")
	case !e.Accredited:
		return domain.Refuse(domain.Conflict, "not_accredited", "the school was not accredited for this program on that day")
	}
	return nil
}

// approve holds for both officers; want is the stage the graduation must be at.
func approve(s State, c Approve, want Stage) error {
	if err := domain.Check(
		domain.Rule{Field: "event", Holds: c.Named.Event.Valid(), Says: "is the id of the assessment's event"},
		domain.Rule{Field: "digest", Holds: len(c.Named.Digest) == 64, Says: "is the SHA-256 of the assessment's stored payload in hexadecimal"},
		domain.Rule{Field: "actor", Holds: c.By != "", Says: "is the token subject that decides"},
	); err != nil {
		return err
	}
	switch {
	case s.Stage == None || s.Stage == Rescinded:
		return domain.Refuse(domain.Conflict, "graduation_not_assessed", "there is no assessment that counts: assess the graduation first")
	case c.Stored.Assessment != s.Assessment.Assessment:
		return domain.Refuse(domain.Conflict, "assessment_superseded", "the event named is not the latest assessment: look at that one")
	case c.Named.Event != c.Stored.Event || c.Named.Digest != c.Stored.Digest:
		return domain.Refuse(domain.Conflict, "digest_mismatch", "the digest is not that of the stored assessment: look at what you approve")
	case s.Assessment.Outcome != Met:
		return domain.Refuse(domain.Conflict, "requirements_not_met", "credits or grades are missing: the assessment lists %d gaps", len(s.Assessment.Gaps))
	case s.Stage < want:
		return domain.Refuse(domain.Conflict, "needs_approval", "a first officer approves before a second one confirms")
	case s.Stage > want:
		return domain.Refuse(domain.Conflict, "already_approved", "this approval is recorded already")
	case !c.Stands:
		return domain.Refuse(domain.Conflict, "assessment_outdated", "the record changed since and the outcome with it: assess again")
	}
	return nil
}

func rescind(s State, c Rescind) ([]Event, error) {
	if s.Stage == None || s.Stage == Rescinded {
		return nil, domain.Refuse(domain.Conflict, "graduation_not_assessed", "there is no assessment to rescind")
	}
	if err := domain.Check(
		domain.Rule{Field: "eventDate", Holds: c.EventDate.Valid(), Says: "is a day of the calendar written YYYY-MM-DD"},
		domain.Rule{Field: "eventDate", Holds: c.EventDate <= c.Today, Says: "is not in the future"},
		domain.Rule{Field: "reasonCode", Holds: c.ReasonCode.Valid(), Says: "is a code of a descriptor"},
		domain.Rule{Field: "authority", Holds: c.Authority.Valid(), Says: "is an institution's id"},
		domain.Rule{Field: "actor", Holds: c.By != "", Says: "is the token subject that decides"},
	); err != nil {
		return nil, err
	}
	return []Event{GraduationRescinded{
		Assessment: s.Assessment.Assessment, EventDate: c.EventDate, ReasonCode: c.ReasonCode,
		Authority: c.Authority, RescindedBy: c.By, Reason: c.Reason,
	}}, nil
}
