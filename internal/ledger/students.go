package ledger

import (
	"context"
	"strconv"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/text"
)

// maxNumbers bounds the identifiers of one registration.
const maxNumbers = 10

// StudentInput is a person to be registered.
type StudentInput struct {
	// School registers; empty for the acting institution.
	School domain.ID
	Sex    domain.Descriptor
	// BirthYear is for persons whose birth date is not known; else it follows from it.
	BirthYear int
	// Assurance is how well the identity is known; empty for declared.
	Assurance student.Assurance
	Person    student.Person
	Numbers   []student.Identification
}

// RegisterStudent enters a person in the register under an id of the server's making, each
// number reserved first, so that one number names one student in the whole authority.
// It may be repeated after a crash at any point.
//
// Refusals: identifier_taken when a number names another student; reservation_lapsed when
// a repetition comes so late that its numbers were released; those of [student.Register].
func (l *Ledger) RegisterStudent(ctx context.Context, act Act, in StudentInput) (Written, error) {
	id := act.ID("student")
	act = datedToday(act).About(id)
	in.School = ownerOr(act, in.School)
	cmd, numbers, err := l.registration(ctx, act, id, in)
	if err != nil {
		return Written{}, err
	}
	stream := student.Decider.Stream(id)
	known, err := Load(ctx, l, student.Decider, stream, act)
	if err != nil {
		return Written{}, err
	}
	if !known.State.Registered {
		// Whatever can be refused is refused before a number is taken for it.
		if err := rehearse(ctx, l, student.Decider, stream, act, student.Command(cmd)); err != nil {
			return Written{}, err
		}
		if _, err := l.registrar(ctx, act, in.School); err != nil {
			return Written{}, err
		}
		if err := l.reserve(ctx, act, id, numbers); err != nil {
			return Written{}, err
		}
	}
	out, err := Execute(ctx, l, student.Decider, stream, act, func(ctx context.Context) (student.Command, []eventlog.Input, error) {
		school, err := l.registrar(ctx, act, in.School)
		return cmd, []eventlog.Input{school}, err
	})
	return writtenAs(id, out, err)
}

// registration is the command, everything in it from outside cleaned and concealed.
func (l *Ledger) registration(ctx context.Context, act Act, id domain.ID, in StudentInput) (student.Register, []number, error) {
	cmd := student.Register{School: in.School, Sex: in.Sex, Assurance: in.Assurance, Today: act.Today()}
	if len(in.Numbers) > maxNumbers {
		return cmd, nil, domain.Refuse(domain.Invalid, "invalid_field", "a student is registered with at most %d identifiers", maxNumbers)
	}
	p := in.Person
	var err error
	if p.Names, err = cleanNames(p.Names); err != nil {
		return cmd, nil, err
	}
	if cmd.BirthYear, err = cleanBirth(&p.Birth, in.BirthYear, act.Today()); err != nil {
		return cmd, nil, err
	}
	cmd.Named = len(p.Names) > 0
	if cmd.Named || p.Birth != (student.Birth{}) {
		if cmd.Person, err = domain.Conceal(id, domain.ClassRecord, p); err != nil {
			return cmd, nil, err
		}
	}
	numbers := make([]number, len(in.Numbers))
	for i, n := range in.Numbers {
		if numbers[i], err = l.numberOf(ctx, act, id, act.ID("link/"+strconv.Itoa(i)), n); err != nil {
			return cmd, nil, err
		}
		link, err := numbers[i].newLink(id)
		if err != nil {
			return cmd, nil, err
		}
		cmd.Links = append(cmd.Links, link)
	}
	return cmd, numbers, nil
}

// registrar is the institution that registers: within reach, and working today.
func (l *Ledger) registrar(ctx context.Context, act Act, id domain.ID) (eventlog.Input, error) {
	in, err := l.Reach(ctx, act, id)
	if err != nil {
		return in.Input(), err
	}
	if !in.State.EnrollsOn(act.Today()) {
		return in.Input(), domain.Refuse(domain.Conflict, "institution_not_operating", "a school that works registers students")
	}
	return in.Input(), nil
}

// NameInput is a change of legal name.
type NameInput struct {
	Student domain.ID
	// Names replace all names so far.
	Names []student.Name
	// Evidence is the sort of proof seen, Reference where it lies.
	Evidence  domain.Descriptor
	Reference string
}

// ChangeLegalName records new legal names.
func (l *Ledger) ChangeLegalName(ctx context.Context, act Act, in NameInput) (Written, error) {
	names, err := cleanNames(in.Names)
	if err != nil {
		return Written{}, err
	}
	if len(names) == 0 {
		return Written{}, domain.Refuse(domain.Invalid, "name_missing", "a change of name has at least one name")
	}
	if err := cleanLine(&in.Reference, text.Name); err != nil {
		return Written{}, err
	}
	p, err := domain.Conceal(in.Student, domain.ClassRecord, student.NameChange{Names: names, Reference: in.Reference})
	if err != nil {
		return Written{}, err
	}
	return l.changeStudent(ctx, act, in.Student, student.ChangeLegalName{Evidence: in.Evidence, Names: p})
}

// BirthInput is birth data as it should have been registered, as a whole; an empty sex or
// year stays.
type BirthInput struct {
	Student   domain.ID
	Sex       domain.Descriptor
	BirthYear int
	Birth     student.Birth
	Evidence  domain.Descriptor
	Reference string
}

// CorrectBirthData records other birth data.
func (l *Ledger) CorrectBirthData(ctx context.Context, act Act, in BirthInput) (Written, error) {
	year, err := cleanBirth(&in.Birth, in.BirthYear, act.Today())
	if err != nil {
		return Written{}, err
	}
	if err := cleanLine(&in.Reference, text.Name); err != nil {
		return Written{}, err
	}
	p, err := domain.Conceal(in.Student, domain.ClassRecord, student.BirthCorrection{Birth: in.Birth, Reference: in.Reference})
	if err != nil {
		return Written{}, err
	}
	return l.changeStudent(ctx, act, in.Student, student.CorrectBirthData{
		Sex: in.Sex, BirthYear: year, Evidence: in.Evidence, Birth: p, Today: act.Today(),
	})
}

// changeStudent executes a command that those who have the student may give.
func (l *Ledger) changeStudent(ctx context.Context, act Act, id domain.ID, cmd student.Command) (Written, error) {
	act = datedToday(act).About(id)
	out, err := Execute(ctx, l, student.Decider, student.Decider.Stream(id), act, func(ctx context.Context) (student.Command, []eventlog.Input, error) {
		p, err := l.MayChange(ctx, act, id)
		return cmd, enrolledInput(p), err
	})
	return writtenAs(id, out, err)
}

// enrolledInput names the enrollments that a decision on the student's own stream rests on.
func enrolledInput(p Pupil) []eventlog.Input {
	if !p.Enrollment.Exists() {
		return nil
	}
	return []eventlog.Input{p.Enrollment.Input()}
}
