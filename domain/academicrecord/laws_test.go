package academicrecord

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

// TestLaws draws any commands in any order and holds the record to its laws.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		n := rapid.IntRange(1, 40).Draw(t, "commands")
		for i := range n {
			c := anyCommand(t, s, i)
			before := s
			kept := slices.Clone(s.Entries)
			out, err := Decide(s, c)
			if err != nil && domain.CodeOf(err) == "" {
				t.Fatalf("%T answered with an error that is no refusal: %v", c, err)
			}
			for _, f := range out {
				mustFollow(t, s, f)
				s = Evolve(s, f)
			}
			if !reflect.DeepEqual(before.Entries, kept) {
				t.Fatalf("%T changed a state that somebody else holds", c)
			}
			mustHold(t, kept, s)
		}
	})
}

// mustFollow: amendments chain, and after finalization two different officers decide.
func mustFollow(t *rapid.T, s State, f Event) {
	switch f := f.(type) {
	case GradeAmended:
		if e, ok := s.Entry(f.Of); !ok || e.Head != f.Follows || e.Voided {
			t.Fatalf("an amendment does not follow the last link of a living entry: %+v", f)
		}
		mustBeTwo(t, f.ProposedBy, f.ConfirmedBy)
	case GradeVoided:
		mustBeTwo(t, f.ProposedBy, f.ConfirmedBy)
	}
}

func mustBeTwo(t *rapid.T, proposed, confirmed string) {
	if (proposed == "") != (confirmed == "") || proposed != "" && proposed == confirmed {
		t.Fatalf("%q proposed and %q confirmed", proposed, confirmed)
	}
}

// mustHold: nothing disappears, one living entry per matter, every score in its scheme.
func mustHold(t *rapid.T, before []Entry, s State) {
	if len(s.Entries) < len(before) {
		t.Fatal("an entry disappeared")
	}
	type matter struct {
		Kind
		Matter
	}
	living, ids := map[matter]bool{}, map[domain.ID]bool{}
	for i, e := range s.Entries {
		if i < len(before) && (before[i].ID != e.ID || before[i].Voided && !e.Voided) {
			t.Fatal("the past changed")
		}
		if ids[e.ID] {
			t.Fatal("two entries have one id")
		}
		ids[e.ID] = true
		if k := (matter{e.Kind, e.Matter}); !e.Voided {
			if living[k] {
				t.Fatalf("two living entries about %+v", k)
			}
			living[k] = true
		}
		if x := e.NumericGradeEarned; x != nil && (*x < 0 || *x > domain.Whole(20) || *x%*dec("0.25") != 0) {
			t.Fatalf("score %s is outside its scheme", x)
		}
		if e.Kind == KindGrade && e.Mark.empty() {
			t.Fatal("a grade says nothing")
		}
	}
}

func anyCommand(t *rapid.T, s State, i int) Command {
	fresh := id(fmt.Sprint("new", i))
	officer := rapid.SampledFrom([]string{"first", "second"}).Draw(t, "officer")
	ev := term(func(e *Evidence) {
		e.Session.Finalized = rapid.Bool().Draw(t, "finalized")
		if rapid.IntRange(0, 9).Draw(t, "enrolled") == 0 {
			e.Enrolled = nil
		}
	})
	known := id("nothing")
	if len(s.Entries) > 0 {
		known = rapid.SampledFrom(s.Entries).Draw(t, "entry").ID
	}
	amended := Amended{Amendment: fresh, Of: known, Mark: anyMark(t), ReasonCode: typo, Authority: id("school")}
	if rapid.Bool().Draw(t, "result") {
		amended.CourseAttemptResult = rapid.SampledFrom([]domain.Descriptor{pass, fail}).Draw(t, "resultCode")
	}
	switch rapid.IntRange(0, 8).Draw(t, "command") {
	case 0, 1, 2:
		course := id(rapid.SampledFrom([]string{"maths", "physics"}).Draw(t, "course"))
		return RecordGrade{grade(marked(anyMark(t)), func(g *GradeRecorded) {
			g.Grade, g.Course, g.Attempt = fresh, course, rapid.IntRange(1, 2).Draw(t, "attempt")
		}), ev}
	case 3:
		r := result
		r.CourseResult = fresh
		return RecordCourseResult{r, ev}
	case 4:
		j := jury
		j.JuryDecision = fresh
		j.Supersedes = rapid.SampledFrom([]domain.ID{"", known}).Draw(t, "supersedes")
		return DecideJury{j, ev}
	case 5:
		return Amend{Amended: amended, When: today, By: officer, Evidence: ev}
	case 6:
		return Void{Void: fresh, Of: known, ReasonCode: typo, Authority: id("school"), When: today, By: officer, Evidence: ev}
	case 7:
		return ConfirmAmendment{anyPending(t, s), officer}
	default:
		return DeclineAmendment{anyPending(t, s), typo, officer}
	}
}

func anyPending(t *rapid.T, s State) domain.ID {
	if len(s.proposals) == 0 {
		return id("nothing")
	}
	return rapid.SampledFrom(s.proposals).Draw(t, "proposal").Amendment
}

func anyMark(t *rapid.T) Mark {
	n := domain.Decimal(rapid.Int64Range(-2, 90).Draw(t, "quarters")) * *dec("0.25")
	if rapid.Bool().Draw(t, "off the step") {
		n++
	}
	return rapid.SampledFrom([]Mark{
		{GradingScheme: id("scheme"), NumericGradeEarned: &n}, letter("A"), status(Absent), status(Exempt), {},
	}).Draw(t, "mark")
}
