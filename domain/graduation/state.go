package graduation

// Stage is how far a graduation has come.
type Stage uint8

const (
	None Stage = iota
	// Assessed: the latest assessment waits for a first officer.
	Assessed
	// Approved: a first officer approved it.
	Approved
	// Confirmed: a second one did; the student has graduated.
	Confirmed
	// Rescinded: nothing counts until it is assessed again.
	Rescinded
)

// State is a graduation as it stands.
type State struct {
	Stage Stage
	// Assessment is the latest one.
	Assessment GraduationAssessed
	// ApprovedBy and ConfirmedBy are the token subjects of its two officers.
	ApprovedBy, ConfirmedBy string
}

// Evolve adds a fact. A new assessment begins anew: approvals of the former do not carry over.
func Evolve(s State, e Event) State {
	switch f := e.(type) {
	case GraduationAssessed:
		return State{Stage: Assessed, Assessment: f}
	case GraduationApproved:
		s.Stage, s.ApprovedBy = Approved, f.ApprovedBy
	case GraduationConfirmed:
		s.Stage, s.ConfirmedBy = Confirmed, f.ConfirmedBy
	case GraduationRescinded:
		s.Stage, s.ApprovedBy, s.ConfirmedBy = Rescinded, "", ""
	}
	return s
}
