package award

// ReasonClass says why a credential was suspended or revoked, without saying anything about
// the person.
type ReasonClass string

const (
	// IssuedInError: the diploma should not have been awarded as it was, and nobody deceived anybody.
	IssuedInError ReasonClass = "issued_in_error"
	// Fraud: somebody deceived the school.
	Fraud ReasonClass = "fraud"
	// DegreeWithdrawn: the awarding body took the degree back.
	DegreeWithdrawn ReasonClass = "degree_withdrawn"
	// AccreditationVoid: the accreditation was withdrawn from its beginning.
	AccreditationVoid ReasonClass = "accreditation_void"
	// CourtOrder: a court said so.
	CourtOrder ReasonClass = "court_order"
	// UnderInvestigation: a question is open. For suspensions only, since revocation is final.
	UnderInvestigation ReasonClass = "under_investigation"
)

// Revokes reports whether r is a reason to revoke.
func (r ReasonClass) Revokes() bool {
	switch r {
	case IssuedInError, Fraud, DegreeWithdrawn, AccreditationVoid, CourtOrder:
		return true
	}
	return false
}

// Suspends reports whether r is a reason to suspend.
func (r ReasonClass) Suspends() bool { return r == UnderInvestigation || r.Revokes() }

// CorrectionReason says why an award got another edition.
type CorrectionReason string

const (
	// NameChanged: the graduate's legal name changed or had been written wrongly.
	NameChanged CorrectionReason = "name_changed"
	// BirthDataCorrected: the graduate's birth data had been written wrongly.
	BirthDataCorrected CorrectionReason = "birth_data_corrected"
	// ResultAmended: a grade was amended and the graduation assessed again.
	ResultAmended CorrectionReason = "result_amended"
	// ClericalError: the diploma's own text was wrong.
	ClericalError CorrectionReason = "clerical_error"
	// KeyCompromised: the diploma was right, but somebody else held the key that signed it. Only
	// [ReissueDiploma] gives this reason.
	KeyCompromised CorrectionReason = "key_compromised"
)

// Known reports whether r is one of the reasons that a correction may have.
func (r CorrectionReason) Known() bool {
	switch r {
	case NameChanged, BirthDataCorrected, ResultAmended, ClericalError:
		return true
	}
	return false
}
