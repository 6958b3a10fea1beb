package student

import "sijil/domain"

// The types of this file are what the sealed parts hold. No rule reads them.

// Name is one spelling of a person's name in one language and script. Which part is a
// family name, and where it stands, differs by country: Full is the name as the papers
// write it and always there; the parts are there only when they are known.
type Name struct {
	// Language is a BCP 47 tag with the script, "ar-Arab", "fr-Latn", "bs-Cyrl".
	Language   string `json:"language"`
	Full       string `json:"fullName"`
	First      string `json:"firstName,omitzero"`
	Patronymic string `json:"patronymic,omitzero"`
	Last       string `json:"lastSurname,omitzero"`
}

// Birth is when and where; each part empty when unknown.
type Birth struct {
	Date domain.Date `json:"birthDate,omitzero"`
	City string      `json:"birthCity,omitzero"`
	// Country is ISO 3166-1 alpha-2.
	Country string `json:"birthCountry,omitzero"`
}

// Person is who was registered.
type Person struct {
	Names []Name `json:"personalNames"`
	Birth
}

// NameChange is the new names and where the evidence lies.
type NameChange struct {
	Names []Name `json:"personalNames"`
	// Reference is the document's number or place, free text.
	Reference string `json:"evidenceReference,omitzero"`
}

// BirthCorrection is the right birth data and where the evidence lies.
type BirthCorrection struct {
	Birth
	Reference string `json:"evidenceReference,omitzero"`
}

// Identification is a number some organization gave a person, in Ed-Fi's three parts.
type Identification struct {
	// System is a code of StudentIdentificationSystemDescriptor; the code "National", in
	// any namespace, makes it the national id.
	System domain.Descriptor `json:"studentIdentificationSystemDescriptor"`
	// Assigner is the organization that gave it: ISO 3166-1 alpha-2 of the country for a national id.
	Assigner string `json:"assigningOrganizationIdentificationCode"`
	// Code is the number as written, after normalization of spaces and digits.
	Code string `json:"identificationCode"`
}

// National reports whether the number is a national id.
func (i Identification) National() bool { return i.System.Code() == "National" }

// Assurance says how well the person's identity is known, from weakest to strongest:
// undocumented, declared, documented, verified.
type Assurance string

const (
	// Undocumented: no papers were shown; a child has a right to school without them.
	Undocumented Assurance = "undocumented"
	// Declared: a parent, a guardian or the person said so.
	Declared Assurance = "declared"
	// Documented: papers were seen.
	Documented Assurance = "documented"
	// Verified: checked against the register that issued the papers.
	Verified Assurance = "verified"
)

// rank orders the levels; 0 for none of them.
func (a Assurance) rank() int {
	switch a {
	case Undocumented:
		return 1
	case Declared:
		return 2
	case Documented:
		return 3
	case Verified:
		return 4
	}
	return 0
}

// Valid reports whether a is one of the levels.
func (a Assurance) Valid() bool { return a.rank() > 0 }
