package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/vault"
)

// PersonalName is one spelling of a person's name. Which part is a family name differs by
// country: fullName is the name as the papers write it.
type PersonalName struct {
	Language    string `json:"language" pattern:"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" maxLength:"35" doc:"BCP 47 tag with the script" example:"ar-Arab"`
	FullName    Name   `json:"fullName,omitempty" doc:"As the papers write it; absent to have it made of the parts" example:"أمينة بن صالح"`
	FirstName   Name   `json:"firstName,omitempty"`
	Patronymic  Name   `json:"patronymic,omitempty" doc:"The father's name, where it is part of the person's"`
	LastSurname Name   `json:"lastSurname,omitempty"`
}

func (n PersonalName) name() student.Name {
	return student.Name{Language: n.Language, Full: string(n.FullName), First: string(n.FirstName), Patronymic: string(n.Patronymic), Last: string(n.LastSurname)}
}

func namesFrom(list []PersonalName) []student.Name {
	out := make([]student.Name, len(list))
	for i, n := range list {
		out[i] = n.name()
	}
	return out
}

func namesOf(list []student.Name) []PersonalName {
	out := make([]PersonalName, len(list))
	for i, n := range list {
		out[i] = PersonalName{n.Language, Name(n.Full), Name(n.First), Name(n.Patronymic), Name(n.Last)}
	}
	return out
}

// BirthFields are when and where a person was born; each absent when unknown.
type BirthFields struct {
	BirthDate    domain.Date `json:"birthDate,omitempty"`
	BirthCity    Name        `json:"birthCity,omitempty"`
	BirthCountry string      `json:"birthCountry,omitempty" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2" example:"TN"`
}

func (b BirthFields) birth() student.Birth {
	return student.Birth{Date: b.BirthDate, City: string(b.BirthCity), Country: b.BirthCountry}
}

func birthOf(b student.Birth) BirthFields { return BirthFields{b.Date, Name(b.City), b.Country} }

// IdentificationCode is a number that an organization gave a person. It is stored sealed,
// and found again by a keyed hash only.
type IdentificationCode struct {
	StudentIdentificationSystemDescriptor   domain.Descriptor `json:"studentIdentificationSystemDescriptor" doc:"The code National, in any namespace, makes it the national id: one person in the whole authority has it, and a person one at a time" example:"uri://ed-fi.org/StudentIdentificationSystemDescriptor#National"`
	AssigningOrganizationIdentificationCode LocalCode         `json:"assigningOrganizationIdentificationCode" doc:"Who gave it; for a national id the country, ISO 3166-1 alpha-2" example:"TN"`
	IdentificationCode                      LocalCode         `json:"identificationCode" doc:"As written: spaces, dashes, capitals and the script of digits make no difference"`
}

func (c IdentificationCode) number() student.Identification {
	return student.Identification{
		System: c.StudentIdentificationSystemDescriptor, Assigner: string(c.AssigningOrganizationIdentificationCode), Code: string(c.IdentificationCode),
	}
}

func numbersFrom(list []IdentificationCode) []student.Identification {
	out := make([]student.Identification, len(list))
	for i, c := range list {
		out[i] = c.number()
	}
	return out
}

// reveal opens a sealed value into v; false when there is none, or no more.
func (s *Server) reveal(ctx context.Context, envelope []byte, v any) (bool, error) {
	if envelope == nil {
		return false, nil
	}
	plain, err := s.cfg.Vault.Open(ctx, principal(ctx).Tenant, envelope)
	if errors.Is(err, vault.ErrErased) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("opening personal data: %w", err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return false, errors.New("sealed data is not what its type holds") // the cause would quote it
	}
	return true, nil
}
