package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/internal/text"
)

// WrittenID is what a write of reference data answers.
type WrittenID struct {
	ID domain.ID `json:"id" doc:"The thing that was recorded or changed"`
}

// recorded answers a use case that wrote about one thing, readable at path + its id.
func recorded(s *Server, path string, w ledger.Written, err error) (*answer[WrittenID], error) {
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, path+string(w.ID), WrittenID{w.ID}), nil
}

// cleaned takes a name in several languages from outside; nil stays nil.
func cleaned(t domain.Text) (domain.Text, error) {
	if t == nil {
		return nil, nil
	}
	clean := make(domain.Text, len(t))
	for language, s := range t {
		c, err := text.Name(s)
		if err != nil {
			return nil, err
		}
		clean[language] = c
	}
	return clean, nil
}

const institutionsPath = "/v1/institutions/"

func (s *Server) registerInstitutions() {
	post := func(id, path, summary string, scope access.Scope) op {
		return op{ID: id, Method: http.MethodPost, Path: path, Scope: scope, Tag: "institutions", Summary: summary, Status: http.StatusCreated}
	}
	o := post("register-institution", "/v1/institutions", "Register an institution", access.InstitutionsWrite)
	o.Description = "Below an institution that the caller is or governs: country > region > school. Without `parentOrganization` it is the tenant's own authority, which registers itself once."
	write(s, o, s.registerInstitution)
	const one = "/v1/institutions/{institution}"
	write(s, post("rename-institution", one+"/renamings", "Give it another name from a day on", access.InstitutionsWrite), s.renameInstitution)
	write(s, post("move-institution", one+"/parentChanges", "Put it under another organization from a day on", access.InstitutionsWrite), s.moveInstitution)
	o = post("change-operational-status", one+"/statusChanges", "Open, pause, close or reopen it", access.InstitutionsWrite)
	o.Description = "Closing names the institution that keeps its records. A closed school enrolls nobody."
	write(s, o, s.changeStatus)
	write(s, post("designate-successor", one+"/successors", "Say who continues its work", access.InstitutionsWrite), s.designateSuccessor)
	s.registerInstitutionReads()
}

// NewInstitution is an institution to register.
type NewInstitution struct {
	IdentificationCode            LocalCode         `json:"identificationCode" doc:"The authority's own code, unique in the tenant" example:"TN-1101-042"`
	NameOfInstitution             domain.Text       `json:"nameOfInstitution"`
	ShortNameOfInstitution        LocalCode         `json:"shortNameOfInstitution,omitempty"`
	Tier                          institution.Tier  `json:"tier" enum:"country,region,school,agency" doc:"Its floor in the tree; an agency accredits and enrolls nobody"`
	EducationOrganizationCategory domain.Descriptor `json:"educationOrganizationCategory,omitempty" doc:"A finer kind, from any code list"`
	ParentOrganization            domain.ID         `json:"parentOrganization,omitempty" doc:"The organization above it; absent for the tenant's own authority only"`
	CountryCode                   string            `json:"countryCode" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2" example:"TN"`
	WebSite                       string            `json:"webSite,omitempty" format:"uri" maxLength:"200"`
	BeginDate                     domain.Date       `json:"beginDate" doc:"The first day it works"`
}

type registerInstitutionInput struct{ Body NewInstitution }

func (s *Server) registerInstitution(ctx context.Context, in *registerInstitutionInput) (*answer[WrittenID], error) {
	name, err := cleaned(in.Body.NameOfInstitution)
	if err != nil {
		return nil, err
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.RegisterInstitution(ctx, act, ledger.InstitutionInput{
		IdentificationCode: string(b.IdentificationCode), NameOfInstitution: name, ShortNameOfInstitution: string(b.ShortNameOfInstitution),
		Tier: b.Tier, EducationOrganizationCategory: b.EducationOrganizationCategory, ParentOrganization: b.ParentOrganization,
		CountryCode: b.CountryCode, WebSite: b.WebSite, BeginDate: b.BeginDate,
	})
	return recorded(s, institutionsPath, w, err)
}

type renameInstitutionInput struct {
	Institution domain.ID `path:"institution"`
	Body        InstitutionRenaming
}

// InstitutionRenaming is another name from a day on.
type InstitutionRenaming struct {
	NameOfInstitution      domain.Text `json:"nameOfInstitution"`
	ShortNameOfInstitution LocalCode   `json:"shortNameOfInstitution,omitempty"`
	BeginDate              domain.Date `json:"beginDate" doc:"The first day of the name; documents of earlier days keep the earlier one"`
}

func (s *Server) renameInstitution(ctx context.Context, in *renameInstitutionInput) (*answer[WrittenID], error) {
	name, err := cleaned(in.Body.NameOfInstitution)
	if err != nil {
		return nil, err
	}
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RenameInstitution(ctx, act, in.Institution, name, string(in.Body.ShortNameOfInstitution), in.Body.BeginDate)
	return recorded(s, institutionsPath, w, err)
}

type moveInstitutionInput struct {
	Institution domain.ID `path:"institution"`
	Body        ParentChange
}

// ParentChange is another organization above an institution from a day on.
type ParentChange struct {
	ParentOrganization domain.ID   `json:"parentOrganization"`
	BeginDate          domain.Date `json:"beginDate"`
}

func (s *Server) moveInstitution(ctx context.Context, in *moveInstitutionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.MoveInstitution(ctx, act, in.Institution, in.Body.ParentOrganization, in.Body.BeginDate)
	return recorded(s, institutionsPath, w, err)
}

type changeStatusInput struct {
	Institution domain.ID `path:"institution"`
	Body        StatusChange
}

// StatusChange is another operational status from a day on.
type StatusChange struct {
	OperationalStatus domain.Descriptor `json:"operationalStatus" doc:"Ed-Fi's codes, in its namespace or a national one: Active, Added, ChangedAgency, Continuing, New, Reopened; Closed, Future, Inactive" example:"uri://ed-fi.org/OperationalStatusDescriptor#Closed"`
	BeginDate         domain.Date       `json:"beginDate"`
	RecordsCustodian  domain.ID         `json:"recordsCustodian,omitempty" doc:"The institution that keeps the records; for closing, and only then"`
}

func (s *Server) changeStatus(ctx context.Context, in *changeStatusInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ChangeOperationalStatus(ctx, act, in.Institution, in.Body.OperationalStatus, in.Body.RecordsCustodian, in.Body.BeginDate)
	return recorded(s, institutionsPath, w, err)
}

type designateSuccessorInput struct {
	Institution domain.ID `path:"institution"`
	Body        SuccessorDesignation
}

// SuccessorDesignation is who continues an institution's work.
type SuccessorDesignation struct {
	Successor domain.ID   `json:"successor"`
	BeginDate domain.Date `json:"beginDate"`
}

func (s *Server) designateSuccessor(ctx context.Context, in *designateSuccessorInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.DesignateSuccessor(ctx, act, in.Institution, in.Body.Successor, in.Body.BeginDate)
	return recorded(s, institutionsPath, w, err)
}
