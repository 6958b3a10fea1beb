// Package attestation decides about one credential that an institution signs because it was asked
// to, and not because it awarded a diploma: what may be signed, and how it ends.
package attestation

import "sijil/domain"

// Event is a fact of an attestation's stream.
type Event interface{ isAttestationEvent() }

// AttestationPrepared holds exactly what will be signed, who asked for it and in whose name.
type AttestationPrepared struct {
	Credential domain.ID `json:"credential"`
	// Institution signs it, under its own authority and nobody else's.
	Institution domain.ID `json:"institution"`
	// RequestedBy is the token subject that asked.
	RequestedBy string `json:"requestedBy"`
	// Student is whom it is about, where the caller says that the ledger knows them; then their
	// key seals it. Else a key of its own does.
	Student domain.ID `json:"studentUniqueId,omitzero"`
	// Format is "vc+jwt" or the cryptosuite of the embedded proof, "eddsa-rdfc-2022".
	Format string `json:"format"`
	// KeyID is the institution's authorized key, VerificationMethod its absolute name as the
	// signature will carry it.
	KeyID              string `json:"kid"`
	VerificationMethod string `json:"verificationMethod"`
	// StatusList is the number of the institution's list, StatusIndex the place in it.
	StatusList  int `json:"statusList"`
	StatusIndex int `json:"statusListIndex"`
	// PayloadSHA256 is the hash of the payload's bytes, in hexadecimal. The payload holds the
	// place in the status list, which cannot be guessed.
	PayloadSHA256 string `json:"payloadSHA256"`
	// Payload is a JSON string that holds the payload's bytes.
	Payload domain.Private `json:"-"`
}

// AttestationSigned: the signed credential exists. It leaves the house only after this is durable.
type AttestationSigned struct {
	Credential domain.ID `json:"credential"`
	Format     string    `json:"format"`
	KeyID      string    `json:"kid"`
	// Digest is the SHA-256 of the token or document, in hexadecimal.
	Digest        string `json:"digest"`
	PayloadSHA256 string `json:"payloadSHA256"`
	// Token is a JSON string: the compact token, or the document with its proof.
	Token domain.Private `json:"-"`
}

// AttestationRevocationProposed: one officer wants it revoked. It counts only when another one
// approves.
type AttestationRevocationProposed struct {
	Revocation domain.ID   `json:"revocation"`
	Credential domain.ID   `json:"credential"`
	Reason     ReasonClass `json:"reasonClass"`
	Authority  domain.ID   `json:"authority"`
	ProposedBy string      `json:"proposedBy"`
}

// AttestationRevoked is final.
type AttestationRevoked struct {
	Revocation domain.ID   `json:"revocation"`
	Credential domain.ID   `json:"credential"`
	Reason     ReasonClass `json:"reasonClass"`
	Authority  domain.ID   `json:"authority"`
	// Officers are the two token subjects: who proposed and who approved.
	Officers []string `json:"officers"`
}

func (AttestationPrepared) isAttestationEvent()           {}
func (AttestationSigned) isAttestationEvent()             {}
func (AttestationRevocationProposed) isAttestationEvent() {}
func (AttestationRevoked) isAttestationEvent()            {}

// ReasonClass says why an attestation was revoked, without saying anything about the person.
type ReasonClass string

const (
	// IssuedInError: it should not have been signed as it was, and nobody deceived anybody.
	IssuedInError ReasonClass = "issued_in_error"
	// Fraud: somebody deceived the institution.
	Fraud ReasonClass = "fraud"
	// NoLongerTrue: what it says has changed.
	NoLongerTrue ReasonClass = "no_longer_true"
	// CourtOrder: a court said so.
	CourtOrder ReasonClass = "court_order"
)

// Known reports whether r is a reason to revoke.
func (r ReasonClass) Known() bool {
	switch r {
	case IssuedInError, Fraud, NoLongerTrue, CourtOrder:
		return true
	}
	return false
}
