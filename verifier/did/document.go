package did

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sijil/verifier/credential"
)

// statusFragment starts the fragment of every key that signs status lists. A DID document
// has one relationship, assertionMethod, for both kinds of credential; this name tells them
// apart for readers that have only the document.
const statusFragment = "status-"

// Document is a DID document (https://www.w3.org/TR/did-1.0/) with the keys in force.
type Document struct {
	Context            []string             `json:"@context"`
	ID                 string               `json:"id"`
	VerificationMethod []VerificationMethod `json:"verificationMethod"`
	AssertionMethod    []string             `json:"assertionMethod"`
}

// VerificationMethod is one public key.
type VerificationMethod struct {
	ID           string         `json:"id"` // the kid, DID#fragment
	Type         string         `json:"type"`
	Controller   string         `json:"controller"`
	PublicKeyJWK credential.JWK `json:"publicKeyJwk"`
}

// KeyID is the absolute kid of an issuer's key. Status keys and credential keys get
// names that cannot be confused.
func KeyID(issuer string, purpose Purpose, fragment string) string {
	if purpose == ForStatus {
		fragment = statusFragment + fragment
	}
	return issuer + "#" + fragment
}

// NewDocument lists the keys of issuer that are neither retired nor compromised.
func NewDocument(issuer Issuer) Document {
	doc := Document{
		Context:            []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"},
		ID:                 issuer.ID,
		VerificationMethod: []VerificationMethod{},
		AssertionMethod:    []string{},
	}
	for _, k := range issuer.Keys {
		if !k.ValidTo.IsZero() || !k.CompromisedAt.IsZero() {
			continue
		}
		doc.VerificationMethod = append(doc.VerificationMethod, VerificationMethod{
			ID: k.JWK.Kid, Type: "JsonWebKey", Controller: issuer.ID, PublicKeyJWK: k.JWK,
		})
		doc.AssertionMethod = append(doc.AssertionMethod, k.JWK.Kid)
	}
	return doc
}

// ParseDocument reads a DID document that must be about id. The result has the keys listed
// in assertionMethod, without lifetimes, since a DID document has no history; the purpose
// follows from the key's name. Other relationships and key forms are passed over.
func ParseDocument(b []byte, id string) (Issuer, error) {
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return Issuer{}, fmt.Errorf("read DID document: %w", refusal)
	}
	if got, _ := root.Get("id").Text(); got != id {
		return Issuer{}, fmt.Errorf("DID document is about another DID than %s", id)
	}
	may := map[string]bool{}
	for _, ref := range root.Get("assertionMethod").Items() {
		if kid, ok := ref.Text(); ok {
			may[absolute(id, kid)] = true
		}
	}
	out := Issuer{ID: id, StatusRequired: true} // it does not say, so the strict rule holds
	for _, m := range root.Get("verificationMethod").Items() {
		kid, _ := m.Get("id").Text()
		kid = absolute(id, kid)
		if owner, _ := m.Get("controller").Text(); !may[kid] || owner != id || !m.Get("publicKeyJwk").IsObject() {
			continue
		}
		k, err := parseKey(m.Get("publicKeyJwk"))
		if err != nil {
			return Issuer{}, err
		}
		k.JWK.Kid, k.Purpose = kid, ForCredentials
		if _, fragment, _ := Split(kid); strings.HasPrefix(fragment, statusFragment) {
			k.Purpose = ForStatus
		}
		if err := k.Parse(); err != nil {
			return Issuer{}, err
		}
		out.Keys = append(out.Keys, k)
	}
	return out, nil
}

func absolute(id, kid string) string {
	if strings.HasPrefix(kid, "#") {
		return id + kid
	}
	return kid
}

// parseKey reads a JWK. One that holds a private key is refused: whoever published it has
// lost the key, and nothing signed with it can be believed.
func parseKey(v credential.Value) (Key, error) {
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
		if v.Has(private) {
			return Key{}, fmt.Errorf("published key holds the private member %q", private)
		}
	}
	var k Key
	if err := decode(v.Raw(), &k.JWK); err != nil {
		return Key{}, fmt.Errorf("read published key: %w", err)
	}
	return k, nil
}

// decode is for JSON that the strict scanner has already taken: no duplicates are left.
func decode(raw []byte, into any) error {
	return json.NewDecoder(bytes.NewReader(raw)).Decode(into)
}
