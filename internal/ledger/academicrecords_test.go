package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"sync/atomic"
	"testing"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

const typo domain.Descriptor = "uri://example.org/AmendmentReasonDescriptor#TranscriptionError"

func (c *classroom) score(s string) academicrecord.Mark {
	d := dec(s)
	return academicrecord.Mark{GradingScheme: c.twenty, NumericGradeEarned: &d}
}

func (c *classroom) gradeOf(s domain.ID, change ...func(*ledger.GradeInput)) ledger.GradeInput {
	in := ledger.GradeInput{Student: s, Course: c.maths, Session: c.session, Mark: c.score("15.5"), When: academicrecord.When{EventDate: "2026-01-12"}}
	for _, f := range change {
		f(&in)
	}
	return in
}

func TestRecordGrade(t *testing.T) {
	c := newClassroom(t)
	amina := c.pupil("Amina")
	in := c.gradeOf(amina)
	in.DiagnosticStatement = "ممتاز جدا"
	act := c.act(c.school, "teacher", func(r *ledger.Request) { r.OnBehalfOf = "somebody" })
	w, err := c.l.RecordGrade(t.Context(), act, in)
	refused(t, err, "")
	stored := c.events("academicRecord.GradeRecorded.v1")
	if len(stored) != 1 || w.Position != stored[0].Position || w.Replayed {
		t.Fatalf("answered %+v for %d events", w, len(stored))
	}
	e := stored[0]
	if want := academicrecord.Stream(c.tenant, amina, c.school, 2026); e.Stream != want {
		t.Errorf("the grade lies in %s, want %s", e.Stream, want)
	}
	m, err := eventlog.DecodeMeta(e.Meta)
	if err != nil {
		t.Fatal(err)
	}
	if m.Actor != "teacher" || m.OnBehalfOf != "somebody" || m.Institution != string(c.school) || m.EffectiveAt != "2026-01-12" || !reflect.DeepEqual(m.Subjects, []string{string(amina)}) {
		t.Errorf("metadata %+v", m)
	}
	if len(m.Inputs) != 5 {
		t.Errorf("the decision names %d inputs, want student, enrollment, session, course and scheme: %+v", len(m.Inputs), m.Inputs)
	}
	if bytes.Contains(e.Data, []byte("ممتاز")) {
		t.Error("the teacher's words lie in clear in the log")
	}
	fact, err := ledger.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	g := fact.(academicrecord.GradeRecorded)
	plain, err := c.l.Vault().OpenPrivate(t.Context(), c.tenant, g.Statement)
	if err != nil || string(plain) != `{"diagnosticStatement":"ممتاز جدا"}` {
		t.Errorf("the words open as %s: %v", plain, err)
	}
	if g.Grade != w.ID || g.SchoolYear != 2026 || g.Attempt != 1 {
		t.Errorf("stored %+v", g)
	}

	again, err := c.l.RecordGrade(t.Context(), act, in)
	refused(t, err, "")
	if again.ID != w.ID || again.Position != w.Position || !again.Replayed || len(c.events("academicRecord.GradeRecorded.v1")) != 1 {
		t.Errorf("the retry is answered %+v, first %+v", again, w)
	}
	other := act
	other.Body = []byte(`{"another":"body"}`)
	_, err = c.l.RecordGrade(t.Context(), other, in)
	refused(t, err, "idempotency_key_reused")
}

func TestRecordGradeRefusals(t *testing.T) {
	c := newClassroom(t)
	amina, karim, merged := c.pupil("Amina"), c.registered("Karim"), c.pupil("merged")
	put(c, student.Decider, merged, student.Event(student.StudentMerged{Into: amina}))
	moved := c.registered("moved")
	put(c, enrollment.Decider, moved, []enrollment.Event{
		enrollment.StudentEnrolled{Enrollment: c.id("here"), School: c.school, EntryDate: "2025-09-15", DatePrecision: enrollment.Day, Primary: true},
		enrollment.StudentWithdrawn{Enrollment: c.id("here"), ExitDate: "2026-01-11", DatePrecision: enrollment.Day},
		enrollment.StudentEnrolled{Enrollment: c.id("there"), School: c.other, EntryDate: "2026-01-12", DatePrecision: enrollment.Day, Primary: true},
	}...)
	for name, x := range map[string]struct {
		in   ledger.GradeInput
		at   domain.ID
		code string
	}{
		"a student who does not exist":         {c.gradeOf(c.id("nobody")), c.school, "not_found"},
		"another school's student":             {c.gradeOf(amina), c.other, "not_found"},
		"the ministry teaches nobody":          {c.gradeOf(amina), c.ministry, "not_found"},
		"an id that is none":                   {c.gradeOf("A-1"), c.school, "invalid_field"},
		"a registered student, not enrolled":   {c.gradeOf(karim), c.school, "not_enrolled"},
		"a student at another school by then":  {c.gradeOf(moved), c.school, "not_enrolled"},
		"a student who was merged":             {c.gradeOf(merged), c.school, "student_merged"},
		"a course of another school":           {c.gradeOf(amina, func(g *ledger.GradeInput) { g.Course = c.foreignCourse }), c.school, "course_unknown"},
		"a course that does not exist":         {c.gradeOf(amina, func(g *ledger.GradeInput) { g.Course = c.id("none") }), c.school, "course_unknown"},
		"a session that does not exist":        {c.gradeOf(amina, func(g *ledger.GradeInput) { g.Session = c.id("none") }), c.school, "session_unknown"},
		"a scheme that does not exist":         {c.gradeOf(amina, func(g *ledger.GradeInput) { g.GradingScheme = c.id("none") }), c.school, "grading_scheme_unknown"},
		"a score beyond the scheme":            {c.gradeOf(amina, func(g *ledger.GradeInput) { g.Mark = c.score("21") }), c.school, "invalid_field"},
		"a missing score":                      {c.gradeOf(amina, func(g *ledger.GradeInput) { g.Mark = academicrecord.Mark{} }), c.school, "score_missing"},
		"a nobody's session before all is 404": {c.gradeOf(c.id("nobody"), func(g *ledger.GradeInput) { g.Session = c.id("none") }), c.school, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.end()
			_, err := c.l.RecordGrade(t.Context(), c.act(x.at, "teacher"), x.in)
			refused(t, err, x.code)
			if c.end() != before {
				t.Error("something was written")
			}
		})
	}
}

// TestForeignTenant: a token of another authority finds nothing of ours.
func TestForeignTenant(t *testing.T) {
	c := newClassroom(t)
	amina := c.pupil("Amina")
	act := c.act(c.school, "teacher", func(r *ledger.Request) { r.Tenant = c.id("another tenant") })
	_, err := c.l.RecordGrade(t.Context(), act, c.gradeOf(amina))
	refused(t, err, "not_found")
}

// reads counts what a ledger asks of its log.
type reads struct {
	eventlog.Log
	n atomic.Int64
}

func (r *reads) Head(ctx context.Context, s string) (eventlog.Revision, error) {
	r.n.Add(1)
	return r.Log.Head(ctx, s)
}

func (r *reads) Read(ctx context.Context, s string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	r.n.Add(1)
	return r.Log.Read(ctx, s, from)
}

// TestGradeCostsNoReads: what a second grade needs of six streams is in memory.
func TestGradeCostsNoReads(t *testing.T) {
	c := newClassroom(t)
	amina := c.pupil("Amina")
	counted := &reads{Log: c.log}
	c.l = ledger.New(counted, c.l.Vault(), ledger.Config{Now: c.now})
	_, err := c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(amina))
	refused(t, err, "")
	cold := counted.n.Load()
	_, err = c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(amina, func(g *ledger.GradeInput) { g.Attempt = 2 }))
	refused(t, err, "")
	if warm := counted.n.Load() - cold; warm != 0 || cold == 0 {
		t.Errorf("the first grade cost %d reads, the second %d, want 0", cold, warm)
	}
}

// TestUnknownOutcome: whether an append failed before or after it was stored, the grade is
// recorded exactly once.
func TestUnknownOutcome(t *testing.T) {
	for _, persist := range []bool{false, true} {
		t.Run(fmt.Sprintf("persisted=%v", persist), func(t *testing.T) {
			c := newClassroom(t)
			amina := c.pupil("Amina")
			failures := 0
			c.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if failures++; failures > 2 {
					return false, nil
				}
				return persist, errors.New("connection reset")
			}
			_, err := c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(amina))
			refused(t, err, "")
			if n := len(c.events("academicRecord.GradeRecorded.v1")); n != 1 {
				t.Errorf("%d grades are stored", n)
			}
		})
	}
}

// TestRecordGrades: an answer per row, nothing lost beside a refused row, and a repeated
// batch writes nothing.
func TestRecordGrades(t *testing.T) {
	c := newClassroom(t)
	var pupils []domain.ID
	for i := range 60 {
		pupils = append(pupils, c.pupil(fmt.Sprint("pupil ", i)))
	}
	rows := make([]ledger.GradeRow, ledger.MaxRows)
	for i := range rows {
		in := c.gradeOf(pupils[i%len(pupils)])
		in.Attempt = 1 + i/len(pupils)
		switch {
		case i%100 == 7:
			in.Mark = c.score("20.25")
		case i%100 == 8: // the same matter as the same pupil's row before
			in.Attempt = max(1, in.Attempt-1)
		}
		rows[i] = ledger.GradeRow{GradeInput: in, Body: fmt.Append(nil, in.Student, in.Attempt, *in.NumericGradeEarned)}
	}
	act := c.act(c.school, "teacher")
	answers, err := c.l.RecordGrades(t.Context(), act, rows)
	refused(t, err, "")
	written := 0
	for i, a := range answers {
		code := ""
		switch {
		case i%100 == 7:
			code = "invalid_field"
		case i%100 == 8 && i > 100:
			code = "grade_already_recorded"
		}
		if domain.CodeOf(a.Err) != code || (a.Err == nil) != (a.ID != "") {
			t.Fatalf("row %d is answered %+v, want code %q", i, a, code)
		}
		if a.Err == nil {
			written++
		}
	}
	if n := len(c.events("academicRecord.GradeRecorded.v1")); n != written {
		t.Fatalf("%d rows are answered as written, %d are", written, n)
	}
	end := c.end()
	again, err := c.l.RecordGrades(t.Context(), act, rows)
	refused(t, err, "")
	for i := range again {
		if again[i].ID != answers[i].ID || domain.CodeOf(again[i].Err) != domain.CodeOf(answers[i].Err) {
			t.Fatalf("row %d is answered %+v, first %+v", i, again[i], answers[i])
		}
	}
	if c.end() != end {
		t.Error("a repeated batch wrote something")
	}
	rows[0].Body = []byte("another")
	again, err = c.l.RecordGrades(t.Context(), act, rows[:1])
	refused(t, err, "")
	refused(t, again[0].Err, "idempotency_key_reused")
	for _, n := range []int{0, ledger.MaxRows + 1} {
		_, err = c.l.RecordGrades(t.Context(), c.act(c.school, "teacher"), make([]ledger.GradeRow, n))
		refused(t, err, "invalid_field")
	}
}

// TestAmendments: one officer while the session is open, two afterwards.
func TestAmendments(t *testing.T) {
	c := newClassroom(t)
	amina := c.pupil("Amina")
	w, err := c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(amina))
	refused(t, err, "")
	ref := ledger.EntryRef{Student: amina, SchoolYear: 2026, Of: w.ID}
	why := ledger.Change{ReasonCode: typo, When: academicrecord.When{EventDate: "2026-03-20"}, Reason: "She had handed in a third sheet."}
	mark := func() academicrecord.Mark {
		r, err := ledger.Load(t.Context(), c.l, academicrecord.Decider, academicrecord.Stream(c.tenant, amina, c.school, 2026), c.act(c.school, "x"))
		refused(t, err, "")
		e, ok := r.State.Entry(w.ID)
		if !ok || e.Voided {
			return academicrecord.Mark{}
		}
		return e.Mark
	}

	_, err = c.l.AmendGrade(t.Context(), c.act(c.other, "teacher"), ledger.AmendInput{EntryRef: ref, Change: why, Mark: c.score("16")})
	refused(t, err, "not_found")
	a, err := c.l.AmendGrade(t.Context(), c.act(c.school, "teacher"), ledger.AmendInput{EntryRef: ref, Change: why, Mark: c.score("16")})
	refused(t, err, "")
	if a.Pending || *mark().NumericGradeEarned != dec("16") {
		t.Fatalf("pending %v, the mark is %v", a.Pending, mark())
	}
	if bytes.Contains(c.events("academicRecord.GradeAmended.v1")[0].Data, []byte("third sheet")) {
		t.Error("the reason's words lie in clear in the log")
	}

	put(c, academicsession.Decider, c.session, academicsession.Event(academicsession.SessionFinalized{FinalizedOn: "2026-03-20"}))
	_, err = c.l.RecordGrade(t.Context(), c.act(c.school, "teacher"), c.gradeOf(amina, func(g *ledger.GradeInput) { g.Attempt = 2 }))
	refused(t, err, "session_finalized")
	act := c.act(c.school, "first officer")
	late := ledger.AmendInput{EntryRef: ref, Change: why, Follows: a.ID, Mark: c.score("17")}
	p, err := c.l.AmendGrade(t.Context(), act, late)
	refused(t, err, "")
	if !p.Pending || *mark().NumericGradeEarned != dec("16") {
		t.Fatalf("pending %v, the mark is %v", p.Pending, mark())
	}
	again, err := c.l.AmendGrade(t.Context(), act, late)
	refused(t, err, "")
	if again.ID != p.ID || !again.Pending {
		t.Errorf("the retry is answered %+v, first %+v", again, p)
	}
	proposal := ledger.EntryRef{Student: amina, SchoolYear: 2026, Of: p.ID}
	_, err = c.l.ConfirmAmendment(t.Context(), c.act(c.school, "first officer", func(r *ledger.Request) { r.OnBehalfOf = "second officer" }), proposal)
	refused(t, err, "needs_second_approval")
	_, err = c.l.ConfirmAmendment(t.Context(), c.act(c.other, "second officer"), proposal)
	refused(t, err, "not_found")
	ofSchool := proposal
	ofSchool.School = c.school
	_, err = c.l.ConfirmAmendment(t.Context(), c.act(c.other, "second officer"), ofSchool)
	refused(t, err, "not_found")
	_, err = c.l.ConfirmAmendment(t.Context(), c.act(c.ministry, "inspector"), ofSchool)
	refused(t, err, "")
	if *mark().NumericGradeEarned != dec("17") {
		t.Errorf("the mark is %v", mark())
	}

	v, err := c.l.VoidGrade(t.Context(), c.act(c.school, "first officer"), ledger.VoidInput{EntryRef: ref, Change: why})
	refused(t, err, "")
	_, err = c.l.DeclineAmendment(t.Context(), c.act(c.school, "second officer"), ledger.EntryRef{Student: amina, SchoolYear: 2026, Of: v.ID}, typo)
	refused(t, err, "")
	_, err = c.l.ConfirmAmendment(t.Context(), c.act(c.school, "second officer"), ledger.EntryRef{Student: amina, SchoolYear: 2026, Of: v.ID})
	refused(t, err, "amendment_unknown")
	if mark().NumericGradeEarned == nil {
		t.Error("a declined voiding took effect")
	}
}

// TestOtherEntries records one of everything else.
func TestOtherEntries(t *testing.T) {
	c := newClassroom(t)
	amina := c.pupil("Amina")
	when := academicrecord.When{EventDate: "2026-03-20", DatePrecision: "day"}
	pass := domain.EdFi("CourseAttemptResult", "Pass")
	_, err := c.l.RecordCourseResult(t.Context(), c.act(c.school, "registrar"), ledger.CourseResultInput{
		Student: amina, Course: c.maths, Session: c.session, CourseAttemptResult: pass, When: when,
		Final: academicrecord.Mark{GradingScheme: c.letters, LetterGradeEarned: "B"},
	})
	refused(t, err, "")
	f, err := c.l.RecordForeignGrade(t.Context(), c.act(c.school, "registrar"), ledger.ForeignGradeInput{Student: amina, SchoolYear: 2026, Grade: academicrecord.ForeignGradeRecorded{
		ExternalSchool: "Gimnazija Tuzla", CourseTitle: "Matematika", VerbatimGrade: "5 (odličan)", ForeignGradingScheme: "1–5", When: when,
	}})
	refused(t, err, "")
	_, err = c.l.AwardCredit(t.Context(), c.act(c.school, "registrar"), ledger.CreditInput{
		Student: amina, Course: c.history, SchoolYear: 2026, EarnedCredits: domain.Whole(6),
		MethodCreditEarned: domain.EdFi("MethodCreditEarned", "TransferCredit"), ForeignGrade: f.ID, When: when,
	})
	refused(t, err, "")
	_, err = c.l.DecideJury(t.Context(), c.act(c.school, "president"), ledger.JuryInput{
		Student: amina, Session: c.session, Decision: "uri://example.org/JuryDecisionDescriptor#Admitted", Reason: "unanimous", When: when,
	})
	refused(t, err, "")
	_, err = c.l.DecideJury(t.Context(), c.act(c.school, "president"), ledger.JuryInput{
		Student: amina, Session: c.session, SchoolYear: 2025, Decision: "uri://example.org/JuryDecisionDescriptor#Admitted", When: when,
	})
	refused(t, err, "invalid_field")
	_, err = c.l.AwardCredit(t.Context(), c.act(c.school, "registrar"), ledger.CreditInput{Student: amina, Course: c.history, EarnedCredits: domain.Whole(6), When: when})
	refused(t, err, "invalid_field")
	r, err := ledger.Load(t.Context(), c.l, academicrecord.Decider, academicrecord.Stream(c.tenant, amina, c.school, 2026), c.act(c.school, "x"))
	refused(t, err, "")
	if len(r.State.Entries) != 4 {
		t.Errorf("the record has %d entries, want 4", len(r.State.Entries))
	}
}
