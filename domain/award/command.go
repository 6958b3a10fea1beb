package award

import "sijil/domain"

// Command is something to decide about an award.
type Command interface{ isAwardCommand() }

// GrantDateException allows an award date that is further back than [MaxAge].
type GrantDateException struct {
	AwardDate domain.Date
	// Authority is the institution of the officer, who stands outside the school.
	Authority domain.ID
	GrantedBy string
	Reason    domain.Descriptor
	Today     domain.Date
}

// Evidence is what other streams say, as they stood when they were read.
type Evidence struct {
	// Enrollment is the student's enrollment in the program at the institution, empty when
	// there is none that counts; EntryDate is its first day.
	Enrollment domain.ID
	EntryDate  domain.Date
	// Assessment is the latest one of the graduation, empty when there is none; EventDate is
	// the day it is for, and Gaps are codes of what it misses.
	Assessment domain.ID
	EventDate  domain.Date
	Gaps       []string
	// Plan is what the assessment held the record against; InForce: on EventDate.
	Plan        domain.ID
	PlanVersion int
	PlanInForce bool
	// Accreditation covers the institution and the program on the award date, empty when none does.
	Accreditation domain.ID
	// Approvers are the token subjects that approved the assessment. Confirmed: two of them did.
	Approvers []string
	Confirmed bool
	// AchievementType and Title are the program's.
	AchievementType string
	Title           domain.Text
}

// AwardDiploma asks for the first edition.
type AwardDiploma struct {
	Institution domain.ID
	AwardDate   domain.Date
	Today       domain.Date
	Evidence    Evidence
	Claims      domain.Private
}

// CorrectDiploma asks for the next edition, which takes the place of the live one.
type CorrectDiploma struct {
	AwardDiploma
	Reason CorrectionReason
}

// ReissueDiploma asks for the next edition in the place of a credential whose key was
// compromised: the same diploma under another key. Claims are those of that edition.
type ReissueDiploma struct {
	AwardDiploma
	Credential domain.ID
	// KeyID is the compromised key.
	KeyID string
}

// ReviewAward decides again about an edition that is not signed yet, on the evidence as it
// stood at the award's own place in the log. Day is the day the log recorded the award.
type ReviewAward struct {
	Edition  int
	Day      domain.Date
	Evidence Evidence
}

// PrepareCredential settles what will be signed.
type PrepareCredential struct{ CredentialPrepared }

// SignCredential records the token.
type SignCredential struct{ CredentialSigned }

// SuspendCredential stops a credential for a while.
type SuspendCredential struct {
	Credential domain.ID
	Reason     ReasonClass
	Authority  domain.ID
}

// ReinstateCredential ends the suspension.
type ReinstateCredential struct {
	Credential domain.ID
	Authority  domain.ID
}

// ProposeRevocation is the first officer's half.
type ProposeRevocation struct {
	Revocation domain.ID
	Credential domain.ID
	Reason     ReasonClass
	Authority  domain.ID
	// EffectiveAt is not after Today, the day of the proposal.
	EffectiveAt domain.Date
	Today       domain.Date
	By          string
}

// ApproveRevocation is the second officer's half; it revokes.
type ApproveRevocation struct {
	Revocation domain.ID
	By         string
}

func (GrantDateException) isAwardCommand()  {}
func (AwardDiploma) isAwardCommand()        {}
func (CorrectDiploma) isAwardCommand()      {}
func (ReissueDiploma) isAwardCommand()      {}
func (ReviewAward) isAwardCommand()         {}
func (PrepareCredential) isAwardCommand()   {}
func (SignCredential) isAwardCommand()      {}
func (SuspendCredential) isAwardCommand()   {}
func (ReinstateCredential) isAwardCommand() {}
func (ProposeRevocation) isAwardCommand()   {}
func (ApproveRevocation) isAwardCommand()   {}
