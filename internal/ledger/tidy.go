package ledger

import (
	"context"
	"fmt"

	"sijil/domain"
	"sijil/domain/identifier"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// TidyReservation makes up for a command that died between reserving a number and linking
// it: the link is abandoned in the student's stream, where a late repetition of that command
// meets it, and only then the number released. stream and revision name the reservation;
// harmless when the link came after all, or the number has another holder. act is a process's.
func (l *Ledger) TidyReservation(ctx context.Context, act Act, stream string, revision eventlog.Revision) error {
	ref, at, held, err := l.reference(ctx, act.Tenant, stream)
	if err != nil || !held || at.Revision != revision {
		return err
	}
	out, err := Execute(ctx, l, student.Decider, student.Decider.Stream(ref.Student), act, Just[student.Command](student.AbandonLink{Link: ref.Link}))
	if err != nil {
		return fmt.Errorf("abandoning a link: %w", err)
	}
	if _, linked := out.State.Link(ref.Link); linked {
		return nil
	}
	return l.release(ctx, act, stream, ref, identifier.Abandoned)
}

// TidyReplaced releases the number of a link that another one replaced, or that its
// student's erasure ended. Harmless when it was done before. act is a process's.
func (l *Ledger) TidyReplaced(ctx context.Context, act Act, who, link domain.ID, why identifier.Reason) error {
	for e, err := range l.log.Read(ctx, student.Decider.Stream(who), 0) {
		if err != nil {
			return fmt.Errorf("reading a student: %w", err)
		}
		fact, err := Decode(e)
		if err != nil {
			return err
		}
		f, ok := fact.(student.IdentifierLinked)
		if !ok || f.Link != link {
			continue
		}
		var n student.Identification
		if open, err := l.opened(ctx, act.Tenant, f.Number, &n); err != nil || !open {
			return err // erased: its release came before the key was destroyed
		}
		_, stream, err := l.numberStream(ctx, act.Tenant, n)
		if err != nil {
			return err
		}
		return l.release(ctx, act, stream, identifier.Reference{Student: who, Link: link}, why)
	}
	return nil
}

// release frees a number for whoever comes next, if ref still holds it.
func (l *Ledger) release(ctx context.Context, act Act, stream string, ref identifier.Reference, why identifier.Reason) error {
	holder, err := l.holder(ctx, act.Tenant, ref.Student, ref.Link)
	if err != nil {
		return err
	}
	if _, err := Execute(ctx, l, identifier.Decider, stream, act, Just[identifier.Command](identifier.Release{Holder: holder, Reason: why})); err != nil {
		return fmt.Errorf("releasing an identifier: %w", err)
	}
	return nil
}
