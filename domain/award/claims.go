package award

import "sijil/domain"

// The types of this file are what the sealed claims hold. No rule reads them.

// Claims are what the diploma says about the person.
type Claims struct {
	// Names are the legal name in each script it is written in; none when the register has none.
	Names []Name      `json:"personalNames,omitzero"`
	Birth domain.Date `json:"birthDate,omitzero"`
	City  string      `json:"birthCity,omitzero"`
	// Number is the school's own number for a student whose name the register does not have.
	Number string `json:"studentNumber,omitzero"`
}

// Name is the full name as the papers write it, in one language and script (BCP 47).
type Name struct {
	Language string `json:"language"`
	Full     string `json:"fullName"`
}
