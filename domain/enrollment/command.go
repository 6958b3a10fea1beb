package enrollment

import "sijil/domain"

// Command is something one asks of a student's enrollments.
type Command interface{ isEnrollmentCommand() }

// Placement is where a student is to be enrolled, and from when.
type Placement struct {
	// Enrollment is the new enrollment's id.
	Enrollment domain.ID
	School     domain.ID
	Program    domain.ID
	Session    domain.ID
	EntryDate  domain.Date
	// DatePrecision is empty for [Day].
	DatePrecision DatePrecision
	EntryType     domain.Descriptor
	GradeLevel    domain.Descriptor
	Primary       bool
}

// Evidence is what other streams say about a placement.
type Evidence struct {
	// StudentRegistered and StudentMerged: the student's own stream.
	StudentRegistered, StudentMerged bool
	// SchoolEnrolls: the institution is a school that works on the entry date.
	SchoolEnrolls bool
	// ProgramKnown: the program named is one of the school's, or none is named.
	ProgramKnown bool
	// SessionDays is the span of the session named, if it is one of the school's.
	SessionDays domain.Span
}

// permits refuses what the other streams forbid.
func (e Evidence) permits(p Placement) error {
	switch {
	case !e.StudentRegistered:
		return domain.Refuse(domain.Missing, "not_found", "there is no such student")
	case e.StudentMerged:
		return domain.Refuse(domain.Conflict, "student_merged", "this student was merged into another; enroll that one")
	case !e.SchoolEnrolls:
		return domain.Refuse(domain.Conflict, "institution_not_operating", "on that day the institution does not enroll: it is closed, not open yet, or no school")
	case !e.ProgramKnown:
		return domain.Refuse(domain.Missing, "program_unknown", "the school offers no such program")
	case p.Session != "" && e.SessionDays.From == "":
		return domain.Refuse(domain.Missing, "session_unknown", "this school has no such academic session")
	}
	return domain.Check(
		domain.Rule{Field: "entryDate", Holds: p.DatePrecision != Session || e.SessionDays.Holds(p.EntryDate), Says: "is a day of the session where only the session is known"},
		domain.Rule{Field: "entryDate", Holds: p.Session == "" || p.EntryDate < e.SessionDays.Until, Says: "is not after the session's end"},
	)
}

// Enroll places a student at a school.
type Enroll struct {
	Placement
	Evidence
	Today domain.Date
}

// ChangeGradeLevel sets another level within the year.
type ChangeGradeLevel struct {
	Enrollment domain.ID
	GradeLevel domain.Descriptor
	Effective  domain.Date
}

// Promote ends the year with the next level.
type Promote struct {
	Enrollment domain.ID
	GradeLevel domain.Descriptor
	Effective  domain.Date
}

// Retain ends the year with the same level again.
type Retain struct {
	Enrollment domain.ID
	Effective  domain.Date
	Reason     domain.Descriptor
}

// Withdraw ends an enrollment. DatePrecision is empty for [Day].
type Withdraw struct {
	Enrollment    domain.ID
	ExitDate      domain.Date
	DatePrecision DatePrecision
	ExitType      domain.Descriptor
	Today         domain.Date
}

// Void says that an enrollment should never have been recorded.
type Void struct {
	Enrollment domain.ID
	Reason     domain.Descriptor
}

// RequestTransfer asks for a student who has a primary enrollment elsewhere.
type RequestTransfer struct {
	Transfer   domain.ID
	To         domain.ID
	EntryDate  domain.Date
	GradeLevel domain.Descriptor
	Today      domain.Date
	// LapseDate ends the term the old school has, and the new one after it.
	LapseDate domain.Date
	Evidence
}

// Party is who decides in a transfer.
type Party struct {
	Transfer domain.ID
	// By is the acting institution.
	By domain.ID
	// AboveOld and AboveNew: By is an authority above the school the student leaves, or goes to.
	AboveOld, AboveNew bool
	Today              domain.Date
}

// ReleaseTransfer lets the student go. ExitDate is empty for the entry date of the request.
type ReleaseTransfer struct {
	Party
	ExitDate domain.Date
}

// ContestTransfer objects to it.
type ContestTransfer struct {
	Party
	Reason domain.Descriptor
	Note   domain.Private
}

// AcceptTransfer takes the student and the record. An empty EntryDate, GradeLevel or
// EntryType means what the request said, and a transfer.
type AcceptTransfer struct {
	Party
	Placement
	Evidence
	RecordDigest string
	Record       domain.Private
}

// RefuseTransfer does not take the student after all.
type RefuseTransfer struct {
	Party
	Reason domain.Descriptor
	Note   domain.Private
}

// CancelTransfer takes the request back before it was released.
type CancelTransfer struct{ Party }

// LapseTransfer ends a request that stayed open too long.
type LapseTransfer struct {
	Transfer domain.ID
	Today    domain.Date
}

func (Enroll) isEnrollmentCommand()           {}
func (ChangeGradeLevel) isEnrollmentCommand() {}
func (Promote) isEnrollmentCommand()          {}
func (Retain) isEnrollmentCommand()           {}
func (Withdraw) isEnrollmentCommand()         {}
func (Void) isEnrollmentCommand()             {}
func (RequestTransfer) isEnrollmentCommand()  {}
func (ReleaseTransfer) isEnrollmentCommand()  {}
func (ContestTransfer) isEnrollmentCommand()  {}
func (AcceptTransfer) isEnrollmentCommand()   {}
func (RefuseTransfer) isEnrollmentCommand()   {}
func (CancelTransfer) isEnrollmentCommand()   {}
func (LapseTransfer) isEnrollmentCommand()    {}

// well checks a placement in itself and fills in the precision.
func (p *Placement) well() error {
	if p.DatePrecision == "" {
		p.DatePrecision = Day
	}
	return domain.Check(
		domain.Rule{Field: "enrollment", Holds: p.Enrollment.Valid(), Says: "is an id"},
		domain.Rule{Field: "school", Holds: p.School.Valid(), Says: "is the id of a school"},
		domain.Rule{Field: "program", Holds: p.Program == "" || p.Program.Valid(), Says: "is the id of a program"},
		domain.Rule{Field: "session", Holds: p.Session == "" || p.Session.Valid(), Says: "is the id of a session"},
		dayRule("entryDate", p.EntryDate), precisionRule(p.DatePrecision),
		domain.Rule{Field: "session", Holds: p.DatePrecision != Session || p.Session != "", Says: "is named where the entry date is known by its session only"},
		domain.Rule{Field: "entryType", Holds: p.EntryType == "" || p.EntryType.Is("EntryType"), Says: "is a code of an EntryTypeDescriptor list"},
		levelRule(p.GradeLevel, false),
	)
}

func (p Placement) enrolled() StudentEnrolled { return StudentEnrolled(p) }

func dayRule(field string, d domain.Date) domain.Rule {
	return domain.Rule{Field: field, Holds: d.Valid(), Says: "is a day of the calendar written YYYY-MM-DD"}
}

func precisionRule(p DatePrecision) domain.Rule {
	return domain.Rule{Field: "datePrecision", Holds: p == Day || p == Session, Says: "is day or session"}
}

func levelRule(d domain.Descriptor, needed bool) domain.Rule {
	return domain.Rule{Field: "gradeLevel", Holds: !needed && d == "" || d.Is("GradeLevel"), Says: "is a code of a GradeLevelDescriptor list"}
}

func reasonRule(d domain.Descriptor, needed bool) domain.Rule {
	return domain.Rule{Field: "reasonCode", Holds: !needed && d == "" || d.Valid(), Says: "is a code of a code list"}
}
