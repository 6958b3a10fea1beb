package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sijil/domain"
	"sijil/internal/text"
)

func TestNamesOfTheWorldAreTaken(t *testing.T) {
	for name, want := range map[string]string{
		"Zoë Müller":              "Zoë Müller",
		"Zoe\u0308 Mu\u0308ller":  "Zoë Müller", // one spelling per name
		"محمد بن عبد الله":        "محمد بن عبد الله",
		"مُحَمَّد":                "مُحَمَّد",
		"Đorđe Šćepanović":        "Đorđe Šćepanović",
		"Ђорђе":                   "Ђорђе",
		"L'Haÿ-les-Roses":         "L'Haÿ-les-Roses",
		"Nguyễn Thị Hà":           "Nguyễn Thị Hà",
		"می\u200cخواهم":           "می\u200cخواهم", // Persian needs the non-joiner
		"O'Neil; DROP TABLE x;--": "O'Neil; DROP TABLE x;--",
		"𠮷野":                      "𠮷野",
		"Ana 🎓":                   "Ana 🎓",
	} {
		got, err := text.Name(name)
		if err != nil || got != norm.NFC.String(want) {
			t.Errorf("%q is %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestTextThatHidesOrTurnsIsRefused(t *testing.T) {
	for name, s := range map[string]string{
		"empty":                     "",
		"only space":                " ",
		"space in front":            " A",
		"space behind":              "A\u00a0",
		"a zero byte":               "A\x00B",
		"an escape sequence":        "\x1b[31m",
		"a line feed":               "A\nB",
		"a direction override":      "A\u202eB",
		"a direction isolate":       "A\u2066B",
		"a zero-width space":        "a\u200bb",
		"a byte order mark":         "\ufeffA",
		"a soft hyphen":             "A\u00adB",
		"a noncharacter":            "A\uffff",
		"a private-use character":   "A\ue000",
		"an unassigned character":   "A\U000e0fff",
		"a line separator":          "A\u2028B",
		"a mark without its letter": "\u0301",
		"marks without end":         "e" + strings.Repeat("\u0301", 3000),
		"eight marks":               "e" + strings.Repeat("\u0301", 8),
		"bytes that are not UTF-8":  "A\xff",
		"a surrogate":               "A\xed\xa0\x80",
		"201 characters":            strings.Repeat("é", 201),
		"a letter in tag form":      "A\U000e0041",
	} {
		got, err := text.Name(s)
		if domain.CodeOf(err) != "invalid_field" {
			t.Errorf("%s is taken as %q, %v", name, got, err)
		} else if s != "" && len(s) > 3 && strings.Contains(err.Error(), s) {
			t.Errorf("%s: the refusal quotes it", name)
		}
	}
}

func TestNotesHaveLines(t *testing.T) {
	for s, ok := range map[string]bool{
		"": true, "ممتاز جدا": true, "first\nsecond\tthird": true, "a\rb": false, "a\x00b": false, "a\u202eb": false,
		strings.Repeat("x", text.MaxNote): true, strings.Repeat("x", text.MaxNote+1): false,
	} {
		if _, err := text.Note(s); (err == nil) != ok {
			t.Errorf("%.20q: %v", s, err)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"Zoe\u0308", "مُحَمَّد", "A\u202eB", "\x00", "𠮷", "ﷺ", "\u0344\u0344"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := text.Name(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || utf8.RuneCountInString(got) > text.MaxName || !text.Shows(got) {
			t.Errorf("%q is taken as %q", s, got)
		}
		if again, err := text.Name(got); err != nil || again != got {
			t.Errorf("%q is taken as %q, which is taken as %q, %v", s, got, again, err)
		}
		if !domain.Line(got, text.MaxName) {
			t.Errorf("%q is a name here and no line to the domain", got)
		}
	})
}
