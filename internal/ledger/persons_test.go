package ledger

import (
	"testing"
	"unicode"

	"sijil/domain"
	"sijil/domain/student"
)

func TestNormalCode(t *testing.T) {
	for in, want := range map[string]string{
		"12 34-56.78":    "12345678",
		"١٢٣٤٥٦٧٨":       "12345678",
		"۱۲۳۴۵۶۷۸":       "12345678",
		"１２３４ａｂ":         "1234AB",
		"𝟎𝟏𝟗":            "019",
		"ab-é":           "ABE",
		"JMBG 0101990":   "JMBG0101990",
		" - . /":         "",
		"№ 5":            "NO5",
		"أ/123":          "ا123",
		"a\u0301\u0302b": "AB",
	} {
		if got := normalCode(in); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
	for _, r := range unicode.Nd.R16 {
		if (r.Hi-r.Lo+1)%10 != 0 || r.Stride != 1 {
			t.Errorf("digits %U–%U are not rows of ten", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if (r.Hi-r.Lo+1)%10 != 0 || r.Stride != 1 {
			t.Errorf("digits %U–%U are not rows of ten", r.Lo, r.Hi)
		}
	}
}

// FuzzNumber: whatever is sent, a number is refused or has one spelling.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"12345678", "١٢٣", "ab 12", "", "\x00", "ß", "ŉ", "ǆ", "é-́", "\u202e1", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := student.Identification{System: domain.EdFi("StudentIdentificationSystem", "National"), Assigner: "TN", Code: s}
		clean, normal, err := cleanNumber(in)
		if err != nil {
			if domain.CodeOf(err) != "invalid_field" {
				t.Fatal(err)
			}
			return
		}
		if normal == "" || normalCode(normal) != normal || normalCode(clean.Code) != normal {
			t.Errorf("%q reads %q, which reads %q", s, normal, normalCode(normal))
		}
	})
}

// FuzzName: a name is refused, or it is stored as it prints and reads the same again.
func FuzzName(f *testing.F) {
	for _, s := range []string{"أمينة بن صالح", "Ćamila", "Ñ\u0303", "a\u202eb", "", " x", "\xff", "José\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := cleanNames([]student.Name{{Language: "fr-Latn", Full: s, First: s}})
		if err != nil {
			if domain.CodeOf(err) != "invalid_field" {
				t.Fatal(err)
			}
			return
		}
		again, err := cleanNames(first)
		if err != nil || again[0] != first[0] {
			t.Errorf("%q is stored as %q, which reads %v, %v", s, first[0].Full, again, err)
		}
	})
}
