package credential

import "slices"

// members of a credential that the data model 2.0 defines or reserves (§4, §5).
var members = []string{
	"@context", "id", "type", "name", "description", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialStatus",
	"credentialSchema", "refreshService", "termsOfUse", "evidence", "relatedResource", "confidenceMethod", "renderMethod", "proof",
}

// claims are the registered claims of a JWT that may stand beside them.
var claims = []string{"iss", "sub", "jti", "iat", "nbf", "exp", "aud", "nonce", "cnf"}

// Members are the top-level members that a credential of the data model has.
func Members() []string { return slices.Clone(members) }

// Claims are the claims of a JWT that may stand beside a credential's members.
func Claims() []string { return slices.Clone(claims) }

// others are members of Open Badges, transcripts and the data model 1.1.
var others = []string{"awardedDate", "image", "endorsement", "endorsementJwt", "partial", "issuanceDate", "expirationDate", "_sd_alg"}

// mustType are the members whose entries say what they are.
var mustType = []string{"credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence"}

// warnings are what an issuer here would not sign and a reader can live with.
func warnings(root Value) (out []string) {
	for name := range root.Members() {
		if !slices.Contains(members, name) && !slices.Contains(claims, name) && !slices.Contains(others, name) {
			out = append(out, "unknown_member")
			break
		}
	}
	for _, name := range mustType {
		if slices.ContainsFunc(root.Get(name).OneOrMany(), func(v Value) bool { return !v.Has("type") }) {
			return append(out, "untyped_member")
		}
	}
	return out
}
