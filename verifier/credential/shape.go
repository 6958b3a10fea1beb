package credential

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
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
	// Root is the credential. Claims is where the claims of a JWT stand, if that is another
	// object, as for the data model 1.1.
	Root, Claims Value
	// Older: it is of the data model 1.1.
	Older bool
	// Items are the credentials within it (a CLR transcript's), each secured on its own.
	Items []Value
	// Warnings are oddities that do not make it wrong.
	Warnings []string
}

// ReadIssuer is the issuer's id; "iss", where there, must say the same.
func ReadIssuer(root Value) (string, *Refusal) {
	if !root.IsObject() {
		return "", Refuse(BadPayload, "payload is not a JSON object")
	}
	id, ok := idOf(root.Get("issuer"))
	if !ok {
		return "", Refuse(BadPayload, "issuer is neither a URL nor an object with one")
	}
	return id, same(root, "iss", id, IssuerMismatch)
}

// idOf is an id, or that of an object with one.
func idOf(v Value) (string, bool) {
	if v.IsObject() {
		v = v.Get("id")
	}
	id, ok := v.Text()
	return id, ok && id != ""
}

// same refuses a claim that is there and says something else.
func same(claims Value, claim, want string, otherwise Reason) *Refusal {
	if got, ok := claims.Get(claim).Text(); claims.Has(claim) && (!ok || got != want) {
		return Refuse(otherwise, "%s contradicts the credential", claim)
	}
	return nil
}

// ReadShape is [ReadCredential] of a vc+jwt or vc+sd-jwt.
func ReadShape(root Value) (Credential, *Refusal) { return ReadCredential(FormatVC, root) }

// ReadCredential checks the payload of a credential secured in that format, which is not a
// dc+sd-jwt, as far as a reader of the plain JSON can be misled by it: contexts, types, one subject, no claim that
// contradicts the credential. Unknown members are left alone.
func ReadCredential(f Format, payload Value) (Credential, *Refusal) {
	if f == FormatLegacy {
		return readLegacy(payload)
	}
	c := Credential{Root: payload}
	issuer, refusal := ReadIssuer(payload)
	if refusal != nil {
		return c, refusal
	}
	c.Issuer = issuer
	if refusal := c.readShape(f.older()); refusal != nil {
		return c, refusal
	}
	return c, c.readID()
}

// readShape reads what all data models share; older: that of 1.1 is allowed.
func (c *Credential) readShape(older bool) *Refusal {
	if refusal := c.readTypes(); refusal != nil {
		return refusal
	}
	if refusal := c.readContexts(older); refusal != nil {
		return refusal
	}
	if c.Root.Has("vc") || c.Root.Has("vp") {
		return Refuse(BadPayload, "payload wraps another credential in a vc or vp claim")
	}
	subjects := c.Root.Get("credentialSubject").OneOrMany()
	if len(subjects) != 1 || !subjects[0].IsObject() || len(subjects[0].Names()) == 0 {
		return Refuse(BadPayload, "there is not exactly one credentialSubject")
	}
	c.Subject = subjects[0]
	c.Status = c.Root.Get("credentialStatus").OneOrMany()
	for _, entry := range c.Status {
		if !entry.IsObject() {
			return Refuse(BadPayload, "credentialStatus is not an object or a list of them")
		}
	}
	c.Warnings = append(c.Warnings, warnings(c.Root)...)
	if slices.Contains(c.Types, typeCLR) {
		c.Items = c.Subject.Get("verifiableCredential").OneOrMany()
	}
	return nil
}

func (c *Credential) readID() *Refusal {
	var ok bool
	if c.ID, ok = c.Root.Get("id").Text(); c.Root.Has("id") && (!ok || c.ID == "") {
		return Refuse(BadPayload, "id is not a URL")
	}
	if refusal := same(c.Root, "jti", c.ID, BadPayload); refusal != nil {
		return refusal
	}
	subject, _ := c.Subject.Get("id").Text()
	return same(c.Root, "sub", subject, BadPayload)
}

func (c *Credential) readTypes() (refusal *Refusal) {
	if c.Types, refusal = texts(c.Root.Get("type"), "type"); refusal != nil {
		return refusal
	}
	for _, not := range []string{typeList, typeVP, typeWrapped, typeWrappedVP} {
		if slices.Contains(c.Types, not) {
			return Refuse(WrongType, "this is a %s, not a diploma", not)
		}
	}
	if !slices.Contains(c.Types, typeVC) {
		return Refuse(WrongType, "type does not include %s", typeVC)
	}
	return nil
}

// texts is a text or a list of them.
func texts(v Value, name string) (out []string, _ *Refusal) {
	for _, item := range v.OneOrMany() {
		s, ok := item.Text()
		if !ok {
			return nil, Refuse(BadPayload, "%s is not a text or a list of texts", name)
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *Credential) readContexts(older bool) (refusal *Refusal) {
	c.Older, c.Warnings, refusal = readContexts(c.Root, older)
	return refusal
}

// readContexts never fetches one. The first says what the members mean; the others only
// matter to JSON-LD processors, but one that points at an address instead of a name is an
// attempt to make somebody fetch it. v1: the first is that of the data model 1.1.
func readContexts(root Value, older bool) (v1 bool, warnings []string, _ *Refusal) {
	contexts := root.Get("@context").OneOrMany()
	if len(contexts) == 0 {
		return false, nil, Refuse(BadPayload, "there is no @context")
	}
	switch first, _ := contexts[0].Text(); {
	case first == ContextV2:
	case first == ContextV1 && older:
		v1, warnings = true, []string{"older_data_model"}
	default:
		return false, nil, Refuse(BadPayload, "the first @context is not that of the data model")
	}
	for _, v := range contexts[1:] {
		if v.IsObject() {
			warnings = append(warnings, "inline_context")
			continue
		}
		s, _ := v.Text()
		if s == ContextOB3 {
			continue
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") {
			return v1, nil, Refuse(BadPayload, "an @context is not an https URL")
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			return v1, nil, Refuse(BadPayload, "an @context points at an IP address")
		}
		if !knownContext(s) {
			warnings = append(warnings, "unknown_context")
		}
	}
	return v1, slices.Compact(warnings), nil
}

// knownContext: of Open Badges and CLR, or of a way of securing.
func knownContext(s string) bool {
	for _, prefix := range []string{
		"https://purl.imsglobal.org/spec/ob/v3p0/", "https://purl.imsglobal.org/spec/clr/v2p0/",
		"https://w3id.org/security/data-integrity/v", "https://w3id.org/security/suites/ed25519-2020/v1",
	} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}
