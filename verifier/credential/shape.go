package credential

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Credential is what a verifier needs of a payload in good shape.
type Credential struct {
	ID     string // may be empty: the data model does not require one
	Issuer string
	Types  []string
	// Subject is the one credentialSubject.
	Subject Value
	// Status are the entries of credentialStatus, not yet looked at.
	Status []Value
	Root   Value
	// Warnings are oddities that do not make it wrong.
	Warnings []string
}

// ReadIssuer is the issuer's id; "iss", where there, must say the same.
func ReadIssuer(root Value) (string, *Refusal) {
	if !root.IsObject() {
		return "", Refuse(BadPayload, "payload is not a JSON object")
	}
	v := root.Get("issuer")
	if v.IsObject() {
		v = v.Get("id")
	}
	id, ok := v.Text()
	if !ok || id == "" {
		return "", Refuse(BadPayload, "issuer is neither a URL nor an object with one")
	}
	if iss, ok := root.Get("iss").Text(); root.Has("iss") && (!ok || iss != id) {
		return "", Refuse(IssuerMismatch, "iss and issuer differ")
	}
	return id, nil
}

// ReadShape checks the payload of a diploma against the data model 2.0 as far as a reader
// of the plain JSON can be misled by it: contexts, types, one subject, no claim that
// contradicts the credential. Unknown members are left alone.
func ReadShape(root Value) (Credential, *Refusal) {
	c := Credential{Root: root}
	issuer, refusal := ReadIssuer(root)
	if refusal != nil {
		return c, refusal
	}
	c.Issuer = issuer
	if refusal := c.readTypes(); refusal != nil {
		return c, refusal
	}
	if refusal := c.readContexts(); refusal != nil {
		return c, refusal
	}
	if root.Has("vc") || root.Has("vp") {
		return c, Refuse(BadPayload, "payload wraps another credential in a vc or vp claim")
	}
	var ok bool
	if c.ID, ok = root.Get("id").Text(); root.Has("id") && (!ok || c.ID == "") {
		return c, Refuse(BadPayload, "id is not a URL")
	}
	if jti, ok := root.Get("jti").Text(); root.Has("jti") && (!ok || jti != c.ID) {
		return c, Refuse(BadPayload, "jti and id differ")
	}
	subjects := root.Get("credentialSubject").OneOrMany()
	if len(subjects) != 1 || !subjects[0].IsObject() || len(subjects[0].Names()) == 0 {
		return c, Refuse(BadPayload, "there is not exactly one credentialSubject")
	}
	c.Subject = subjects[0]
	subjectID, _ := c.Subject.Get("id").Text()
	if sub, ok := root.Get("sub").Text(); root.Has("sub") && (!ok || sub != subjectID) {
		return c, Refuse(BadPayload, "sub and the subject's id differ")
	}
	c.Status = root.Get("credentialStatus").OneOrMany()
	for _, entry := range c.Status {
		if !entry.IsObject() {
			return c, Refuse(BadPayload, "credentialStatus is not an object or a list of them")
		}
	}
	return c, nil
}

func (c *Credential) readTypes() *Refusal {
	for _, v := range c.Root.Get("type").OneOrMany() {
		s, ok := v.Text()
		if !ok {
			return Refuse(BadPayload, "type is not a text or a list of texts")
		}
		c.Types = append(c.Types, s)
	}
	for _, not := range []string{typeList, typeVP, typeWrapped} {
		if slices.Contains(c.Types, not) {
			return Refuse(WrongType, "this is a %s, not a diploma", not)
		}
	}
	if !slices.Contains(c.Types, typeVC) {
		return Refuse(WrongType, "type does not include %s", typeVC)
	}
	return nil
}

// readContexts never fetches one. The first says what the members mean; the others only
// matter to JSON-LD processors, but one that points at an address instead of a name is an
// attempt to make somebody fetch it.
func (c *Credential) readContexts() *Refusal {
	contexts := c.Root.Get("@context").OneOrMany()
	if len(contexts) == 0 {
		return Refuse(BadPayload, "there is no @context")
	}
	if first, _ := contexts[0].Text(); first != ContextV2 {
		return Refuse(BadPayload, "the first @context is not that of the data model 2.0")
	}
	for _, v := range contexts[1:] {
		if v.IsObject() {
			c.Warnings = append(c.Warnings, "inline_context")
			continue
		}
		s, _ := v.Text()
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") {
			return Refuse(BadPayload, "an @context is not an https URL")
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			return Refuse(BadPayload, "an @context points at an IP address")
		}
		if s != ContextOB3 {
			c.Warnings = append(c.Warnings, "unknown_context")
		}
	}
	return nil
}

// Times are all dates of a credential; a zero time is not given.
type Times struct {
	ValidFrom, ValidUntil        time.Time
	NotBefore, Expires, IssuedAt time.Time
}

// ReadTimes reads the data model's and the JWT's dates; [BadTime] if one cannot be read or
// the end lies before the start.
func ReadTimes(root Value) (Times, *Refusal) {
	var t Times
	for _, f := range []struct {
		name string
		into *time.Time
		read func(Value) (time.Time, error)
	}{
		{"validFrom", &t.ValidFrom, stampOf},
		{"validUntil", &t.ValidUntil, stampOf},
		{"nbf", &t.NotBefore, parseNumericDate},
		{"exp", &t.Expires, parseNumericDate},
		{"iat", &t.IssuedAt, issuedAt},
	} {
		v := root.Get(f.name)
		if v.Kind() == Missing {
			continue
		}
		var err error
		if *f.into, err = f.read(v); err != nil {
			return t, Refuse(BadTime, "%s: %s", f.name, err)
		}
	}
	if !t.ValidUntil.IsZero() && t.ValidUntil.Before(t.ValidFrom) {
		return t, Refuse(BadTime, "validUntil lies before validFrom")
	}
	return t, nil
}

func stampOf(v Value) (time.Time, error) {
	s, _ := v.Text()
	return ParseStamp(s)
}

// issuedAt tolerates a text, since valid credentials carry one; such an iat says nothing.
func issuedAt(v Value) (time.Time, error) {
	if v.Kind() == String {
		return time.Time{}, nil
	}
	return parseNumericDate(v)
}

// Start and End bound the time in which the credential holds: at or after Start, before
// End. A zero End never comes.
func (t Times) Start() time.Time {
	if t.NotBefore.After(t.ValidFrom) {
		return t.NotBefore
	}
	return t.ValidFrom
}

// End is the earlier of validUntil and exp.
func (t Times) End() time.Time {
	if t.ValidUntil.IsZero() || !t.Expires.IsZero() && t.Expires.Before(t.ValidUntil) {
		return t.Expires
	}
	return t.ValidUntil
}
