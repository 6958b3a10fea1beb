package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/identifier"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// LinkInput is an identifier for a student who is registered.
type LinkInput struct {
	Student domain.ID
	Number  student.Identification
	// Replaces is the link that ends with the new one, empty for none.
	Replaces domain.ID
	// Assurance raises the level; empty leaves it.
	Assurance student.Assurance
}

// LinkIdentifier lets a number name a student. The answer's ID is the link's. The number
// that a link replaces is released by the process that follows the log.
func (l *Ledger) LinkIdentifier(ctx context.Context, act Act, in LinkInput) (Written, error) {
	act = datedToday(act).About(in.Student)
	if !in.Student.Valid() {
		return Written{}, errNotFound()
	}
	n, err := l.numberOf(ctx, act, in.Student, act.ID("link"), in.Number)
	if err != nil {
		return Written{}, err
	}
	link, err := n.newLink(in.Student)
	if err != nil {
		return Written{}, err
	}
	cmd := student.LinkIdentifier{NewLink: link, Replaces: in.Replaces, Assurance: in.Assurance}
	known, err := Load(ctx, l, student.Decider, student.Decider.Stream(in.Student), act)
	if err != nil {
		return Written{}, err
	}
	if _, done := known.State.Link(n.link); !done {
		if _, err := l.MayChange(ctx, act, in.Student); err != nil {
			return Written{}, err
		}
		if err := rehearse(ctx, l, student.Decider, known.Stream, act, student.Command(cmd)); err != nil {
			return Written{}, err
		}
		if err := l.reserve(ctx, act, in.Student, []number{n}); err != nil {
			return Written{}, err
		}
	}
	out, err := Execute(ctx, l, student.Decider, student.Decider.Stream(in.Student), act, func(ctx context.Context) (student.Command, []eventlog.Input, error) {
		p, err := l.MayChange(ctx, act, in.Student)
		return cmd, enrolledInput(p), err
	})
	return writtenAs(n.link, out, err)
}

// Sighting is all that a school learns from a number.
type Sighting string

const (
	// Unknown: no student of the authority has the number.
	Unknown Sighting = "unknown"
	// Known: a student has it who is at no other school now.
	Known Sighting = "known"
	// AtAnotherSchool: the student has an open primary enrollment elsewhere.
	AtAnotherSchool Sighting = "at_another_school"
)

// LookUpStudent says whether a number is known, so that a school enrolls or requests a
// transfer instead of registering twice. The student's id comes with it only where the
// acting institution may see the student anyway.
func (l *Ledger) LookUpStudent(ctx context.Context, act Act, in student.Identification) (Sighting, domain.ID, error) {
	p, found, err := l.findStudent(ctx, act, in)
	if err != nil || !found {
		return Unknown, "", err
	}
	seen := Known
	if e, ok := p.Enrollment.State.Primary(); ok && e.School != act.Institution {
		seen = AtAnotherSchool
	}
	switch err := l.reachesAny(ctx, act, append(p.Enrollment.State.Schools(), p.Student.State.School)); {
	case err == nil:
		return seen, p.ID, nil
	case domain.CodeOf(err) == "not_found":
		return seen, "", nil
	default:
		return Unknown, "", err
	}
}

// maxMerges bounds the chain of merges followed from an old id.
const maxMerges = 8

// findStudent is the student whom a number names, whoever asks; after a merge the one
// that goes on.
func (l *Ledger) findStudent(ctx context.Context, act Act, in student.Identification) (Pupil, bool, error) {
	_, stream, err := l.numberStream(ctx, act.Tenant, in)
	if err != nil {
		return Pupil{}, false, err
	}
	held, err := Load(ctx, l, identifier.Decider, stream, act)
	if err != nil || held.State.Holder == "" {
		return Pupil{}, false, err
	}
	ref, _, ok, err := l.reference(ctx, act.Tenant, stream)
	if err != nil || !ok {
		return Pupil{}, false, err
	}
	id := ref.Student
	for range maxMerges {
		p, err := l.pupilOf(ctx, act, id)
		if domain.CodeOf(err) == "not_found" {
			return Pupil{}, false, nil // reserved, and not registered yet
		} else if err != nil {
			return Pupil{}, false, err
		}
		if p.Student.State.MergedInto == "" {
			_, linked := p.Student.State.Link(ref.Link)
			return p, linked || id != ref.Student, nil
		}
		id = p.Student.State.MergedInto
	}
	return Pupil{}, false, nil
}
