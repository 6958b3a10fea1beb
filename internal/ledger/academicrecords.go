package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/academicsession"
	"sijil/domain/course"
	"sijil/domain/gradingscheme"
	"sijil/internal/eventlog"
)

// GradeInput is one grade as a school gives it. The school is the acting institution.
type GradeInput struct {
	Student              domain.ID
	Course               domain.ID
	Session              domain.ID
	GradingPeriod        domain.Descriptor
	AssessmentIdentifier string
	// Attempt counts from 1; 0 means 1.
	Attempt int
	academicrecord.Mark
	Coefficient *domain.Decimal
	academicrecord.When
	// DiagnosticStatement is the teacher's words about the student, sealed.
	DiagnosticStatement string
}

// RecordGrade records one grade. Its id is in the answer.
func (l *Ledger) RecordGrade(ctx context.Context, act Act, in GradeInput) (Written, error) {
	q := recordQuery{student: in.Student, session: in.Session, course: in.Course, mark: in.Mark}
	stream, year, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	g := academicrecord.GradeRecorded{
		Grade: act.ID("grade"), SchoolYear: year, Course: in.Course, Session: in.Session,
		GradingPeriod: in.GradingPeriod, AssessmentIdentifier: in.AssessmentIdentifier, Attempt: first(in.Attempt),
		Mark: in.Mark, Coefficient: in.Coefficient, When: dated(in.When),
	}
	if in.DiagnosticStatement != "" {
		if g.Statement, err = domain.Conceal(in.Student, domain.ClassRecord, academicrecord.Statement{DiagnosticStatement: in.DiagnosticStatement}); err != nil {
			return Written{}, err
		}
	}
	return l.enter(ctx, act, stream, q, g.Grade, g.EventDate, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.RecordGrade{Grade: g, Evidence: e}
	})
}

// CourseResultInput is how a course attempt ended.
type CourseResultInput struct {
	Student, Course, Session domain.ID
	Attempt                  int
	CourseAttemptResult      domain.Descriptor
	// Final is the final grade; its zero value for none.
	Final academicrecord.Mark
	academicrecord.When
}

// RecordCourseResult records how a course attempt ended.
func (l *Ledger) RecordCourseResult(ctx context.Context, act Act, in CourseResultInput) (Written, error) {
	q := recordQuery{student: in.Student, session: in.Session, course: in.Course, mark: in.Final}
	stream, year, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	if in.Final.ScoreStatus != "" {
		return Written{}, domain.Refuse(domain.Invalid, "invalid_field", "a course result has no scoreStatus: courseAttemptResult says what came of it")
	}
	r := academicrecord.CourseResultRecorded{
		CourseResult: act.ID("courseResult"), SchoolYear: year, Course: in.Course, Session: in.Session, Attempt: first(in.Attempt),
		CourseAttemptResult: in.CourseAttemptResult, GradingScheme: in.Final.GradingScheme,
		FinalNumericGradeEarned: in.Final.NumericGradeEarned, FinalLetterGradeEarned: in.Final.LetterGradeEarned, When: dated(in.When),
	}
	return l.enter(ctx, act, stream, q, r.CourseResult, r.EventDate, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.RecordCourseResult{Result: r, Evidence: e}
	})
}

// ForeignGradeInput is a grade of a school outside the ledger, as its document has it.
type ForeignGradeInput struct {
	Student    domain.ID
	SchoolYear int
	// Grade holds the words; its ids and year are set here.
	Grade academicrecord.ForeignGradeRecorded
}

// RecordForeignGrade carries a grade of a school outside, word for word.
func (l *Ledger) RecordForeignGrade(ctx context.Context, act Act, in ForeignGradeInput) (Written, error) {
	q := recordQuery{student: in.Student, year: in.SchoolYear}
	stream, year, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	g := in.Grade
	g.ForeignGrade, g.SchoolYear, g.When = act.ID("foreignGrade"), year, dated(g.When)
	return l.enter(ctx, act, stream, q, g.ForeignGrade, g.EventDate, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.RecordForeignGrade{Grade: g, Evidence: e}
	})
}

// CreditInput is credits for a course, earned here or recognized.
type CreditInput struct {
	Student, Course domain.ID
	// Session is empty for credits of the year as a whole; SchoolYear is then needed.
	Session              domain.ID
	SchoolYear           int
	AssessmentIdentifier string
	Attempt              int
	EarnedCredits        domain.Decimal
	MethodCreditEarned   domain.Descriptor
	ForeignGrade         domain.ID
	// Recognized is the result carried over; its zero value for none.
	Recognized academicrecord.Mark
	academicrecord.When
}

// AwardCredit records credits.
func (l *Ledger) AwardCredit(ctx context.Context, act Act, in CreditInput) (Written, error) {
	q := recordQuery{student: in.Student, session: in.Session, year: in.SchoolYear, course: in.Course, mark: in.Recognized}
	stream, year, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	c := academicrecord.CreditAwarded{
		Credit: act.ID("credit"), SchoolYear: year, Course: in.Course, Session: in.Session,
		AssessmentIdentifier: in.AssessmentIdentifier, Attempt: first(in.Attempt), EarnedCredits: in.EarnedCredits,
		MethodCreditEarned: in.MethodCreditEarned, ForeignGrade: in.ForeignGrade, Mark: in.Recognized, When: dated(in.When),
	}
	return l.enter(ctx, act, stream, q, c.Credit, c.EventDate, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.AwardCredit{Credit: c, Evidence: e}
	})
}

// JuryInput is what a jury decided about a student.
type JuryInput struct {
	Student domain.ID
	// Session is empty for a decision on the whole year; SchoolYear is then needed.
	Session    domain.ID
	SchoolYear int
	// Course is empty unless the decision is about one course; CourseAttemptResult then says
	// Pass or Fail.
	Course              domain.ID
	CourseAttemptResult domain.Descriptor
	Decision            domain.Descriptor
	Supersedes          domain.ID
	academicrecord.When
	// Reason is sealed; empty for none.
	Reason string
}

// DecideJury records what a jury decided.
func (l *Ledger) DecideJury(ctx context.Context, act Act, in JuryInput) (Written, error) {
	q := recordQuery{student: in.Student, session: in.Session, year: in.SchoolYear, course: in.Course}
	stream, year, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	j := academicrecord.JuryDecided{
		JuryDecision: act.ID("juryDecision"), SchoolYear: year, Session: in.Session, Course: in.Course, CourseAttemptResult: in.CourseAttemptResult,
		Decision: in.Decision, Supersedes: in.Supersedes, When: dated(in.When),
	}
	if j.Reason, err = reason(in.Student, in.Reason); err != nil {
		return Written{}, err
	}
	return l.enter(ctx, act, stream, q, j.JuryDecision, j.EventDate, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.DecideJury{Decision: j, Evidence: e}
	})
}

// enter executes one recording command on a record.
func (l *Ledger) enter(ctx context.Context, act Act, stream string, q recordQuery, id domain.ID, day domain.Date, command func(academicrecord.Evidence) academicrecord.Command) (Written, error) {
	act = act.About(q.student).Effective(string(day))
	out, err := Execute(ctx, l, academicrecord.Decider, stream, act, func(ctx context.Context) (academicrecord.Command, []eventlog.Input, error) {
		e, inputs, err := l.recordEvidence(ctx, act, q)
		if err != nil {
			return nil, nil, err
		}
		return command(e), inputs, nil
	})
	return writtenAs(id, out, err)
}

// recordQuery is what a command on a record names.
type recordQuery struct {
	// school is empty for the acting institution.
	school, student, session, course domain.ID
	// year counts where no session is named.
	year int
	mark academicrecord.Mark
}

// at is the school whose record it is.
func (q recordQuery) at(act Act) domain.ID {
	if q.school == "" {
		return act.Institution
	}
	return q.school
}

// recordStream is the record that a command belongs to.
func (l *Ledger) recordStream(ctx context.Context, act Act, q recordQuery) (stream string, year int, err error) {
	if err := domain.Check(
		domain.Rule{Field: "student", Holds: q.student.Valid(), Says: "is a student's id"},
		domain.Rule{Field: "session", Holds: q.session == "" || q.session.Valid(), Says: "is an academic session's id"},
		domain.Rule{Field: "course", Holds: q.course == "" || q.course.Valid(), Says: "is a course's id"},
		domain.Rule{Field: "schoolYear", Holds: q.session != "" || q.year >= 1900 && q.year <= 2199, Says: "is the year in which the school year ends"},
	); err != nil {
		return "", 0, err
	}
	year = q.year
	if q.session != "" {
		s, err := Load(ctx, l, academicsession.Decider, academicsession.Decider.Stream(q.session), act)
		if err != nil {
			return "", 0, err
		}
		if !s.State.Opened() {
			// Which comes first is no matter to the rules, but whose student it is comes before all.
			if _, err := l.pupil(ctx, act, q.at(act), q.student); err != nil {
				return "", 0, err
			}
			return "", 0, domain.Refuse(domain.Missing, "session_unknown", "this school has no such academic session")
		}
		if year != 0 && year != s.State.Definition.SchoolYear {
			return "", 0, domain.Refuse(domain.Invalid, "invalid_field", "schoolYear is the one of the session")
		}
		year = s.State.Definition.SchoolYear
	}
	return academicrecord.Stream(act.Tenant, q.student, q.at(act), year), year, nil
}

// pupil is a student whom the school itself registered, or has or had enrolled; others
// answer like students who do not exist.
func (l *Ledger) pupil(ctx context.Context, act Act, school, id domain.ID) (Pupil, error) {
	p, err := l.pupilOf(ctx, act, id)
	if err != nil {
		return p, err
	}
	known := p.Student.State.School == school
	for _, x := range p.Enrollment.State.Enrollments {
		known = known || x.School == school && !x.Voided
	}
	switch {
	case !known:
		return p, errNotFound()
	case p.Student.State.MergedInto != "":
		return p, domain.Refuse(domain.Conflict, "student_merged", "this student was merged into another: use that one")
	}
	return p, nil
}

// recordEvidence is what the record's rules need from other streams, from the folds in
// memory where they are there.
func (l *Ledger) recordEvidence(ctx context.Context, act Act, q recordQuery) (academicrecord.Evidence, []eventlog.Input, error) {
	school := q.at(act)
	e := academicrecord.Evidence{Today: act.Today(), School: school}
	p, err := l.pupil(ctx, act, q.at(act), q.student)
	if err != nil {
		return e, nil, err
	}
	inputs := p.Inputs()
	for _, x := range p.Enrollment.State.Enrollments {
		if x.School == school && !x.Voided {
			span := domain.Span{From: x.Entry}
			if x.Exit != "" {
				span.Until = x.Exit.AddDays(1)
			}
			e.Enrolled = append(e.Enrolled, span)
		}
	}
	if q.session != "" {
		s, err := Load(ctx, l, academicsession.Decider, academicsession.Decider.Stream(q.session), act)
		if err != nil {
			return e, nil, err
		}
		if s.State.Opened() {
			d := s.State.Definition
			e.Session = academicrecord.Session{Known: true, School: d.School, SchoolYear: d.SchoolYear, BeginDate: d.BeginDate, EndDate: d.EndDate, Finalized: s.State.Finalized()}
			inputs = append(inputs, s.Input())
		}
	}
	if q.course != "" {
		c, err := Load(ctx, l, course.Decider, course.Decider.Stream(q.course), act)
		if err != nil {
			return e, nil, err
		}
		offered, err := l.offered(ctx, act, school, c.State.Definition.EducationOrganization)
		if err != nil {
			return e, nil, err
		}
		if offered {
			e.Course = academicrecord.Course{Known: true, RetiredFrom: c.State.EndDate}
			inputs = append(inputs, c.Input())
		}
	}
	if q.mark.GradingScheme.Valid() {
		s, err := Load(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(q.mark.GradingScheme), act)
		if err != nil {
			return e, nil, err
		}
		offered, err := l.offered(ctx, act, school, s.State.Definition.EducationOrganization)
		if err != nil {
			return e, nil, err
		}
		if offered {
			e.Scheme = schemeEvidence(s.State.Definition.Scheme, q.mark)
			inputs = append(inputs, s.Input())
		}
	}
	return e, inputs, nil
}

// offered reports whether the school may use what owner defined; nobody defined what does
// not exist.
func (l *Ledger) offered(ctx context.Context, act Act, school, owner domain.ID) (bool, error) {
	if owner == "" || owner == school {
		return owner != "", nil
	}
	return l.Offers(ctx, act, owner, school)
}

func schemeEvidence(s gradingscheme.Scheme, m academicrecord.Mark) academicrecord.Scheme {
	e := academicrecord.Scheme{Known: true, MinScore: s.MinScore, MaxScore: s.MaxScore, Step: s.Step}
	if m.LetterGradeEarned == "" {
		return e
	}
	for _, l := range s.Labels {
		e.Labels = append(e.Labels, l.Label)
	}
	if m.NumericGradeEarned != nil {
		e.Reads = s.LabelOf(*m.NumericGradeEarned)
	}
	return e
}

func reason(student domain.ID, words string) (domain.Private, error) {
	if words == "" {
		return domain.Private{}, nil
	}
	return domain.Conceal(student, domain.ClassRecord, academicrecord.Reason{Reason: words})
}

// first is the attempt, the first when none is named.
func first(attempt int) int {
	if attempt == 0 {
		return 1
	}
	return attempt
}

// dated writes "day" as it is stored: not at all.
func dated(w academicrecord.When) academicrecord.When {
	if w.DatePrecision == "day" {
		w.DatePrecision = ""
	}
	return w
}

// CourseByCode is the course that the acting institution, or the nearest authority above it,
// calls courseCode; course_unknown when none does.
func (l *Ledger) CourseByCode(ctx context.Context, act Act, courseCode string) (domain.ID, error) {
	above, err := l.Ancestors(ctx, act, act.Institution)
	if err != nil {
		return "", err
	}
	for _, owner := range append([]domain.ID{act.Institution}, above...) {
		id := CourseID(act.Tenant, owner, courseCode)
		c, err := Load(ctx, l, course.Decider, course.Decider.Stream(id), act)
		if err != nil {
			return "", err
		}
		if c.State.Defined() {
			return id, nil
		}
	}
	return "", domain.Refuse(domain.Missing, "course_unknown", "there is no such course here")
}
