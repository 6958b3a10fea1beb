package credential

import (
	"bytes"
	"encoding/json"
	"time"
)

// The contexts of a diploma, in the order in which they must stand.
const (
	ContextV1     = "https://www.w3.org/2018/credentials/v1" // the data model 1.1's: read, never written
	ContextV2     = "https://www.w3.org/ns/credentials/v2"
	ContextOB3    = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	ContextCLR2   = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json" // a transcript's, before ContextOB3
	typeVC        = "VerifiableCredential"
	typeVP        = "VerifiablePresentation"
	typeList      = "BitstringStatusListCredential"
	typeCLR       = "ClrCredential"
	typeWrapped   = "EnvelopedVerifiableCredential"
	typeWrappedVP = "EnvelopedVerifiablePresentation"
)

// AchievementTypes are the types of an Open Badges 3.0 diploma, most general first.
var AchievementTypes = []string{typeVC, "AchievementCredential"}

// Achievement is a diploma or certificate as an Open Badges 3.0.3 AchievementCredential
// (https://www.imsglobal.org/spec/ob/v3p0) in the Verifiable Credentials Data Model 2.0.
// Empty members are left out: the specification knows neither nulls nor empty arrays.
// An issuer marshals it with [Payload] and signs it with [Signer.Sign].
type Achievement struct {
	Context []string `json:"@context"` // ContextV2, ContextOB3
	// ID is a fresh "urn:uuid:…"; it identifies the credential in the ledger's extract.
	ID     string   `json:"id"`
	Type   []string `json:"type"` // AchievementTypes
	Name   string   `json:"name,omitempty"`
	Issuer Profile  `json:"issuer"`
	// ValidFrom, ValidUntil and AwardedDate are [Stamp] texts. A diploma has no end.
	ValidFrom         string             `json:"validFrom"`
	ValidUntil        string             `json:"validUntil,omitempty"`
	AwardedDate       string             `json:"awardedDate,omitempty"`
	CredentialSubject AchievementSubject `json:"credentialSubject"`
	CredentialStatus  *StatusEntry       `json:"credentialStatus,omitempty"`
}

// Profile is the institution that issues. A verifier shows the name from its own register
// and never this one.
type Profile struct {
	ID   string   `json:"id"` // "did:web:HOST:institutions:UUID"
	Type []string `json:"type"`
	Name string   `json:"name,omitempty"`
}

// AchievementSubject is the graduate and what was achieved.
type AchievementSubject struct {
	// ID is a fresh random "urn:uuid:…" per credential, so that two diplomas of one person
	// cannot be linked by it.
	ID   string   `json:"id,omitempty"`
	Type []string `json:"type"` // ["AchievementSubject"]
	// Name is the graduate's name as the diploma prints it.
	Name              string       `json:"name,omitempty"`
	Identifier        []Identity   `json:"identifier,omitempty"`
	ActivityStartDate string       `json:"activityStartDate,omitempty"`
	ActivityEndDate   string       `json:"activityEndDate,omitempty"`
	CreditsEarned     json.Number  `json:"creditsEarned,omitempty"`
	LicenseNumber     string       `json:"licenseNumber,omitempty"`
	Achievement       AwardedTitle `json:"achievement"`
	Result            []Result     `json:"result,omitempty"`
}

// Identity is a name or number of the graduate (Open Badges IdentityObject).
type Identity struct {
	Type         string `json:"type"` // "IdentityObject"
	Hashed       bool   `json:"hashed"`
	IdentityHash string `json:"identityHash"`
	IdentityType string `json:"identityType"` // "name", "nationalIdentityNumber", …
}

// AwardedTitle is the diploma itself: what everyone with this title achieved.
type AwardedTitle struct {
	ID                string              `json:"id"`
	Type              []string            `json:"type"` // ["Achievement"]
	AchievementType   string              `json:"achievementType,omitempty"`
	Name              string              `json:"name"`
	Description       string              `json:"description"`
	Criteria          Criteria            `json:"criteria"`
	HumanCode         string              `json:"humanCode,omitempty"`
	FieldOfStudy      string              `json:"fieldOfStudy,omitempty"`
	InLanguage        string              `json:"inLanguage,omitempty"`
	CreditsAvailable  json.Number         `json:"creditsAvailable,omitempty"`
	ResultDescription []ResultDescription `json:"resultDescription,omitempty"`
}

// Criteria is what had to be done to earn the title.
type Criteria struct {
	ID        string `json:"id,omitempty"`
	Narrative string `json:"narrative,omitempty"`
}

// ResultDescription is a kind of result that a title can carry.
type ResultDescription struct {
	ID            string   `json:"id"`
	Type          []string `json:"type"` // ["ResultDescription"]
	Name          string   `json:"name"`
	ResultType    string   `json:"resultType"` // "GradePointAverage", "Result", …
	AllowedValue  []string `json:"allowedValue,omitempty"`
	RequiredValue string   `json:"requiredValue,omitempty"`
	ValueMax      string   `json:"valueMax,omitempty"`
	ValueMin      string   `json:"valueMin,omitempty"`
}

// Result is one result of this graduate.
type Result struct {
	Type              []string `json:"type"` // ["Result"]
	ResultDescription string   `json:"resultDescription"`
	Value             string   `json:"value"`
}

// StatusEntry points at one bit of a status list (Bitstring Status List 1.0 §2.1).
type StatusEntry struct {
	ID                   string `json:"id"`   // list URL + "#" + index; never the list's own URL
	Type                 string `json:"type"` // "BitstringStatusListEntry"
	StatusPurpose        string `json:"statusPurpose"`
	StatusListIndex      string `json:"statusListIndex"`
	StatusListCredential string `json:"statusListCredential"`
}

// Payload is v as JSON without HTML escapes and without a final newline: the exact bytes
// that are recorded, signed and hashed.
func Payload(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Stamp is t in UTC as the dateTimeStamp of a credential, whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
