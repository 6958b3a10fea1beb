package schema

import (
	"time"

	"sijil/domain/institution"
)

var _ = register(
	fact[institution.InstitutionRegistered]("institution.InstitutionRegistered.v1"),
	fact[institution.InstitutionRenamed]("institution.InstitutionRenamed.v1"),
	fact[institution.ParentOrganizationChanged]("institution.ParentOrganizationChanged.v1"),
	fact[institution.OperationalStatusChanged]("institution.OperationalStatusChanged.v1"),
	fact[institution.SuccessorDesignated]("institution.SuccessorDesignated.v1"),
	fact[institution.SigningKeyChangeProposed]("institution.SigningKeyChangeProposed.v1"),
	fact[institution.SigningKeyChangeRejected]("institution.SigningKeyChangeRejected.v1"),
	old("institution.SigningKeyAuthorized.v1", func(o keyAuthorizedV1) institution.SigningKeyAuthorized {
		return institution.SigningKeyAuthorized{Kid: o.Kid, Alg: o.Alg, Purpose: o.Purpose, PublicKeyJwk: o.PublicKeyJwk, ValidFrom: o.ValidFrom}
	}),
	fact[institution.SigningKeyAuthorized]("institution.SigningKeyAuthorized.v2"),
	old("institution.SigningKeyRetired.v1", func(o keyRetiredV1) institution.SigningKeyRetired {
		return institution.SigningKeyRetired{Kid: o.Kid, ValidUntil: o.ValidUntil}
	}),
	fact[institution.SigningKeyRetired]("institution.SigningKeyRetired.v2"),
	old("institution.SigningKeyCompromised.v1", func(o keyCompromisedV1) institution.SigningKeyCompromised {
		return institution.SigningKeyCompromised{Kid: o.Kid, CompromisedAt: o.CompromisedAt}
	}),
	fact[institution.SigningKeyCompromised]("institution.SigningKeyCompromised.v2"),
)

// The first versions were one officer's decisions.
type (
	keyAuthorizedV1 struct {
		Kid          string                `json:"kid"`
		Alg          string                `json:"alg"`
		Purpose      institution.Purpose   `json:"purpose"`
		PublicKeyJwk institution.PublicKey `json:"publicKeyJwk"`
		ValidFrom    time.Time             `json:"validFrom"`
	}
	keyRetiredV1 struct {
		Kid        string    `json:"kid"`
		ValidUntil time.Time `json:"validUntil"`
	}
	keyCompromisedV1 struct {
		Kid           string    `json:"kid"`
		CompromisedAt time.Time `json:"compromisedAt"`
	}
)
