package enrollment

import (
	"slices"

	"sijil/domain"
)

// State is all enrollments of one student, and their transfers.
type State struct {
	// Enrollments in the order they were recorded, voided ones among them.
	Enrollments []Enrollment
	Transfers   []Transfer
}

// Enrollment is one enrollment as it stands.
type Enrollment struct {
	ID, School, Program, Session domain.ID
	Entry                        domain.Date
	// Exit is the last day, empty while the enrollment is open.
	Exit domain.Date
	// EntryPrecision and ExitPrecision say how exact the two days are.
	EntryPrecision, ExitPrecision DatePrecision
	GradeLevel                    domain.Descriptor
	// Changed is the day of the last change of level, or the entry.
	Changed domain.Date
	Primary bool
	Voided  bool
}

// Open reports whether the enrollment goes on.
func (e Enrollment) Open() bool { return !e.Voided && e.Exit == "" }

// On reports whether the student was enrolled that day, first and last day included.
func (e Enrollment) On(day domain.Date) bool {
	return !e.Voided && day >= e.Entry && (e.Exit == "" || day <= e.Exit)
}

// During reports whether a day of the session from begin to end, both included, is one
// on which the student was enrolled. It is the question to ask where a date is known by
// its session only.
func (e Enrollment) During(begin, end domain.Date) bool {
	return !e.Voided && e.Entry <= end && (e.Exit == "" || begin <= e.Exit)
}

// span leaves the exit day to the next school: a student may change schools within a day.
func (e Enrollment) span() domain.Span { return domain.Span{From: e.Entry, Until: e.Exit} }

// Stage is how far a transfer went.
type Stage string

const (
	// Requested: the old school has yet to answer.
	Requested Stage = "requested"
	// Contested: the old school objects.
	Contested Stage = "contested"
	// Released: the new school has yet to accept.
	Released Stage = "released"
	// Completed, Refused, Cancelled and Lapsed are ends.
	Completed Stage = "completed"
	Refused   Stage = "refused"
	Cancelled Stage = "cancelled"
	Lapsed    Stage = "lapsed"
)

// Open reports whether the transfer can still go on.
func (s Stage) Open() bool { return s == Requested || s == Contested || s == Released }

// Transfer is one transfer as it stands.
type Transfer struct {
	ID, Enrollment, From, To domain.ID
	Stage                    Stage
	Entry                    domain.Date
	// Exit is set by the release.
	Exit       domain.Date
	GradeLevel domain.Descriptor
	Lapses     domain.Date
}

// Enrollment is the one with this id.
func (s State) Enrollment(id domain.ID) (Enrollment, bool) {
	return find(s.Enrollments, func(e Enrollment) bool { return e.ID == id })
}

// Transfer is the one with this id.
func (s State) Transfer(id domain.ID) (Transfer, bool) {
	return find(s.Transfers, func(t Transfer) bool { return t.ID == id })
}

// OpenTransfer is the transfer under way, if there is one.
func (s State) OpenTransfer() (Transfer, bool) {
	return find(s.Transfers, func(t Transfer) bool { return t.Stage.Open() })
}

// Primary is the open primary enrollment, if there is one.
func (s State) Primary() (Enrollment, bool) {
	return find(s.Enrollments, func(e Enrollment) bool { return e.Primary && e.Open() })
}

// At is an enrollment at the school on that day, a primary one before others.
func (s State) At(school domain.ID, day domain.Date) (Enrollment, bool) {
	return s.best(func(e Enrollment) bool { return e.School == school && e.On(day) })
}

// During is an enrollment at the school on some day of a session, a primary one before others.
func (s State) During(school domain.ID, begin, end domain.Date) (Enrollment, bool) {
	return s.best(func(e Enrollment) bool { return e.School == school && e.During(begin, end) })
}

// Schools are where the student is or was enrolled, each once.
func (s State) Schools() []domain.ID { return s.schools(func(e Enrollment) bool { return !e.Voided }) }

// Current are the schools with an open enrollment, each once.
func (s State) Current() []domain.ID { return s.schools(Enrollment.Open) }

func (s State) schools(of func(Enrollment) bool) []domain.ID {
	var ids []domain.ID
	for _, e := range s.Enrollments {
		if of(e) && !slices.Contains(ids, e.School) {
			ids = append(ids, e.School)
		}
	}
	return ids
}

func (s State) best(is func(Enrollment) bool) (Enrollment, bool) {
	if e, ok := find(s.Enrollments, func(e Enrollment) bool { return e.Primary && is(e) }); ok {
		return e, true
	}
	return find(s.Enrollments, is)
}

func find[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var none T
	return none, false
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case StudentEnrolled:
		s.Enrollments = append(slices.Clip(s.Enrollments), Enrollment{
			ID: e.Enrollment, School: e.School, Program: e.Program, Session: e.Session,
			Entry: e.EntryDate, EntryPrecision: e.DatePrecision, Changed: e.EntryDate,
			GradeLevel: e.GradeLevel, Primary: e.Primary,
		})
	case GradeLevelChanged:
		s = s.level(e.Enrollment, e.GradeLevel, e.Effective)
	case StudentPromoted:
		s = s.level(e.Enrollment, e.GradeLevel, e.Effective)
	case StudentRetained:
		s = s.level(e.Enrollment, e.GradeLevel, e.Effective)
	case StudentWithdrawn:
		s = s.change(e.Enrollment, func(x *Enrollment) { x.Exit, x.ExitPrecision = e.ExitDate, e.DatePrecision })
	case EnrollmentVoided:
		s = s.change(e.Enrollment, func(x *Enrollment) { x.Voided = true })
	case TransferRequested:
		s.Transfers = append(slices.Clip(s.Transfers), Transfer{
			ID: e.Transfer, Enrollment: e.Enrollment, From: e.FromSchool, To: e.ToSchool, Stage: Requested,
			Entry: e.EntryDate, GradeLevel: e.GradeLevel, Lapses: e.LapseDate,
		})
	case TransferReleased:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage, t.Exit = Released, e.ExitDate })
	case TransferContested:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage = Contested })
	case TransferRefused:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage = Refused })
	case TransferCancelled:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage = Cancelled })
	case TransferLapsed:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage = Lapsed })
	case TransferCompleted:
		s = s.stage(e.Transfer, func(t *Transfer) { t.Stage = Completed })
	}
	return s
}

func (s State) level(id domain.ID, to domain.Descriptor, day domain.Date) State {
	return s.change(id, func(x *Enrollment) { x.GradeLevel, x.Changed = to, day })
}

func (s State) change(id domain.ID, how func(*Enrollment)) State {
	s.Enrollments = slices.Clone(s.Enrollments)
	if i := slices.IndexFunc(s.Enrollments, func(e Enrollment) bool { return e.ID == id }); i >= 0 {
		how(&s.Enrollments[i])
	}
	return s
}

func (s State) stage(id domain.ID, how func(*Transfer)) State {
	s.Transfers = slices.Clone(s.Transfers)
	if i := slices.IndexFunc(s.Transfers, func(t Transfer) bool { return t.ID == id }); i >= 0 {
		how(&s.Transfers[i])
	}
	return s
}
