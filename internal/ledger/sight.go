package ledger

import (
	"context"
	"fmt"
	"slices"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// Pupil is a student whom the acting institution may see, as evidence for a decision.
type Pupil struct {
	ID         domain.ID
	Student    Loaded[student.State]
	Enrollment Loaded[enrollment.State]
}

// Inputs name what was read.
func (p Pupil) Inputs() []eventlog.Input {
	list := []eventlog.Input{p.Student.Input()}
	if p.Enrollment.Exists() {
		list = append(list, p.Enrollment.Input())
	}
	return list
}

// MayTouch is the student if the acting institution may see them: it registered them or
// has or had an enrollment of them, or stands above an institution that did. Any other
// student answers not_found, like one who does not exist.
func (l *Ledger) MayTouch(ctx context.Context, act Act, id domain.ID) (Pupil, error) {
	p, err := l.pupilOf(ctx, act, id)
	if err != nil {
		return p, err
	}
	return p, l.reachesAny(ctx, act, append(p.Enrollment.State.Schools(), p.Student.State.School))
}

// MayChange is MayTouch for writing what is true of the person: the school of the open primary
// enrollment decides; without one those with another open enrollment, and where there is none
// the last school, or the one that registered.
// A student one may see and not change answers not_your_student.
func (l *Ledger) MayChange(ctx context.Context, act Act, id domain.ID) (Pupil, error) {
	p, err := l.MayTouch(ctx, act, id)
	if err != nil {
		return p, err
	}
	if err := l.reachesAny(ctx, act, p.keepers()); domain.CodeOf(err) == "not_found" {
		return p, domain.Refuse(domain.Forbidden, "not_your_student", "the student is not at this institution now; the school that has the student writes")
	} else if err != nil {
		return p, err
	}
	return p, nil
}

// keepers are the institutions that speak for the student today. A school opens an enrollment
// beside the primary one without asking anybody, by a number alone: it may not rename the
// student of the school that has them.
func (p Pupil) keepers() []domain.ID {
	if e, ok := p.Enrollment.State.Primary(); ok {
		return []domain.ID{e.School}
	}
	if open := p.Enrollment.State.Current(); len(open) > 0 {
		return open
	}
	var last enrollment.Enrollment
	for _, e := range p.Enrollment.State.Enrollments {
		if !e.Voided && e.Exit >= last.Exit {
			last = e
		}
	}
	if last.School != "" {
		return []domain.ID{last.School}
	}
	return []domain.ID{p.Student.State.School}
}

// pupilOf loads a student without asking who may see them.
func (l *Ledger) pupilOf(ctx context.Context, act Act, id domain.ID) (Pupil, error) {
	p := Pupil{ID: id}
	if !id.Valid() {
		return p, errNotFound()
	}
	var err error
	if p.Student, err = Load(ctx, l, student.Decider, student.Decider.Stream(id), act); err != nil {
		return p, fmt.Errorf("loading a student: %w", err)
	}
	if !p.Student.State.Registered {
		return p, errNotFound()
	}
	if p.Enrollment, err = Load(ctx, l, enrollment.Decider, enrollment.Decider.Stream(id), act); err != nil {
		return p, fmt.Errorf("loading a student's enrollments: %w", err)
	}
	return p, nil
}

// reachesAny refuses with not_found when none of the institutions is the acting one,
// stands below it, or is closed with its records in its keeping.
func (l *Ledger) reachesAny(ctx context.Context, act Act, ids []domain.ID) error {
	if slices.Contains(ids, act.Institution) || act.Institution == act.Tenant {
		return nil
	}
	for _, id := range ids {
		within, err := l.Within(ctx, act, id, act.Institution)
		if err != nil {
			return err
		}
		if within {
			return nil
		}
		in, err := l.Institution(ctx, act, id)
		if err != nil {
			return err
		}
		if in.State.CustodianOn(id, act.Today()) == act.Institution {
			return nil
		}
	}
	return errNotFound()
}
