package verifier

import (
	"strings"
	"unicode"

	"sijil/verifier/credential"
)

// content picks what a reader compares with the paper: from an Open Badges achievement, or
// from a plain degree.
func (c *check) content() *Content {
	s := c.cred.Subject
	out := &Content{
		ID: c.cred.ID, Types: c.cred.Types, Issuer: c.cred.Issuer, IssuerName: c.issuer.Name,
		Holder:     first(words(s.Get("name")), strings.TrimSpace(words(s.Get("given_name"))+" "+words(s.Get("family_name")))),
		Award:      first(words(s.Get("achievement").Get("name")), words(s.Get("degree").Get("name"))),
		AwardLevel: words(s.Get("degree").Get("level")),
	}
	out.identify(s)
	title := words(c.cred.Root.Get("name"))
	if !c.awards() && !s.Has("degree") {
		out.Title = title
		return out
	}
	if out.Award == "" && c.form.Format != credential.FormatSDJWT { // whose claims are the subject's: the name is a person's
		out.Award = title
	}
	if text, ok := c.cred.Root.Get("awardedDate").Text(); ok {
		if t, err := credential.ParseStamp(text); err == nil {
			out.AwardedAt = &t
		}
	}
	names := map[string]string{}
	for _, d := range s.Get("achievement").Get("resultDescription").OneOrMany() {
		id, _ := d.Get("id").Text()
		names[id] = words(d.Get("name"))
	}
	for _, r := range s.Get("result").OneOrMany() {
		id, _ := r.Get("resultDescription").Text()
		if value := words(r.Get("value")); value != "" {
			out.Results = append(out.Results, Result{Name: names[id], Value: value})
		}
	}
	return out
}

// identify reads the identifiers that Open Badges has for a graduate, those that are not
// hashed; "ext:" marks kinds that its vocabulary lacks.
func (c *Content) identify(subject credential.Value) {
	for _, id := range subject.Get("identifier").OneOrMany() {
		kind, _ := id.Get("identityType").Text()
		value, _ := id.Get("identityHash").Text()
		if value == "" || string(id.Get("hashed").Raw()) == "true" {
			continue
		}
		switch {
		case kind == "name" && c.Holder == "":
			c.Holder = value
		case kind == "name":
			c.OtherNames = append(c.OtherNames, value)
		case kind == "ext:birthDate":
			c.Born = value
		case kind == "ext:birthCity":
			c.BornIn = value
		case kind == "identifier":
			c.Number = value
		}
	}
}

// words is a text, or the first of a language-tagged one.
func words(v credential.Value) string {
	for _, item := range v.OneOrMany() {
		if s, ok := item.Text(); ok {
			return s
		}
		if s, ok := item.Get("@value").Text(); ok {
			return s
		}
	}
	return ""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Visible is s for a reader's eye: characters that draw nothing, steer a terminal or turn
// the direction of writing are shown as ⟨U+202E⟩, so that a name cannot look like another.
// The joiners stay within Arabic-script words, which need them.
func Visible(s string) string {
	var b strings.Builder
	var before rune
	for _, r := range s {
		joiner := r == '\u200c' || r == '\u200d'
		if hidden(r) && !(joiner && unicode.Is(unicode.Arabic, before)) {
			b.WriteString("⟨U+" + hex4(r) + "⟩")
		} else {
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

func hidden(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0', '\u2028', '\u2029', unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

func hex4(r rune) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	for shift := 20; shift >= 0; shift -= 4 {
		if d := r >> shift; shift < 16 || d > 0 {
			b = append(b, digits[d&15])
		}
	}
	return string(b)
}
