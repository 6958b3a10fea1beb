package academicrecord

import (
	"reflect"
	"testing"

	"sijil/domain"
)

func id(name string) domain.ID {
	return domain.DeriveID("00000000-0000-4000-8000-000000000000", name)
}

func dec(s string) *domain.Decimal {
	d, err := domain.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return &d
}

const (
	typo     domain.Descriptor = "uri://example.org/AmendmentReasonDescriptor#TranscriptionError"
	admitted domain.Descriptor = "uri://example.org/JuryDecisionDescriptor#Admitted"
	deferred domain.Descriptor = "uri://example.org/JuryDecisionDescriptor#Deferred"
)

var (
	pass = domain.EdFi("CourseAttemptResult", "Pass")
	fail = domain.EdFi("CourseAttemptResult", "Fail")
)

// term is evidence of a term in which everything is as it should be.
func term(change ...func(*Evidence)) Evidence {
	e := Evidence{
		Today: "2026-03-20", School: id("school"),
		Session:  Session{Known: true, School: id("school"), SchoolYear: 2026, BeginDate: "2025-09-15", EndDate: "2026-06-30"},
		Course:   Course{Known: true},
		Scheme:   Scheme{Known: true, MinScore: 0, MaxScore: domain.Whole(20), Step: *dec("0.25"), Labels: []string{"A", "B", "جيد"}},
		Enrolled: []domain.Span{{From: "2025-09-15", Until: "2026-07-01"}},
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func finalized(e *Evidence)   { e.Session.Finalized = true }
func notEnrolled(e *Evidence) { e.Enrolled = nil }

func score(s string) Mark { return Mark{GradingScheme: id("scheme"), NumericGradeEarned: dec(s)} }

func grade(change ...func(*GradeRecorded)) GradeRecorded {
	g := GradeRecorded{
		Grade: id("grade"), SchoolYear: 2026, Course: id("course"), Session: id("session"), Attempt: 1,
		Mark: score("15.5"), When: When{EventDate: "2026-01-12"},
	}
	for _, f := range change {
		f(&g)
	}
	return g
}

func marked(m Mark) func(*GradeRecorded)    { return func(g *GradeRecorded) { g.Mark = m } }
func on(d domain.Date) func(*GradeRecorded) { return func(g *GradeRecorded) { g.EventDate = d } }
func named(n string) func(*GradeRecorded)   { return func(g *GradeRecorded) { g.Grade = id(n) } }
func sessionOnly(g *GradeRecorded)          { g.DatePrecision = PrecisionSession }
func record(g GradeRecorded) RecordGrade    { return RecordGrade{Grade: g, Evidence: term()} }
func facts(f ...Event) []Event              { return f }
func labelled(n, l string) Mark             { m := score(n); m.LetterGradeEarned = l; return m }
func status(s ScoreStatus) Mark             { return Mark{ScoreStatus: s} }
func letter(l string) Mark                  { return Mark{GradingScheme: id("scheme"), LetterGradeEarned: l} }

func amendment(n, of, follows string, m Mark) Amended {
	return Amended{Amendment: id(n), Of: id(of), Follows: id(follows), Mark: m, ReasonCode: typo, Authority: id("school")}
}

var (
	today  = When{EventDate: "2026-03-20"}
	result = CourseResultRecorded{
		CourseResult: id("result"), SchoolYear: 2026, Course: id("course"), Session: id("session"), Attempt: 1,
		CourseAttemptResult: pass, When: today,
	}
	foreign = ForeignGradeRecorded{
		ForeignGrade: id("foreign"), SchoolYear: 2026, ExternalSchool: "Gimnazija Tuzla", CourseTitle: "Matematika",
		VerbatimGrade: "5 (odličan)", ForeignGradingScheme: "1–5", When: today,
	}
	credit = CreditAwarded{
		Credit: id("credit"), SchoolYear: 2026, Course: id("course"), Attempt: 1, EarnedCredits: domain.Whole(6),
		MethodCreditEarned: domain.EdFi("MethodCreditEarned", "TransferCredit"), When: today,
	}
	jury     = JuryDecided{JuryDecision: id("jury"), SchoolYear: 2026, Session: id("session"), Decision: deferred, When: today}
	proposal = AmendmentProposed{Amended: amendment("amendment", "grade", "grade", score("16")), ProposedBy: "first", When: today}
)

func TestDecide(t *testing.T) {
	amend := func(a Amended, e Evidence) Amend {
		return Amend{Amended: a, When: today, By: "first", Evidence: e}
	}
	to16 := amendment("amendment", "grade", "grade", score("16"))
	blind := to16
	blind.Follows = ""
	voidIt := func(of string, e Evidence) Void {
		return Void{Void: id("void"), Of: id(of), ReasonCode: typo, Authority: id("school"), When: today, By: "first", Evidence: e}
	}
	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"a score on the scheme is recorded":                      {when: record(grade()), then: facts(grade())},
		"the best score is recorded":                             {when: record(grade(marked(score("20")))), then: facts(grade(marked(score("20"))))},
		"zero is a score":                                        {when: record(grade(marked(score("0")))), then: facts(grade(marked(score("0"))))},
		"a score above the scheme is refused":                    {when: record(grade(marked(score("20.25")))), code: "invalid_field"},
		"a score below the scheme is refused":                    {when: record(grade(marked(score("-0.25")))), code: "invalid_field"},
		"a score between the steps is refused":                   {when: record(grade(marked(score("15.3")))), code: "invalid_field"},
		"a label of the scheme is recorded":                      {when: record(grade(marked(letter("جيد")))), then: facts(grade(marked(letter("جيد"))))},
		"a label of another scheme is refused":                   {when: record(grade(marked(letter("Z")))), code: "invalid_field"},
		"a number beside another label than its own is refused":  {when: RecordGrade{grade(marked(labelled("15.5", "A"))), term(func(e *Evidence) { e.Scheme.Reads = "B" })}, code: "invalid_field"},
		"a number beside its own label is recorded":              {when: RecordGrade{grade(marked(labelled("15.5", "B"))), term(func(e *Evidence) { e.Scheme.Reads = "B" })}, then: facts(grade(marked(labelled("15.5", "B"))))},
		"neither score nor status is refused":                    {when: record(grade(marked(Mark{GradingScheme: id("scheme")}))), code: "score_missing"},
		"an absence is recorded":                                 {when: record(grade(marked(status(Absent)))), then: facts(grade(marked(status(Absent))))},
		"an unknown status is refused":                           {when: record(grade(marked(status("late")))), code: "invalid_field"},
		"a score beside a status is refused":                     {when: record(grade(marked(Mark{ScoreStatus: Excused, NumericGradeEarned: dec("3")}))), code: "invalid_field"},
		"a score without a scheme is refused":                    {when: record(grade(marked(Mark{NumericGradeEarned: dec("3")}))), code: "invalid_field"},
		"a scheme that is not there is refused":                  {when: RecordGrade{grade(), term(func(e *Evidence) { e.Scheme = Scheme{} })}, code: "grading_scheme_unknown"},
		"a course that is not there is refused":                  {when: RecordGrade{grade(), term(func(e *Evidence) { e.Course = Course{} })}, code: "course_unknown"},
		"a course retired by then is refused":                    {when: RecordGrade{grade(), term(func(e *Evidence) { e.Course.RetiredFrom = "2026-01-12" })}, code: "course_retired"},
		"a course retired later is graded":                       {when: RecordGrade{grade(), term(func(e *Evidence) { e.Course.RetiredFrom = "2026-01-13" })}, then: facts(grade())},
		"another school's session is refused":                    {when: RecordGrade{grade(), term(func(e *Evidence) { e.Session.School = id("other") })}, code: "session_unknown"},
		"a finalized session takes no new grade":                 {when: RecordGrade{grade(), term(finalized)}, code: "session_finalized"},
		"a day that has not come is refused":                     {when: record(grade(on("2026-03-21"))), code: "date_in_future"},
		"a day before the session is refused":                    {when: record(grade(on("2025-09-14"))), code: "invalid_field"},
		"a day that is none is refused":                          {when: record(grade(on("2026-02-30"))), code: "invalid_field"},
		"a student who was never enrolled has no grade":          {when: RecordGrade{grade(), term(notEnrolled)}, code: "not_enrolled"},
		"a student who had left has no grade":                    {when: RecordGrade{grade(), term(func(e *Evidence) { e.Enrolled[0].Until = "2026-01-12" })}, code: "not_enrolled"},
		"on the last day the student is still enrolled":          {when: RecordGrade{grade(), term(func(e *Evidence) { e.Enrolled[0].Until = "2026-01-13" })}, then: facts(grade())},
		"where only the session is known, part of it is enough":  {when: RecordGrade{grade(on("2025-09-15"), sessionOnly), term(func(e *Evidence) { e.Enrolled[0].From = "2026-06-30" })}, then: facts(grade(on("2025-09-15"), sessionOnly))},
		"where only the session is known, the day is one of its": {when: record(grade(on("2026-07-01"), sessionOnly)), code: "invalid_field"},
		"a session that has not begun has no grade":              {when: RecordGrade{grade(on("2025-09-15"), sessionOnly), term(func(e *Evidence) { e.Today = "2025-09-14" })}, code: "date_in_future"},
		"the same matter is graded once":                         {given: facts(grade()), when: record(grade(named("again"), marked(score("3")))), code: "grade_already_recorded"},
		"the second attempt is another matter":                   {given: facts(grade()), when: record(grade(named("second"), func(g *GradeRecorded) { g.Attempt = 2 })), then: facts(grade(named("second"), func(g *GradeRecorded) { g.Attempt = 2 }))},
		"attempts count from one":                                {when: record(grade(func(g *GradeRecorded) { g.Attempt = 0 })), code: "invalid_field"},
		"a negative coefficient is refused":                      {when: record(grade(func(g *GradeRecorded) { g.Coefficient = dec("-1") })), code: "invalid_field"},

		"a result needs no final grade":            {when: RecordCourseResult{result, term()}, then: facts(result)},
		"a result may come after the student left": {when: RecordCourseResult{result, term(func(e *Evidence) { e.Enrolled[0].Until = "2026-01-01" })}, then: facts(result)},
		"a result needs an enrollment":             {when: RecordCourseResult{result, term(notEnrolled)}, code: "not_enrolled"},
		"a course attempt ends once":               {given: facts(result), when: RecordCourseResult{result, term()}, code: "result_already_recorded"},
		"a result outside the list is refused":     {when: RecordCourseResult{func() CourseResultRecorded { r := result; r.CourseAttemptResult = typo; return r }(), term()}, code: "invalid_field"},
		"a final grade outside the scheme is refused": {when: RecordCourseResult{func() CourseResultRecorded {
			r := result
			r.GradingScheme, r.FinalNumericGradeEarned = id("scheme"), dec("21")
			return r
		}(), term()}, code: "invalid_field"},

		"a foreign grade is carried as written":        {when: RecordForeignGrade{foreign, term()}, then: facts(foreign)},
		"a foreign grade is carried once":              {given: facts(foreign), when: RecordForeignGrade{foreign, term()}, code: "foreign_grade_already_recorded"},
		"a foreign grade of two lines is refused":      {when: RecordForeignGrade{func() ForeignGradeRecorded { f := foreign; f.VerbatimGrade = "5\n6"; return f }(), term()}, code: "invalid_field"},
		"a credit is awarded":                          {when: AwardCredit{credit, term(func(e *Evidence) { e.Session = Session{} })}, then: facts(credit)},
		"a credit is awarded once":                     {given: facts(credit), when: AwardCredit{credit, term()}, code: "credit_already_awarded"},
		"a credit of nothing is refused":               {when: AwardCredit{func() CreditAwarded { c := credit; c.EarnedCredits = 0; return c }(), term()}, code: "invalid_field"},
		"a result carried over needs no credit points": {when: AwardCredit{func() CreditAwarded { c := credit; c.EarnedCredits, c.Mark = 0, score("12"); return c }(), term()}, then: facts(func() CreditAwarded { c := credit; c.EarnedCredits, c.Mark = 0, score("12"); return c }())},
		"a credit for a foreign grade names one":       {when: AwardCredit{func() CreditAwarded { c := credit; c.ForeignGrade = id("foreign"); return c }(), term()}, code: "foreign_grade_unknown"},
		"a year later nobody is enrolled any more": {when: AwardCredit{credit, term(func(e *Evidence) {
			e.Session, e.Enrolled = Session{}, []domain.Span{{From: "2024-01-01", Until: "2025-03-20"}}
		})}, code: "not_enrolled"},

		"a jury decides":                            {when: DecideJury{jury, term()}, then: facts(jury)},
		"a jury decides once":                       {given: facts(jury), when: DecideJury{func() JuryDecided { j := jury; j.JuryDecision = id("jury2"); return j }(), term()}, code: "jury_already_decided"},
		"a jury replaces its decision by name":      {given: facts(jury), when: DecideJury{func() JuryDecided { j := jury; j.JuryDecision, j.Supersedes = id("jury2"), id("jury"); return j }(), term()}, then: facts(func() JuryDecided { j := jury; j.JuryDecision, j.Supersedes = id("jury2"), id("jury"); return j }())},
		"a jury replaces nothing that is not there": {when: DecideJury{func() JuryDecided { j := jury; j.Supersedes = id("jury0"); return j }(), term()}, code: "jury_decision_unknown"},

		"a grade is amended":                           {given: facts(grade()), when: amend(to16, term()), then: facts(GradeAmended{Amended: to16, When: today})},
		"an amendment follows the last link by itself": {given: facts(grade()), when: amend(blind, term()), then: facts(GradeAmended{Amended: to16, When: today})},
		"an amendment of what was amended since":       {given: facts(grade(), GradeAmended{Amended: to16, When: today}), when: amend(amendment("a2", "grade", "grade", score("17")), term()), code: "amended_meanwhile"},
		"the second amendment follows the first":       {given: facts(grade(), GradeAmended{Amended: to16, When: today}), when: amend(amendment("a2", "grade", "amendment", score("17")), term()), then: facts(GradeAmended{Amended: amendment("a2", "grade", "amendment", score("17")), When: today})},
		"an amendment to the same mark is refused":     {given: facts(grade()), when: amend(amendment("amendment", "grade", "grade", score("15.5")), term()), code: "nothing_to_amend"},
		"an amendment outside the scheme is refused":   {given: facts(grade()), when: amend(amendment("amendment", "grade", "grade", score("21")), term()), code: "invalid_field"},
		"an amendment of nothing is refused":           {when: amend(to16, term()), code: "not_found"},
		"an amendment without a reason is refused":     {given: facts(grade()), when: amend(func() Amended { a := to16; a.ReasonCode = ""; return a }(), term()), code: "invalid_field"},
		"an incomplete grade is completed":             {given: facts(grade(marked(status(Incomplete)))), when: amend(to16, term()), then: facts(GradeAmended{Amended: to16, When: today})},
		"an amendment of a finalized session waits":    {given: facts(grade()), when: amend(to16, term(finalized)), then: facts(proposal)},
		"one amendment waits at a time":                {given: facts(grade(), proposal), when: amend(amendment("a2", "grade", "grade", score("17")), term(finalized)), code: "amendment_pending"},
		"the proposer does not confirm":                {given: facts(grade(), proposal), when: ConfirmAmendment{id("amendment"), "first"}, code: "needs_second_approval"},
		"another officer confirms":                     {given: facts(grade(), proposal), when: ConfirmAmendment{id("amendment"), "second"}, then: facts(GradeAmended{Amended: to16, ProposedBy: "first", ConfirmedBy: "second", When: today})},
		"nobody confirms twice":                        {given: facts(grade(), proposal, GradeAmended{Amended: to16, ProposedBy: "first", ConfirmedBy: "second", When: today}), when: ConfirmAmendment{id("amendment"), "third"}, code: "amendment_unknown"},
		"a proposal is declined":                       {given: facts(grade(), proposal), when: DeclineAmendment{id("amendment"), typo, "second"}, then: facts(AmendmentDeclined{id("amendment"), typo, "second"})},
		"a declined proposal is not confirmed":         {given: facts(grade(), proposal, AmendmentDeclined{id("amendment"), typo, "second"}), when: ConfirmAmendment{id("amendment"), "second"}, code: "amendment_unknown"},
		"a result is amended with its result": {given: facts(result), when: amend(func() Amended {
			a := amendment("amendment", "result", "result", Mark{})
			a.CourseAttemptResult = fail
			return a
		}(), term()), then: facts(GradeAmended{Amended: func() Amended {
			a := amendment("amendment", "result", "result", Mark{})
			a.CourseAttemptResult = fail
			return a
		}(), When: today})},
		"a result is not amended by a mark alone":       {given: facts(result), when: amend(amendment("amendment", "result", "result", score("3")), term()), code: "invalid_field"},
		"a jury's decision is amended":                  {given: facts(jury), when: amend(func() Amended { a := amendment("amendment", "jury", "jury", Mark{}); a.Decision = admitted; return a }(), term()), then: facts(GradeAmended{Amended: func() Amended { a := amendment("amendment", "jury", "jury", Mark{}); a.Decision = admitted; return a }(), When: today})},
		"a jury passes a course":                        {when: DecideJury{func() JuryDecided { j := jury; j.Course, j.CourseAttemptResult = id("course"), pass; return j }(), term()}, then: facts(func() JuryDecided { j := jury; j.Course, j.CourseAttemptResult = id("course"), pass; return j }())},
		"a jury says of a course whether it passed":     {when: DecideJury{func() JuryDecided { j := jury; j.Course = id("course"); return j }(), term()}, code: "invalid_field"},
		"a jury passes no course that it does not name": {when: DecideJury{func() JuryDecided { j := jury; j.CourseAttemptResult = pass; return j }(), term()}, code: "invalid_field"},
		"a foreign grade is not amended":                {given: facts(foreign), when: amend(amendment("amendment", "foreign", "foreign", score("3")), term()), code: "not_amendable"},
		"a grade is voided":                             {given: facts(grade()), when: voidIt("grade", term()), then: facts(GradeVoided{Void: id("void"), Of: id("grade"), ReasonCode: typo, Authority: id("school"), When: today})},
		"a voided grade is not amended":                 {given: facts(grade(), GradeVoided{Void: id("void"), Of: id("grade")}), when: amend(to16, term()), code: "grade_voided"},
		"a voided grade's matter is graded again":       {given: facts(grade(), GradeVoided{Void: id("void"), Of: id("grade")}), when: record(grade(named("again"))), then: facts(grade(named("again")))},
		"voiding in a finalized session waits":          {given: facts(grade()), when: voidIt("grade", term(finalized)), then: facts(AmendmentProposed{Amended: Amended{Amendment: id("void"), Of: id("grade"), Follows: id("grade"), ReasonCode: typo, Authority: id("school")}, Void: true, ProposedBy: "first", When: today})},
		"a foreign grade that a credit needs stays":     {given: facts(foreign, func() CreditAwarded { c := credit; c.ForeignGrade = id("foreign"); return c }()), when: voidIt("foreign", term()), code: "foreign_grade_recognized"},
		"another officer confirms a voiding":            {given: facts(grade(), AmendmentProposed{Amended: Amended{Amendment: id("void"), Of: id("grade"), ReasonCode: typo, Authority: id("school")}, Void: true, ProposedBy: "first", When: today}), when: ConfirmAmendment{id("void"), "second"}, then: facts(GradeVoided{Void: id("void"), Of: id("grade"), ReasonCode: typo, Authority: id("school"), ProposedBy: "first", ConfirmedBy: "second", When: today})},
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
