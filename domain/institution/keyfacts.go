package institution

import (
	"time"

	"sijil/domain"
)

// Purpose is what a key may sign; one key has one purpose.
type Purpose string

const (
	// ForCredentials: diplomas and other credentials.
	ForCredentials Purpose = "credential"
	// ForStatus: status lists.
	ForStatus Purpose = "status"
	// ForAuthentication: presentations in which the institution shows credentials of its own.
	ForAuthentication Purpose = "authentication"
)

// Known reports whether p is one of the purposes above.
func (p Purpose) Known() bool {
	return p == ForCredentials || p == ForStatus || p == ForAuthentication
}

// PublicKey is a JSON Web Key (RFC 7517) of kind OKP or EC, its public members only.
type PublicKey struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y,omitzero"`
}

// SigningKeyChangeProposed: one officer wants a key authorized, retired or reported compromised.
// It counts only when another one approves it before LapsesAt. Exactly one of the three is
// asked for, or an authorization together with a retirement: a rotation.
type SigningKeyChangeProposed struct {
	Proposal   domain.ID          `json:"proposal"`
	Authorize  ProposedKey        `json:"authorize,omitzero"`
	Retire     ProposedRetirement `json:"retire,omitzero"`
	Compromise ProposedCompromise `json:"compromise,omitzero"`
	// Authority is the officer's institution, ProposedBy the officer's token subject.
	Authority  domain.ID `json:"authority"`
	ProposedBy string    `json:"proposedBy"`
	// FromAbove: Authority stands above the institution, or is the tenant's own.
	FromAbove bool      `json:"fromAbove,omitzero"`
	LapsesAt  time.Time `json:"lapsesAt"`
}

// ProposedKey is a key that an institution shall sign with.
type ProposedKey struct {
	Kid          string    `json:"kid"`
	Alg          string    `json:"alg"`
	Purpose      Purpose   `json:"purpose"`
	PublicKeyJwk PublicKey `json:"publicKeyJwk"`
	// ValidFrom is not before the approval when that comes later.
	ValidFrom time.Time `json:"validFrom"`
	// Elsewhere: the private half is not in the ledger's keeping, so that it can sign what no
	// ledger recorded. One of the two officers then stands above the institution.
	Elsewhere bool `json:"elsewhere,omitzero"`
}

// ProposedRetirement is the end of a key's use. A zero ValidUntil means at the approval.
type ProposedRetirement struct {
	Kid        string    `json:"kid"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
}

// ProposedCompromise is since when somebody else may hold a key.
type ProposedCompromise struct {
	Kid           string    `json:"kid"`
	CompromisedAt time.Time `json:"compromisedAt"`
}

// SigningKeyChangeRejected: an officer, the one who proposed it or another, ended a proposal.
type SigningKeyChangeRejected struct {
	Proposal   domain.ID `json:"proposal"`
	RejectedBy string    `json:"rejectedBy"`
}

// Decision is who decided about a key. The events of ledgers older than the rule of two
// officers have neither.
type Decision struct {
	Proposal domain.ID `json:"proposal,omitzero"`
	// Officers are the two token subjects: who proposed and who approved.
	Officers []string `json:"officers,omitempty"`
}

// SigningKeyAuthorized: the institution signs with this key from ValidFrom on.
type SigningKeyAuthorized struct {
	// Kid names the key within the institution, for ever: it is never given to another key.
	Kid string `json:"kid"`
	// Alg is the one JWS algorithm the key may be used with: EdDSA, ES256, ES384 or ES512.
	Alg          string    `json:"alg"`
	Purpose      Purpose   `json:"purpose"`
	PublicKeyJwk PublicKey `json:"publicKeyJwk"`
	ValidFrom    time.Time `json:"validFrom"`
	Decision
}

// SigningKeyRetired: nothing new is signed from ValidUntil on; what was signed stands.
type SigningKeyRetired struct {
	Kid        string    `json:"kid"`
	ValidUntil time.Time `json:"validUntil"`
	Decision
}

// SigningKeyCompromised: somebody else may hold the key since CompromisedAt. What the
// ledger recorded before stands; everything else under this key does not.
type SigningKeyCompromised struct {
	Kid           string    `json:"kid"`
	CompromisedAt time.Time `json:"compromisedAt"`
	Decision
}

func (SigningKeyChangeProposed) isInstitutionEvent() {}
func (SigningKeyChangeRejected) isInstitutionEvent() {}
func (SigningKeyAuthorized) isInstitutionEvent()     {}
func (SigningKeyRetired) isInstitutionEvent()        {}
func (SigningKeyCompromised) isInstitutionEvent()    {}
