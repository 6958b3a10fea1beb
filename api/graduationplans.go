package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/graduationplan"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerGraduationPlans() {
	write(s, op{
		ID: "publish-graduation-plan", Method: http.MethodPost, Path: "/v1/graduationPlans", Scope: access.CatalogWrite, Tag: "graduationPlans", Status: http.StatusCreated,
		Summary: "Publish a version of a graduation plan",
		Description: "The first one under an identificationCode is version 1; each later one begins after the one before, and ends it. " +
			"A published version never changes: a decision is replayed under the version in force on its day.",
	}, s.publishGraduationPlan)
	s.registerGraduationPlanReads()
}

// NewGraduationPlan is a version of what a program asks of a graduate.
type NewGraduationPlan struct {
	EducationOrganization domain.ID    `json:"educationOrganization,omitempty" doc:"Whose plan it is; absent for the caller's institution"`
	IdentificationCode    LocalCode    `json:"identificationCode" example:"BAC-MATH-PLAN"`
	Name                  domain.Text  `json:"name"`
	Program               domain.ID    `json:"program"`
	From                  domain.Date  `json:"from" doc:"The first day it is in force"`
	Until                 domain.Date  `json:"until,omitempty" doc:"The first day it no longer is; absent for no end of its own"`
	Requirements          Requirements `json:"requirements"`
	Decision              Name         `json:"decision,omitempty" doc:"The reference of the legal act"`
}

// Requirements are what a graduate must have; an absent member asks for nothing.
type Requirements struct {
	GradingScheme  domain.ID           `json:"gradingScheme,omitempty" doc:"The scheme that every mark is read in; needed where a course asks for a mark. Marks in another scheme count for nothing"`
	CreditPoint    domain.Decimal      `json:"creditPoint,omitzero" doc:"The sum of credits"`
	PassMark       domain.Decimal      `json:"passMark,omitzero" doc:"The worst course average that passes on its own"`
	MinAverage     domain.Decimal      `json:"minAverage,omitzero" doc:"The worst general average: the mean of course averages by coefficient"`
	AbsentScore    domain.Decimal      `json:"absentScore,omitzero" doc:"What an unexcused absence counts as, in the grading scheme; absent for 0"`
	Rounding       Rounding            `json:"rounding,omitzero"`
	Compensation   Compensation        `json:"compensation,omitzero"`
	MaxAttempts    int                 `json:"maxAttempts,omitzero" minimum:"0" maximum:"100" doc:"At one course; absent for any number"`
	CountedAttempt string              `json:"countedAttempt,omitempty" enum:"last,best" doc:"Which attempt counts; absent for the last"`
	Courses        []CourseRequirement `json:"courses,omitempty" maxItems:"500" doc:"All required, each under its own conditions"`
}

// Rounding of averages is half away from zero, to a multiple of step.
type Rounding struct {
	Step domain.Decimal `json:"step,omitzero" doc:"The grain, as in 0.01"`
}

// Compensation lets the general average carry failed courses.
type Compensation struct {
	MaxCourses int            `json:"maxCourses,omitzero" minimum:"0" maximum:"500" doc:"How many; none is carried when more failed"`
	Average    domain.Decimal `json:"average,omitzero" doc:"The worst general average that carries"`
	Floor      domain.Decimal `json:"floor,omitzero" doc:"The worst course average that can be carried"`
}

// CourseRequirement is one required course, met by a course average, or with acceptedResults by a
// recorded course result.
type CourseRequirement struct {
	Course          domain.ID           `json:"course"`
	Credits         domain.Decimal      `json:"credits,omitzero" doc:"Earned when the requirement is met"`
	Coefficient     domain.Decimal      `json:"coefficient,omitzero" doc:"Its weight in the general average; absent to leave it out"`
	EliminatoryMark domain.Decimal      `json:"eliminatoryMark,omitzero" doc:"A worse average is never compensated"`
	AcceptedResults []domain.Descriptor `json:"acceptedResults,omitempty" maxItems:"20" doc:"The courseAttemptResult codes that meet it; no mark is then looked at"`
	GradingPeriods  []WeightedPeriod    `json:"gradingPeriods,omitempty" maxItems:"50" doc:"The periods that must be marked, with their weights; absent for the plain mean of whatever was marked"`
	Transferable    bool                `json:"transferable,omitzero" doc:"Credit awarded for the course meets it without a mark"`
}

// WeightedPeriod is a grading period's part in a course average.
type WeightedPeriod struct {
	GradingPeriod domain.Descriptor `json:"gradingPeriod"`
	Weight        domain.Decimal    `json:"weight"`
}

type publishGraduationPlanInput struct{ Body NewGraduationPlan }

// PublishedVersion is a version of a plan.
type PublishedVersion struct {
	ID      domain.ID `json:"id" doc:"The plan"`
	Version int       `json:"version" doc:"Counts from 1"`
}

func (s *Server) publishGraduationPlan(ctx context.Context, in *publishGraduationPlanInput) (*answer[PublishedVersion], error) {
	b := in.Body
	name, err := cleaned(b.Name)
	if err != nil {
		return nil, err
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, version, err := s.cfg.Ledger.PublishGraduationPlan(ctx, act, graduationplan.GraduationPlanPublished{
		EducationOrganization: b.EducationOrganization, IdentificationCode: string(b.IdentificationCode), Name: name, Program: b.Program,
		From: b.From, Until: b.Until, Requirements: b.Requirements.plan(), Decision: string(b.Decision),
	})
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, "/v1/graduationPlans/"+string(w.ID), PublishedVersion{w.ID, version}), nil
}

// plan is the requirements in the domain's words.
func (r Requirements) plan() graduationplan.Requirements {
	p := graduationplan.Requirements{
		GradingScheme: r.GradingScheme, CreditPoint: r.CreditPoint, PassMark: r.PassMark, MinAverage: r.MinAverage, AbsentScore: r.AbsentScore,
		Rounding: graduationplan.Rounding(r.Rounding), Compensation: graduationplan.Compensation(r.Compensation), MaxAttempts: r.MaxAttempts,
	}
	if r.CountedAttempt == "best" {
		p.CountedAttempt = graduationplan.Best
	}
	for _, c := range r.Courses {
		required := graduationplan.CourseRequirement{
			Course: c.Course, Credits: c.Credits, Coefficient: c.Coefficient, EliminatoryMark: c.EliminatoryMark,
			AcceptedResults: c.AcceptedResults, Transferable: c.Transferable,
		}
		for _, w := range c.GradingPeriods {
			required.GradingPeriods = append(required.GradingPeriods, graduationplan.WeightedPeriod(w))
		}
		p.Courses = append(p.Courses, required)
	}
	return p
}

// GraduationPlan is what a program asks of a graduate: the version in force on a day, and
// every version there is.
type GraduationPlan struct {
	ID                    domain.ID      `json:"id"`
	EducationOrganization domain.ID      `json:"educationOrganization"`
	IdentificationCode    string         `json:"identificationCode"`
	Program               domain.ID      `json:"program"`
	VersionInForce        int            `json:"versionInForce,omitzero" doc:"On that day; absent for none"`
	Versions              []PlanVersion  `json:"versions" doc:"Oldest first; each ends at its until, or where the next begins"`
	History               []HistoryEntry `json:"history,omitempty"`
}

// PlanVersion is one published version.
type PlanVersion struct {
	Version      int          `json:"version"`
	Name         domain.Text  `json:"name"`
	From         domain.Date  `json:"from"`
	Until        domain.Date  `json:"until,omitempty"`
	Requirements Requirements `json:"requirements"`
	Decision     string       `json:"decision,omitempty"`
}

type listGraduationPlansInput struct {
	Paged
	Asked
	EducationOrganization domain.ID `query:"educationOrganization"`
	Program               domain.ID `query:"program"`
	IdentificationCode    string    `query:"identificationCode" maxLength:"60"`
}

type getGraduationPlanInput struct {
	Asked
	Known
	GraduationPlan domain.ID `path:"graduationPlan"`
}

func (s *Server) registerGraduationPlanReads() {
	r := register[graduationplan.Event, GraduationPlan]{
		category: graduationplan.Decider.Category, path: "/v1/graduationPlans", tag: "graduationPlans", noun: "graduation-plan",
		scope: access.CatalogRead, build: graduationPlanOn,
		withHistory: func(b *GraduationPlan, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listGraduationPlansInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, in.Asked, projections.RegisterFilter{Owner: in.EducationOrganization, Subject: in.Program, Code: in.IdentificationCode}
	})
	getRegister(s, r, "graduationPlan", func(in *getGraduationPlanInput) (domain.ID, Asked, Known) {
		return in.GraduationPlan, in.Asked, in.Known
	})
}

func graduationPlanOn(id domain.ID, facts []graduationplan.Event, day domain.Date) GraduationPlan {
	st := graduationplan.Decider.Fold(graduationplan.State{}, facts...)
	var out GraduationPlan
	for _, v := range st.Versions {
		out.EducationOrganization, out.IdentificationCode, out.Program = v.EducationOrganization, v.IdentificationCode, v.Program
		out.Versions = append(out.Versions, PlanVersion{v.Version, v.Name, v.From, v.Until, wireRequirements(v.Requirements), v.Decision})
	}
	out.ID = id
	if v, ok := st.InForce(day); ok {
		out.VersionInForce = v.Version
	}
	return out
}

// wireRequirements is the opposite of plan.
func wireRequirements(p graduationplan.Requirements) Requirements {
	r := Requirements{
		GradingScheme: p.GradingScheme, CreditPoint: p.CreditPoint, PassMark: p.PassMark, MinAverage: p.MinAverage, AbsentScore: p.AbsentScore,
		Rounding: Rounding(p.Rounding), Compensation: Compensation(p.Compensation), MaxAttempts: p.MaxAttempts, CountedAttempt: string(p.CountedAttempt),
	}
	for _, c := range p.Courses {
		required := CourseRequirement{
			Course: c.Course, Credits: c.Credits, Coefficient: c.Coefficient, EliminatoryMark: c.EliminatoryMark,
			AcceptedResults: c.AcceptedResults, Transferable: c.Transferable,
		}
		for _, w := range c.GradingPeriods {
			required.GradingPeriods = append(required.GradingPeriods, WeightedPeriod(w))
		}
		r.Courses = append(r.Courses, required)
	}
	return r
}
