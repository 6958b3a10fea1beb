package jsonld

import (
	"strconv"
	"strings"

	"sijil/verifier/credential"
)

const (
	xsd  = "http://www.w3.org/2001/XMLSchema#"
	i18n = "https://www.w3.org/ns/i18n#"
)

// value is one value of a property (JSON-LD 1.1 API §5.3, §8.2).
func (r *run) value(active *activeContext, t *term, v credential.Value, g node) (node, *credential.Refusal) {
	if t.coerce == "@json" {
		text, refusal := JCS(v)
		return node{kind: literal, value: string(text), datatype: rdf + "JSON"}, refusal
	}
	switch v.Kind() {
	case credential.Object:
		return r.object(active, t, v, g)
	case credential.Null:
		return node{}, credential.Refuse(credential.UnmappedTerm, "a member is null, which states nothing and would not be signed")
	case credential.Array:
		return node{}, credential.Refuse(credential.Unsupported, "an array stands in an array")
	}
	if t.scoped() {
		var refusal *credential.Refusal
		if active, refusal = r.apply(active, t, true); refusal != nil {
			return node{}, refusal
		}
	}
	return scalar(active, t, v)
}

func scalar(active *activeContext, t *term, v credential.Value) (node, *credential.Refusal) {
	datatype := t.coerce
	if strings.HasPrefix(datatype, "@") {
		datatype = ""
	}
	switch v.Kind() {
	case credential.Bool:
		return node{kind: literal, value: string(v.Raw()), datatype: or(datatype, xsd+"boolean")}, nil
	case credential.Number:
		lit, _ := v.Literal()
		return number(lit, datatype)
	}
	s, _ := v.Text()
	switch t.coerce {
	case "@id":
		id, refusal := plainIRI(active, s, false)
		return node{kind: iri, value: id}, refusal
	case "@vocab":
		id, refusal := vocabulary(active, s)
		return node{kind: iri, value: id}, refusal
	}
	if datatype != "" {
		return text(s, datatype), nil
	}
	if t.language != nil {
		return spoken(s, *t.language, ""), nil
	}
	return spoken(s, active.language, ""), nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// text is a literal; xsd:string is the type of one that names none.
func text(s, datatype string) node {
	if datatype == xsd+"string" {
		datatype = ""
	}
	return node{kind: literal, value: s, datatype: datatype}
}

// spoken is a text in a language and a direction, either of which may be empty. The
// direction is kept in the datatype (JSON-LD 1.1 §10.1, "i18n-datatype"), or nobody would
// have signed it.
func spoken(s, language, direction string) node {
	if direction != "" {
		return node{kind: literal, value: s, datatype: i18n + language + "_" + direction}
	}
	return node{kind: literal, value: s, language: language}
}

// languageValue is {"@value": …} with @language and @direction, both optional.
func languageValue(active *activeContext, t *term, v credential.Value) (node, *credential.Refusal) {
	var lang, dir string
	for name, m := range v.Members() {
		s, ok := m.Text()
		switch {
		case name == "@value" && ok:
		case name == "@language" && ok && isLanguage(s):
			lang = strings.ToLower(s)
		case name == "@direction" && (s == "ltr" || s == "rtl"):
			dir = s
		default:
			return node{}, credential.Refuse(credential.Unsupported, "a value object has more than a text, its language and its direction")
		}
	}
	if t.coerce != "" && t.coerce != "@none" {
		return node{}, credential.Refuse(credential.Unsupported, "a value object stands where its term has a type of its own")
	}
	s, _ := v.Get("@value").Text()
	return spoken(s, lang, dir), nil
}

// maxDigits is how many significant digits of a number every reader keeps.
const maxDigits = 15

// number is a native number (JSON-LD 1.1 API §8.2.2). Numbers that lose digits on the way
// to a double are refused: two of them could have one canonical form.
func number(lit, datatype string) (node, *credential.Refusal) {
	f, ok := exact(lit)
	// Below 1e-6 a widely used implementation signs 0.
	if abs := max(f, -f); !ok || abs >= 1e21 || f != 0 && abs < 1e-6 {
		return node{}, credential.Refuse(credential.BadPayload, "a number has more than %d digits or is out of range", maxDigits)
	}
	whole := strconv.FormatFloat(f, 'f', -1, 64)
	if datatype != xsd+"double" && !strings.Contains(whole, ".") {
		return node{kind: literal, value: whole, datatype: or(datatype, xsd+"integer")}, nil
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return node{kind: literal, value: mantissa + "E" + strconv.Itoa(n), datatype: or(datatype, xsd+"double")}, nil
}

// exact is the double that a JSON number stands for, if no digit of it is lost.
func exact(lit string) (float64, bool) {
	mantissa, _, _ := strings.Cut(strings.ToLower(lit), "e")
	digits := strings.Trim(strings.ReplaceAll(strings.TrimPrefix(mantissa, "-"), ".", ""), "0")
	f, err := strconv.ParseFloat(lit, 64)
	if err != nil || len(digits) > maxDigits || f == 0 && digits != "" || f != 0 && f < 1e-300 && f > -1e-300 {
		return 0, false
	}
	return f + 0, true // +0 for -0
}
