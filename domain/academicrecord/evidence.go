package academicrecord

import (
	"slices"

	"sijil/domain"
)

// Evidence is what the rules need from other streams, as plain values.
type Evidence struct {
	// Today is the day of the decision; nothing is recorded for a later one.
	Today domain.Date
	// School is the one whose record this is.
	School domain.ID
	// Session, Course and Scheme are the ones the command names; their zero values mean that
	// there is no such thing, or that the command names none.
	Session Session
	Course  Course
	Scheme  Scheme
	// Enrolled are the student's days at School.
	Enrolled []domain.Span
}

// Session is an academic session as its stream stands.
type Session struct {
	Known      bool
	School     domain.ID
	SchoolYear int
	// BeginDate and EndDate are both included.
	BeginDate, EndDate domain.Date
	// Finalized: from now on amendments only, and by two officers.
	Finalized bool
}

func (s Session) span() domain.Span {
	return domain.Span{From: s.BeginDate, Until: s.EndDate.AddDays(1)}
}

// Course is a course as its stream stands.
type Course struct {
	Known bool
	// RetiredFrom is the first day without new grades; empty for none.
	RetiredFrom domain.Date
}

// Scheme is the grading scheme that a mark is given in.
type Scheme struct {
	Known              bool
	MinScore, MaxScore domain.Decimal
	// Step: every score is MinScore plus a multiple of it.
	Step   domain.Decimal
	Labels []string
	// Reads is the label that the scheme itself gives the mark's number; empty for none.
	Reads string
}

// check refuses a mark that its scheme does not know.
func (m Mark) check(s Scheme) error {
	switch {
	case m.ScoreStatus != "":
		return domain.Check(
			domain.Rule{Field: "scoreStatus", Holds: slices.Contains([]ScoreStatus{Absent, Excused, Exempt, Incomplete}, m.ScoreStatus), Says: "is absent, excused, exempt or incomplete"},
			domain.Rule{Field: "numericGradeEarned", Holds: m.NumericGradeEarned == nil, Says: "is left out beside a scoreStatus"},
			domain.Rule{Field: "letterGradeEarned", Holds: m.LetterGradeEarned == "", Says: "is left out beside a scoreStatus"},
			domain.Rule{Field: "gradingScheme", Holds: m.GradingScheme == "", Says: "is left out beside a scoreStatus"},
		)
	case m.NumericGradeEarned == nil && m.LetterGradeEarned == "":
		return domain.Refuse(domain.Invalid, "score_missing", "a grade has a number, a letter, or a scoreStatus that says why not")
	case !m.GradingScheme.Valid():
		return domain.Refuse(domain.Invalid, "invalid_field", "gradingScheme names the scheme of the score")
	case !s.Known:
		return domain.Refuse(domain.Missing, "grading_scheme_unknown", "there is no such grading scheme here")
	}
	if n := m.NumericGradeEarned; n != nil {
		if err := domain.Check(
			domain.Rule{Field: "numericGradeEarned", Holds: *n >= s.MinScore && *n <= s.MaxScore, Says: "lies between " + s.MinScore.String() + " and " + s.MaxScore.String() + " in this scheme"},
			domain.Rule{Field: "numericGradeEarned", Holds: s.Step <= 0 || (*n-s.MinScore)%s.Step == 0, Says: "goes in steps of " + s.Step.String() + " in this scheme"},
		); err != nil {
			return err
		}
	}
	letter := m.LetterGradeEarned
	return domain.Check(
		domain.Rule{Field: "letterGradeEarned", Holds: letter == "" || slices.Contains(s.Labels, letter), Says: "is one of the scheme's labels"},
		domain.Rule{Field: "letterGradeEarned", Holds: letter == "" || m.NumericGradeEarned == nil || s.Reads == "" || s.Reads == letter, Says: "is the label that the scheme gives the number"},
	)
}

// equal reports whether two marks say the same.
func (m Mark) equal(o Mark) bool {
	return m.GradingScheme == o.GradingScheme && m.LetterGradeEarned == o.LetterGradeEarned && m.ScoreStatus == o.ScoreStatus &&
		(m.NumericGradeEarned == nil) == (o.NumericGradeEarned == nil) &&
		(m.NumericGradeEarned == nil || *m.NumericGradeEarned == *o.NumericGradeEarned)
}

func (m Mark) empty() bool { return m == Mark{} }

// check refuses a day that cannot be: not of the calendar, in the future, or before or
// outside the session.
func (w When) check(e Evidence) error {
	s := e.Session
	if err := domain.Check(
		domain.Rule{Field: "eventDate", Holds: w.EventDate.Valid(), Says: "is a day of the calendar written YYYY-MM-DD"},
		domain.Rule{Field: "datePrecision", Holds: w.DatePrecision == "" || w.DatePrecision == PrecisionSession, Says: "is day or session"},
		domain.Rule{Field: "datePrecision", Holds: w.DatePrecision == "" || s.Known, Says: "is session only where a session is named"},
	); err != nil {
		return err
	}
	if w.DatePrecision == PrecisionSession {
		if s.BeginDate > e.Today {
			return errFuture()
		}
		return domain.Check(domain.Rule{Field: "eventDate", Holds: w.EventDate >= s.BeginDate && w.EventDate <= s.EndDate, Says: "lies in the session when datePrecision is session"})
	}
	if w.EventDate > e.Today {
		return errFuture()
	}
	return domain.Check(domain.Rule{Field: "eventDate", Holds: !s.Known || w.EventDate >= s.BeginDate, Says: "is not before the session begins"})
}

func errFuture() error {
	return domain.Refuse(domain.Invalid, "date_in_future", "nothing is recorded for a day that has not come")
}

// enrolledThen refuses when the student was not at the school on that day, or at no time of
// the session where only the session is known.
func (e Evidence) enrolledThen(w When) error {
	for _, span := range e.Enrolled {
		if w.DatePrecision == PrecisionSession && span.Overlaps(e.Session.span()) ||
			w.DatePrecision == "" && span.Holds(w.EventDate) {
			return nil
		}
	}
	return errNotEnrolled()
}

// enrolledLately is for what follows from teaching and may come after it (results,
// credits, jury decisions): at the school that day, at some time of the session, or, without
// a session, in the year before.
func (e Evidence) enrolledLately(w When) error {
	taught := domain.Span{From: w.EventDate.AddDays(-365), Until: w.EventDate.AddDays(1)}
	if e.Session.Known {
		taught = e.Session.span()
	}
	for _, span := range e.Enrolled {
		if span.Overlaps(taught) || span.Holds(w.EventDate) {
			return nil
		}
	}
	return errNotEnrolled()
}

func errNotEnrolled() error {
	return domain.Refuse(domain.Conflict, "not_enrolled", "the student was not enrolled at this school at that time")
}

// checkSession refuses a session that is not this school's or takes no new entries.
func (e Evidence) checkSession(year int) error {
	switch s := e.Session; {
	case !s.Known || s.School != e.School:
		return domain.Refuse(domain.Missing, "session_unknown", "this school has no such academic session")
	case s.SchoolYear != year:
		return domain.Refuse(domain.Invalid, "invalid_field", "schoolYear is the one of the session")
	case s.Finalized:
		return domain.Refuse(domain.Conflict, "session_finalized", "the session is finalized: it accepts amendments only")
	}
	return nil
}

// checkCourse refuses a course that is not there or was retired by then.
func (e Evidence) checkCourse(w When) error {
	switch {
	case !e.Course.Known:
		return domain.Refuse(domain.Missing, "course_unknown", "there is no such course here")
	case e.Course.RetiredFrom != "" && w.EventDate >= e.Course.RetiredFrom:
		return domain.Refuse(domain.Conflict, "course_retired", "the course was retired on %s", e.Course.RetiredFrom)
	}
	return nil
}
