package csvimport

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"sijil/domain"
)

var integerForm = regexp.MustCompile(`^-?(0|[1-9]\d{0,17})$`)

// check judges one value. Details never repeat it: it may be a name.
func (c Column) check(v string) *reject {
	if !utf8.ValidString(v) {
		return &reject{reason: "bad_encoding", detail: "the value is not UTF-8; save the file as CSV in UTF-8"}
	}
	if strings.ContainsRune(v, 0) {
		return &reject{reason: "bad_encoding", detail: "the value holds a NUL character"}
	}
	if v == "" {
		if c.Missing != "" {
			return &reject{reason: c.Missing, detail: "the column has no value in this row"}
		}
		return nil
	}
	bad := func(what string) *reject { return &reject{reason: "invalid_field", detail: "the value is not " + what} }
	switch c.Type {
	case "integer":
		if !integerForm.MatchString(v) {
			return bad("a whole number")
		}
	case "decimal":
		if _, err := domain.ParseDecimal(v); err != nil {
			return bad("a number with a decimal point")
		}
	case "date":
		if !domain.Date(v).Valid() {
			return bad("a date as YYYY-MM-DD")
		}
	}
	if c.pattern != nil && !c.pattern.MatchString(v) {
		return bad("of the form this column has")
	}
	return nil
}
