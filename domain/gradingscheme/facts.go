// Package gradingscheme holds how a school marks: 0–20, 1–5, A–F, 0–100. A scheme never
// changes, and nothing is converted into another one except by a published table.
package gradingscheme

import "sijil/domain"

// Event is a fact about one grading scheme.
type Event interface{ isGradingSchemeEvent() }

// GradingSchemeDefined: scores in this scheme mean this, for ever.
type GradingSchemeDefined struct {
	// EducationOrganization owns the definition.
	EducationOrganization domain.ID   `json:"educationOrganization"`
	IdentificationCode    string      `json:"identificationCode"`
	Name                  domain.Text `json:"name"`
	Scheme
}

// Scheme is the scale itself: what a score may be, and from where on it passes.
type Scheme struct {
	MinScore domain.Decimal `json:"minScore"`
	MaxScore domain.Decimal `json:"maxScore"`
	// PassMark is the worst score that passes.
	PassMark domain.Decimal `json:"passMark"`
	// Step is the grain: every score is MinScore plus a multiple of it.
	Step domain.Decimal `json:"step"`
	// LowerIsBetter: 1 is the best mark, as on the German 1–6.
	LowerIsBetter bool `json:"lowerIsBetter,omitzero"`
	// Labels are the names of scores, best first: A, B … or "très bien", "bien" …
	Labels []Label `json:"labels,omitzero"`
}

// Label names a range of scores: from Score, its worst one, up to the next better label.
type Label struct {
	Label string         `json:"label"`
	Score domain.Decimal `json:"score"`
	// Title is what the label means to a reader: "excellent".
	Title domain.Text `json:"title,omitzero"`
}

// ConversionPublished: the authority says how scores of this scheme read in another one, from
// From on. A later table for the same target replaces it from its own first day.
type ConversionPublished struct {
	// To is the target scheme.
	To domain.ID `json:"to"`
	// Authority is the institution that answers for the table.
	Authority domain.ID   `json:"authority"`
	From      domain.Date `json:"from"`
	Table     []Step      `json:"table"`
	// Decision is the reference of the legal act, such as a gazette number.
	Decision string `json:"decision,omitzero"`
}

// Step of a conversion: a score of From or more, up to the next step, reads as To.
type Step struct {
	From domain.Decimal `json:"from"`
	To   domain.Decimal `json:"to"`
}

func (GradingSchemeDefined) isGradingSchemeEvent() {}
func (ConversionPublished) isGradingSchemeEvent()  {}
