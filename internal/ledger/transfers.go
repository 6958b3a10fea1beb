package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/text"
)

// TransferInput asks for a student of another school.
type TransferInput struct {
	// Student by id or by Number; who is not in sight is known by number.
	Student domain.ID
	Number  student.Identification
	// To is the new school; empty for the acting institution.
	To         domain.ID
	EntryDate  domain.Date
	GradeLevel domain.Descriptor
	// Session is the term at the new school after which an open request lapses; empty for
	// [enrollment.TermDays] from today.
	Session domain.ID
}

// RequestTransfer asks the school that has a student to release them. The answer's ID is
// the transfer's, Student the student's, by which the requester follows it.
func (l *Ledger) RequestTransfer(ctx context.Context, act Act, in TransferInput) (Enrolled, error) {
	in.To = ownerOr(act, in.To)
	who, err := l.named(ctx, act, in.Student, in.Number)
	if err != nil {
		return Enrolled{}, err
	}
	act = datedToday(act).About(who)
	id := act.ID("transfer")
	out, err := Execute(ctx, l, enrollment.Decider, enrollment.Decider.Stream(who), act, func(ctx context.Context) (enrollment.Command, []eventlog.Input, error) {
		if _, err := l.Reach(ctx, act, in.To); err != nil {
			return nil, nil, err
		}
		if in.Student != "" {
			if _, err := l.MayTouch(ctx, act, who); err != nil {
				return nil, nil, err
			}
		}
		e, inputs, err := l.placing(ctx, act, who, enrollment.Placement{School: in.To, Session: in.Session, EntryDate: in.EntryDate})
		if err != nil {
			return nil, nil, err
		}
		lapses, err := l.lapseDate(ctx, act, in)
		return enrollment.RequestTransfer{
			Transfer: id, To: in.To, EntryDate: in.EntryDate, GradeLevel: in.GradeLevel,
			Today: act.Today(), LapseDate: lapses, Evidence: e,
		}, inputs, err
	})
	w, err := writtenAs(id, out, err)
	return Enrolled{w, who}, err
}

// lapseDate is the first day after the term in which a request can be answered.
func (l *Ledger) lapseDate(ctx context.Context, act Act, in TransferInput) (domain.Date, error) {
	if in.Session != "" {
		s, err := Load(ctx, l, academicsession.Decider, academicsession.Decider.Stream(in.Session), act)
		if err != nil {
			return "", err
		}
		if s.State.Definition.School != in.To || s.State.Span().Until <= act.Today() {
			return "", domain.Refuse(domain.Missing, "session_unknown", "this school has no such academic session, or it is over")
		}
		return s.State.Span().Until, nil
	}
	return act.Today().AddDays(enrollment.TermDays), nil
}

// Move names one transfer of one student.
type Move struct{ Student, Transfer domain.ID }

// ReleaseTransfer lets the student go. exit is the last day, empty for the day on which the
// new school wishes to begin. Who stands above the old school releases after a contest.
func (l *Ledger) ReleaseTransfer(ctx context.Context, act Act, m Move, exit domain.Date) (Written, error) {
	return l.onTransfer(ctx, act, m, func(_ context.Context, p enrollment.Party) (enrollment.Command, []eventlog.Input, error) {
		return enrollment.ReleaseTransfer{Party: p, ExitDate: exit}, nil, nil
	})
}

// ContestTransfer objects to a request. note is free text about the student, sealed; it may be empty.
func (l *Ledger) ContestTransfer(ctx context.Context, act Act, m Move, why domain.Descriptor, note string) (Written, error) {
	words, err := concealNote(m.Student, note)
	if err != nil {
		return Written{}, err
	}
	return l.onTransfer(ctx, act, m, func(_ context.Context, p enrollment.Party) (enrollment.Command, []eventlog.Input, error) {
		return enrollment.ContestTransfer{Party: p, Reason: why, Note: words}, nil, nil
	})
}

// RefuseTransfer does not take the student whom the old school released.
func (l *Ledger) RefuseTransfer(ctx context.Context, act Act, m Move, why domain.Descriptor, note string) (Written, error) {
	words, err := concealNote(m.Student, note)
	if err != nil {
		return Written{}, err
	}
	return l.onTransfer(ctx, act, m, func(_ context.Context, p enrollment.Party) (enrollment.Command, []eventlog.Input, error) {
		return enrollment.RefuseTransfer{Party: p, Reason: why, Note: words}, nil, nil
	})
}

// CancelTransfer takes a request back before it is released.
func (l *Ledger) CancelTransfer(ctx context.Context, act Act, m Move) (Written, error) {
	return l.onTransfer(ctx, act, m, func(_ context.Context, p enrollment.Party) (enrollment.Command, []eventlog.Input, error) {
		return enrollment.CancelTransfer{Party: p}, nil, nil
	})
}

// AcceptInput is where the new school puts the student. What is empty is as requested.
type AcceptInput struct {
	Program, Session domain.ID
	EntryDate        domain.Date
	EntryType        domain.Descriptor
	GradeLevel       domain.Descriptor
}

// AcceptTransfer takes the student: in one append the old enrollment is closed, the new
// one opened, and what the record said at that moment pinned by a salted digest. The
// answer's ID is the new enrollment's.
func (l *Ledger) AcceptTransfer(ctx context.Context, act Act, m Move, in AcceptInput) (Written, error) {
	placed := enrollment.Placement{
		Enrollment: act.ID("enrollment"), Program: in.Program, Session: in.Session,
		EntryDate: in.EntryDate, EntryType: in.EntryType, GradeLevel: in.GradeLevel,
	}
	w, err := l.onTransfer(ctx, act, m, func(ctx context.Context, p enrollment.Party) (enrollment.Command, []eventlog.Input, error) {
		pupil, err := l.pupilOf(ctx, act, m.Student)
		if err != nil {
			return nil, nil, err
		}
		t, _ := pupil.Enrollment.State.Transfer(m.Transfer)
		q := placed
		if q.School = t.To; q.EntryDate == "" {
			q.EntryDate = t.Entry
		}
		e, inputs, err := l.placing(ctx, act, m.Student, q)
		if err != nil {
			return nil, nil, err
		}
		carried, record, err := l.carried(ctx, act, pupil, m.Transfer)
		if err != nil {
			return nil, nil, err
		}
		sealed, err := domain.Conceal(m.Student, domain.ClassRecord, carried)
		return enrollment.AcceptTransfer{
			Party: p, Placement: q, Evidence: e, RecordDigest: carried.Digest(), Record: sealed,
		}, append(inputs, record...), err
	})
	if err == nil {
		w.ID = placed.Enrollment
	}
	return w, err
}

// LapseTransfer ends a request that is still open after its term. act is a process's.
func (l *Ledger) LapseTransfer(ctx context.Context, act Act, m Move) error {
	_, err := Execute(ctx, l, enrollment.Decider, enrollment.Decider.Stream(m.Student), datedToday(act),
		Just[enrollment.Command](enrollment.LapseTransfer{Transfer: m.Transfer, Today: act.Today()}))
	return err
}

// onTransfer executes a command on a transfer for one of its two schools, or who stands
// above one of them. For all others there is no such transfer.
func (l *Ledger) onTransfer(ctx context.Context, act Act, m Move, command func(context.Context, enrollment.Party) (enrollment.Command, []eventlog.Input, error)) (Written, error) {
	if !m.Student.Valid() {
		return Written{}, errNotFound()
	}
	act = datedToday(act).About(m.Student)
	out, err := Execute(ctx, l, enrollment.Decider, enrollment.Decider.Stream(m.Student), act, func(ctx context.Context) (enrollment.Command, []eventlog.Input, error) {
		pupil, err := l.pupilOf(ctx, act, m.Student)
		if err != nil {
			return nil, nil, err
		}
		t, ok := pupil.Enrollment.State.Transfer(m.Transfer)
		if !ok {
			return nil, nil, errNotFound()
		}
		if err := l.reachesAny(ctx, act, []domain.ID{t.From, t.To}); err != nil {
			return nil, nil, err
		}
		p, err := l.party(ctx, act, t)
		if err != nil {
			return nil, nil, err
		}
		return command(ctx, p)
	})
	return writtenAs(m.Transfer, out, err)
}

// party is how the acting institution stands in a transfer. For a school that has closed
// its records custodian speaks, or whoever stands above it.
func (l *Ledger) party(ctx context.Context, act Act, t enrollment.Transfer) (enrollment.Party, error) {
	p := enrollment.Party{Transfer: t.ID, By: act.Institution, Today: act.Today()}
	if act.Institution == t.From || act.Institution == t.To {
		return p, nil
	}
	var err error
	if p.AboveOld, err = l.Within(ctx, act, t.From, act.Institution); err != nil {
		return p, err
	}
	if p.AboveNew, err = l.Within(ctx, act, t.To, act.Institution); err != nil {
		return p, err
	}
	old, err := l.Institution(ctx, act, t.From)
	if err != nil {
		return p, err
	}
	keeps := old.State.CustodianOn(t.From, act.Today()) == act.Institution
	if !old.State.OperatingOn(act.Today()) && (p.AboveOld || keeps) {
		p.By = t.From
	}
	return p, nil
}

func concealNote(who domain.ID, note string) (domain.Private, error) {
	if note == "" {
		return domain.Private{}, nil
	}
	clean, err := text.Note(note)
	if err != nil {
		return domain.Private{}, err
	}
	return domain.Conceal(who, domain.ClassRecord, enrollment.Note{Text: clean})
}
