// Package graduation is how one student completes one program: assessed under the plan
// in force that day, approved by one officer, confirmed by another, and rescinded when it
// has to be.
package graduation

import "sijil/domain"

// Event is a fact of a graduation.
type Event interface{ isEvent() }

// Outcome is what an assessment found.
type Outcome string

const (
	// Met: every requirement of the plan is fulfilled.
	Met Outcome = "met"
	// Unmet: the gaps say what is missing.
	Unmet Outcome = "unmet"
)

// Input is the last event of another stream that an assessment read.
type Input struct {
	Stream   string `json:"stream"`
	Revision int64  `json:"revision"`
}

// Gap is one requirement of the plan that is not fulfilled.
type Gap struct {
	// Code is stable and snake_case: course_missing, credits_missing, average_too_low, …
	Code string `json:"code"`
	// Course is the course it is about, empty for the plan as a whole.
	Course domain.ID `json:"course,omitzero"`
	// Required and Achieved are in the plan's unit: credits or marks.
	Required *domain.Decimal `json:"required,omitzero"`
	Achieved *domain.Decimal `json:"achieved,omitzero"`
}

// GraduationAssessed: the record was held against the plan. The same inputs and the same
// plan version give the same outcome on replay.
type GraduationAssessed struct {
	Assessment domain.ID `json:"assessment"`
	// School is the institution that assesses.
	School domain.ID `json:"school"`
	// EventDate is the day whose enrollment, plan and accreditation count.
	EventDate      domain.Date `json:"eventDate"`
	GraduationPlan domain.ID   `json:"graduationPlan"`
	PlanVersion    int         `json:"planVersion"`
	// Accreditation is the accreditation that held on EventDate.
	Accreditation domain.ID `json:"accreditation"`
	// Inputs are the streams read, by name.
	Inputs  []Input `json:"inputs"`
	Outcome Outcome `json:"outcome"`
	Gaps    []Gap   `json:"gaps,omitzero"`
	// EarnedCredits counts towards the plan; Average is in the plan's scheme and rounding,
	// nil when the plan asks for none.
	EarnedCredits domain.Decimal  `json:"earnedCredits"`
	Average       *domain.Decimal `json:"average,omitzero"`
}

// Approval names exactly what an officer approved.
type Approval struct {
	Assessment domain.ID `json:"assessment"`
	// Event is the id of the assessment's event, Digest the SHA-256 of its stored payload
	// in lower-case hex.
	Event  domain.ID `json:"event"`
	Digest string    `json:"digest"`
}

// GraduationApproved: a first officer approved an assessment whose outcome is met.
type GraduationApproved struct {
	Approval
	// ApprovedBy is the officer's token subject, an opaque id.
	ApprovedBy string `json:"approvedBy"`
}

// GraduationConfirmed: a second officer approved the same assessment. The student has
// completed the program; a diploma may be awarded.
type GraduationConfirmed struct {
	Approval
	// ConfirmedBy is another token subject than ApprovedBy of the approval.
	ConfirmedBy string `json:"confirmedBy"`
}

// GraduationRescinded: the assessment and its approvals no longer count.
type GraduationRescinded struct {
	Assessment domain.ID         `json:"assessment"`
	EventDate  domain.Date       `json:"eventDate"`
	ReasonCode domain.Descriptor `json:"reasonCode"`
	// Authority is the institution that answers for it.
	Authority   domain.ID `json:"authority"`
	RescindedBy string    `json:"rescindedBy"`
	// Reason is a [Reason].
	Reason domain.Private `json:"-"`
}

// Reason is the sealed content of [GraduationRescinded].
type Reason struct {
	Reason string `json:"reason"`
}

func (GraduationAssessed) isEvent()  {}
func (GraduationApproved) isEvent()  {}
func (GraduationConfirmed) isEvent() {}
func (GraduationRescinded) isEvent() {}
