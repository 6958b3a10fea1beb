package api

import (
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/access"
	"sijil/projections"
)

// Institution is an institution as it stands on a day.
type Institution struct {
	ID                            domain.ID          `json:"id"`
	IdentificationCode            string             `json:"identificationCode"`
	NameOfInstitution             domain.Text        `json:"nameOfInstitution"`
	ShortNameOfInstitution        string             `json:"shortNameOfInstitution,omitempty"`
	Tier                          institution.Tier   `json:"tier" enum:"country,region,school,agency"`
	EducationOrganizationCategory domain.Descriptor  `json:"educationOrganizationCategory,omitempty"`
	ParentOrganization            domain.ID          `json:"parentOrganization,omitempty"`
	CountryCode                   string             `json:"countryCode"`
	WebSite                       string             `json:"webSite,omitempty"`
	BeginDate                     domain.Date        `json:"beginDate"`
	OperationalStatus             domain.Descriptor  `json:"operationalStatus,omitempty" doc:"Absent before beginDate"`
	RecordsCustodian              domain.ID          `json:"recordsCustodian,omitempty" doc:"Who keeps the records of a closed institution"`
	Successor                     domain.ID          `json:"successor,omitempty" doc:"Who continues its work"`
	SigningKeys                   []SigningKey       `json:"signingKeys,omitempty" doc:"Every key ever authorized"`
	SigningKeyProposals           []SigningKeyWanted `json:"signingKeyProposals,omitempty" doc:"Changes of keys that wait for a second officer"`
	History                       []HistoryEntry     `json:"history,omitempty"`
}

// SigningKeyWanted is an open proposal about keys: what is asked for, by whom, until when it
// can be approved. A rotation names a key to authorize and one to retire.
type SigningKeyWanted struct {
	ID         domain.ID                       `json:"id"`
	Authorize  *institution.ProposedKey        `json:"authorize,omitempty"`
	Retire     *institution.ProposedRetirement `json:"retire,omitempty"`
	Compromise *institution.ProposedCompromise `json:"compromise,omitempty"`
	Authority  domain.ID                       `json:"authority" doc:"The officer's institution"`
	ProposedBy string                          `json:"proposedBy" doc:"The officer's opaque id; another one approves"`
	LapsesAt   time.Time                       `json:"lapsesAt"`
}

// SigningKey is a public key of an institution and what became of it.
type SigningKey struct {
	Kid           string              `json:"kid"`
	Alg           string              `json:"alg"`
	Purpose       institution.Purpose `json:"purpose"`
	PublicKeyJwk  PublicKeyJwk        `json:"publicKeyJwk"`
	ValidFrom     time.Time           `json:"validFrom"`
	ValidUntil    time.Time           `json:"validUntil,omitzero" doc:"When it was retired"`
	CompromisedAt time.Time           `json:"compromisedAt,omitzero" doc:"Since when somebody else may hold it"`
}

type listInstitutionsInput struct {
	Paged
	Asked
	IdentificationCode string `query:"identificationCode" maxLength:"60"`
}

type getInstitutionInput struct {
	Asked
	Known
	Institution domain.ID `path:"institution"`
}

func (s *Server) registerInstitutionReads() {
	r := register[institution.Event, Institution]{
		category: institution.Decider.Category, path: "/v1/institutions", tag: "institutions", noun: "institution",
		scope: access.InstitutionsRead, build: institutionOn,
		withHistory: func(b *Institution, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listInstitutionsInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, in.Asked, projections.RegisterFilter{Code: in.IdentificationCode}
	})
	getRegister(s, r, "institution", func(in *getInstitutionInput) (domain.ID, Asked, Known) {
		return in.Institution, in.Asked, in.Known
	})
}

func institutionOn(id domain.ID, facts []institution.Event, day domain.Date) Institution {
	st := institution.Decider.Fold(institution.State{}, facts...)
	name := st.NameOn(day)
	out := Institution{
		ID: id, IdentificationCode: st.IdentificationCode, NameOfInstitution: name.Name, ShortNameOfInstitution: name.ShortName,
		Tier: st.Tier, ParentOrganization: st.ParentOn(max(day, st.BeginDate)), CountryCode: st.CountryCode, BeginDate: st.BeginDate,
	}
	if f, ok := facts[0].(institution.InstitutionRegistered); ok {
		out.EducationOrganizationCategory, out.WebSite = f.EducationOrganizationCategory, f.WebSite
	}
	if status, ok := st.StatusOn(day); ok {
		out.OperationalStatus, out.RecordsCustodian = status.Code, status.RecordsCustodian
	}
	out.Successor = st.SuccessorOn(day)
	for _, k := range st.Keys {
		out.SigningKeys = append(out.SigningKeys, SigningKey{
			Kid: k.Kid, Alg: k.Alg, Purpose: k.Purpose, PublicKeyJwk: PublicKeyJwk(k.Public),
			ValidFrom: k.ValidFrom, ValidUntil: k.ValidUntil, CompromisedAt: k.CompromisedAt,
		})
	}
	for _, p := range st.Proposals {
		out.SigningKeyProposals = append(out.SigningKeyProposals, wanted(p))
	}
	return out
}

func wanted(p institution.SigningKeyChangeProposed) SigningKeyWanted {
	w := SigningKeyWanted{ID: p.Proposal, Authority: p.Authority, ProposedBy: p.ProposedBy, LapsesAt: p.LapsesAt}
	if p.Authorize != (institution.ProposedKey{}) {
		w.Authorize = &p.Authorize
	}
	if p.Retire != (institution.ProposedRetirement{}) {
		w.Retire = &p.Retire
	}
	if p.Compromise != (institution.ProposedCompromise{}) {
		w.Compromise = &p.Compromise
	}
	return w
}
