package status

import (
	"strconv"
	"time"

	"sijil/verifier/credential"
)

// The purposes a status entry may have here. Revoked is final, suspended is not.
const (
	Revocation = "revocation"
	Suspension = "suspension"
)

// ListCredential is what an issuer signs with a status key and serves at its id.
type ListCredential struct {
	Context           []string `json:"@context"`
	ID                string   `json:"id"` // the URL it is served at
	Type              []string `json:"type"`
	Issuer            string   `json:"issuer"` // the same as of the diplomas that point here
	ValidFrom         string   `json:"validFrom"`
	ValidUntil        string   `json:"validUntil"`
	CredentialSubject Subject  `json:"credentialSubject"`
}

// Subject is the list itself.
type Subject struct {
	ID            string `json:"id"` // list URL + "#list"
	Type          string `json:"type"`
	StatusPurpose string `json:"statusPurpose"`
	EncodedList   string `json:"encodedList"`
	TTL           int64  `json:"ttl,omitempty"` // milliseconds a reader may keep a copy
}

// New is the list at url as a payload to sign. It must end: a list without validUntil
// could be replayed for ever and is refused as stale. An online verifier keeps it for at
// most ttl, an offline bundle until validUntil.
func New(url, issuer, purpose string, bits Bits, validFrom, validUntil time.Time, ttl time.Duration) (ListCredential, error) {
	encoded, err := Encode(bits)
	if err != nil {
		return ListCredential{}, err
	}
	return ListCredential{
		Context:    []string{credential.ContextV2},
		ID:         url,
		Type:       []string{"VerifiableCredential", "BitstringStatusListCredential"},
		Issuer:     issuer,
		ValidFrom:  credential.Stamp(validFrom),
		ValidUntil: credential.Stamp(validUntil),
		CredentialSubject: Subject{
			ID: url + "#list", Type: "BitstringStatusList", StatusPurpose: purpose,
			EncodedList: encoded, TTL: ttl.Milliseconds(),
		},
	}, nil
}

// NewEntry is the credentialStatus of a diploma: entry index of the list at url.
func NewEntry(url, purpose string, index int) *credential.StatusEntry {
	i := strconv.Itoa(index)
	return &credential.StatusEntry{
		ID: url + "#" + i, Type: "BitstringStatusListEntry", StatusPurpose: purpose,
		StatusListIndex: i, StatusListCredential: url,
	}
}
