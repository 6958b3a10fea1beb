package academicrecord

import "sijil/domain"

// Command is what can be asked of the record. The recording ones carry the fact as it
// would stand, and the evidence to judge it by.
type Command interface{ isCommand() }

// RecordGrade asks for a new grade.
type RecordGrade struct {
	Grade    GradeRecorded
	Evidence Evidence
}

// RecordCourseResult asks for the result of a course attempt.
type RecordCourseResult struct {
	Result   CourseResultRecorded
	Evidence Evidence
}

// RecordForeignGrade asks to carry a grade of a school outside.
type RecordForeignGrade struct {
	Grade    ForeignGradeRecorded
	Evidence Evidence
}

// AwardCredit asks for credits.
type AwardCredit struct {
	Credit   CreditAwarded
	Evidence Evidence
}

// DecideJury asks to record what a jury decided.
type DecideJury struct {
	Decision JuryDecided
	Evidence Evidence
}

// Amend asks for another mark, result or decision. Once the session is finalized this is a
// proposal that another officer confirms.
type Amend struct {
	// Amended.Follows may be empty; otherwise it must be the chain's last link, so that
	// nobody amends what they have not seen.
	Amended
	When
	Reason domain.Private
	// By is the deciding token subject.
	By       string
	Evidence Evidence
}

// Void asks that an entry no longer counts. Once its session is finalized this is a
// proposal that another officer confirms.
type Void struct {
	Void       domain.ID
	Of         domain.ID
	ReasonCode domain.Descriptor
	Authority  domain.ID
	When
	Reason   domain.Private
	By       string
	Evidence Evidence
}

// ConfirmAmendment is the second officer's yes to a proposal.
type ConfirmAmendment struct {
	Amendment domain.ID
	By        string
}

// DeclineAmendment is a no to a proposal, by another officer or by the proposer.
type DeclineAmendment struct {
	Amendment  domain.ID
	ReasonCode domain.Descriptor
	By         string
}

func (RecordGrade) isCommand()        {}
func (RecordCourseResult) isCommand() {}
func (RecordForeignGrade) isCommand() {}
func (AwardCredit) isCommand()        {}
func (DecideJury) isCommand()         {}
func (Amend) isCommand()              {}
func (Void) isCommand()               {}
func (ConfirmAmendment) isCommand()   {}
func (DeclineAmendment) isCommand()   {}
