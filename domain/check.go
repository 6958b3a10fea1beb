package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rule is one condition on one field of a command, for [Check].
type Rule struct {
	// Field is its name on the wire.
	Field string
	Holds bool
	// Says completes "{field} …": "is a day of the calendar". It holds no personal data.
	Says string
}

// Check refuses with invalid_field, naming the first rule that does not hold.
func Check(rules ...Rule) error {
	for _, r := range rules {
		if !r.Holds {
			return Refuse(Invalid, "invalid_field", "%s %s", r.Field, r.Says)
		}
	}
	return nil
}

// Line reports whether s is one line of 1 to limit characters that prints as it is stored:
// valid UTF-8 without control characters, without the bidirectional overrides that let a text
// read as another one (Unicode TR 36, section 3.2), and without spaces at its ends.
func Line(s string, limit int) bool {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff',
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return false
		}
	}
	return true
}

// Code reports whether s is a code that an authority gave: a [Line] of at most 60 characters.
func Code(s string) bool { return Line(s, 60) }

// Language reports whether s looks like a BCP 47 tag: "ar", "ar-TN", "sr-Latn".
func Language(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 2 || len(part) > 8 || i == 0 && (len(part) > 3 || part != strings.ToLower(part)) {
			return false
		}
		for _, c := range part {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// Well reports whether t is a text in 1 to 20 languages, each a [Line] of at most limit characters.
func (t Text) Well(limit int) bool {
	for tag, s := range t {
		if !Language(tag) || !Line(s, limit) {
			return false
		}
	}
	return len(t) > 0 && len(t) <= 20
}
