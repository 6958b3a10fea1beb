package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/gradingscheme"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

func (s *Server) registerGradingSchemes() {
	write(s, op{
		ID: "define-grading-scheme", Method: http.MethodPost, Path: "/v1/gradingSchemes", Scope: access.CatalogWrite, Tag: "gradingSchemes", Status: http.StatusCreated,
		Summary:     "Define a grading scheme",
		Description: "A scheme never changes: the same one again changes nothing, another one under the same identificationCode is refused.",
	}, s.defineGradingScheme)
	write(s, op{
		ID: "publish-conversion", Method: http.MethodPost, Path: "/v1/gradingSchemes/{gradingScheme}/conversions", Scope: access.CatalogWrite, Tag: "gradingSchemes", Status: http.StatusCreated,
		Summary:     "Publish how scores of the scheme read in another one",
		Description: "Under the authority of the caller's institution. Nothing is converted without such a table, and recorded scores stay in the scheme they were given in.",
	}, s.publishConversion)
	s.registerGradingSchemeReads()
}

// NewGradingScheme is a scale of scores.
type NewGradingScheme struct {
	EducationOrganization domain.ID      `json:"educationOrganization,omitempty" doc:"Whose scheme it is; absent for the caller's institution. It can be used by that one and those below it"`
	IdentificationCode    LocalCode      `json:"identificationCode" example:"TN-20"`
	Name                  domain.Text    `json:"name"`
	MinScore              domain.Decimal `json:"minScore"`
	MaxScore              domain.Decimal `json:"maxScore"`
	PassMark              domain.Decimal `json:"passMark" doc:"The worst score that passes"`
	Step                  domain.Decimal `json:"step" doc:"The grain: every score is minScore plus a multiple of it"`
	LowerIsBetter         bool           `json:"lowerIsBetter,omitzero" doc:"1 is the best mark"`
	Labels                []GradeLabel   `json:"labels,omitempty" maxItems:"200" doc:"Names of scores, best first"`
}

// GradeLabel names a range of scores, from score up to the next better label.
type GradeLabel struct {
	Label LocalCode      `json:"label" example:"A"`
	Score domain.Decimal `json:"score" doc:"The worst score with this label, and what the bare label stands for"`
	Title domain.Text    `json:"title,omitempty" doc:"What it means to a reader"`
}

type defineGradingSchemeInput struct{ Body NewGradingScheme }

func (s *Server) defineGradingScheme(ctx context.Context, in *defineGradingSchemeInput) (*answer[WrittenID], error) {
	b := in.Body
	name, err := cleaned(b.Name)
	if err != nil {
		return nil, err
	}
	d := gradingscheme.GradingSchemeDefined{
		EducationOrganization: b.EducationOrganization, IdentificationCode: string(b.IdentificationCode), Name: name,
		Scheme: gradingscheme.Scheme{MinScore: b.MinScore, MaxScore: b.MaxScore, PassMark: b.PassMark, Step: b.Step, LowerIsBetter: b.LowerIsBetter},
	}
	for _, l := range b.Labels {
		title, err := cleaned(l.Title)
		if err != nil {
			return nil, err
		}
		d.Labels = append(d.Labels, gradingscheme.Label{Label: string(l.Label), Score: l.Score, Title: title})
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.DefineGradingScheme(ctx, act, d)
	return recorded(s, "/v1/gradingSchemes/", w, err)
}

type publishConversionInput struct {
	GradingScheme domain.ID `path:"gradingScheme"`
	Body          NewConversion
}

// NewConversion is how scores of one scheme read in another.
type NewConversion struct {
	To       domain.ID        `json:"to" doc:"The other scheme"`
	From     domain.Date      `json:"from" doc:"The first day the table holds; it replaces an earlier one"`
	Table    []ConversionStep `json:"table" minItems:"1" maxItems:"1000" doc:"Rising, beginning at the scheme's minScore"`
	Decision Name             `json:"decision,omitempty" doc:"The reference of the legal act"`
}

// ConversionStep: a score of from or more, up to the next step, reads as to.
type ConversionStep struct {
	From domain.Decimal `json:"from"`
	To   domain.Decimal `json:"to"`
}

func (s *Server) publishConversion(ctx context.Context, in *publishConversionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	table := make([]gradingscheme.Step, len(b.Table))
	for i, step := range b.Table {
		table[i] = gradingscheme.Step(step)
	}
	w, err := s.cfg.Ledger.PublishConversion(ctx, act, in.GradingScheme, ledger.ConversionInput{
		To: b.To, From: b.From, Table: table, Decision: string(b.Decision),
	})
	return recorded(s, "/v1/gradingSchemes/", w, err)
}

// GradingScheme is a scale of scores, and how it reads in others from a day on.
type GradingScheme struct {
	ID                    domain.ID      `json:"id"`
	EducationOrganization domain.ID      `json:"educationOrganization"`
	IdentificationCode    string         `json:"identificationCode"`
	Name                  domain.Text    `json:"name"`
	MinScore              domain.Decimal `json:"minScore"`
	MaxScore              domain.Decimal `json:"maxScore"`
	PassMark              domain.Decimal `json:"passMark"`
	Step                  domain.Decimal `json:"step"`
	LowerIsBetter         bool           `json:"lowerIsBetter,omitzero"`
	Labels                []GradeLabel   `json:"labels,omitempty"`
	Conversions           []Conversion   `json:"conversions,omitempty" doc:"Those in force on that day"`
	History               []HistoryEntry `json:"history,omitempty"`
}

// Conversion is a published table.
type Conversion struct {
	To        domain.ID        `json:"to"`
	Authority domain.ID        `json:"authority" doc:"The institution that answers for it"`
	From      domain.Date      `json:"from"`
	Table     []ConversionStep `json:"table"`
	Decision  string           `json:"decision,omitempty"`
}

type listGradingSchemesInput struct {
	Paged
	Asked
	EducationOrganization domain.ID `query:"educationOrganization"`
	IdentificationCode    string    `query:"identificationCode" maxLength:"60"`
}

type getGradingSchemeInput struct {
	Asked
	Known
	GradingScheme domain.ID `path:"gradingScheme"`
}

func (s *Server) registerGradingSchemeReads() {
	r := register[gradingscheme.Event, GradingScheme]{
		category: gradingscheme.Decider.Category, path: "/v1/gradingSchemes", tag: "gradingSchemes", noun: "grading-scheme",
		scope: access.CatalogRead, build: gradingSchemeOn,
		withHistory: func(b *GradingScheme, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listGradingSchemesInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, in.Asked, projections.RegisterFilter{Owner: in.EducationOrganization, Code: in.IdentificationCode}
	})
	getRegister(s, r, "gradingScheme", func(in *getGradingSchemeInput) (domain.ID, Asked, Known) {
		return in.GradingScheme, in.Asked, in.Known
	})
}

func gradingSchemeOn(id domain.ID, facts []gradingscheme.Event, day domain.Date) GradingScheme {
	st := gradingscheme.Decider.Fold(gradingscheme.State{}, facts...)
	d := st.Definition
	out := GradingScheme{
		ID: id, EducationOrganization: d.EducationOrganization, IdentificationCode: d.IdentificationCode, Name: d.Name,
		MinScore: d.MinScore, MaxScore: d.MaxScore, PassMark: d.PassMark, Step: d.Step, LowerIsBetter: d.LowerIsBetter,
	}
	for _, l := range d.Labels {
		out.Labels = append(out.Labels, GradeLabel{LocalCode(l.Label), l.Score, l.Title})
	}
	for _, c := range st.InForce(day) {
		conversion := Conversion{To: c.To, Authority: c.Authority, From: c.From, Decision: c.Decision}
		for _, step := range c.Table {
			conversion.Table = append(conversion.Table, ConversionStep(step))
		}
		out.Conversions = append(out.Conversions, conversion)
	}
	return out
}
