// Package enrollment is the rules of all enrollments and transfers of one student:
// they lie in one stream, so that one primary enrollment at a time and one open transfer
// hold at once, and a transfer closes the old and opens the new enrollment together.
package enrollment

import "sijil/domain"

// Event is a fact about one student's enrollments.
type Event interface{ isEnrollmentEvent() }

// DatePrecision says how exact a date is.
type DatePrecision string

const (
	// Day: it was that day.
	Day DatePrecision = "day"
	// Session: only the session is known; the date is its first or last day.
	Session DatePrecision = "session"
)

// StudentEnrolled: the school has the student from the entry date on.
type StudentEnrolled struct {
	Enrollment domain.ID `json:"enrollment"`
	School     domain.ID `json:"school"`
	// Program and Session are empty when the enrollment is to the school as such.
	Program       domain.ID     `json:"program,omitzero"`
	Session       domain.ID     `json:"session,omitzero"`
	EntryDate     domain.Date   `json:"entryDate"`
	DatePrecision DatePrecision `json:"datePrecision"`
	// EntryType is a code of EntryTypeDescriptor, GradeLevel one of GradeLevelDescriptor.
	EntryType  domain.Descriptor `json:"entryType,omitzero"`
	GradeLevel domain.Descriptor `json:"entryGradeLevel,omitzero"`
	// Primary: the student's main school. Module enrollments are not primary and may overlap.
	Primary bool `json:"primarySchool"`
}

// GradeLevelChanged: another level within the year, or a correction of it.
type GradeLevelChanged struct {
	Enrollment domain.ID         `json:"enrollment"`
	GradeLevel domain.Descriptor `json:"gradeLevel"`
	Effective  domain.Date       `json:"effectiveDate"`
}

// StudentPromoted: the year ended with a higher level.
type StudentPromoted struct {
	Enrollment domain.ID         `json:"enrollment"`
	From       domain.Descriptor `json:"fromGradeLevel,omitzero"`
	GradeLevel domain.Descriptor `json:"gradeLevel"`
	Effective  domain.Date       `json:"effectiveDate"`
}

// StudentRetained: the year is done again at the same level.
type StudentRetained struct {
	Enrollment domain.ID         `json:"enrollment"`
	GradeLevel domain.Descriptor `json:"gradeLevel,omitzero"`
	Effective  domain.Date       `json:"effectiveDate"`
	// Reason is a code of a national RetentionReasonDescriptor, empty for none.
	Reason domain.Descriptor `json:"reasonCode,omitzero"`
}

// StudentWithdrawn: the enrollment ended. The exit date is the last day.
type StudentWithdrawn struct {
	Enrollment    domain.ID     `json:"enrollment"`
	ExitDate      domain.Date   `json:"exitWithdrawDate"`
	DatePrecision DatePrecision `json:"datePrecision"`
	// ExitType is a code of ExitWithdrawTypeDescriptor.
	ExitType domain.Descriptor `json:"exitWithdrawType"`
}

// EnrollmentVoided: the enrollment should never have been recorded. It stays visible as such.
type EnrollmentVoided struct {
	Enrollment domain.ID         `json:"enrollment"`
	Reason     domain.Descriptor `json:"reasonCode"`
}

// TransferRequested: the new school asks for the student.
type TransferRequested struct {
	Transfer domain.ID `json:"transfer"`
	// Enrollment is the primary one that completion closes.
	Enrollment domain.ID `json:"enrollment"`
	FromSchool domain.ID `json:"fromSchool"`
	ToSchool   domain.ID `json:"toSchool"`
	// Requested is the day of the request, EntryDate the day the new school wishes to begin.
	Requested  domain.Date       `json:"requestDate"`
	EntryDate  domain.Date       `json:"entryDate"`
	GradeLevel domain.Descriptor `json:"entryGradeLevel,omitzero"`
	// LapseDate is the first day on which the request, if still open, has lapsed.
	LapseDate domain.Date `json:"lapseDate"`
}

// TransferReleased: the old school, or an authority above it after a contest, lets the student go.
type TransferReleased struct {
	Transfer domain.ID `json:"transfer"`
	// By is the institution that released.
	By domain.ID `json:"releasedBy"`
	// ExitDate is the last day at the old school, should the transfer complete.
	ExitDate domain.Date `json:"exitWithdrawDate"`
}

// TransferContested: the old school objects; it or an authority above it can still release.
type TransferContested struct {
	Transfer domain.ID         `json:"transfer"`
	Reason   domain.Descriptor `json:"reasonCode"`
	// Note is a [Note], zero for none.
	Note domain.Private `json:"-"`
}

// TransferRefused: the new school, seeing what was released, does not take the student.
type TransferRefused struct {
	Transfer domain.ID         `json:"transfer"`
	Reason   domain.Descriptor `json:"reasonCode"`
	// Note is a [Note], zero for none.
	Note domain.Private `json:"-"`
}

// TransferCancelled: the new school took its request back.
type TransferCancelled struct {
	Transfer domain.ID `json:"transfer"`
}

// TransferLapsed: a term went by and the request was still open.
type TransferLapsed struct {
	Transfer domain.ID `json:"transfer"`
}

// TransferCompleted: the new school took the student and the record as it stood. It lies
// between the StudentWithdrawn of the old and the StudentEnrolled of the new enrollment.
type TransferCompleted struct {
	Transfer domain.ID `json:"transfer"`
	// Enrollment is the new one.
	Enrollment domain.ID `json:"enrollment"`
	// RecordDigest is [Carried.Digest] of the record that was carried.
	RecordDigest string `json:"recordDigest"`
	// Record is a [Carried].
	Record domain.Private `json:"-"`
}

// Note is free text about a person.
type Note struct {
	Text string `json:"text"`
}

func (StudentEnrolled) isEnrollmentEvent()   {}
func (GradeLevelChanged) isEnrollmentEvent() {}
func (StudentPromoted) isEnrollmentEvent()   {}
func (StudentRetained) isEnrollmentEvent()   {}
func (StudentWithdrawn) isEnrollmentEvent()  {}
func (EnrollmentVoided) isEnrollmentEvent()  {}
func (TransferRequested) isEnrollmentEvent() {}
func (TransferReleased) isEnrollmentEvent()  {}
func (TransferContested) isEnrollmentEvent() {}
func (TransferRefused) isEnrollmentEvent()   {}
func (TransferCancelled) isEnrollmentEvent() {}
func (TransferLapsed) isEnrollmentEvent()    {}
func (TransferCompleted) isEnrollmentEvent() {}
