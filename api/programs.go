package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/program"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerPrograms() {
	write(s, op{
		ID: "define-program", Method: http.MethodPost, Path: "/v1/programs", Scope: access.CatalogWrite, Tag: "programs", Status: http.StatusCreated,
		Summary:     "Define a program of study",
		Description: "A definition never changes: the same one again changes nothing, another one under the same programId is refused.",
	}, s.defineProgram)
	s.registerProgramReads()
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

// Program is a program of study.
type Program struct {
	ID                    domain.ID         `json:"id"`
	EducationOrganization domain.ID         `json:"educationOrganization"`
	ProgramID             string            `json:"programId"`
	ProgramName           domain.Text       `json:"programName"`
	ProgramType           domain.Descriptor `json:"programType,omitempty"`
	Level                 domain.Descriptor `json:"level,omitempty"`
	AwardTitle            domain.Text       `json:"awardTitle,omitempty"`
	AchievementType       string            `json:"achievementType"`
	CreditPoint           domain.Decimal    `json:"creditPoint,omitzero"`
	LanguageOfInstruction string            `json:"languageOfInstruction,omitempty"`
	History               []HistoryEntry    `json:"history,omitempty"`
}

type listProgramsInput struct {
	Paged
	EducationOrganization domain.ID `query:"educationOrganization"`
	ProgramID             string    `query:"programId" maxLength:"60"`
}

type getProgramInput struct {
	Known
	Program domain.ID `path:"program"`
}

func (s *Server) registerProgramReads() {
	r := register[program.Event, Program]{
		category: program.Decider.Category, path: "/v1/programs", tag: "programs", noun: "program", scope: access.CatalogRead,
		build: func(id domain.ID, facts []program.Event, _ domain.Date) Program {
			d := program.Decider.Fold(program.State{}, facts...).Definition
			return Program{
				id, d.EducationOrganization, d.ProgramID, d.ProgramName, d.ProgramType, d.Level, d.AwardTitle,
				d.AchievementType, d.CreditPoint, d.LanguageOfInstruction, nil,
			}
		},
		withHistory: func(b *Program, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listProgramsInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, Asked{}, projections.RegisterFilter{Owner: in.EducationOrganization, Code: in.ProgramID}
	})
	getRegister(s, r, "program", func(in *getProgramInput) (domain.ID, Asked, Known) { return in.Program, Asked{}, in.Known })
}
