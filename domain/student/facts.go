// Package student is the rules of one person in the register: who they are on which
// evidence, which identifiers name them, and with whom they turned out to be one.
package student

import "sijil/domain"

// Event is a fact about one student.
type Event interface{ isStudentEvent() }

// StudentRegistered: the school entered the person in the register. Only what rules and
// statistics need is open, so that both stay the same after an erasure.
type StudentRegistered struct {
	// School is the institution that registered; the student belongs to it until the first enrollment.
	School domain.ID `json:"school"`
	// Sex is a code of SexDescriptor, empty when it was not asked.
	Sex domain.Descriptor `json:"sex,omitzero"`
	// BirthYear is 0 when unknown.
	BirthYear int       `json:"birthYear,omitzero"`
	Assurance Assurance `json:"identityAssurance"`
	// Person is a [Person].
	Person domain.Private `json:"-"`
}

// IdentifierLinked: a number that an authority gave names this student. The number's
// stream (category identifier) was reserved before.
type IdentifierLinked struct {
	// Link names this link, not the number: ids never derive from a number in the open.
	Link domain.ID `json:"link"`
	// National: at most one active link of a student is national.
	National bool `json:"national"`
	// Replaces is the link that ended with this one, empty for none.
	Replaces domain.ID `json:"replaces,omitzero"`
	// Assurance is the student's level from now on; it never falls.
	Assurance Assurance `json:"identityAssurance"`
	// Number is an [Identification].
	Number domain.Private `json:"-"`
}

// IdentifierLinkAbandoned: a reservation waited too long for its link, and the link
// with this id can never happen any more. It may precede the registration it prevents.
type IdentifierLinkAbandoned struct {
	Link domain.ID `json:"link"`
}

// LegalNameChanged: the names given replace all names so far; earlier ones stay in history.
type LegalNameChanged struct {
	// Evidence is the sort of proof seen, as PersonalInformationVerificationDescriptor.
	Evidence domain.Descriptor `json:"evidence"`
	// Names is a [NameChange].
	Names domain.Private `json:"-"`
}

// BirthDataCorrected: the birth data as it should have been registered. An empty sex or
// birth year leaves what stood.
type BirthDataCorrected struct {
	Sex       domain.Descriptor `json:"sex,omitzero"`
	BirthYear int               `json:"birthYear,omitzero"`
	Evidence  domain.Descriptor `json:"evidence"`
	// Birth is a [BirthCorrection].
	Birth domain.Private `json:"-"`
}

// StudentMerged: this student and Into are one person; Into goes on, this one only reads.
type StudentMerged struct {
	Into domain.ID `json:"into"`
	// Reason is a code of StudentMergeReasonDescriptor.
	Reason domain.Descriptor `json:"reasonCode"`
}

// StudentUnmerged: the merge was a mistake; both go on by themselves.
type StudentUnmerged struct {
	From   domain.ID         `json:"from"`
	Reason domain.Descriptor `json:"reasonCode"`
}

// PersonalDataErased: the keys of these classes were ordered destroyed. Open facts stay.
type PersonalDataErased struct {
	Classes []domain.Class `json:"retentionClasses"`
	// Reason is a code of ErasureReasonDescriptor: the legal ground.
	Reason domain.Descriptor `json:"reasonCode"`
}

func (StudentRegistered) isStudentEvent()       {}
func (IdentifierLinked) isStudentEvent()        {}
func (IdentifierLinkAbandoned) isStudentEvent() {}
func (LegalNameChanged) isStudentEvent()        {}
func (BirthDataCorrected) isStudentEvent()      {}
func (StudentMerged) isStudentEvent()           {}
func (StudentUnmerged) isStudentEvent()         {}
func (PersonalDataErased) isStudentEvent()      {}
