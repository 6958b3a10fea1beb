package schema

import (
	"sijil/domain"
	"sijil/domain/student"
)

var _ = register(
	sealed("student.StudentRegistered.v1", domain.ClassRecord,
		func(f *student.StudentRegistered) *domain.Private { return &f.Person }),
	sealed("student.IdentifierLinked.v1", domain.ClassRecord,
		func(f *student.IdentifierLinked) *domain.Private { return &f.Number }),
	fact[student.IdentifierLinkAbandoned]("student.IdentifierLinkAbandoned.v1"),
	sealed("student.LegalNameChanged.v1", domain.ClassRecord,
		func(f *student.LegalNameChanged) *domain.Private { return &f.Names }),
	sealed("student.BirthDataCorrected.v1", domain.ClassRecord,
		func(f *student.BirthDataCorrected) *domain.Private { return &f.Birth }),
	fact[student.StudentMerged]("student.StudentMerged.v1"),
	fact[student.StudentUnmerged]("student.StudentUnmerged.v1"),
	fact[student.PersonalDataErased]("student.PersonalDataErased.v1"),
)
