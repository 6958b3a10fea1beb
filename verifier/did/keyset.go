package did

import (
	"encoding/json"
	"fmt"

	"sijil/verifier/credential"
)

// KeySet is an institution's JWKS (RFC 7517) with the history that a DID document cannot
// carry. Members that RFC 7517 does not know are ignored by its other readers.
//
//	GET {ledger}/institutions/{id}/jwks.json
type KeySet struct {
	Issuer           string          `json:"issuer"`
	Name             string          `json:"name"`
	StatusRequired   bool            `json:"statusRequired"`
	SuspensionSuffix string          `json:"suspensionSuffix,omitempty"`
	Keys             []PublishedKey  `json:"keys"`
	Accreditations   []Accreditation `json:"accreditations,omitempty"`
	// Records says how to ask what the ledger recorded; absent where it does not publish that.
	Records *RecordIndex `json:"records,omitempty"`
}

// PublishedKey is a JWK with purpose and lifetime beside its own members.
type PublishedKey struct {
	credential.JWK
	Purpose       Purpose `json:"purpose"`
	ValidFrom     Instant `json:"validFrom,omitzero"`
	ValidTo       Instant `json:"validTo,omitzero"`
	CompromisedAt Instant `json:"compromisedAt,omitzero"`
}

// NewKeySet publishes every key that issuer ever had.
func NewKeySet(issuer Issuer) KeySet {
	set := KeySet{
		Issuer: issuer.ID, Name: issuer.Name, StatusRequired: issuer.StatusRequired, SuspensionSuffix: issuer.SuspensionSuffix,
		Keys: []PublishedKey{}, Accreditations: issuer.Accreditations, Records: issuer.Records,
	}
	for _, k := range issuer.Keys {
		set.Keys = append(set.Keys, PublishedKey{k.JWK, k.Purpose, k.ValidFrom, k.ValidTo, k.CompromisedAt})
	}
	return set
}

// ParseKeySet reads a JWKS that must be id's. Every key must parse: half a history would
// make a compromised key look unknown.
func ParseKeySet(b []byte, id string) (Issuer, error) {
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return Issuer{}, fmt.Errorf("read JWKS: %w", refusal)
	}
	if got, _ := root.Get("issuer").Text(); got != id {
		return Issuer{}, fmt.Errorf("JWKS is of another issuer than %s", id)
	}
	var set KeySet
	if err := json.Unmarshal(b, &set); err != nil {
		return Issuer{}, fmt.Errorf("read JWKS: %w", err)
	}
	out := Issuer{ID: set.Issuer, Name: set.Name, StatusRequired: set.StatusRequired, SuspensionSuffix: set.SuspensionSuffix, Accreditations: set.Accreditations, Records: set.Records}
	for i, v := range root.Get("keys").Items() {
		if _, err := credential.ReadJWK(v); err != nil {
			return Issuer{}, fmt.Errorf("read published key: %w", err)
		}
		p := set.Keys[i]
		k := Key{JWK: p.JWK, Purpose: p.Purpose, ValidFrom: p.ValidFrom, ValidTo: p.ValidTo, CompromisedAt: p.CompromisedAt}
		if err := k.Parse(); err != nil {
			return Issuer{}, err
		}
		out.Keys = append(out.Keys, k)
	}
	return out, nil
}
