package student

import "sijil/domain"

// Command is something one asks of a student's stream.
type Command interface{ isStudentCommand() }

// Register enters a person. Assurance is empty for [Declared].
type Register struct {
	School    domain.ID
	Sex       domain.Descriptor
	BirthYear int
	Assurance Assurance
	// Named: Person holds at least one name. Without a name the person is known by an identifier.
	Named  bool
	Person domain.Private
	Links  []NewLink
	// Today bounds the birth year.
	Today domain.Date
}

// NewLink is an identifier to link, its number already reserved for this link.
type NewLink struct {
	ID       domain.ID
	National bool
	Number   domain.Private
}

// LinkIdentifier adds an identifier, in place of Replaces when that is not empty.
type LinkIdentifier struct {
	NewLink
	Replaces domain.ID
	// Assurance raises the level; empty leaves it.
	Assurance Assurance
}

// AbandonLink makes sure that a link which has not happened never will.
type AbandonLink struct{ Link domain.ID }

// ChangeLegalName replaces all names.
type ChangeLegalName struct {
	Evidence domain.Descriptor
	Names    domain.Private
}

// CorrectBirthData replaces the birth data as a whole; an empty sex or year stays.
type CorrectBirthData struct {
	Sex       domain.Descriptor
	BirthYear int
	Evidence  domain.Descriptor
	Birth     domain.Private
	Today     domain.Date
}

// Merge says that Self and Into are one person, who goes on as Into.
type Merge struct {
	Self, Into domain.ID
	Reason     domain.Descriptor
	// IntoRegistered and IntoMerged: how the other student stands.
	IntoRegistered, IntoMerged bool
	// Enrolled: Self still has an open enrollment or an open transfer.
	Enrolled bool
}

// Unmerge takes a merge back.
type Unmerge struct{ Reason domain.Descriptor }

// ErasePersonalData orders the keys of these classes destroyed.
type ErasePersonalData struct {
	Classes []domain.Class
	Reason  domain.Descriptor
}

func (Register) isStudentCommand()          {}
func (LinkIdentifier) isStudentCommand()    {}
func (AbandonLink) isStudentCommand()       {}
func (ChangeLegalName) isStudentCommand()   {}
func (CorrectBirthData) isStudentCommand()  {}
func (Merge) isStudentCommand()             {}
func (Unmerge) isStudentCommand()           {}
func (ErasePersonalData) isStudentCommand() {}
