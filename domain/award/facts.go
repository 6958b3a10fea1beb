// Package award decides about one diploma and its editions: what may be awarded, what may
// be signed, and how a signed credential ends.
package award

import "sijil/domain"

// Event is a fact of an award's stream.
type Event interface{ isAwardEvent() }

// DateExceptionGranted: an authority outside the school allows this award to carry an award
// date that is further back than [MaxAge].
type DateExceptionGranted struct {
	AwardDate domain.Date `json:"diplomaAwardDate"`
	// Authority is the institution that allows it, GrantedBy its officer's token subject.
	Authority domain.ID `json:"authority"`
	GrantedBy string    `json:"grantedBy"`
	// Reason is a code of an AwardDateExceptionReasonDescriptor list.
	Reason domain.Descriptor `json:"reason"`
}

// DiplomaAwarded is the decision. What it rests on stands in the event's inputs (stream and
// revision); here are the values that the credential will show.
type DiplomaAwarded struct {
	// Edition counts from 1; a correction is the next one.
	Edition int `json:"edition"`
	// Institution awards the diploma and will sign it.
	Institution domain.ID `json:"institution"`
	// AwardDate is the day on the diploma. It may lie before the recording, never after.
	AwardDate domain.Date `json:"diplomaAwardDate"`
	// AchievementType is the Open Badges 3.0 kind of the award, the program's.
	AchievementType string `json:"achievementType"`
	// Title is the name of what was achieved, in the institution's languages.
	Title domain.Text `json:"achievementTitle"`
	// Enrollment, Plan, Accreditation and Assessment are the ones that were judged.
	Enrollment    domain.ID `json:"enrollment"`
	Plan          domain.ID `json:"graduationPlan"`
	PlanVersion   int       `json:"planVersion"`
	Accreditation domain.ID `json:"accreditation"`
	Assessment    domain.ID `json:"assessment"`
	// Approvers are the token subjects that approved the graduation, at least two.
	Approvers []string `json:"approvers"`
	// Correction says why there is an edition after the first.
	Correction CorrectionReason `json:"correctionReason,omitzero"`
	// Claims are the graduate's name and birth date as the diploma shows them.
	Claims domain.Private `json:"-"`
}

// AwardAnnulled: at the award's own place in the log the rules say no, because another stream
// moved between the evidence and the append. Nothing was signed.
type AwardAnnulled struct {
	Edition int `json:"edition"`
	// Reason is the code of the refusal.
	Reason string `json:"reason"`
}

// CredentialPrepared holds exactly what will be signed.
type CredentialPrepared struct {
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	// Format is the token's media type without "application/": "vc+jwt".
	Format string `json:"format"`
	// KeyID is the institution's authorized key, VerificationMethod its absolute name as the
	// token's header will carry it.
	KeyID              string `json:"kid"`
	VerificationMethod string `json:"verificationMethod"`
	// StatusList is the number of the institution's list, StatusIndex the place in it.
	StatusList  int `json:"statusList"`
	StatusIndex int `json:"statusListIndex"`
	// PayloadSHA256 is the hash of the payload's bytes, in hexadecimal. The payload holds a
	// random subject id, so the hash cannot be guessed at.
	PayloadSHA256 string `json:"payloadSHA256"`
	// Payload is a JSON string that holds the payload's bytes.
	Payload domain.Private `json:"-"`
}

// CredentialSigned: the token exists. It leaves the house only after this is durable.
type CredentialSigned struct {
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	Format     string    `json:"format"`
	KeyID      string    `json:"kid"`
	// Digest is the SHA-256 of the compact token, in hexadecimal.
	Digest        string `json:"digest"`
	PayloadSHA256 string `json:"payloadSHA256"`
	// Token is a JSON string: the compact token.
	Token domain.Private `json:"-"`
}

// CredentialSuperseded: a corrected edition takes this one's place. The old token no longer counts:
// its bit in the revocation list is set, as by a revocation.
type CredentialSuperseded struct {
	Edition int `json:"edition"`
	// By is the edition that counts now.
	By int `json:"supersededBy"`
}

// CredentialSuspended: the credential does not count until it is reinstated.
type CredentialSuspended struct {
	Edition    int         `json:"edition"`
	Credential domain.ID   `json:"credential"`
	Reason     ReasonClass `json:"reasonClass"`
	Authority  domain.ID   `json:"authority"`
}

// CredentialReinstated ends a suspension.
type CredentialReinstated struct {
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	Authority  domain.ID `json:"authority"`
}

// RevocationProposed: one officer wants the credential revoked. It counts only when another
// one approves.
type RevocationProposed struct {
	Revocation domain.ID   `json:"revocation"`
	Edition    int         `json:"edition"`
	Credential domain.ID   `json:"credential"`
	Reason     ReasonClass `json:"reasonClass"`
	Authority  domain.ID   `json:"authority"`
	ProposedBy string      `json:"proposedBy"`
	// EffectiveAt is the day from which the credential does not count.
	EffectiveAt domain.Date `json:"effectiveAt"`
}

// CredentialRevoked is final.
type CredentialRevoked struct {
	Revocation  domain.ID   `json:"revocation"`
	Edition     int         `json:"edition"`
	Credential  domain.ID   `json:"credential"`
	Reason      ReasonClass `json:"reasonClass"`
	Authority   domain.ID   `json:"authority"`
	EffectiveAt domain.Date `json:"effectiveAt"`
	// Officers are the two token subjects: who proposed and who approved.
	Officers []string `json:"officers"`
}

func (DateExceptionGranted) isAwardEvent() {}
func (DiplomaAwarded) isAwardEvent()       {}
func (AwardAnnulled) isAwardEvent()        {}
func (CredentialPrepared) isAwardEvent()   {}
func (CredentialSigned) isAwardEvent()     {}
func (CredentialSuperseded) isAwardEvent() {}
func (CredentialSuspended) isAwardEvent()  {}
func (CredentialReinstated) isAwardEvent() {}
func (RevocationProposed) isAwardEvent()   {}
func (CredentialRevoked) isAwardEvent()    {}
