package ledger_test

import (
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/accreditation"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/internal/ledger"
)

const fraud domain.Descriptor = "uri://example.org/RescissionReasonDescriptor#Fraud"

// graded is a pupil with what the plan asks for: a grade in each course.
func (c *classroom) graded(name string) domain.ID {
	s := c.pupil(name)
	for _, course := range []domain.ID{c.maths, c.history} {
		_, err := c.l.RecordGrade(c.t.Context(), c.act(c.school, "teacher"), c.gradeOf(s, func(g *ledger.GradeInput) { g.Course = course }))
		refused(c.t, err, "")
	}
	return s
}

func (c *classroom) asks(s domain.ID, change ...func(*ledger.AssessInput)) ledger.AssessInput {
	in := ledger.AssessInput{GraduationRef: ledger.GraduationRef{Student: s, Program: c.licence}, GraduationPlan: c.plan, EventDate: "2026-03-20"}
	for _, f := range change {
		f(&in)
	}
	return in
}

func (c *classroom) assessed(in ledger.AssessInput) ledger.Assessed {
	c.t.Helper()
	a, err := c.l.AssessGraduation(c.t.Context(), c.act(c.school, "registrar"), in)
	refused(c.t, err, "")
	return a
}

func approves(a ledger.Assessed, ref ledger.GraduationRef) ledger.ApprovalInput {
	return ledger.ApprovalInput{GraduationRef: ref, Event: a.Event, Digest: a.Digest}
}

// TestGraduation goes all the way, and back.
func TestGraduation(t *testing.T) {
	c := newClassroom(t)
	amina := c.graded("Amina")
	in := c.asks(amina)
	act := c.act(c.school, "registrar")
	a, err := c.l.AssessGraduation(t.Context(), act, in)
	refused(t, err, "")
	if a.Found.Outcome != graduation.Met || a.Found.EarnedCredits != domain.Whole(12) || *a.Found.Average != dec("15.5") || a.Found.Accreditation != c.accredited || a.Found.PlanVersion != 1 {
		t.Fatalf("found %+v", a.Found)
	}
	again, err := c.l.AssessGraduation(t.Context(), act, in)
	refused(t, err, "")
	if again.Approval != a.Approval || !again.Replayed {
		t.Errorf("the retry is answered %+v, first %+v", again, a)
	}

	yes := approves(a, in.GraduationRef)
	lie := yes
	lie.Digest = strings.Repeat("00", 32)
	_, err = c.l.ConfirmGraduation(t.Context(), c.act(c.school, "head"), yes)
	refused(t, err, "needs_approval")
	_, err = c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), lie)
	refused(t, err, "digest_mismatch")
	lie = yes
	lie.Event = c.id("no event")
	_, err = c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), lie)
	refused(t, err, "assessment_unknown")
	_, err = c.l.ApproveGraduation(t.Context(), c.act(c.other, "head"), yes)
	refused(t, err, "not_found")
	w, err := c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), yes)
	refused(t, err, "")
	if w.ID != a.ID {
		t.Errorf("approved %s, want %s", w.ID, a.ID)
	}
	_, err = c.l.ConfirmGraduation(t.Context(), c.act(c.school, "head", func(r *ledger.Request) { r.OnBehalfOf = "inspector" }), yes)
	refused(t, err, "needs_second_approval")
	second := c.act(c.ministry, "inspector")
	_, err = c.l.ConfirmGraduation(t.Context(), second, yes)
	refused(t, err, "")
	if w, err = c.l.ConfirmGraduation(t.Context(), second, yes); err != nil || !w.Replayed || w.ID != a.ID {
		t.Errorf("the retry is answered %+v, %v", w, err)
	}
	_, err = c.l.AssessGraduation(t.Context(), c.act(c.school, "registrar"), in)
	refused(t, err, "already_graduated")

	_, err = c.l.RescindGraduation(t.Context(), c.act(c.other, "head"), ledger.RescindInput{GraduationRef: in.GraduationRef, EventDate: "2026-03-20", ReasonCode: fraud})
	refused(t, err, "not_found")
	_, err = c.l.RescindGraduation(t.Context(), c.act(c.ministry, "inspector"), ledger.RescindInput{GraduationRef: in.GraduationRef, EventDate: "2026-03-20", ReasonCode: fraud, Reason: "bought"})
	refused(t, err, "")
	_, err = c.l.ConfirmGraduation(t.Context(), c.act(c.school, "deputy"), yes)
	refused(t, err, "graduation_not_assessed")
	c.assessed(in)
}

// TestGraduationRefusals: a distinct no for each thing that is missing.
func TestGraduationRefusals(t *testing.T) {
	c := newClassroom(t)
	amina, karim := c.graded("Amina"), c.registered("Karim")
	own := c.id("own plan")
	put(c, graduationplan.Decider, own, graduationplan.Event(graduationplan.GraduationPlanPublished{EducationOrganization: c.school, IdentificationCode: "EASY", Program: c.licence, Version: 1, From: "2020-01-01"}))
	for name, x := range map[string]struct {
		in   ledger.AssessInput
		code string
	}{
		"nobody":                               {c.asks(c.id("nobody")), "not_found"},
		"a student without enrollment":         {c.asks(karim), "not_enrolled"},
		"a day before the enrollment":          {c.asks(amina, func(in *ledger.AssessInput) { in.EventDate = "2024-09-14" }), "not_enrolled"},
		"a plan that does not exist":           {c.asks(amina, func(in *ledger.AssessInput) { in.GraduationPlan = c.id("none") }), "plan_not_in_force"},
		"a school's own plan for the ministry": {c.asks(amina, func(in *ledger.AssessInput) { in.GraduationPlan = own }), "plan_not_in_force"},
		"a program nobody accredited":          {c.asks(amina, func(in *ledger.AssessInput) { in.Accreditation = c.id("none") }), "not_accredited"},
		"a day to come":                        {c.asks(amina, func(in *ledger.AssessInput) { in.EventDate = "2026-03-21" }), "date_in_future"},
		"a day that is none":                   {c.asks(amina, func(in *ledger.AssessInput) { in.EventDate = "2026-02-30" }), "invalid_field"},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.end()
			_, err := c.l.AssessGraduation(t.Context(), c.act(c.school, "registrar"), x.in)
			refused(t, err, x.code)
			if c.end() != before {
				t.Error("something was written")
			}
		})
	}
	_, err := c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), ledger.ApprovalInput{GraduationRef: ledger.GraduationRef{Student: amina, Program: c.licence}, Event: c.id("none")})
	refused(t, err, "graduation_not_assessed")

	missing := c.pupil("Selma")
	_, err = c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(missing))
	refused(t, err, "")
	a := c.assessed(c.asks(missing))
	if a.Found.Outcome != graduation.Unmet || len(a.Found.Gaps) == 0 {
		t.Fatalf("found %+v", a.Found)
	}
	_, err = c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), approves(a, c.asks(missing).GraduationRef))
	refused(t, err, "requirements_not_met")

	put(c, accreditation.Decider, c.accredited, accreditation.Event(accreditation.AccreditationWithdrawn{From: "2026-03-01"}))
	_, err = c.l.AssessGraduation(t.Context(), c.act(c.school, "registrar"), c.asks(amina))
	refused(t, err, "not_accredited")
}

// TestAmendedSince: what an officer approves must still be so.
func TestAmendedSince(t *testing.T) {
	c := newClassroom(t)
	amina := c.graded("Amina")
	in := c.asks(amina)
	a := c.assessed(in)
	_, err := c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), approves(a, in.GraduationRef))
	refused(t, err, "")
	r, err := ledger.Load(t.Context(), c.l, academicrecord.Decider, academicrecord.Stream(c.tenant, amina, c.school, 2026), c.act(c.school, "x"))
	refused(t, err, "")
	_, err = c.l.AmendGrade(t.Context(), c.act(c.school, "teacher"), ledger.AmendInput{
		EntryRef: ledger.EntryRef{Student: amina, SchoolYear: 2026, Of: r.State.Entries[0].ID},
		Change:   ledger.Change{ReasonCode: typo, When: academicrecord.When{EventDate: "2026-03-20"}}, Mark: c.score("5"),
	})
	refused(t, err, "")
	_, err = c.l.ConfirmGraduation(t.Context(), c.act(c.school, "deputy"), approves(a, in.GraduationRef))
	refused(t, err, "assessment_outdated")
	if b := c.assessed(in); b.Found.Outcome != graduation.Unmet {
		t.Errorf("found %+v", b.Found)
	}
	_, err = c.l.ConfirmGraduation(t.Context(), c.act(c.school, "deputy"), approves(a, in.GraduationRef))
	refused(t, err, "assessment_superseded")
}

// TestRecordOfAllSchools: after a transfer the former school's grades count, a jury's word
// goes before a mark, and credits stand in where the plan says so.
func TestRecordOfAllSchools(t *testing.T) {
	c := newClassroom(t)
	s := c.registered("Lamia")
	put(c, enrollment.Decider, s, []enrollment.Event{
		enrollment.StudentEnrolled{Enrollment: c.id("e1"), School: c.other, EntryDate: "2024-09-15", DatePrecision: enrollment.Day, Primary: true},
		enrollment.StudentWithdrawn{Enrollment: c.id("e1"), ExitDate: "2025-08-31", DatePrecision: enrollment.Day},
		enrollment.StudentEnrolled{Enrollment: c.id("e2"), School: c.school, EntryDate: "2025-09-01", DatePrecision: enrollment.Day, Primary: true},
	}...)
	record := academicrecord.Stream(c.tenant, s, c.other, 2025)
	five := c.score("5")
	ids := domain.StreamIDs(record)
	as := domain.Decider[[]academicrecord.Event, academicrecord.State, academicrecord.Event]{
		Category: "academicRecord", Evolve: academicrecord.Evolve,
		Decide: func(_ academicrecord.State, e []academicrecord.Event) ([]academicrecord.Event, error) { return e, nil },
	}
	facts := []academicrecord.Event{academicrecord.GradeRecorded{Grade: c.id("g"), SchoolYear: 2025, Course: c.maths, Session: c.id("theirs"), Attempt: 1, Mark: five, When: academicrecord.When{EventDate: "2025-01-10"}}}
	_, err := ledger.Execute(t.Context(), c.l, as, as.Stream(ids...), c.act(c.other, "setup"), ledger.Just(facts))
	refused(t, err, "")
	_, err = c.l.AwardCredit(t.Context(), c.act(c.school, "registrar"), ledger.CreditInput{
		Student: s, Course: c.history, SchoolYear: 2026, EarnedCredits: domain.Whole(6),
		MethodCreditEarned: domain.EdFi("MethodCreditEarned", "TransferCredit"), When: academicrecord.When{EventDate: "2026-03-20"},
	})
	refused(t, err, "")
	earlier := c.assessed(c.asks(s, func(in *ledger.AssessInput) { in.EventDate = "2026-03-19" }))
	if earlier.Found.EarnedCredits != 0 {
		t.Fatalf("the day before the credit was earned it counts: %+v", earlier.Found)
	}
	a := c.assessed(c.asks(s))
	if a.Found.Outcome != graduation.Unmet || a.Found.Gaps[0].Code != "course_failed" || *a.Found.Gaps[0].Achieved != domain.Whole(5) {
		t.Fatalf("found %+v", a.Found)
	}
	_, err = c.l.DecideJury(t.Context(), c.act(c.school, "president"), ledger.JuryInput{
		Student: s, SchoolYear: 2026, Course: c.maths, CourseAttemptResult: domain.EdFi("CourseAttemptResult", "Pass"),
		Decision: "uri://example.org/JuryDecisionDescriptor#Redeemed", When: academicrecord.When{EventDate: "2026-03-20"},
	})
	refused(t, err, "")
	if a = c.assessed(c.asks(s)); a.Found.Outcome != graduation.Met {
		t.Fatalf("found %+v", a.Found)
	}
}
