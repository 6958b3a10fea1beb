package award

import "sijil/domain"

// The types of this file are what the sealed claims hold. No rule reads them.

// Claims are what the diploma says about the person.
type Claims struct {
	// Names are the legal name in each script it is written in; none when the register has none.
	Names []Name      `json:"personalNames,omitzero"`
	Birth domain.Date `json:"birthDate,omitzero"`
	City  string      `json:"birthCity,omitzero"`
	// Number is the school's own number for a student whose name the register does not have.
	Number string `json:"studentNumber,omitzero"`
	// Results are what was achieved in the plan's courses, in the plan's order. Credits counted
	// towards the plan; Average is the plan's general average, nil when it asks for none, and
	// Mention the name that the plan's grading scheme has for it, empty when it has none.
	Results []Result       `json:"results,omitzero"`
	Credits domain.Decimal `json:"earnedCredits,omitzero"`
	Average *Grade         `json:"average,omitzero"`
	Mention string         `json:"mention,omitzero"`
}

// Result is what was achieved in one course.
type Result struct {
	Course  domain.ID      `json:"course"`
	Code    string         `json:"courseCode,omitzero"`
	Title   domain.Text    `json:"courseTitle,omitempty"`
	Credits domain.Decimal `json:"credits,omitzero"`
	Grade
}

// Grade is a grade as it was written down. Min and Max are the ends of its own scale; a
// label or the code of a result has none.
type Grade struct {
	Value string          `json:"grade"`
	Min   *domain.Decimal `json:"minScore,omitzero"`
	Max   *domain.Decimal `json:"maxScore,omitzero"`
}

// Name is the full name as the papers write it, in one language and script (BCP 47).
type Name struct {
	Language string `json:"language"`
	Full     string `json:"fullName"`
}
