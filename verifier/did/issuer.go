// Package did is who may sign: issuers, their keys with purpose and lifetime, and the
// documents in which an institution publishes them (the did:web DID document for the
// standard world, a JWKS with history for verifiers that judge old diplomas). It fetches
// nothing.
package did

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	"sijil/verifier/credential"
)

// Purpose is what a key may sign. A key has one: a status key that signs a diploma, or a
// credential key that signs a status list, is refused.
type Purpose string

// The purposes. Keys of other purposes are kept in a trust store only to be refused by name.
const (
	ForCredentials Purpose = "credential"
	ForStatus      Purpose = "status"
	// ForAuthentication is a holder's: it signs presentations.
	ForAuthentication Purpose = "authentication"
)

// Issuer is an institution that a verifier trusts, with every key that it ever had.
// The JSON form is one entry of a bundle's trust.json.
type Issuer struct {
	// ID is compared character by character with the credential's issuer.
	ID string `json:"id"`
	// Name is the registered name: what a page shows, whatever the credential says.
	Name string `json:"name"`
	// StatusRequired makes a credential without a status entry unconfirmable, so that an
	// insider cannot issue a diploma that nobody can revoke.
	StatusRequired bool `json:"statusRequired"`
	// SuspensionSuffix, where given, says that each revocation list of this issuer has one for
	// suspensions beside it, with the same places, at its own URL and this. Open Badges allow
	// a diploma one status entry, so that it cannot name the other itself.
	SuspensionSuffix string `json:"suspensionSuffix,omitempty"`
	Keys             []Key  `json:"keys"`
	// Accreditations are all spans in which the institution was accredited as a whole;
	// absent when the source does not say, which a verifier reports as not checked.
	Accreditations []Accreditation `json:"accreditations,omitempty"`
	// Records is how a ledger online is asked what it recorded; a bundle has the extract itself.
	Records *RecordIndex `json:"-"`
}

// Key is a public key with its lifetime as the ledger's history has it.
type Key struct {
	JWK     credential.JWK `json:"jwk"`
	Purpose Purpose        `json:"purpose"`
	// ValidFrom is when the key was authorized; zero for one whose start is not known.
	ValidFrom Instant `json:"validFrom,omitzero"`
	// ValidTo is when the key was retired: it signs nothing recorded at or after this.
	ValidTo Instant `json:"validTo,omitzero"`
	// CompromisedAt is from when somebody else may have signed with it. What the ledger
	// recorded before stands, everything else falls whatever date it claims.
	CompromisedAt Instant `json:"compromisedAt,omitzero"`

	public crypto.PublicKey
	alg    string
}

// Accreditation is a span in which an issuer was accredited; a zero Until has no end.
type Accreditation struct {
	From  Instant `json:"from"`
	Until Instant `json:"until,omitzero"`
	By    string  `json:"by,omitempty"` // the accrediting agent's name
	// Achievements are the ids of what could be awarded in it; none means all of it.
	Achievements []string `json:"achievements,omitempty"`
	// Level is the code list's value where the accreditation is for a whole level; Achievements
	// then are those of this level that the source knows.
	Level string `json:"level,omitempty"`
}

// Covers reports whether an achievement could be awarded at t.
func (a Accreditation) Covers(achievement string, t time.Time) bool {
	in := !t.Before(a.From.Time) && (a.Until.IsZero() || t.Before(a.Until.Time))
	return in && (a.Achievements == nil && a.Level == "" || slices.Contains(a.Achievements, achievement))
}

// Record is one line of the ledger's extract: what it recorded as issued, and when.
type Record struct {
	ID            string  `json:"id"` // the credential's id
	Issuer        string  `json:"issuer"`
	PayloadSHA256 string  `json:"payloadSHA256"` // lower-case hex of the signed payload's digest
	RecordedAt    Instant `json:"recordedAt"`
	// Reason and Successor are as in [RecordLine].
	Reason    string `json:"reason,omitempty"`
	Successor string `json:"successor,omitempty"`
	// Forms are other payloads that were signed of the same credential later.
	Forms []RecordedForm `json:"forms,omitempty"`
}

// RecordedForm is one payload in a [Record].
type RecordedForm struct {
	PayloadSHA256 string  `json:"payloadSHA256"`
	RecordedAt    Instant `json:"recordedAt"`
}

// NewKey is the entry of a public key under kid.
func NewKey(pub crypto.PublicKey, kid string, purpose Purpose, validFrom time.Time) (Key, error) {
	jwk, err := credential.NewJWK(pub, kid)
	if err != nil {
		return Key{}, err
	}
	k := Key{JWK: jwk, Purpose: purpose, ValidFrom: Instant{validFrom}}
	return k, k.Parse()
}

// Parse reads the JWK once, so that verifying does not. It must be called before Public
// and Alg; sources of trust do it when they load.
func (k *Key) Parse() (err error) {
	if k.JWK.Kid == "" {
		return fmt.Errorf("key of purpose %q has no kid", k.Purpose)
	}
	k.public, k.alg, err = k.JWK.Key()
	return err
}

// Public is the parsed key, nil before [Key.Parse].
func (k *Key) Public() crypto.PublicKey { return k.public }

// Alg is the only JWS algorithm the key is used with.
func (k *Key) Alg() string { return k.alg }

// Instant is a time in RFC 3339; the empty text and the zero time are "not given".
type Instant struct{ time.Time }

// MarshalJSON writes UTC with the precision the time has.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte(`""`), nil
	}
	return []byte(`"` + i.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes, with any zone.
func (i *Instant) UnmarshalJSON(b []byte) (err error) {
	if string(b) == `""` {
		*i = Instant{}
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("a time is a string in RFC 3339")
	}
	i.Time, err = credential.ParseStamp(string(b[1 : len(b)-1]))
	return err
}
