package enrollment_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/enrollment"
)

// TestLaws draws two schools' dealings with one student and states what is always true.
func TestLaws(t *testing.T) {
	schools := []domain.ID{schoolA, schoolB}
	days := []domain.Date{"2026-09-15", "2026-10-01", "2026-11-20", "2026-11-21", "2026-11-22"}
	rapid.Check(t, func(t *rapid.T) {
		var s enrollment.State
		for i := range rapid.IntRange(1, 40).Draw(t, "length") {
			school := rapid.SampledFrom(schools).Draw(t, "school")
			day := rapid.SampledFrom(days).Draw(t, "day")
			which, asked := first, move // mostly what is there, so that the draws get somewhere
			if n := len(s.Enrollments); n > 0 {
				which = s.Enrollments[rapid.IntRange(0, n-1).Draw(t, "enrollment")].ID
			}
			if x, open := s.OpenTransfer(); open {
				asked = x.ID
			}
			fresh := domain.DeriveID(person, string(rune('a'+i)))
			party := enrollment.Party{Transfer: asked, By: school, Today: rapid.SampledFrom([]domain.Date{today, today, today, today, today, today, lapses}).Draw(t, "today")}
			commands := []enrollment.Command{
				enrollment.Enroll{Placement: enrollment.Placement{Enrollment: fresh, School: school, EntryDate: day, Primary: rapid.IntRange(0, 3).Draw(t, "primary") > 0}, Evidence: fine, Today: today},
				enrollment.Withdraw{Enrollment: which, ExitDate: day, ExitType: left, Today: today},
				enrollment.Void{Enrollment: which, Reason: why},
				enrollment.ChangeGradeLevel{Enrollment: which, GradeLevel: rapid.SampledFrom([]domain.Descriptor{ninth, tenth}).Draw(t, "level"), Effective: day},
				enrollment.RequestTransfer{Transfer: fresh, To: school, EntryDate: day, Today: party.Today, LapseDate: party.Today.AddDays(30), Evidence: fine},
				enrollment.ReleaseTransfer{Party: party},
				enrollment.ContestTransfer{Party: party, Reason: why},
				enrollment.AcceptTransfer{Party: party, Placement: enrollment.Placement{Enrollment: fresh}, Evidence: fine},
				enrollment.RefuseTransfer{Party: party, Reason: why},
				enrollment.CancelTransfer{Party: party},
				enrollment.LapseTransfer{Transfer: party.Transfer, Today: party.Today},
			}
			before := s
			kept := enrollment.State{Enrollments: slices.Clone(s.Enrollments), Transfers: slices.Clone(s.Transfers)}
			facts, err := enrollment.Decider.Decide(s, rapid.SampledFrom(commands).Draw(t, "command"))
			if err != nil && domain.CodeOf(err) == "" {
				t.Fatal(err)
			}
			s = enrollment.Decider.Fold(s, facts...)
			if !reflect.DeepEqual(before, kept) {
				t.Fatal("a decision changed the state it was made on")
			}
			mustHold(t, before, s, facts)
		}
	})
}

func mustHold(t *rapid.T, before, s enrollment.State, facts []enrollment.Event) {
	open := 0
	for _, x := range s.Transfers {
		if x.Stage.Open() {
			open++
		}
	}
	if open > 1 {
		t.Fatal("two transfers are open")
	}
	if len(s.Enrollments) < len(before.Enrollments) {
		t.Fatal("an enrollment disappeared")
	}
	for i, a := range s.Enrollments {
		if a.Exit != "" && a.Exit < a.Entry {
			t.Fatalf("exit %s before entry %s", a.Exit, a.Entry)
		}
		for _, b := range s.Enrollments[:i] {
			spanA, spanB := domain.Span{From: a.Entry, Until: a.Exit}, domain.Span{From: b.Entry, Until: b.Exit}
			if a.Primary && b.Primary && !a.Voided && !b.Voided && spanA.Overlaps(spanB) {
				t.Fatalf("two primary enrollments at a time: %v and %v", a, b)
			}
		}
	}
	for _, f := range facts {
		done, ok := f.(enrollment.TransferCompleted)
		if !ok {
			continue
		}
		x, _ := s.Transfer(done.Transfer)
		from, _ := s.Enrollment(x.Enrollment)
		to, _ := s.Enrollment(done.Enrollment)
		if from.Open() || !to.Open() || to.School != x.To || to.Entry < from.Exit {
			t.Fatalf("a completed transfer left %v and %v", from, to)
		}
	}
}
