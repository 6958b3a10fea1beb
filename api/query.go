package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"sijil/internal/text"
)

// queried holds the query against the parameters that the operation is described with: a
// misspelled filter must not become no filter. huma would take the first of several values,
// pass over a pair that it cannot read, and take an empty value for none.
func queried(r *http.Request, o *huma.Operation) *Problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badQuery("invalid_field", []FieldProblem{{"query", "expected name=value pairs with & between, percent-encoded"}})
	}
	var unknown, bad []FieldProblem
	for name, values := range q {
		at := slices.IndexFunc(o.Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		if at < 0 {
			unknown = append(unknown, FieldProblem{strings.TrimSuffix(safeLocation("query."+name), "."), "unknown query parameter"})
		} else if wrong := wrongValues(o.Parameters[at], values); wrong != "" {
			bad = append(bad, FieldProblem{"query." + name, wrong})
		}
	}
	switch {
	case unknown != nil:
		return badQuery("unknown_field", unknown)
	case bad != nil:
		return badQuery("invalid_field", bad)
	}
	return nil
}

// wrongValues is what the parameter takes when it does not take these values.
func wrongValues(p *huma.Param, values []string) string {
	if several := p.Schema.Type == huma.TypeArray && p.Explode != nil && *p.Explode; len(values) > 1 && !several {
		return "expected one value"
	}
	for _, v := range values {
		switch {
		case v == "" && !takesEmpty(p.Schema):
			return "expected a value: leave the parameter out for none"
		case !utf8.ValidString(v) || !text.Shows(v):
			return "expected text in UTF-8 without characters that do not show"
		}
	}
	return ""
}

// takesEmpty reports whether an empty text has the form that the schema describes.
func takesEmpty(s *huma.Schema) bool {
	return s.Type == huma.TypeString && s.Pattern == "" && s.Format == "" && len(s.Enum) == 0 && (s.MinLength == nil || *s.MinLength == 0)
}

func badQuery(code string, fields []FieldProblem) *Problem {
	detail := "a query parameter does not have the form it takes"
	if code == "unknown_field" {
		detail = "a query parameter is sent that this operation does not take"
	}
	p := newProblem(http.StatusUnprocessableEntity, code, detail)
	slices.SortFunc(fields, func(a, b FieldProblem) int { return strings.Compare(a.Location, b.Location) })
	fields = slices.Compact(fields)
	p.Fields = fields[:min(maxFields, len(fields))]
	return p
}
