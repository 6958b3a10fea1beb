package jsonld

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"sijil/verifier/credential"
)

// JCS is v in the JSON Canonicalization Scheme (RFC 8785). A number that a double cannot
// hold exactly is [credential.BadPayload].
func JCS(v credential.Value) ([]byte, *credential.Refusal) {
	w := jcs{}
	w.value(v)
	if w.inexact {
		return nil, credential.Refuse(credential.BadPayload, "a number has more than %d digits or is out of range", maxDigits)
	}
	return w.b, nil
}

type jcs struct {
	b       []byte
	inexact bool
}

func (w *jcs) value(v credential.Value) {
	switch v.Kind() {
	case credential.String:
		s, _ := v.Text()
		w.text(s)
	case credential.Number:
		lit, _ := v.Literal()
		f, ok := exact(lit)
		w.inexact = w.inexact || !ok
		w.b = append(w.b, shortest(f)...)
	case credential.Array:
		w.b = append(w.b, '[')
		for i, item := range v.Items() {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.value(item)
		}
		w.b = append(w.b, ']')
	case credential.Object:
		type field struct {
			name  string
			units []uint16
			value credential.Value
		}
		var all []field
		for name, m := range v.Members() {
			all = append(all, field{name, utf16.Encode([]rune(name)), m})
		}
		slices.SortFunc(all, func(a, b field) int { return slices.CompareFunc(a.units, b.units, cmp.Compare[uint16]) })
		w.b = append(w.b, '{')
		for i, f := range all {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.text(f.name)
			w.b = append(w.b, ':')
			w.value(f.value)
		}
		w.b = append(w.b, '}')
	default:
		w.b = append(w.b, v.Raw()...)
	}
}

// text is ECMAScript's JSON string: control characters escaped, all else as it is.
func (w *jcs) text(s string) {
	w.b = append(w.b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.b = append(w.b, '\\', c)
		case c < 0x20:
			if n := strings.IndexByte("\b\t\n\f\r", c); n >= 0 {
				w.b = append(w.b, '\\', "btnfr"[n])
			} else {
				const hex = "0123456789abcdef"
				w.b = append(w.b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		default:
			w.b = append(w.b, c)
		}
	}
	w.b = append(w.b, '"')
}

// shortest is ECMAScript's Number::toString: plain digits from 1e-6 up to 1e21.
func shortest(f float64) string {
	if f == 0 {
		return "0"
	}
	if abs := max(f, -f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}
