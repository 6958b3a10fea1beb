package ledger

import (
	"context"
	"fmt"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/program"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// EnrollmentInput is where a student is to be enrolled.
type EnrollmentInput struct {
	// Student is one the acting institution may see. A student it may not is named by Number.
	Student domain.ID
	Number  student.Identification
	// School is empty for the acting institution.
	School, Program, Session domain.ID
	EntryDate                domain.Date
	// DatePrecision is empty for day.
	DatePrecision enrollment.DatePrecision
	EntryType     domain.Descriptor
	GradeLevel    domain.Descriptor
	Primary       bool
}

// Enrolled is what an enrollment answers.
type Enrolled struct {
	Written
	Student domain.ID
}

// Enroll enrolls a student at a school. The answer's ID is the enrollment's.
func (l *Ledger) Enroll(ctx context.Context, act Act, in EnrollmentInput) (Enrolled, error) {
	in.School = ownerOr(act, in.School)
	who, err := l.named(ctx, act, in.Student, in.Number)
	if err != nil {
		return Enrolled{}, err
	}
	act = act.About(who).Effective(string(in.EntryDate))
	p := enrollment.Placement{
		Enrollment: act.ID("enrollment"), School: in.School, Program: in.Program, Session: in.Session,
		EntryDate: in.EntryDate, DatePrecision: in.DatePrecision, EntryType: in.EntryType, GradeLevel: in.GradeLevel, Primary: in.Primary,
	}
	out, err := Execute(ctx, l, enrollment.Decider, enrollment.Decider.Stream(who), act, func(ctx context.Context) (enrollment.Command, []eventlog.Input, error) {
		if _, err := l.Reach(ctx, act, p.School); err != nil {
			return nil, nil, err
		}
		if in.Student != "" {
			if _, err := l.MayTouch(ctx, act, who); err != nil {
				return nil, nil, err
			}
		}
		e, inputs, err := l.placing(ctx, act, who, p)
		return enrollment.Enroll{Placement: p, Evidence: e, Today: act.Today()}, inputs, err
	})
	w, err := writtenAs(p.Enrollment, out, err)
	return Enrolled{w, who}, err
}

// named is the student a command is about: by id, when the caller still has to find out
// whether they are in sight, or by number, anyone in the authority. An unknown number
// answers not_found.
func (l *Ledger) named(ctx context.Context, act Act, id domain.ID, number student.Identification) (domain.ID, error) {
	switch {
	case (id == "") == (number == student.Identification{}):
		return "", domain.Refuse(domain.Invalid, "invalid_field", "a student is named either by id or by an identifier")
	case id.Valid():
		return id, nil
	case id != "":
		return "", errNotFound()
	}
	p, found, err := l.findStudent(ctx, act, number)
	if err == nil && !found {
		err = errNotFound()
	}
	return p.ID, err
}

// placing is what the other streams say about a placement.
func (l *Ledger) placing(ctx context.Context, act Act, who domain.ID, p enrollment.Placement) (enrollment.Evidence, []eventlog.Input, error) {
	var e enrollment.Evidence
	person, err := Load(ctx, l, student.Decider, student.Decider.Stream(who), act)
	if err != nil {
		return e, nil, fmt.Errorf("loading a student: %w", err)
	}
	e.StudentRegistered, e.StudentMerged = person.State.Registered, person.State.MergedInto != ""
	school, err := l.Institution(ctx, act, p.School)
	if err != nil {
		return e, nil, err
	}
	e.SchoolEnrolls = school.State.EnrollsOn(p.EntryDate)
	inputs := []eventlog.Input{person.Input(), school.Input()}
	if e.ProgramKnown = p.Program == ""; !e.ProgramKnown {
		prog, err := Load(ctx, l, program.Decider, program.Decider.Stream(p.Program), act)
		if err != nil {
			return e, nil, fmt.Errorf("loading a program: %w", err)
		}
		if owner := prog.State.Definition.EducationOrganization; owner != "" {
			if e.ProgramKnown, err = l.Offers(ctx, act, owner, p.School); err != nil {
				return e, nil, err
			}
			inputs = append(inputs, prog.Input())
		}
	}
	if p.Session != "" {
		session, err := Load(ctx, l, academicsession.Decider, academicsession.Decider.Stream(p.Session), act)
		if err != nil {
			return e, nil, fmt.Errorf("loading a session: %w", err)
		}
		if session.State.Opened() && session.State.Definition.School == p.School {
			e.SessionDays = session.State.Span()
			inputs = append(inputs, session.Input())
		}
	}
	return e, inputs, nil
}

// At names one enrollment of one student.
type At struct{ Student, Enrollment domain.ID }

// Withdraw ends an enrollment. precision is empty for day.
func (l *Ledger) Withdraw(ctx context.Context, act Act, at At, day domain.Date, precision enrollment.DatePrecision, exitType domain.Descriptor) (Written, error) {
	return l.onEnrollment(ctx, act, at, day, enrollment.Withdraw{
		Enrollment: at.Enrollment, ExitDate: day, DatePrecision: precision, ExitType: exitType, Today: act.Today(),
	})
}

// ChangeGradeLevel sets another level within the year.
func (l *Ledger) ChangeGradeLevel(ctx context.Context, act Act, at At, level domain.Descriptor, day domain.Date) (Written, error) {
	return l.onEnrollment(ctx, act, at, day, enrollment.ChangeGradeLevel{Enrollment: at.Enrollment, GradeLevel: level, Effective: day})
}

// Promote ends the year with another level.
func (l *Ledger) Promote(ctx context.Context, act Act, at At, level domain.Descriptor, day domain.Date) (Written, error) {
	return l.onEnrollment(ctx, act, at, day, enrollment.Promote{Enrollment: at.Enrollment, GradeLevel: level, Effective: day})
}

// Retain ends the year at the same level. why may be empty.
func (l *Ledger) Retain(ctx context.Context, act Act, at At, day domain.Date, why domain.Descriptor) (Written, error) {
	return l.onEnrollment(ctx, act, at, day, enrollment.Retain{Enrollment: at.Enrollment, Effective: day, Reason: why})
}

// VoidEnrollment says that an enrollment should never have been recorded.
func (l *Ledger) VoidEnrollment(ctx context.Context, act Act, at At, why domain.Descriptor) (Written, error) {
	return l.onEnrollment(ctx, act, at, act.Today(), enrollment.Void{Enrollment: at.Enrollment, Reason: why})
}

// onEnrollment executes a command on an enrollment at the acting institution's school, or
// one below it. Any other enrollment answers not_found.
func (l *Ledger) onEnrollment(ctx context.Context, act Act, at At, day domain.Date, cmd enrollment.Command) (Written, error) {
	if !at.Student.Valid() {
		return Written{}, errNotFound()
	}
	act = act.About(at.Student).Effective(string(day))
	out, err := Execute(ctx, l, enrollment.Decider, enrollment.Decider.Stream(at.Student), act, func(ctx context.Context) (enrollment.Command, []eventlog.Input, error) {
		p, err := l.pupilOf(ctx, act, at.Student)
		if err != nil {
			return nil, nil, err
		}
		e, ok := p.Enrollment.State.Enrollment(at.Enrollment)
		if !ok {
			return nil, nil, errNotFound()
		}
		if err := l.reachesAny(ctx, act, []domain.ID{e.School}); err != nil {
			return nil, nil, err
		}
		if p.Student.State.MergedInto != "" {
			return nil, nil, domain.Refuse(domain.Conflict, "student_merged", "this student was merged into another: use that one")
		}
		return cmd, []eventlog.Input{p.Student.Input()}, nil
	})
	return writtenAs(at.Enrollment, out, err)
}
