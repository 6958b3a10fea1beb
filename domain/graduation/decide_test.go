package graduation

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

func id(name string) domain.ID {
	return domain.DeriveID("00000000-0000-4000-8000-000000000000", name)
}

const fraud domain.Descriptor = "uri://example.org/RescissionReasonDescriptor#Fraud"

var (
	good     = Evidence{Today: "2026-07-10", Enrolled: true, PlanInForce: true, Accredited: true}
	met      = GraduationAssessed{Assessment: id("a1"), School: id("school"), EventDate: "2026-07-10", GraduationPlan: id("plan"), PlanVersion: 1, Accreditation: id("accreditation"), Outcome: Met}
	unmet    = GraduationAssessed{Assessment: id("a1"), School: id("school"), EventDate: "2026-07-10", Outcome: Unmet, Gaps: []Gap{{Code: "credits_missing"}}}
	digest   = strings.Repeat("0f", 32)
	stored   = Approval{Assessment: id("a1"), Event: id("event"), Digest: digest}
	yes      = Approve{Named: stored, Stored: stored, Stands: true, By: "first"}
	approved = GraduationApproved{Approval: stored, ApprovedBy: "first"}
	second   = Confirm{Named: stored, Stored: stored, Stands: true, By: "second"}
	done     = GraduationConfirmed{Approval: stored, ConfirmedBy: "second"}
	undo     = Rescind{EventDate: "2026-07-10", ReasonCode: fraud, Authority: id("ministry"), By: "third", Today: "2026-07-10"}
	undone   = GraduationRescinded{Assessment: id("a1"), EventDate: "2026-07-10", ReasonCode: fraud, Authority: id("ministry"), RescindedBy: "third"}
)

func TestDecide(t *testing.T) {
	without := func(f func(*Evidence)) Assess {
		e := good
		f(&e)
		return Assess{met, e}
	}
	elsewhere := Assess{met, good}
	elsewhere.Assessed.School = id("another school")
	yesBut := func(f func(*Approve)) Approve { c := yes; f(&c); return c }
	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"a complete record is assessed":                  {when: Assess{met, good}, then: []Event{met}},
		"an incomplete record is assessed, with gaps":    {when: Assess{unmet, good}, then: []Event{unmet}},
		"without enrollment there is no assessment":      {when: without(func(e *Evidence) { e.Enrolled = false }), code: "not_enrolled"},
		"without a plan in force neither":                {when: without(func(e *Evidence) { e.PlanInForce = false }), code: "plan_not_in_force"},
		"without accreditation that day neither":         {when: without(func(e *Evidence) { e.Accredited = false }), code: "not_accredited"},
		"nobody is assessed for tomorrow":                {when: without(func(e *Evidence) { e.Today = "2026-07-09" }), code: "date_in_future"},
		"a confirmed graduation is not assessed again":   {given: []Event{met, approved, done}, when: Assess{met, good}, code: "already_graduated"},
		"another school does not replace one that waits": {given: []Event{met, approved}, when: elsewhere, code: "assessed_elsewhere"},
		"it does replace one with gaps":                  {given: []Event{unmet}, when: elsewhere, then: []Event{elsewhere.Assessed}},
		"a rescinded one is":                             {given: []Event{met, approved, done, undone}, when: Assess{met, good}, then: []Event{met}},
		"nothing is approved before it is assessed":      {when: yes, code: "graduation_not_assessed"},
		"gaps are not approved":                          {given: []Event{unmet}, when: yes, code: "requirements_not_met"},
		"a first officer approves":                       {given: []Event{met}, when: yes, then: []Event{approved}},
		"one approval is enough":                         {given: []Event{met, approved}, when: yesBut(func(c *Approve) { c.By = "second" }), code: "already_approved"},
		"an approval names the stored digest":            {given: []Event{met}, when: yesBut(func(c *Approve) { c.Named.Digest = strings.Repeat("00", 32) }), code: "digest_mismatch"},
		"an approval of an older assessment is refused":  {given: []Event{met}, when: yesBut(func(c *Approve) { c.Stored.Assessment = id("a0") }), code: "assessment_superseded"},
		"what no longer stands is not approved":          {given: []Event{met}, when: yesBut(func(c *Approve) { c.Stands = false }), code: "assessment_outdated"},
		"a confirmation needs an approval":               {given: []Event{met}, when: second, code: "needs_approval"},
		"a second officer confirms":                      {given: []Event{met, approved}, when: second, then: []Event{done}},
		"the first officer does not confirm":             {given: []Event{met, approved}, when: Confirm(yes), code: "needs_second_approval"},
		"an officer without a name does not confirm":     {given: []Event{met, approved}, when: Confirm(yesBut(func(c *Approve) { c.By = "" })), code: "invalid_field"},
		"a new assessment drops the old approval":        {given: []Event{met, approved, met}, when: second, code: "needs_approval"},
		"a confirmed graduation is rescinded":            {given: []Event{met, approved, done}, when: undo, then: []Event{undone}},
		"nothing is rescinded twice":                     {given: []Event{met, approved, done, undone}, when: undo, code: "graduation_not_assessed"},
		"a rescinded graduation is not confirmed":        {given: []Event{met, approved, undone}, when: second, code: "graduation_not_assessed"},
		"a rescission has a reason":                      {given: []Event{met}, when: Rescind{EventDate: "2026-07-10", Authority: id("ministry"), By: "third", Today: "2026-07-10"}, code: "invalid_field"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decide(Decider.Fold(State{}, c.given...), c.when)
			if code := domain.CodeOf(err); code != c.code || (err != nil) != (c.code != "") {
				t.Fatalf("refused with %v, want code %q", err, c.code)
			}
			if !reflect.DeepEqual(got, c.then) {
				t.Errorf("facts\n%+v\nwant\n%+v", got, c.then)
			}
		})
	}
}

// TestLaws: whatever happens in whatever order, a confirmed graduation rests on an
// assessment without gaps that two different officers approved.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		for i := range rapid.IntRange(1, 30).Draw(t, "commands") {
			officer := rapid.SampledFrom([]string{"first", "second"}).Draw(t, "officer")
			current := Approval{Assessment: s.Assessment.Assessment, Event: id("event"), Digest: digest}
			if rapid.IntRange(0, 5).Draw(t, "other") == 0 {
				current.Assessment = id("a1")
			}
			say := Approve{Named: current, Stored: current, Stands: rapid.Bool().Draw(t, "stands"), By: officer}
			var c Command
			switch rapid.IntRange(0, 4).Draw(t, "command") {
			case 0:
				a := rapid.SampledFrom([]GraduationAssessed{met, unmet}).Draw(t, "outcome")
				a.Assessment = id(fmt.Sprint("a", i))
				c = Assess{a, good}
			case 1, 2:
				c = say
			case 3:
				c = Confirm(say)
			case 4:
				c = undo
			}
			out, err := Decide(s, c)
			if err != nil && domain.CodeOf(err) == "" {
				t.Fatalf("%T answered with an error that is no refusal: %v", c, err)
			}
			was := s
			s = Decider.Fold(s, out...)
			if s.Stage >= Approved && s.Stage != Rescinded && (s.Assessment.Outcome != Met || s.ApprovedBy == "") {
				t.Fatalf("approved with gaps or by nobody: %+v", s)
			}
			if s.Stage == Confirmed && (s.ConfirmedBy == "" || s.ConfirmedBy == s.ApprovedBy) {
				t.Fatalf("confirmed by one officer: %+v", s)
			}
			if was.Stage == Confirmed && s.Stage != Confirmed && s.Stage != Rescinded {
				t.Fatalf("a graduation ended without being rescinded: %+v", s)
			}
		}
	})
}
