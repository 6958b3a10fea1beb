package credential

import (
	"strings"
	"unicode"
)

// repeated reports whether two names are equal under Unicode simple folding.
func repeated(names []string) bool {
	if len(names) <= 16 {
		for i, a := range names {
			for _, b := range names[:i] {
				if mayFold(a, b) && strings.EqualFold(a, b) {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]struct{}, len(names))
	for _, n := range names {
		seen[fold(n)] = struct{}{}
	}
	return len(seen) < len(names)
}

// mayFold is false only if strings.EqualFold is: it looks at the first and the last byte, by
// which most names differ. Where both are ASCII they are letters of their own, and only
// the two cases of one letter differ in that bit and fold to each other.
func mayFold(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	return mayFoldByte(a[0], b[0]) && mayFoldByte(a[len(a)-1], b[len(b)-1])
}

func mayFoldByte(a, b byte) bool { return (a|b)&0x80 != 0 || a|0x20 == b|0x20 }

// fold maps names that strings.EqualFold holds equal to one text.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}
