package institution

import "sijil/domain"

// Command asks for a decision about one institution.
type Command interface{ isCommand() }

// Evidence is what a decision needs to know of another institution.
type Evidence struct {
	ID domain.ID
	// Tier is empty when there is no such institution.
	Tier Tier
	// Operating on the day the command is about.
	Operating bool
}

// EvidenceOf tells what another institution's rules need of the one with this id on day.
func EvidenceOf(id domain.ID, s State, day domain.Date) Evidence {
	return Evidence{ID: id, Tier: s.Tier, Operating: s.OperatingOn(day)}
}

// Register makes an institution known.
type Register struct {
	IdentificationCode            string
	NameOfInstitution             domain.Text
	ShortNameOfInstitution        string
	Tier                          Tier
	EducationOrganizationCategory domain.Descriptor
	// Root: it is the tenant's own authority, with nothing above it.
	Root bool
	// Parent is the organization above it; unset for the root.
	Parent      Evidence
	CountryCode string
	WebSite     string
	BeginDate   domain.Date
}

// Rename gives it another name from a day on.
type Rename struct {
	NameOfInstitution      domain.Text
	ShortNameOfInstitution string
	BeginDate              domain.Date
}

// ChangeParent puts it under another organization from a day on.
type ChangeParent struct {
	// Self is the institution's own id.
	Self domain.ID
	// Parent is the new organization above it; ParentChain are those above that one.
	Parent      Evidence
	ParentChain []domain.ID
	BeginDate   domain.Date
}

// ChangeStatus opens, pauses, closes or reopens it.
type ChangeStatus struct {
	// Self is the institution's own id.
	Self              domain.ID
	OperationalStatus domain.Descriptor
	BeginDate         domain.Date
	// RecordsCustodian keeps the records from then on; for closing, and only then.
	RecordsCustodian Evidence
}

// DesignateSuccessor says who continues its work.
type DesignateSuccessor struct {
	// Self is the institution's own id.
	Self      domain.ID
	Successor Evidence
	BeginDate domain.Date
}

func (Register) isCommand()           {}
func (Rename) isCommand()             {}
func (ChangeParent) isCommand()       {}
func (ChangeStatus) isCommand()       {}
func (DesignateSuccessor) isCommand() {}
