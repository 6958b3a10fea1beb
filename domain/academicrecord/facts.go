// Package academicrecord is what one student achieved at one school in one school
// year: grades in their own scheme, course results, credits, jury decisions, and the
// amendments that chain onto them without hiding anything.
package academicrecord

import "sijil/domain"

// Event is a fact of the record.
type Event interface{ isEvent() }

// Mark is what was earned, in one grading scheme: a number, a label, both, or the
// reason why there is neither. It is never converted to another scheme.
type Mark struct {
	// GradingScheme is the scheme the number and the label belong to; empty only where
	// there is neither.
	GradingScheme domain.ID `json:"gradingScheme,omitzero"`
	// NumericGradeEarned lies between the scheme's minScore and maxScore on its step.
	NumericGradeEarned *domain.Decimal `json:"numericGradeEarned,omitzero"`
	// LetterGradeEarned is one of the scheme's labels.
	LetterGradeEarned string `json:"letterGradeEarned,omitzero"`
	// ScoreStatus says why there is no score; empty when there is one.
	ScoreStatus ScoreStatus `json:"scoreStatus,omitzero"`
}

// ScoreStatus is why a grade has no score. Rules read it, so the list is closed.
type ScoreStatus string

const (
	// Absent: the student did not come, without an accepted excuse.
	Absent ScoreStatus = "absent"
	// Excused: the student did not come and was excused.
	Excused ScoreStatus = "excused"
	// Exempt: the student need not take it.
	Exempt ScoreStatus = "exempt"
	// Incomplete: the work is not finished; an amendment completes it.
	Incomplete ScoreStatus = "incomplete"
)

// DatePrecision says how exactly an eventDate is known; empty means to the day.
type DatePrecision string

// PrecisionSession: only the session is known; eventDate is one of its bounds.
const PrecisionSession DatePrecision = "session"

// When is the day a fact holds for.
type When struct {
	EventDate     domain.Date   `json:"eventDate"`
	DatePrecision DatePrecision `json:"datePrecision,omitzero"`
}

// GradeRecorded: a course's grade for a grading period of a session, or for one
// assessment in it, was given.
type GradeRecorded struct {
	// Grade is this grade's id for ever; amendments name it.
	Grade domain.ID `json:"grade"`
	// SchoolYear is the calendar year in which the school year ends, as in Ed-Fi.
	SchoolYear int       `json:"schoolYear"`
	Course     domain.ID `json:"course"`
	// Session is the academic session; its finalization closes the grade.
	Session       domain.ID         `json:"session"`
	GradingPeriod domain.Descriptor `json:"gradingPeriod,omitzero"`
	// AssessmentIdentifier is the examination or paper, empty for the period's grade.
	AssessmentIdentifier string `json:"assessmentIdentifier,omitzero"`
	// Attempt counts from 1.
	Attempt int `json:"attempt"`
	Mark
	// Coefficient is the weight among the course's grades, nil when the plan says it.
	Coefficient *domain.Decimal `json:"coefficient,omitzero"`
	When
	// Statement is a [Statement]: the teacher's words.
	Statement domain.Private `json:"-"`
}

// Amended is what an amendment says of an entry: which, after which state of it, what
// holds now, why, and on whose authority.
type Amended struct {
	// Amendment is the id of the amendment, kept from proposal to confirmation.
	Amendment domain.ID `json:"amendment"`
	// Of is the grade, course result or jury decision that is amended.
	Of domain.ID `json:"of"`
	// Follows is the entry or the amendment that stood until now: the chain's last link.
	Follows domain.ID `json:"follows"`
	Mark
	// CourseAttemptResult is the new result when Of is a course result or a jury decision
	// about one course.
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult,omitzero"`
	// Decision is the new one when Of is a jury decision.
	Decision   domain.Descriptor `json:"decision,omitzero"`
	ReasonCode domain.Descriptor `json:"reasonCode"`
	// Authority is the institution that answers for the change.
	Authority domain.ID `json:"authority"`
}

// AmendmentProposed: an officer proposed to amend, or to void, an entry of a finalized
// session. Nothing changes until another officer confirms.
type AmendmentProposed struct {
	Amended
	// Void proposes to void the entry instead of giving it another mark.
	Void bool `json:"void,omitzero"`
	// ProposedBy is the proposer's token subject, an opaque id.
	ProposedBy string `json:"proposedBy"`
	When
	// Reason is a [Reason].
	Reason domain.Private `json:"-"`
}

// AmendmentDeclined: a proposal was declined by another officer or taken back by its own.
type AmendmentDeclined struct {
	Amendment  domain.ID         `json:"amendment"`
	ReasonCode domain.Descriptor `json:"reasonCode"`
	DeclinedBy string            `json:"declinedBy"`
}

// GradeAmended: something else holds for a grade, a course result or a jury decision; what
// held before stays in the record.
type GradeAmended struct {
	Amended
	// ProposedBy and ConfirmedBy are two different token subjects, set after the session
	// was finalized; the reason's words then lie in the proposal. EventDate is the proposal's.
	ProposedBy  string `json:"proposedBy,omitzero"`
	ConfirmedBy string `json:"confirmedBy,omitzero"`
	When
	// Reason is a [Reason].
	Reason domain.Private `json:"-"`
}

// GradeVoided: an entry of the record (grade, result, credit, foreign grade or jury
// decision) no longer counts. It stays visible.
type GradeVoided struct {
	// Void is the id of the voiding; after finalization that of the proposal.
	Void domain.ID `json:"void"`
	// Of is the voided entry.
	Of          domain.ID         `json:"of"`
	ReasonCode  domain.Descriptor `json:"reasonCode"`
	Authority   domain.ID         `json:"authority"`
	ProposedBy  string            `json:"proposedBy,omitzero"`
	ConfirmedBy string            `json:"confirmedBy,omitzero"`
	When
	// Reason is a [Reason].
	Reason domain.Private `json:"-"`
}

// CourseResultRecorded: a course attempt ended with this result.
type CourseResultRecorded struct {
	CourseResult domain.ID `json:"courseResult"`
	SchoolYear   int       `json:"schoolYear"`
	Course       domain.ID `json:"course"`
	Session      domain.ID `json:"session"`
	Attempt      int       `json:"attempt"`
	// CourseAttemptResult is a code of a CourseAttemptResultDescriptor: Pass, Fail, …
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult"`
	// GradingScheme is that of the final grade, empty when there is none.
	GradingScheme           domain.ID       `json:"gradingScheme,omitzero"`
	FinalNumericGradeEarned *domain.Decimal `json:"finalNumericGradeEarned,omitzero"`
	FinalLetterGradeEarned  string          `json:"finalLetterGradeEarned,omitzero"`
	When
}

// ForeignGradeRecorded: a grade of a school outside the ledger is carried verbatim, in
// its own scheme. What it is worth here is a [CreditAwarded] of its own.
type ForeignGradeRecorded struct {
	ForeignGrade domain.ID `json:"foreignGrade"`
	SchoolYear   int       `json:"schoolYear"`
	// ExternalSchool is the name of the school that gave it, as its document spells it.
	ExternalSchool string `json:"externalEducationOrganizationNameOfInstitution"`
	// CourseTitle and AlternativeCourseCode are the other school's, as spelled there.
	CourseTitle           string `json:"courseTitle"`
	AlternativeCourseCode string `json:"alternativeCourseCode,omitzero"`
	// VerbatimGrade is the grade as written, never parsed.
	VerbatimGrade string `json:"verbatimGrade"`
	// ForeignGradingScheme names the other scheme in words: "0–20, pass 10".
	ForeignGradingScheme string `json:"foreignGradingScheme"`
	// WhenTaken is the other school's term or date, as written.
	WhenTaken string `json:"whenTaken,omitzero"`
	// Transfer is the transfer that brought it, when there was one.
	Transfer domain.ID `json:"transfer,omitzero"`
	When
}

// CreditAwarded: credits were earned, here or by recognition of what was earned elsewhere.
type CreditAwarded struct {
	Credit     domain.ID `json:"credit"`
	SchoolYear int       `json:"schoolYear"`
	Course     domain.ID `json:"course"`
	// Session is empty for credits that belong to the year as a whole.
	Session              domain.ID `json:"session,omitzero"`
	AssessmentIdentifier string    `json:"assessmentIdentifier,omitzero"`
	Attempt              int       `json:"attempt"`
	// EarnedCredits is 0 when only a result is carried over (Mark then says which).
	EarnedCredits domain.Decimal `json:"earnedCredits"`
	// MethodCreditEarned is a code of a MethodCreditEarnedDescriptor.
	MethodCreditEarned domain.Descriptor `json:"methodCreditEarned"`
	// ForeignGrade is the grade of this record that the credit recognizes.
	ForeignGrade domain.ID `json:"foreignGrade,omitzero"`
	// Mark is the recognized result, when there is one in a scheme of ours.
	Mark
	When
}

// JuryDecided: the jury (conseil de classe, examination board) decided.
type JuryDecided struct {
	JuryDecision domain.ID `json:"juryDecision"`
	SchoolYear   int       `json:"schoolYear"`
	// Session is empty for a decision on the whole year.
	Session domain.ID `json:"session,omitzero"`
	// Course is set when the decision is about one course, and CourseAttemptResult with it:
	// the code is Pass or Fail, and goes before any mark.
	Course              domain.ID         `json:"course,omitzero"`
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult,omitzero"`
	// Decision is a code of a JuryDecisionDescriptor, open to national lists.
	Decision domain.Descriptor `json:"decision"`
	// Supersedes is the earlier decision on the same matter that no longer counts.
	Supersedes domain.ID `json:"supersedes,omitzero"`
	When
	// Reason is a [Reason].
	Reason domain.Private `json:"-"`
}

// Statement is the sealed content of [GradeRecorded].
type Statement struct {
	DiagnosticStatement string `json:"diagnosticStatement"`
}

// Reason is the sealed content of amendments, voidings and jury decisions.
type Reason struct {
	Reason string `json:"reason"`
}

func (GradeRecorded) isEvent()        {}
func (AmendmentProposed) isEvent()    {}
func (AmendmentDeclined) isEvent()    {}
func (GradeAmended) isEvent()         {}
func (GradeVoided) isEvent()          {}
func (CourseResultRecorded) isEvent() {}
func (ForeignGradeRecorded) isEvent() {}
func (CreditAwarded) isEvent()        {}
func (JuryDecided) isEvent()          {}
