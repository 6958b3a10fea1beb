package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/program"
	"sijil/internal/access"
)

func (s *Server) registerPrograms() {
	write(s, op{
		ID: "define-program", Method: http.MethodPost, Path: "/v1/programs", Scope: access.CatalogWrite, Tag: "programs", Status: http.StatusCreated,
		Summary:     "Define a program of study",
		Description: "A definition never changes: the same one again changes nothing, another one under the same programId is refused.",
	}, s.defineProgram)
}

// NewProgram is a program of study.
type NewProgram struct {
	EducationOrganization domain.ID         `json:"educationOrganization,omitempty" doc:"Whose program it is; absent for the caller's institution. It can be used by that one and those below it"`
	ProgramID             LocalCode         `json:"programId" doc:"The organization's own code" example:"BAC-MATH"`
	ProgramName           domain.Text       `json:"programName"`
	ProgramType           domain.Descriptor `json:"programType,omitempty"`
	Level                 domain.Descriptor `json:"level,omitempty" doc:"The level that an accreditation may be for" example:"uri://europa.eu/EqfLevelDescriptor#4"`
	AwardTitle            domain.Text       `json:"awardTitle,omitempty" doc:"What the diploma calls the award"`
	AchievementType       string            `json:"achievementType" maxLength:"60" doc:"The kind of award by Open Badges 3.0" example:"Diploma"`
	CreditPoint           domain.Decimal    `json:"creditPoint,omitzero" doc:"Its size in credits"`
	LanguageOfInstruction string            `json:"languageOfInstruction,omitempty" maxLength:"35" doc:"A BCP 47 tag" example:"ar-TN"`
}

type defineProgramInput struct{ Body NewProgram }

func (s *Server) defineProgram(ctx context.Context, in *defineProgramInput) (*answer[WrittenID], error) {
	b := in.Body
	name, err := cleaned(b.ProgramName)
	if err != nil {
		return nil, err
	}
	title, err := cleaned(b.AwardTitle)
	if err != nil {
		return nil, err
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.DefineProgram(ctx, act, program.ProgramDefined{
		EducationOrganization: b.EducationOrganization, ProgramID: string(b.ProgramID), ProgramName: name, ProgramType: b.ProgramType,
		Level: b.Level, AwardTitle: title, AchievementType: b.AchievementType, CreditPoint: b.CreditPoint, LanguageOfInstruction: b.LanguageOfInstruction,
	})
	return recorded(s, "/v1/programs/", w, err)
}
