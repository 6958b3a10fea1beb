package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/internal/eventlog"
)

// EntryRef names an entry of a school's record of a student in a school year.
type EntryRef struct {
	// School is empty for the acting institution. An authority above the school, and the
	// custodian of a closed one's records, name it.
	School     domain.ID
	Student    domain.ID
	SchoolYear int
	// Of is the grade, course result, jury decision, credit or foreign grade.
	Of domain.ID
}

// Change is why, when and on whose authority an entry is amended or voided.
type Change struct {
	ReasonCode domain.Descriptor
	// Authority is the institution that answers for it; empty means the acting one.
	Authority domain.ID
	academicrecord.When
	// Reason is sealed; empty for none.
	Reason string
}

// AmendInput is what shall hold for an entry from now on.
type AmendInput struct {
	EntryRef
	Change
	// Follows is the entry or amendment the caller saw last; empty to follow whatever stands.
	Follows domain.ID
	academicrecord.Mark
	// CourseAttemptResult is for course results, Decision for jury decisions.
	CourseAttemptResult domain.Descriptor
	Decision            domain.Descriptor
}

// Amended is the answer to an amendment or a voiding.
type Amended struct {
	Written
	// Pending: the session is finalized, so that this is a proposal which another officer
	// has to confirm.
	Pending bool
}

// AmendGrade amends a grade, a course result or a jury decision. After the session was
// finalized it proposes to.
func (l *Ledger) AmendGrade(ctx context.Context, act Act, in AmendInput) (Amended, error) {
	id := act.ID("amendment")
	words, err := reason(in.Student, in.Reason)
	if err != nil {
		return Amended{}, err
	}
	return l.amend(ctx, act, in.EntryRef, in.Change, in.Mark, id, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.Amend{
			Amended: academicrecord.Amended{
				Amendment: id, Of: in.Of, Follows: in.Follows, Mark: in.Mark, CourseAttemptResult: in.CourseAttemptResult,
				Decision: in.Decision, ReasonCode: in.ReasonCode, Authority: ownerOr(act, in.Authority),
			},
			When: dated(in.When), Reason: words, By: act.Actor, Evidence: e,
		}
	})
}

// VoidInput says that an entry shall no longer count.
type VoidInput struct {
	EntryRef
	Change
}

// VoidGrade voids an entry of any kind. After the session was finalized it proposes to.
func (l *Ledger) VoidGrade(ctx context.Context, act Act, in VoidInput) (Amended, error) {
	id := act.ID("void")
	words, err := reason(in.Student, in.Reason)
	if err != nil {
		return Amended{}, err
	}
	return l.amend(ctx, act, in.EntryRef, in.Change, academicrecord.Mark{}, id, func(e academicrecord.Evidence) academicrecord.Command {
		return academicrecord.Void{
			Void: id, Of: in.Of, ReasonCode: in.ReasonCode, Authority: ownerOr(act, in.Authority),
			When: dated(in.When), Reason: words, By: act.Actor, Evidence: e,
		}
	})
}

// ConfirmAmendment is the second officer's yes to what [Ledger.AmendGrade] or [Ledger.VoidGrade]
// proposed; ref.Of is the proposal's id. The officer is the authenticated actor, whoever they
// say they act for.
func (l *Ledger) ConfirmAmendment(ctx context.Context, act Act, ref EntryRef) (Written, error) {
	return l.settle(ctx, act, ref, academicrecord.ConfirmAmendment{Amendment: ref.Of, By: act.Actor})
}

// DeclineAmendment is a no to a proposal; ref.Of is the proposal's id.
func (l *Ledger) DeclineAmendment(ctx context.Context, act Act, ref EntryRef, reasonCode domain.Descriptor) (Written, error) {
	return l.settle(ctx, act, ref, academicrecord.DeclineAmendment{Amendment: ref.Of, ReasonCode: reasonCode, By: act.Actor})
}

func (l *Ledger) amend(ctx context.Context, act Act, ref EntryRef, c Change, mark academicrecord.Mark, id domain.ID, command func(academicrecord.Evidence) academicrecord.Command) (Amended, error) {
	q := recordQuery{school: ref.School, student: ref.Student, year: ref.SchoolYear, mark: mark}
	stream, _, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Amended{}, err
	}
	act = act.About(ref.Student).Effective(string(c.EventDate))
	out, err := Execute(ctx, l, academicrecord.Decider, stream, act, func(ctx context.Context) (academicrecord.Command, []eventlog.Input, error) {
		if err := l.reachesAny(ctx, act, []domain.ID{q.at(act)}); err != nil {
			return nil, nil, err
		}
		record, err := Load(ctx, l, academicrecord.Decider, stream, act)
		if err != nil {
			return nil, nil, err
		}
		entry, _ := record.State.Entry(ref.Of) // none: the decider refuses
		q := q
		q.session = entry.Session
		e, inputs, err := l.recordEvidence(ctx, act, q)
		if err != nil {
			return nil, nil, err
		}
		return command(e), inputs, nil
	})
	w, err := writtenAs(id, out, err)
	if err != nil {
		return Amended{}, err
	}
	_, pending := out.Facts[0].(academicrecord.AmendmentProposed)
	return Amended{Written: w, Pending: pending}, nil
}

func (l *Ledger) settle(ctx context.Context, act Act, ref EntryRef, c academicrecord.Command) (Written, error) {
	q := recordQuery{school: ref.School, student: ref.Student, year: ref.SchoolYear}
	stream, _, err := l.recordStream(ctx, act, q)
	if err != nil {
		return Written{}, err
	}
	act = act.About(ref.Student).Effective(string(act.Today()))
	out, err := Execute(ctx, l, academicrecord.Decider, stream, act, func(ctx context.Context) (academicrecord.Command, []eventlog.Input, error) {
		if err := l.reachesAny(ctx, act, []domain.ID{q.at(act)}); err != nil {
			return nil, nil, err
		}
		_, err := l.pupil(ctx, act, q.at(act), ref.Student)
		return c, nil, err
	})
	return writtenAs(ref.Of, out, err)
}
