package credential

import (
	"crypto/sha256"
	"slices"
	"strings"
)

// joseTypes are the profiles of a compact JWS without disclosures.
var joseTypes = []Type{{Typ, Cty}, {TypVP, "vp"}, {TypJWT, ""}}

// ParseJOSE reads a compact JWS that is a vc+jwt, a vp+jwt or, under the typ JWT, an Open
// Badge or a credential or presentation of the data model 1.1; see [ParseJWS]. Any other
// JWT is [WrongTyp].
func ParseJOSE(b []byte, limit int) (*Secured, *Refusal) {
	t, refusal := ParseJWS(b, limit, joseTypes...)
	if refusal != nil {
		return nil, refusal
	}
	s := &Secured{
		Proofs:  []Proof{{Kid: t.Kid, Alg: t.Alg, Purpose: AssertionMethod, Key: t.Key, Verify: t.Verify}},
		Payload: t.JSON,
		Digest:  func() [32]byte { return sha256.Sum256(t.Payload) },
	}
	switch t.Typ {
	case Typ:
		s.Format = FormatVC
	case TypVP:
		s.Format = FormatVP
	default:
		if s.Format = t.older(); s.Format == "" {
			return nil, Refuse(WrongTyp, "this is a plain JWT, neither an Open Badge nor a credential of the data model 1.1")
		}
	}
	// A vc+jwt is no presentation by its typ, and its payload is not looked at before its signature.
	if s.Format == FormatVP || s.Format == FormatLegacy {
		root, refusal := t.JSON()
		if refusal == nil && s.Format == FormatVP && !isTyped(root, typeVP) {
			return nil, Refuse(WrongTyp, "this is signed as a presentation and is none")
		}
		if s.Format == FormatVP || refusal == nil && IsPresentation(s.Format, root) {
			s.Proofs[0].Purpose = Authentication
		}
	}
	return s, nil
}

func isTyped(root Value, want string) bool {
	types, refusal := texts(root.Get("type"), "type")
	return refusal == nil && slices.Contains(types, want)
}

// older is the format of a typ JWT, which only its payload tells: empty if it is neither.
func (t *Token) older() Format {
	root, refusal := t.JSON()
	switch {
	case refusal != nil:
		return ""
	case root.Get("vc").IsObject() != root.Get("vp").IsObject():
		return FormatLegacy
	case openBadge(root):
		return FormatOpenBadge
	}
	return ""
}

// openBadge: a context of 1EdTech, and one of its credentials' types.
func openBadge(root Value) bool {
	has := func(member string, is func(string) bool) bool {
		return slices.ContainsFunc(root.Get(member).OneOrMany(), func(v Value) bool {
			s, _ := v.Text()
			return is(s)
		})
	}
	return has("@context", func(s string) bool { return strings.HasPrefix(s, "https://purl.imsglobal.org/spec/") }) &&
		has("type", func(s string) bool {
			return s == "OpenBadgeCredential" || s == "AchievementCredential" || s == "EndorsementCredential" || s == typeCLR
		})
}
