// Package institution holds the rules of one institution: its name, the one
// organization above it, whether it works, and the keys it signs with.
package institution

import "sijil/domain"

// Tier is an institution's floor in the tree country > region > school.
type Tier string

const (
	// Country is a ministry, or whatever authority a tenant is; it has nothing above it.
	Country Tier = "country"
	// Region stands below a country, or below another region (an entity and its cantons).
	Region Tier = "region"
	// School enrolls students. It stands below a region or a country.
	School Tier = "school"
	// Agency accredits and enrolls nobody. It stands below a country.
	Agency Tier = "agency"
)

// Event is a fact about one institution.
type Event interface{ isInstitutionEvent() }

// InstitutionRegistered: the institution is known from BeginDate on, and it works.
type InstitutionRegistered struct {
	// IdentificationCode is the authority's own code for it, unique in the tenant.
	IdentificationCode     string      `json:"identificationCode"`
	NameOfInstitution      domain.Text `json:"nameOfInstitution"`
	ShortNameOfInstitution string      `json:"shortNameOfInstitution,omitzero"`
	Tier                   Tier        `json:"tier"`
	// EducationOrganizationCategory is a finer kind from any code list.
	EducationOrganizationCategory domain.Descriptor `json:"educationOrganizationCategory,omitzero"`
	// ParentOrganization is empty for the tenant's root only.
	ParentOrganization domain.ID `json:"parentOrganization,omitzero"`
	// CountryCode is ISO 3166-1 alpha-2.
	CountryCode string      `json:"countryCode"`
	WebSite     string      `json:"webSite,omitzero"`
	BeginDate   domain.Date `json:"beginDate"`
}

// InstitutionRenamed: it is called so from BeginDate on; documents of earlier days keep the
// earlier name.
type InstitutionRenamed struct {
	NameOfInstitution      domain.Text `json:"nameOfInstitution"`
	ShortNameOfInstitution string      `json:"shortNameOfInstitution,omitzero"`
	BeginDate              domain.Date `json:"beginDate"`
}

// ParentOrganizationChanged: from BeginDate on it belongs to another organization.
type ParentOrganizationChanged struct {
	ParentOrganization domain.ID   `json:"parentOrganization"`
	BeginDate          domain.Date `json:"beginDate"`
}

// OperationalStatusChanged: it opened, paused, closed or reopened on BeginDate.
type OperationalStatusChanged struct {
	// OperationalStatus is a code of an OperationalStatusDescriptor list.
	OperationalStatus domain.Descriptor `json:"operationalStatus"`
	BeginDate         domain.Date       `json:"beginDate"`
	// RecordsCustodian keeps the records of a closed institution.
	RecordsCustodian domain.ID `json:"recordsCustodian,omitzero"`
}

// SuccessorDesignated: another institution continues what this one did.
type SuccessorDesignated struct {
	Successor domain.ID   `json:"successor"`
	BeginDate domain.Date `json:"beginDate"`
}

func (InstitutionRegistered) isInstitutionEvent()     {}
func (InstitutionRenamed) isInstitutionEvent()        {}
func (ParentOrganizationChanged) isInstitutionEvent() {}
func (OperationalStatusChanged) isInstitutionEvent()  {}
func (SuccessorDesignated) isInstitutionEvent()       {}
