package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"

	"sijil/domain"
	"sijil/domain/graduation"
	"sijil/internal/eventlog"
)

// GraduationRef names the graduation of a student from a program.
type GraduationRef struct {
	Student, Program domain.ID
}

// AssessInput asks to hold a student's record against a plan.
type AssessInput struct {
	GraduationRef
	GraduationPlan domain.ID
	// EventDate is the day whose enrollment, plan version and accreditation count.
	EventDate domain.Date
	// Accreditation is empty to take the one that an authority above the school granted;
	// one of an agency is named.
	Accreditation domain.ID
}

// Assessed is what an assessment found, and what its approvals have to name.
type Assessed struct {
	Written
	graduation.Approval
	Found graduation.GraduationAssessed
}

// AssessGraduation holds the record of a student of the acting school against the plan's
// version in force on the day. Gaps are recorded, not refused; what is refused is a student
// who was not enrolled (not_enrolled), a day without a plan (plan_not_in_force) or without an
// accreditation (not_accredited).
func (l *Ledger) AssessGraduation(ctx context.Context, act Act, in AssessInput) (Assessed, error) {
	if err := domain.Check(
		domain.Rule{Field: "student", Holds: in.Student.Valid(), Says: "is a student's id"},
		domain.Rule{Field: "program", Holds: in.Program.Valid(), Says: "is a program's id"},
		domain.Rule{Field: "graduationPlan", Holds: in.GraduationPlan.Valid(), Says: "is a graduation plan's id"},
		domain.Rule{Field: "eventDate", Holds: in.EventDate.Valid(), Says: "is a day of the calendar written YYYY-MM-DD"},
		domain.Rule{Field: "accreditation", Holds: in.Accreditation == "" || in.Accreditation.Valid(), Says: "is an accreditation's id"},
	); err != nil {
		return Assessed{}, err
	}
	id := act.ID("assessment")
	act = act.About(in.Student).Effective(string(in.EventDate))
	out, err := Execute(ctx, l, graduation.Decider, graduation.Stream(in.Student, in.Program), act, func(ctx context.Context) (graduation.Command, []eventlog.Input, error) {
		if _, err := l.pupil(ctx, act, act.Institution, in.Student); err != nil {
			return nil, nil, err
		}
		a := assessing{act.Institution, in.Student, in.Program, in.GraduationPlan, in.Accreditation, in.EventDate}
		if a.accreditation == "" {
			var err error
			if a.accreditation, err = l.accreditationFor(ctx, act, a); err != nil {
				return nil, nil, err
			}
		}
		c, inputs, err := l.assess(ctx, act, a, 0)
		c.Assessed.Assessment = id
		return c, inputs, err
	})
	w, err := writtenAs(id, out, err)
	if err != nil {
		return Assessed{}, err
	}
	found, ok := out.Facts[0].(graduation.GraduationAssessed)
	if !ok {
		return Assessed{}, fmt.Errorf("an assessment recorded a %T", out.Facts[0])
	}
	return Assessed{Written: w, Approval: approval(out.Events[0], id), Found: found}, nil
}

// approval names a stored assessment as its approvals do.
func approval(e eventlog.Recorded, assessment domain.ID) graduation.Approval {
	sum := sha256.Sum256(e.Data)
	return graduation.Approval{Assessment: assessment, Event: domain.IDFromBytes(e.ID), Digest: hex.EncodeToString(sum[:])}
}

// ApprovalInput names what an officer approves: the assessment's event and the SHA-256 of its
// stored payload, as [Ledger.AssessGraduation] answered them.
type ApprovalInput struct {
	GraduationRef
	Event  domain.ID
	Digest string
}

// ApproveGraduation is the first officer's yes. The officer is the authenticated actor,
// whoever they say they act for, of the school or of an authority above it.
func (l *Ledger) ApproveGraduation(ctx context.Context, act Act, in ApprovalInput) (Written, error) {
	return l.approve(ctx, act, in, func(a graduation.Approve) graduation.Command { return a })
}

// ConfirmGraduation is the yes of a second officer, another actor than the first.
func (l *Ledger) ConfirmGraduation(ctx context.Context, act Act, in ApprovalInput) (Written, error) {
	return l.approve(ctx, act, in, func(a graduation.Approve) graduation.Command { return graduation.Confirm(a) })
}

func (l *Ledger) approve(ctx context.Context, act Act, in ApprovalInput, as func(graduation.Approve) graduation.Command) (Written, error) {
	out, err := l.onGraduation(ctx, act, in.GraduationRef, act.Today(), func(ctx context.Context, act Act, s graduation.State) (graduation.Command, []eventlog.Input, error) {
		c := graduation.Approve{By: act.Actor, Named: graduation.Approval{Assessment: s.Assessment.Assessment, Event: in.Event, Digest: in.Digest}}
		if in.Event.Valid() {
			stored, err := l.storedAssessment(ctx, in)
			if err != nil {
				return nil, nil, err
			}
			c.Stored = stored
		}
		was := s.Assessment
		now, inputs, err := l.assess(ctx, act, assessing{was.School, in.Student, in.Program, was.GraduationPlan, was.Accreditation, was.EventDate}, 0)
		if err != nil {
			return nil, nil, err
		}
		c.Stands = now.Evidence.Enrolled && now.Evidence.PlanInForce && now.Evidence.Accredited && sameFinding(was, now.Assessed)
		return as(c), inputs, nil
	})
	return writtenAs(assessmentOf(out.Facts), out, err)
}

// assessmentOf is the assessment that a command's fact is about: the answer to a retry comes
// from what is stored, not from the state it meets.
func assessmentOf(facts []graduation.Event) domain.ID {
	for _, f := range facts {
		switch f := f.(type) {
		case graduation.GraduationApproved:
			return f.Assessment
		case graduation.GraduationConfirmed:
			return f.Assessment
		case graduation.GraduationRescinded:
			return f.Assessment
		}
	}
	return ""
}

// sameFinding reports whether two assessments found the same, whatever they read.
func sameFinding(a, b graduation.GraduationAssessed) bool {
	b.Assessment, b.Inputs, a.Inputs = a.Assessment, nil, nil
	return reflect.DeepEqual(a, b)
}

// storedAssessment is the assessment that lies under the event an officer names.
func (l *Ledger) storedAssessment(ctx context.Context, in ApprovalInput) (graduation.Approval, error) {
	e, ok, err := l.log.Find(ctx, graduation.Stream(in.Student, in.Program), in.Event.Bytes())
	if err != nil {
		return graduation.Approval{}, fmt.Errorf("finding an assessment: %w", err)
	}
	if ok {
		fact, err := Decode(e)
		if err != nil {
			return graduation.Approval{}, err
		}
		if f, is := fact.(graduation.GraduationAssessed); is {
			return approval(e, f.Assessment), nil
		}
	}
	return graduation.Approval{}, domain.Refuse(domain.Missing, "assessment_unknown", "there is no assessment with this event id")
}

// RescindInput ends a graduation.
type RescindInput struct {
	GraduationRef
	EventDate  domain.Date
	ReasonCode domain.Descriptor
	// Authority is the institution that answers for it; empty means the acting one.
	Authority domain.ID
	// Reason is sealed; empty for none.
	Reason string
}

// RescindGraduation ends an assessment and its approvals. The school decides, or an
// authority above it.
func (l *Ledger) RescindGraduation(ctx context.Context, act Act, in RescindInput) (Written, error) {
	words := domain.Private{}
	if in.Reason != "" {
		var err error
		if words, err = domain.Conceal(in.Student, domain.ClassRecord, graduation.Reason{Reason: in.Reason}); err != nil {
			return Written{}, err
		}
	}
	out, err := l.onGraduation(ctx, act, in.GraduationRef, in.EventDate, func(_ context.Context, act Act, s graduation.State) (graduation.Command, []eventlog.Input, error) {
		return graduation.Rescind{
			EventDate: in.EventDate, ReasonCode: in.ReasonCode, Authority: ownerOr(act, in.Authority),
			By: act.Actor, Reason: words, Today: act.Today(),
		}, nil, nil
	})
	return writtenAs(assessmentOf(out.Facts), out, err)
}

// onGraduation executes a command on a graduation that the acting institution assessed, or
// that one below it did.
func (l *Ledger) onGraduation(ctx context.Context, act Act, ref GraduationRef, day domain.Date, build func(context.Context, Act, graduation.State) (graduation.Command, []eventlog.Input, error)) (Outcome[graduation.State, graduation.Event], error) {
	if err := domain.Check(
		domain.Rule{Field: "student", Holds: ref.Student.Valid(), Says: "is a student's id"},
		domain.Rule{Field: "program", Holds: ref.Program.Valid(), Says: "is a program's id"},
	); err != nil {
		return Outcome[graduation.State, graduation.Event]{}, err
	}
	stream := graduation.Stream(ref.Student, ref.Program)
	act = act.About(ref.Student).Effective(string(day))
	return Execute(ctx, l, graduation.Decider, stream, act, func(ctx context.Context) (graduation.Command, []eventlog.Input, error) {
		s, err := Load(ctx, l, graduation.Decider, stream, act)
		if err != nil {
			return nil, nil, err
		}
		if !s.Exists() {
			// Known to this school, but never assessed, is another answer than not known at all.
			if _, err := l.pupil(ctx, act, act.Institution, ref.Student); err != nil {
				return nil, nil, err
			}
			return nil, nil, domain.Refuse(domain.Conflict, "graduation_not_assessed", "there is no assessment that counts: assess the graduation first")
		}
		if err := l.reachesAny(ctx, act, []domain.ID{s.State.Assessment.School}); err != nil {
			return nil, nil, err
		}
		return build(ctx, act, s.State)
	})
}
