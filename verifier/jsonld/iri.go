package jsonld

import (
	"strings"
	"unicode/utf8"
)

// isIRI reports whether s is an absolute IRI that N-Quads can hold as it stands (RFC 3987;
// N-Quads §3 IRIREF): a scheme, and none of the characters that would need an escape.
func isIRI(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || colon == len(s)-1 {
		return false
	}
	for i := range colon {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	for i := colon; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			if !inIRI[s[i]] {
				return false
			}
		} else if r, n := utf8.DecodeRuneInString(s[i:]); r <= 0xa0 {
			return false
		} else {
			i += n - 1
		}
	}
	return true
}

// inIRI are the ASCII characters that may stand in an IRI after its scheme.
var inIRI = func() (ok [utf8.RuneSelf]bool) {
	for c := byte('!'); c < 0x7f; c++ {
		ok[c] = strings.IndexByte("<>\"{}|^`\\", c) < 0
	}
	return ok
}()

// isLanguage reports whether s has the form of a language tag (BCP 47, loosely).
func isLanguage(s string) bool {
	for i, part := range strings.Split(s, "-") {
		ok := len(part) >= 1 && len(part) <= 8 && !strings.ContainsFunc(part, func(r rune) bool {
			return (r|0x20 < 'a' || r|0x20 > 'z') && (i == 0 || r < '0' || r > '9')
		})
		if !ok {
			return false
		}
	}
	return true
}
