// Package text takes text from outside: one spelling per text (NFC), and nothing in it
// that does not show or that turns what is shown around.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sijil/domain"
)

// MaxName is the longest name in characters.
const MaxName = 200

// MaxCode is the longest code in characters.
const MaxCode = 60

// MaxNote is the longest free text in characters.
const MaxNote = 4000

// maxMarks is how many combining marks may follow one letter: Vietnamese and vocalized
// Arabic need three; hundreds hide a text or stall a renderer.
const maxMarks = 6

// Name is s as one line of 1 to [MaxName] characters, in NFC. Anything else is refused
// with invalid_field, and the detail never holds the text.
func Name(s string) (string, error) { return line(s, MaxName) }

// Code is s as one line of 1 to [MaxCode] characters, for codes and local identifiers.
func Code(s string) (string, error) { return line(s, MaxCode) }

func line(s string, limit int) (string, error) {
	s, err := clean(s, limit, "")
	if err != nil {
		return "", err
	}
	if s == "" || strings.TrimSpace(s) != s {
		return "", refuse("a name is not empty and neither begins nor ends with space")
	}
	return s, nil
}

// Note is s as free text of at most [MaxNote] characters with line feeds and tabs, in NFC.
func Note(s string) (string, error) { return clean(s, MaxNote, "\n\t") }

func refuse(detail string) error { return domain.Refuse(domain.Invalid, "invalid_field", "%s", detail) }

func clean(s string, limit int, controls string) (string, error) {
	if !utf8.ValidString(s) {
		return "", refuse("a text is UTF-8")
	}
	if len(s) > limit*utf8.UTFMax*3 { // NFC shortens a character at most threefold
		return "", refuse("a text is longer than this member takes")
	}
	s = norm.NFC.String(s)
	if utf8.RuneCountInString(s) > limit {
		return "", refuse("a text is longer than this member takes")
	}
	marks := maxMarks // a text does not begin with a mark
	for _, r := range s {
		switch {
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks {
				return "", refuse("a text has too many combining marks on one letter")
			}
			continue
		case strings.ContainsRune(controls, r):
		case !visible(r):
			return "", refuse("a text has control, direction-override, invisible or unassigned characters")
		}
		marks = 0
	}
	return s, nil
}

// Shows reports whether s holds only what may stand in some text: it has no control
// character but tab, line feed and carriage return, and nothing invisible.
func Shows(s string) bool {
	for _, r := range s {
		if !visible(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

// visible reports whether r may stand in a text: assigned, and neither a control nor a
// format character. Zero-width joiner and non-joiner are allowed: Persian, Urdu and Indic
// names are written with them.
func visible(r rune) bool {
	return unicode.IsPrint(r) || r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Zs, r)
}
