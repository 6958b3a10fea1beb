package did

import (
	"errors"
	"fmt"
	"strings"

	"sijil/verifier/credential"
)

// statusFragment starts the fragment of every key that signs status lists. A DID document
// has one relationship, assertionMethod, for both kinds of credential; this name tells them
// apart for readers that have only the document.
const statusFragment = "status-"

// multikeySuffix ends the name of a key in its second form.
const multikeySuffix = "-multikey"

// Document is a DID document (https://www.w3.org/TR/did-1.0/) with the keys that may be
// believed without a look at the history: all but compromised ones. A retired key is among
// them, since the diplomas that it signed are to be checked by software that knows no more.
type Document struct {
	Context            []string             `json:"@context"`
	ID                 string               `json:"id"`
	AlsoKnownAs        []string             `json:"alsoKnownAs,omitempty"`
	VerificationMethod []VerificationMethod `json:"verificationMethod"`
	AssertionMethod    []string             `json:"assertionMethod"`
	Authentication     []string             `json:"authentication,omitempty"`
}

// VerificationMethod is one public key in one of two forms: a JSON Web Key for signatures in
// JOSE, or a Multikey for embedded proofs. A method must not have both, so that a key has two.
type VerificationMethod struct {
	ID                 string          `json:"id"` // the kid, DID#fragment
	Type               string          `json:"type"`
	Controller         string          `json:"controller"`
	PublicKeyJWK       *credential.JWK `json:"publicKeyJwk,omitempty"`
	PublicKeyMultibase string          `json:"publicKeyMultibase,omitempty"`
}

// KeyID is the absolute kid of an issuer's key. Status keys and credential keys get
// names that cannot be confused.
func KeyID(issuer string, purpose Purpose, fragment string) string {
	if purpose == ForStatus {
		fragment = statusFragment + fragment
	}
	return issuer + "#" + fragment
}

// MultikeyID is what the key of that kid is called in its second form: the
// verificationMethod of an embedded proof. A trust knows a key by both names.
func MultikeyID(kid string) string { return kid + multikeySuffix }

// Named is the issuer's key of that name, in either form.
func (i Issuer) Named(name string) (Key, bool) {
	for _, kid := range []string{name, strings.TrimSuffix(name, multikeySuffix)} {
		for _, k := range i.Keys {
			if k.JWK.Kid == kid {
				return k, true
			}
		}
	}
	return Key{}, false
}

// NewDocument lists the keys of issuer that are not compromised.
func NewDocument(issuer Issuer) Document {
	doc := Document{
		Context:            []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1", "https://w3id.org/security/multikey/v1"},
		ID:                 issuer.ID,
		VerificationMethod: []VerificationMethod{},
		AssertionMethod:    []string{},
	}
	for _, k := range issuer.Keys {
		if !k.CompromisedAt.IsZero() {
			continue
		}
		names := []string{k.JWK.Kid}
		doc.VerificationMethod = append(doc.VerificationMethod, VerificationMethod{
			ID: k.JWK.Kid, Type: "JsonWebKey", Controller: issuer.ID, PublicKeyJWK: &k.JWK,
		})
		if multibase, err := Multikey(k.Public()); err == nil { // P-521 and RSA have no second form here
			names = append(names, MultikeyID(k.JWK.Kid))
			doc.VerificationMethod = append(doc.VerificationMethod, VerificationMethod{
				ID: MultikeyID(k.JWK.Kid), Type: "Multikey", Controller: issuer.ID, PublicKeyMultibase: multibase,
			})
		}
		if k.Purpose == ForAuthentication {
			doc.Authentication = append(doc.Authentication, names...)
			continue
		}
		doc.AssertionMethod = append(doc.AssertionMethod, names...)
	}
	return doc
}

// ParseDocument reads a DID document that must be about id. The result has the keys listed
// in assertionMethod and in authentication, one listed in both twice, without lifetimes,
// since a DID document has no history; the purpose of the former follows from the key's
// name. A relationship may name a method or hold it. Other relationships and key forms are
// passed over.
func ParseDocument(b []byte, id string) (Issuer, error) {
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return Issuer{}, fmt.Errorf("read DID document: %w", refusal)
	}
	if got, _ := root.Get("id").Text(); got != id {
		return Issuer{}, fmt.Errorf("DID document is about another DID than %s", id)
	}
	methods := map[string]credential.Value{}
	for _, m := range root.Get("verificationMethod").Items() {
		kid, _ := m.Get("id").Text()
		if methods[absolute(id, kid)].IsObject() {
			return Issuer{}, errors.New("DID document names two keys alike")
		}
		methods[absolute(id, kid)] = m
	}
	out := Issuer{ID: id, StatusRequired: true} // it does not say, so the strict rule holds
	for _, relation := range []string{"assertionMethod", "authentication"} {
		seen := map[string]bool{}
		for _, m := range root.Get(relation).Items() {
			if ref, ok := m.Text(); ok {
				m = methods[absolute(id, ref)]
			}
			k, ok, err := methodKey(m, id)
			if err != nil {
				return Issuer{}, err
			}
			if !ok || seen[k.JWK.Kid] {
				continue
			}
			seen[k.JWK.Kid] = true
			_, fragment, _ := Split(k.JWK.Kid)
			switch {
			case relation == "authentication":
				k.Purpose = ForAuthentication
			case strings.HasPrefix(fragment, statusFragment):
				k.Purpose = ForStatus
			default:
				k.Purpose = ForCredentials
			}
			out.Keys = append(out.Keys, k)
		}
	}
	return out, nil
}

// methodKey is the key of a verification method of id, and false for another's and for
// forms that are not read here.
func methodKey(m credential.Value, id string) (k Key, ok bool, err error) {
	kid, _ := m.Get("id").Text()
	if owner, _ := m.Get("controller").Text(); kid == "" || owner != id {
		return Key{}, false, nil
	}
	switch multibase, isMultikey := m.Get("publicKeyMultibase").Text(); {
	case m.Get("publicKeyJwk").IsObject():
		if k.JWK, err = credential.ReadJWK(m.Get("publicKeyJwk")); err != nil {
			return Key{}, false, fmt.Errorf("read published key: %w", err)
		}
	case isMultikey:
		pub, err := ParseMultikey(multibase)
		if err != nil {
			return Key{}, false, nil // of a kind that signs nothing here
		}
		if k.JWK, err = credential.NewJWK(pub, kid); err != nil {
			return Key{}, false, err
		}
	default:
		return Key{}, false, nil
	}
	k.JWK.Kid = absolute(id, kid)
	return k, true, k.Parse()
}

func absolute(id, kid string) string {
	if strings.HasPrefix(kid, "#") {
		return id + kid
	}
	return kid
}
