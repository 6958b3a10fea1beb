package ledger

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/text"
)

// maxNames bounds the spellings of one person's name: two scripts, former names, aliases.
const maxNames = 20

// cleanNames takes names from outside: NFC, nothing that does not show, each with its language.
func cleanNames(names []student.Name) ([]student.Name, error) {
	if len(names) > maxNames {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "personalNames has more than %d names", maxNames)
	}
	out := make([]student.Name, len(names))
	for i, n := range names {
		if !domain.Language(n.Language) {
			return nil, domain.Refuse(domain.Invalid, "invalid_field", "language is a BCP 47 tag with the script, as in ar-Arab or bs-Latn")
		}
		if n.Full == "" {
			n.Full = strings.Join(strings.Fields(n.First+" "+n.Patronymic+" "+n.Last), " ")
		}
		var err error
		if n.Full, err = text.Name(n.Full); err != nil {
			return nil, err
		}
		for _, part := range []*string{&n.First, &n.Patronymic, &n.Last} {
			if err := cleanLine(part, text.Name); err != nil {
				return nil, err
			}
		}
		out[i] = n
	}
	return out, nil
}

// cleanLine cleans an optional line in place.
func cleanLine(s *string, clean func(string) (string, error)) error {
	if *s == "" {
		return nil
	}
	c, err := clean(*s)
	*s = c
	return err
}

// cleanBirth takes birth data from outside and gives the open birth year. year is what the
// caller says beside a birth date, 0 for nothing.
func cleanBirth(b *student.Birth, year int, today domain.Date) (int, error) {
	if err := cleanLine(&b.City, text.Name); err != nil {
		return 0, err
	}
	if err := domain.Check(
		domain.Rule{Field: "birthDate", Holds: b.Date == "" || b.Date.Valid() && b.Date <= today.AddDays(1), Says: "is a day of the calendar that has come"},
		domain.Rule{Field: "birthCountry", Holds: b.Country == "" || countryCode(b.Country), Says: "is two capital letters of ISO 3166-1"},
	); err != nil || b.Date == "" {
		return year, err
	}
	born := b.Date.Time().Year()
	if year != 0 && year != born {
		return 0, domain.Refuse(domain.Invalid, "invalid_field", "birthYear is the year of birthDate")
	}
	return born, nil
}

func countryCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// cleanNumber takes an identification from outside and gives, beside it, the normalized
// code that its hash is made of.
func cleanNumber(n student.Identification) (student.Identification, string, error) {
	if err := cleanLine(&n.Code, text.Code); err != nil {
		return n, "", err
	}
	if err := cleanLine(&n.Assigner, text.Code); err != nil {
		return n, "", err
	}
	normal := normalCode(n.Code)
	return n, normal, domain.Check(
		domain.Rule{Field: "studentIdentificationSystemDescriptor", Holds: n.System.Is("StudentIdentificationSystem"), Says: "is a code of a StudentIdentificationSystemDescriptor list"},
		domain.Rule{Field: "assigningOrganizationIdentificationCode", Holds: n.Assigner != "" && (!n.National() || countryCode(n.Assigner)), Says: "names who gave the number; for a national id two capital letters of ISO 3166-1"},
		domain.Rule{Field: "identificationCode", Holds: normal != "", Says: "has at least one letter or digit"},
	)
}

// normalCode is one spelling for all ways to write a number: compatibility forms and marks
// folded away, digits of every script as 0–9, capitals, nothing but letters and digits.
func normalCode(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Nd, r):
			b.WriteRune('0' + digitValue(r))
		case unicode.IsLetter(r):
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// digitValue is the value of a decimal digit of any script: Unicode lays each script's ten
// out in a row from a multiple of ten after the range's first (Unicode 15, section 4.6).
func digitValue(r rune) rune {
	for _, rng := range unicode.Nd.R16 {
		if r >= rune(rng.Lo) && r <= rune(rng.Hi) {
			return (r - rune(rng.Lo)) % 10
		}
	}
	for _, rng := range unicode.Nd.R32 {
		if r >= rune(rng.Lo) && r <= rune(rng.Hi) {
			return (r - rune(rng.Lo)) % 10
		}
	}
	return 0
}
