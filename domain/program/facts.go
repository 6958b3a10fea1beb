// Package program holds what a program of study is: defined once, and never changed,
// since enrollments, plans and diplomas point at it.
package program

import "sijil/domain"

// Event is a fact about one program.
type Event interface{ isProgramEvent() }

// ProgramDefined: the organization offers this program.
type ProgramDefined struct {
	// EducationOrganization owns the definition: a school its own, a ministry the national ones.
	EducationOrganization domain.ID `json:"educationOrganization"`
	// ProgramID is the organization's own code for it.
	ProgramID   string            `json:"programId"`
	ProgramName domain.Text       `json:"programName"`
	ProgramType domain.Descriptor `json:"programType,omitzero"`
	// Level is the level an accreditation may be for, from any code list.
	Level domain.Descriptor `json:"level,omitzero"`
	// AwardTitle is what the diploma calls the award: "Licence en mathématiques".
	AwardTitle domain.Text `json:"awardTitle,omitzero"`
	// AchievementType is the Open Badges 3.0 kind of the award: Diploma, BachelorDegree …
	AchievementType string `json:"achievementType"`
	// CreditPoint is the program's size in credits; 0 where credits are not used.
	CreditPoint domain.Decimal `json:"creditPoint,omitzero"`
	// LanguageOfInstruction is a BCP 47 tag.
	LanguageOfInstruction string `json:"languageOfInstruction,omitzero"`
}

func (ProgramDefined) isProgramEvent() {}
