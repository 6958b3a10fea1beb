package api

import (
	"errors"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"sijil/domain"
	"sijil/internal/text"
)

// wireTypes gives the domain's units their schemas; the domain knows no HTTP. Operations use
// the units themselves: domain.ID, domain.Date, domain.Decimal, domain.Descriptor, domain.Text.
var wireTypes = map[reflect.Type]reflect.Type{
	reflect.TypeFor[domain.ID]():         reflect.TypeFor[idSchema](),
	reflect.TypeFor[domain.Date]():       reflect.TypeFor[dateSchema](),
	reflect.TypeFor[domain.Decimal]():    reflect.TypeFor[decimalSchema](),
	reflect.TypeFor[domain.Descriptor](): reflect.TypeFor[descriptorSchema](),
	reflect.TypeFor[domain.Text]():       reflect.TypeFor[textSchema](),
}

type (
	idSchema         string
	dateSchema       string
	decimalSchema    int64
	descriptorSchema string
	textSchema       map[string]string
)

// Schema is a canonical UUID.
func (idSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "string", Pattern: `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`,
		PatternDescription: "a UUID in lower case", Examples: []any{"0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"},
	}
}

// Schema is a day of the years 1800 to 2199.
func (dateSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "string", Format: "date", Pattern: `^(1[89]|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}$`,
		PatternDescription: "a day written YYYY-MM-DD", Examples: []any{"2026-09-15"},
	}
}

// Schema is a decimal as a number, or as a string for callers whose numbers are binary.
func (decimalSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		OneOf: []*huma.Schema{
			{Type: "number"},
			{Type: "string", Pattern: `^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`},
		},
		Description: "An exact decimal: at most 12 digits and 6 decimals, no exponent", Examples: []any{14.25},
	}
}

// Schema is a code of a code list.
func (descriptorSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "string", MaxLength: new(200), Pattern: `^uri://[!-~]+/[A-Za-z]+Descriptor#[!-~]+$`,
		PatternDescription: "a code as uri://namespace/ListDescriptor#Code",
	}
}

// Schema is a text by language.
func (textSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "object", MinProperties: new(1), MaxProperties: new(20),
		AdditionalProperties: &huma.Schema{Type: "string", MinLength: new(1), MaxLength: new(text.MaxName)},
		Description:          "A name by BCP 47 language tag", Examples: []any{map[string]any{"fr": "Lycée Ibn Khaldoun", "ar": "معهد ابن خلدون"}},
	}
}

// Name is one line of text from outside, in NFC, without control, direction-override or
// invisible characters. Its zero value is no name.
type Name string

// UnmarshalJSON refuses with invalid_field what text.Name refuses.
func (n *Name) UnmarshalJSON(b []byte) error { return takeText(b, text.Name, (*string)(n)) }

// Schema is a line of text.
func (Name) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", MinLength: new(1), MaxLength: new(text.MaxName)}
}

// Note is free text from outside, cleaned like a Name; it may have several lines.
type Note string

// UnmarshalJSON refuses with invalid_field what text.Note refuses.
func (n *Note) UnmarshalJSON(b []byte) error { return takeText(b, text.Note, (*string)(n)) }

// Schema is free text.
func (Note) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", MaxLength: new(text.MaxNote)}
}

// LocalCode is a code or local identifier: one short line, cleaned like a Name.
type LocalCode string

// UnmarshalJSON refuses with invalid_field what text.Code refuses.
func (c *LocalCode) UnmarshalJSON(b []byte) error { return takeText(b, text.Code, (*string)(c)) }

// Schema is a short line of text.
func (LocalCode) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", MinLength: new(1), MaxLength: new(text.MaxCode)}
}

func takeText(b []byte, take func(string) (string, error), to *string) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	clean, err := take(s)
	*to = clean
	return err
}

// decodeError is why a body that its schema accepted is refused all the same, in words
// that hold none of it. huma keeps only an error's text, so the member rides behind a
// separator that no JSON text holds.
type decodeError struct{ member, message string }

const memberMark = "\x00"

func (e *decodeError) Error() string { return e.message + memberMark + e.member }

func newDecodeError(err error) *decodeError {
	d := &decodeError{message: "expected another form of value"}
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		var path strings.Builder
		path.WriteString("body")
		for token := range s.JSONPointer.Tokens() {
			path.WriteString("." + token)
		}
		d.member = path.String()
	}
	if r, ok := errors.AsType[*domain.Refusal](err); ok {
		d.message = "expected a value of this form: " + r.Detail
	}
	return d
}
