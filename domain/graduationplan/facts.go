// Package graduationplan holds what a program asks of a graduate, in versions with dates,
// and the pure function that compares it with what was recorded.
package graduationplan

import "sijil/domain"

// Event is a fact about one graduation plan.
type Event interface{ isGraduationPlanEvent() }

// GraduationPlanPublished: this version is in force from From until Until, or until the
// next version begins.
type GraduationPlanPublished struct {
	// EducationOrganization owns the plan: a school its own, a ministry the national ones.
	EducationOrganization domain.ID   `json:"educationOrganization"`
	IdentificationCode    string      `json:"identificationCode"`
	Name                  domain.Text `json:"name"`
	Program               domain.ID   `json:"program"`
	// Version counts from 1, without gaps.
	Version int `json:"version"`
	// From is the first day it is in force, Until the first day it no longer is (empty for no end).
	From         domain.Date  `json:"from"`
	Until        domain.Date  `json:"until,omitzero"`
	Requirements Requirements `json:"requirements"`
	// Decision is the reference of the legal act, such as a gazette number.
	Decision string `json:"decision,omitzero"`
}

// Requirements are what a graduate must have. A zero member asks for nothing.
type Requirements struct {
	// GradingScheme is the scheme that every score is read in; a score in another one counts
	// for nothing, since nothing is converted silently. Needed when any course is scored.
	GradingScheme domain.ID `json:"gradingScheme,omitzero"`
	// CreditPoint is the sum of credits.
	CreditPoint domain.Decimal `json:"creditPoint,omitzero"`
	// PassMark is the worst course average that passes on its own.
	PassMark domain.Decimal `json:"passMark,omitzero"`
	// MinAverage is the worst general average: the mean of course averages by coefficient.
	MinAverage domain.Decimal `json:"minAverage,omitzero"`
	// LowerIsBetter as in the grading scheme.
	LowerIsBetter bool `json:"lowerIsBetter,omitzero"`
	// AbsentScore is what an unexcused absence counts as.
	AbsentScore domain.Decimal `json:"absentScore,omitzero"`
	// Rounding of course averages and of the general average.
	Rounding Rounding `json:"rounding,omitzero"`
	// Compensation: when and how far a good average makes up for a failed course.
	Compensation Compensation `json:"compensation,omitzero"`
	// MaxAttempts at one course; 0 for any number.
	MaxAttempts int `json:"maxAttempts,omitzero"`
	// CountedAttempt says which attempt at a course counts.
	CountedAttempt CountedAttempt `json:"countedAttempt,omitzero"`
	// Courses are all required, each under its own conditions.
	Courses []CourseRequirement `json:"courses,omitzero"`
}

// CountedAttempt says which of several attempts at a course counts.
type CountedAttempt string

const (
	// Last attempt, whatever it brought; the default.
	Last CountedAttempt = ""
	// Best average of all attempts.
	Best CountedAttempt = "best"
)

// Rounding of averages: half away from zero, to a multiple of Step.
type Rounding struct {
	// Step is the grain, as in 0.01; 0 leaves averages at a millionth.
	Step domain.Decimal `json:"step,omitzero"`
}

// Compensation lets the general average carry failed courses.
type Compensation struct {
	// MaxCourses is how many failed courses may be carried; 0 for none.
	MaxCourses int `json:"maxCourses,omitzero"`
	// Average is the worst general average that carries.
	Average domain.Decimal `json:"average,omitzero"`
	// Floor is the worst course average that can be carried.
	Floor domain.Decimal `json:"floor,omitzero"`
}

// CourseRequirement is one required course. With AcceptedResults it asks for a recorded
// course result and looks at no score; without, for a course average.
type CourseRequirement struct {
	Course domain.ID `json:"course"`
	// Credits earned when the requirement is met.
	Credits domain.Decimal `json:"credits,omitzero"`
	// Coefficient in the general average; 0 leaves the course out of it.
	Coefficient domain.Decimal `json:"coefficient,omitzero"`
	// EliminatoryMark: a course average worse than this is never compensated, and one such
	// mark refuses the diploma whatever the general average.
	EliminatoryMark domain.Decimal `json:"eliminatoryMark,omitzero"`
	// AcceptedResults are the courseAttemptResult codes that meet the requirement.
	AcceptedResults []domain.Descriptor `json:"acceptedResults,omitzero"`
	// GradingPeriods that must be marked, with their weights in the course average; empty for
	// the plain mean of whatever was marked.
	GradingPeriods []WeightedPeriod `json:"gradingPeriods,omitzero"`
	// Transferable: credit awarded for the course, from elsewhere or by validation, meets
	// the requirement without a score.
	Transferable bool `json:"transferable,omitzero"`
}

// WeightedPeriod is a grading period's part in a course average.
type WeightedPeriod struct {
	GradingPeriod domain.Descriptor `json:"gradingPeriod"`
	Weight        domain.Decimal    `json:"weight"`
}

func (GraduationPlanPublished) isGraduationPlanEvent() {}
