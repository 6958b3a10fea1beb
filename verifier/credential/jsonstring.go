package credential

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads the string that starts at p.i. Without escapes it is a piece of the source
// and costs nothing.
func (p *parser) str() string {
	p.i++
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[start : p.i-1]
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			p.fail("control character in a string")
			return ""
		}
		p.i++
	}
	p.fail("string does not end")
	return ""
}

func (p *parser) escaped(start int) string {
	var b strings.Builder
	b.WriteString(p.s[start:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return b.String()
		case c < 0x20:
			p.fail("control character in a string")
			return ""
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.i >= len(p.s) {
			break
		}
		c = p.s[p.i]
		p.i++
		if c == 'u' {
			r, ok := p.unicode()
			if !ok {
				return ""
			}
			b.WriteRune(r)
			continue
		}
		at := strings.IndexByte(`"\/bfnrt`, c)
		if at < 0 {
			p.fail("unknown escape in a string")
			return ""
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[at])
	}
	p.fail("string does not end")
	return ""
}

// unicode reads the four digits after \u, and the second half of a surrogate pair.
func (p *parser) unicode() (rune, bool) {
	r := p.hex4()
	if utf16.IsSurrogate(r) {
		if !strings.HasPrefix(p.s[p.i:], `\u`) {
			p.fail("lone surrogate in a string")
			return 0, false
		}
		p.i += 2
		if r = utf16.DecodeRune(r, p.hex4()); r == utf8.RuneError {
			p.fail("lone surrogate in a string")
			return 0, false
		}
	}
	if r <= 0 { // U+0000 cannot be stored by what stands behind many readers
		p.fail("U+0000 or a malformed \\u escape in a string")
		return 0, false
	}
	return r, true
}

// hex4 is the next four hexadecimal digits, or -1.
func (p *parser) hex4() rune {
	if len(p.s)-p.i < 4 {
		return -1
	}
	var r rune
	for range 4 {
		c := p.s[p.i]
		p.i++
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
