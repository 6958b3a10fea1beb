package api

import (
	"context"
	"net/http"
	"time"

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
	o = post("authorize-signing-key", one+"/signingKeys", "Let it sign with a key whose private half it keeps elsewhere", access.KeysWrite)
	o.Description = "An authority above the institution decides this. An institution makes keys that the ledger keeps with make-signing-key."
	write(s, o, s.authorizeKey)
	write(s, post("retire-signing-key", one+"/signingKeys/{kid}/retirements", "End the use of a key", access.KeysWrite), s.retireKey)
	o = post("report-key-compromise", one+"/signingKeys/{kid}/compromises", "Say since when somebody else may hold a key", access.KeysWrite)
	o.Description = "Credentials that the ledger recorded before that instant stand; all others under the key are refused from now on. The instant can later move earlier, never later."
	write(s, o, s.reportCompromise)
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

type authorizeKeyInput struct {
	Institution domain.ID `path:"institution"`
	Body        NewSigningKey
}

// NewSigningKey is a public key that an institution will sign with.
type NewSigningKey struct {
	Kid          string              `json:"kid" pattern:"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$" doc:"The key's name in the institution, never used again" example:"2026-1"`
	Alg          string              `json:"alg" enum:"EdDSA,ES256,ES384,ES512" doc:"The one algorithm the key is used with"`
	Purpose      institution.Purpose `json:"purpose" enum:"credential,status" doc:"What it signs; one key has one purpose"`
	PublicKeyJwk PublicKeyJwk        `json:"publicKeyJwk"`
	ValidFrom    time.Time           `json:"validFrom" format:"date-time"`
}

// PublicKeyJwk is the public members of a JSON Web Key; a private member is refused.
type PublicKeyJwk struct {
	Kty string `json:"kty" enum:"OKP,EC"`
	Crv string `json:"crv" enum:"Ed25519,P-256,P-384,P-521"`
	X   string `json:"x" maxLength:"100"`
	Y   string `json:"y,omitempty" maxLength:"100"`
}

func (s *Server) authorizeKey(ctx context.Context, in *authorizeKeyInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	// The private half of this key lies elsewhere and can sign what no ledger recorded, so the
	// institution that wants it is not the one that allows it.
	if _, err := s.cfg.Ledger.ReachAbove(ctx, act, in.Institution); err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.AuthorizeSigningKey(ctx, act, in.Institution, institution.AuthorizeKey{
		Kid: b.Kid, Alg: b.Alg, Purpose: b.Purpose, PublicKeyJwk: institution.PublicKey(b.PublicKeyJwk), ValidFrom: b.ValidFrom,
	})
	return recorded(s, institutionsPath, w, err)
}

type retireKeyInput struct {
	Institution domain.ID `path:"institution"`
	Kid         string    `path:"kid" maxLength:"64"`
	Body        KeyRetirement
}

// KeyRetirement is the end of a key's use.
type KeyRetirement struct {
	ValidUntil time.Time `json:"validUntil" format:"date-time" doc:"Nothing new is signed from then on; what was signed stands"`
}

func (s *Server) retireKey(ctx context.Context, in *retireKeyInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RetireSigningKey(ctx, act, in.Institution, in.Kid, in.Body.ValidUntil)
	return recorded(s, institutionsPath, w, err)
}

type reportCompromiseInput struct {
	Institution domain.ID `path:"institution"`
	Kid         string    `path:"kid" maxLength:"64"`
	Body        KeyCompromise
}

// KeyCompromise is since when somebody else may hold a key.
type KeyCompromise struct {
	CompromisedAt time.Time `json:"compromisedAt" format:"date-time"`
}

func (s *Server) reportCompromise(ctx context.Context, in *reportCompromiseInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ReportKeyCompromise(ctx, act, in.Institution, in.Kid, in.Body.CompromisedAt)
	return recorded(s, institutionsPath, w, err)
}
