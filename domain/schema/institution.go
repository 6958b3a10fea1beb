package schema

import "sijil/domain/institution"

var _ = register(
	fact[institution.InstitutionRegistered]("institution.InstitutionRegistered.v1"),
	fact[institution.InstitutionRenamed]("institution.InstitutionRenamed.v1"),
	fact[institution.ParentOrganizationChanged]("institution.ParentOrganizationChanged.v1"),
	fact[institution.OperationalStatusChanged]("institution.OperationalStatusChanged.v1"),
	fact[institution.SuccessorDesignated]("institution.SuccessorDesignated.v1"),
	fact[institution.SigningKeyAuthorized]("institution.SigningKeyAuthorized.v1"),
	fact[institution.SigningKeyRetired]("institution.SigningKeyRetired.v1"),
	fact[institution.SigningKeyCompromised]("institution.SigningKeyCompromised.v1"),
)
