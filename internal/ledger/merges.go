package ledger

import (
	"context"
	"fmt"
	"slices"

	"sijil/domain"
	"sijil/domain/identifier"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// MergeInput says that two registered students are one person.
type MergeInput struct {
	// Student ends, Into goes on.
	Student, Into domain.ID
	Reason        domain.Descriptor
}

// MergeStudents merges a student into another; the acting institution speaks for both.
// Two merges towards each other at the same moment are undone by the process that
// follows the log: see [Ledger.TidyMerge].
func (l *Ledger) MergeStudents(ctx context.Context, act Act, in MergeInput) (Written, error) {
	act = datedToday(act).About(in.Student)
	out, err := Execute(ctx, l, student.Decider, student.Decider.Stream(in.Student), act, func(ctx context.Context) (student.Command, []eventlog.Input, error) {
		from, err := l.MayChange(ctx, act, in.Student)
		if err != nil {
			return nil, nil, err
		}
		into, err := l.MayChange(ctx, act, in.Into)
		if err != nil {
			return nil, nil, err
		}
		open, moving := from.Enrollment.State.OpenTransfer()
		return student.Merge{
			Self: in.Student, Into: in.Into, Reason: in.Reason,
			IntoRegistered: into.Student.State.Registered, IntoMerged: into.Student.State.MergedInto != "",
			Enrolled: len(from.Enrollment.State.Current()) > 0 || moving && act.Today() < open.Lapses,
		}, append(enrolledInput(from), into.Inputs()...), nil
	})
	return writtenAs(in.Student, out, err)
}

// UnmergeStudent takes a merge back.
func (l *Ledger) UnmergeStudent(ctx context.Context, act Act, id domain.ID, why domain.Descriptor) (Written, error) {
	return l.changeStudent(ctx, act, id, student.Unmerge{Reason: why})
}

// MergeCycle is why a process takes a merge back.
var MergeCycle = domain.Descriptor("uri://sijil/StudentMergeReasonDescriptor#MergedTowardsEachOther")

// TidyMerge takes the merge of a student back when it closes a circle of merges, which two
// commands at one moment can make. Harmless otherwise. act is a process's; followers see
// events in order, so that they all find the same merge to be the last.
func (l *Ledger) TidyMerge(ctx context.Context, act Act, who domain.ID) error {
	id := who
	for range maxMerges {
		s, err := Load(ctx, l, student.Decider, student.Decider.Stream(id), act)
		if err != nil {
			return err
		}
		if id = s.State.MergedInto; id == "" {
			return nil
		}
		if id != who {
			continue
		}
		if _, err := Execute(ctx, l, student.Decider, student.Decider.Stream(who), act, Just[student.Command](student.Unmerge{Reason: MergeCycle})); err != nil && domain.CodeOf(err) != "not_merged" {
			return fmt.Errorf("taking a merge back: %w", err)
		}
		return nil
	}
	return nil
}

// ErasureInput orders a person's data erased.
type ErasureInput struct {
	Student domain.ID
	// Classes are the retention classes; empty for the record.
	Classes []domain.Class
	// Reason is the legal ground.
	Reason domain.Descriptor
}

// EraseStudent orders a person's data erased and erases it. An authority above the schools
// decides; a school answers not_the_authority. What was recorded stays, and can be counted and
// audited; who it was about can no longer be read. A token in its holder's hands stays valid.
func (l *Ledger) EraseStudent(ctx context.Context, act Act, in ErasureInput) (Written, error) {
	if len(in.Classes) == 0 {
		in.Classes = []domain.Class{domain.ClassRecord}
	}
	// Not about the person: a repetition is answered when their key is gone.
	act = datedToday(act).About("")
	out, err := Execute(ctx, l, student.Decider, student.Decider.Stream(in.Student), act, func(ctx context.Context) (student.Command, []eventlog.Input, error) {
		p, err := l.MayChange(ctx, act, in.Student)
		if err != nil {
			return nil, nil, err
		}
		self, err := l.Institution(ctx, act, act.Institution)
		if err != nil {
			return nil, nil, err
		}
		if self.State.Tier == institution.School {
			return nil, nil, domain.Refuse(domain.Forbidden, "not_the_authority", "only an authority above the school decides this")
		}
		return student.ErasePersonalData{Classes: in.Classes, Reason: in.Reason}, append(enrolledInput(p), self.Input()), nil
	})
	if err != nil {
		return Written{}, err
	}
	if err := l.FinishErasure(ctx, act, in.Student); err != nil {
		return Written{}, err
	}
	return writtenAs(in.Student, out, nil)
}

// FinishErasure destroys the keys that the student's stream says are to be destroyed, after
// releasing the numbers only those keys can read. Harmless when it was done before. A crash
// in the middle is made up for by the process that follows the log.
func (l *Ledger) FinishErasure(ctx context.Context, act Act, who domain.ID) error {
	s, err := Load(ctx, l, student.Decider, student.Decider.Stream(who), act)
	if err != nil {
		return err
	}
	if slices.Contains(s.State.Erased, domain.ClassRecord) {
		for _, link := range s.State.Links {
			if err := l.TidyReplaced(ctx, act, who, link.ID, identifier.Erased); err != nil {
				return err
			}
		}
	}
	for _, class := range s.State.Erased {
		if err := l.vault.Destroy(ctx, act.Tenant, who, class); err != nil {
			return err
		}
	}
	return nil
}
