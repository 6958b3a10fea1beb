package did

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sijil/verifier/credential"
)

// RecordIndex says that a ledger publishes what it recorded as issued by an institution, and how
// finely cut: a reader asks for all credentials whose id begins alike, and the ledger learns
// that one of them is being checked, never which.
type RecordIndex struct {
	// PrefixLength is how many hexadecimal digits of the id a question has, 0 to [MaxRecordPrefix].
	// The ledger chooses it so that an answer has some hundred credentials where there are as many.
	PrefixLength int `json:"prefixLength"`
}

const (
	// MaxRecordPrefix bounds what a ledger may have its readers tell: 16 bits of an id.
	MaxRecordPrefix = 4
	// MaxRecords is how many credentials one answer has at most.
	MaxRecords = 2048
)

// credentialID is the form of the ids that a ledger gives.
const credentialID = "urn:uuid:"

// Prefix is what to ask for about the credential of this id; ok is false for an id that no
// ledger gives, or where the ledger wants to be told too much.
func (x RecordIndex) Prefix(id string) (prefix string, ok bool) {
	uuid, is := strings.CutPrefix(id, credentialID)
	if !is || len(uuid) != 36 || x.PrefixLength < 0 || x.PrefixLength > MaxRecordPrefix {
		return "", false
	}
	prefix = uuid[:x.PrefixLength]
	return prefix, strings.Trim(prefix, "0123456789abcdef") == ""
}

// Records is one answer.
//
//	GET {ledger}/institutions/{id}/records?prefix={prefix}
type Records struct {
	Issuer  string       `json:"issuer"`
	Prefix  string       `json:"prefix"`
	Records []RecordLine `json:"records"`
}

// RecordLine is one credential. Its id and payload are there as hashes: who holds the credential
// recognizes it, and nobody else learns more than that there is one.
type RecordLine struct {
	ID         string  `json:"id"`      // base64url of the SHA-256 of the credential's id
	Payload    string  `json:"payload"` // base64url of the SHA-256 of the signed payload
	RecordedAt Instant `json:"recordedAt"`
	// Reason is the class of reasons for which it was revoked or suspended, "superseded" when a
	// next edition took its place, empty while it stands. Successor is the hash of that
	// edition's id, once there is one.
	Reason    string `json:"reason,omitempty"`
	Successor string `json:"successor,omitempty"`
	// Forms are other payloads that were signed of the same credential later.
	Forms []FormLine `json:"forms,omitempty"`
}

// FormLine is one payload in a [RecordLine], base64url of its SHA-256.
type FormLine struct {
	Payload    string  `json:"payload"`
	RecordedAt Instant `json:"recordedAt"`
}

// AddForm adds another form's payload to the line.
func (l *RecordLine) AddForm(payloadSHA256 [32]byte, recordedAt Instant) {
	l.Forms = append(l.Forms, FormLine{base64.RawURLEncoding.EncodeToString(payloadSHA256[:]), recordedAt})
}

// NewRecordLine is the line of a credential that stands.
func NewRecordLine(id string, payloadSHA256 [32]byte, recordedAt Instant) RecordLine {
	return RecordLine{ID: HashID(id), Payload: base64.RawURLEncoding.EncodeToString(payloadSHA256[:]), RecordedAt: recordedAt}
}

// HashID is what a credential's id stands for in a line.
func HashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Recorded is what an answer says of one credential.
type Recorded struct {
	PayloadSHA256 [32]byte
	RecordedAt    Instant
	// Reason and Successor are as in [RecordLine].
	Reason, Successor string
	// Forms are the other forms' payloads.
	Forms []RecordedPayload
}

// RecordedPayload is one payload of a credential, and when the ledger recorded that it signed it.
type RecordedPayload struct {
	PayloadSHA256 [32]byte
	RecordedAt    Instant
}

// RecordSet is an answer by the hash of credentials' ids.
type RecordSet map[[32]byte]Recorded

// Find is what the ledger recorded under a credential's id.
func (s RecordSet) Find(id string) (Recorded, bool) {
	r, ok := s[sha256.Sum256([]byte(id))]
	return r, ok
}

// ParseRecords reads an answer that must be issuer's to that prefix. Every line must be well
// formed: half an answer would make a credential look unrecorded.
func ParseRecords(b []byte, issuer, prefix string) (RecordSet, error) {
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return nil, fmt.Errorf("read records: %w", refusal)
	}
	var got Records
	if err := json.Unmarshal(root.Raw(), &got); err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	if got.Issuer != issuer || got.Prefix != prefix || len(got.Records) > MaxRecords {
		return nil, errors.New("records are not what was asked for")
	}
	set := make(RecordSet, len(got.Records))
	for _, r := range got.Records {
		id, err := digest(r.ID)
		if err != nil {
			return nil, err
		}
		payload, err := digest(r.Payload)
		if err != nil {
			return nil, err
		}
		if _, twice := set[id]; twice || r.RecordedAt.IsZero() {
			return nil, errors.New("records name a credential twice, or without a time")
		}
		forms := make([]RecordedPayload, 0, len(r.Forms))
		for _, f := range r.Forms {
			sum, err := digest(f.Payload)
			if err != nil || f.RecordedAt.IsZero() {
				return nil, errors.Join(err, errors.New("a record has a form without a hash or a time"))
			}
			forms = append(forms, RecordedPayload{sum, f.RecordedAt})
		}
		set[id] = Recorded{payload, r.RecordedAt, r.Reason, r.Successor, forms}
	}
	return set, nil
}

func digest(text string) (sum [32]byte, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(sum) {
		return sum, errors.New("a record's digest is not 32 bytes in base64url")
	}
	return [32]byte(b), nil
}
