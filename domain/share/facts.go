// Package share decides about one claim: the one-time link by which a graduate takes a signed
// credential into their own hands, and the share links they make from it. The end of a link
// is not the end of the diploma.
package share

import (
	"time"

	"sijil/domain"
)

// Event is a fact of a claim's stream.
type Event interface{ isShareEvent() }

// ClaimIssued: the school made a link for the graduate.
type ClaimIssued struct {
	// Student, Program and Award name the award's stream.
	Student    domain.ID `json:"student"`
	Program    domain.ID `json:"program"`
	Award      domain.ID `json:"award"`
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	// TokenHash is the SHA-256 of the link's secret, in hexadecimal. The secret has 256 random bits.
	TokenHash string    `json:"tokenHash"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// ClaimRedeemed: somebody with the link took the credential. The link is spent; HolderHash is
// the SHA-256 of the secret of the holder's own link, in hexadecimal.
type ClaimRedeemed struct {
	HolderHash string `json:"holderHash"`
}

// ShareCreated: the holder made a link for somebody else.
type ShareCreated struct {
	Share     domain.ID `json:"share"`
	TokenHash string    `json:"tokenHash"`
	Scope     Scope     `json:"scope"`
	ExpiresAt time.Time `json:"expiresAt"`
	// Show are the parts that an [Extract] shows beside the name and the award.
	Show []Part `json:"show,omitzero"`
}

// ShareOpened: somebody looked, once or more, on this day. Who is not recorded.
type ShareOpened struct {
	Share domain.ID   `json:"share"`
	Day   domain.Date `json:"day"`
}

// ShareRevoked: the holder ended a link.
type ShareRevoked struct {
	Share domain.ID `json:"share"`
}

// Scope is what a share link gives away.
type Scope string

const (
	// View shows what the diploma says and what its checks say.
	View Scope = "view"
	// File also gives the signed file, which can be checked without us.
	File Scope = "file"
	// Extract gives a signed file in which everything is withheld but the name, the award and the
	// parts that its holder chose.
	Extract Scope = "extract"
)

// Part is what a holder can show or withhold.
type Part string

const (
	// Mention is the mention.
	Mention Part = "mention"
	// Grades are the courses with their grades, and the average.
	Grades Part = "grades"
	// Identity tells the graduate from others of the name: birth data, the name in other
	// scripts, numbers.
	Identity Part = "identity"
)

// Parts are all of them, in the order in which they are listed.
var Parts = []Part{Mention, Grades, Identity}

func (ClaimIssued) isShareEvent()   {}
func (ClaimRedeemed) isShareEvent() {}
func (ShareCreated) isShareEvent()  {}
func (ShareOpened) isShareEvent()   {}
func (ShareRevoked) isShareEvent()  {}
