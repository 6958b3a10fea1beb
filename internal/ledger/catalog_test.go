package ledger_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/accreditation"
	"sijil/domain/course"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduationplan"
	"sijil/domain/institution"
	"sijil/domain/program"
	"sijil/internal/ledger"
)

func out(d string) domain.Text { return domain.Text{"en": d} }

func aProgram(code string) program.ProgramDefined {
	return program.ProgramDefined{ProgramID: code, ProgramName: out(code), AchievementType: "Diploma", Level: "uri://europa.eu/EqfLevelDescriptor#4"}
}

func aCourse(code string) course.CourseDefined {
	return course.CourseDefined{CourseCode: code, CourseTitle: out(code)}
}

func aScheme(code string, most int64) gradingscheme.GradingSchemeDefined {
	return gradingscheme.GradingSchemeDefined{
		IdentificationCode: code, Name: out(code),
		Scheme: gradingscheme.Scheme{MaxScore: domain.Whole(most), PassMark: domain.Whole(most / 2), Step: domain.Whole(1)},
	}
}

// step is one use case in a row of them: its answer's code.
type step struct {
	name string
	do   func() (ledger.Written, error)
	code string
}

func run(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) { _, err := s.do(); must(t, err, s.code) })
	}
}

func TestWhoDefinesWhat(t *testing.T) {
	w := newTown(t)
	define := func(by, owner domain.ID, code string) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			d := aCourse(code)
			d.EducationOrganization = owner
			return w.l.DefineCourse(t.Context(), w.act(by), d)
		}
	}
	run(t, []step{
		{"a school defines a course of its own", define(w.lycee, "", "A"), ""},
		{"naming itself is the same", define(w.lycee, w.lycee, "A"), ""},
		{"its region defines one for it", define(w.north, w.lycee, "B"), ""},
		{"but not otherwise", define(w.ministry, w.lycee, "A"), ""}, // the same definition: nothing changes
		{"a school defines none for its region", define(w.lycee, w.north, "A"), "not_found"},
		{"nor for its sister", define(w.lycee, w.college, "A"), "not_found"},
		{"another region none for it", define(w.south, w.lycee, "A"), "not_found"},
		{"a program of another", func() (ledger.Written, error) {
			d := aProgram("P")
			d.EducationOrganization = w.college
			return w.l.DefineProgram(t.Context(), w.act(w.lycee), d)
		}, "not_found"},
		{"a scheme of another", func() (ledger.Written, error) {
			d := aScheme("S", 20)
			d.EducationOrganization = w.college
			return w.l.DefineGradingScheme(t.Context(), w.act(w.lycee), d)
		}, "not_found"},
		{"a session of another", func() (ledger.Written, error) {
			return w.l.OpenSession(t.Context(), w.act(w.lycee), academicsession.SessionOpened{School: w.college, SchoolYear: 2027, SessionName: "T1", BeginDate: "2026-09-15", EndDate: "2026-12-20"})
		}, "not_found"},
	})
	if got := ledger.CourseID(w.ministry, w.lycee, "A"); got == ledger.CourseID(w.ministry, w.college, "A") {
		t.Error("two schools' courses of one code are one course")
	}
}

func TestACourseIsRetiredByItsOwner(t *testing.T) {
	w := newTown(t)
	old := w.ok(w.l.DefineCourse(t.Context(), w.act(w.lycee), aCourse("OLD"))).ID
	next := w.ok(w.l.DefineCourse(t.Context(), w.act(w.lycee), aCourse("NEW"))).ID
	retire := func(by, id, successor domain.ID) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			return w.l.RetireCourse(t.Context(), w.act(by), id, "2027-07-01", successor)
		}
	}
	run(t, []step{
		{"not by its sister", retire(w.college, old, ""), "not_found"},
		{"not by another region", retire(w.south, old, ""), "not_found"},
		{"what is not there is not retired", retire(w.lycee, w.ministry, ""), "not_found"},
		{"not for a course that is not there", retire(w.lycee, old, w.ministry), "successor_unknown"},
		{"by its school", retire(w.lycee, old, next), ""},
		{"by its region, alike", retire(w.north, old, next), ""},
	})
}

func TestConversionsAreAnAuthoritys(t *testing.T) {
	w := newTown(t)
	twenty := w.ok(w.l.DefineGradingScheme(t.Context(), w.act(w.ministry), aScheme("20", 20))).ID
	own := w.ok(w.l.DefineGradingScheme(t.Context(), w.act(w.lycee), aScheme("10", 10))).ID
	publish := func(by, from, to domain.ID) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			return w.l.PublishConversion(t.Context(), w.act(by), from, ledger.ConversionInput{To: to, From: "2026-01-01", Table: []gradingscheme.Step{{To: 0}, {From: domain.Whole(5), To: domain.Whole(10)}}})
		}
	}
	run(t, []step{
		{"a school converts not even its own", publish(w.lycee, own, twenty), "not_an_authority"},
		{"and sees nobody else's", publish(w.lycee, twenty, own), "not_found"},
		{"its region does", publish(w.north, own, twenty), ""},
		{"another region does not", publish(w.south, own, twenty), "not_found"},
		{"nor to what is not there", publish(w.ministry, own, w.ministry), "grading_scheme_unknown"},
		{"nor from what is not there", publish(w.ministry, w.ministry, own), "not_found"},
	})
	s, err := ledger.Load(t.Context(), w.l, gradingscheme.Decider, gradingscheme.Decider.Stream(own), w.act(w.north))
	must(t, err, "")
	if got, ok := s.State.Convert(domain.Whole(7), twenty, "2026-06-01"); !ok || got != domain.Whole(10) || s.State.Conversions[0].Authority != w.north {
		t.Errorf("7 of 10 reads as %s of 20 (%v)", got, ok)
	}
}

func TestAPlanUsesWhatItsOwnerIsOffered(t *testing.T) {
	w := newTown(t)
	national := w.ok(w.l.DefineProgram(t.Context(), w.act(w.ministry), aProgram("BAC"))).ID
	foreign := w.ok(w.l.DefineProgram(t.Context(), w.act(w.gimnazija), aProgram("OTHER"))).ID
	scheme := w.ok(w.l.DefineGradingScheme(t.Context(), w.act(w.ministry), aScheme("20", 20))).ID
	local := w.ok(w.l.DefineGradingScheme(t.Context(), w.act(w.lycee), aScheme("10", 10))).ID
	maths := w.ok(w.l.DefineCourse(t.Context(), w.act(w.ministry), aCourse("MATHS"))).ID
	chess := w.ok(w.l.DefineCourse(t.Context(), w.act(w.lycee), aCourse("CHESS"))).ID
	publish := func(by, program, scheme, course domain.ID, from domain.Date) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			got, _, err := w.l.PublishGraduationPlan(t.Context(), w.act(by), graduationplan.GraduationPlanPublished{
				IdentificationCode: "PLAN", Name: out("plan"), Program: program, From: from,
				Requirements: graduationplan.Requirements{GradingScheme: scheme, PassMark: domain.Whole(8), Courses: []graduationplan.CourseRequirement{{Course: course}}},
			})
			return got, err
		}
	}
	run(t, []step{
		{"a ministry's plan of its own things", publish(w.ministry, national, scheme, maths, "2020-09-01"), ""},
		{"a school's plan of the ministry's things", publish(w.lycee, national, scheme, maths, "2020-09-01"), ""},
		{"and of its own course", publish(w.lycee, national, scheme, chess, "2021-09-01"), ""},
		{"and of its own scheme", publish(w.lycee, national, local, chess, "2022-09-01"), ""},
		{"a ministry's plan of a school's course", publish(w.ministry, national, scheme, chess, "2021-09-01"), "course_unknown"},
		{"a ministry's plan of a school's scheme", publish(w.ministry, national, local, maths, "2021-09-01"), "grading_scheme_unknown"},
		{"a school's plan of its sister's course", publish(w.college, national, scheme, chess, "2021-09-01"), "course_unknown"},
		{"a school's plan of another's program", publish(w.lycee, foreign, scheme, maths, "2023-09-01"), "program_unknown"},
		{"a plan of no program", publish(w.lycee, w.ministry, scheme, maths, "2023-09-01"), "program_unknown"},
		{"a mark beyond the school's own scheme", func() (ledger.Written, error) {
			got, _, err := w.l.PublishGraduationPlan(t.Context(), w.act(w.lycee), graduationplan.GraduationPlanPublished{
				IdentificationCode: "PLAN", Name: out("plan"), Program: national, From: "2024-09-01",
				Requirements: graduationplan.Requirements{GradingScheme: local, PassMark: domain.Whole(12), Courses: []graduationplan.CourseRequirement{{Course: chess}}},
			})
			return got, err
		}, "invalid_field"},
	})
	act := w.act(w.lycee)
	plan := graduationplan.GraduationPlanPublished{IdentificationCode: "PLAN", Name: out("plan"), Program: national, From: "2025-09-01", Requirements: graduationplan.Requirements{CreditPoint: domain.Whole(60)}}
	for range 2 { // a retry is answered with the version it made
		_, version, err := w.l.PublishGraduationPlan(t.Context(), act, plan)
		if must(t, err, ""); version != 4 {
			t.Errorf("version %d, want 4", version)
		}
	}
	_, version, err := w.l.PublishGraduationPlan(t.Context(), w.act(w.lycee), plan)
	if must(t, err, ""); version != 4 {
		t.Errorf("the same content again is version %d, want 4", version)
	}
}

func TestWhoAccredits(t *testing.T) {
	w := newTown(t)
	agency := w.found("A", institution.Agency, w.ministry)
	bac := w.ok(w.l.DefineProgram(t.Context(), w.act(w.ministry), aProgram("BAC"))).ID
	own := w.ok(w.l.DefineProgram(t.Context(), w.act(w.lycee), aProgram("OWN"))).ID
	grant := func(by, school, program domain.ID) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			return w.l.GrantAccreditation(t.Context(), w.act(by), ledger.AccreditationInput{Institution: school, Program: program, From: "2020-09-01"})
		}
	}
	run(t, []step{
		{"a ministry accredits a school", grant(w.ministry, w.lycee, bac), ""},
		{"a region does", grant(w.north, w.lycee, bac), ""}, // beside the ministry's: another agent, another accreditation
		{"an agency does", grant(agency, w.gimnazija, bac), ""},
		{"a region not in another", grant(w.north, w.gimnazija, bac), "not_found"},
		{"a school not its sister", grant(w.lycee, w.college, bac), "not_found"},
		{"nor itself", grant(w.lycee, w.lycee, bac), "invalid_field"},
		{"nobody what is not there", grant(w.ministry, domain.DeriveID(agency, "x"), bac), "not_found"},
		{"a school's own program at that school", grant(w.ministry, w.lycee, own), ""},
		{"and not at another", grant(w.ministry, w.college, own), "program_unknown"},
	})

	id := ledger.AccreditationID(w.ministry, w.ministry, w.lycee, bac, "")
	suspend := func(by, what domain.ID) func() (ledger.Written, error) {
		return func() (ledger.Written, error) {
			return w.l.SuspendAccreditation(t.Context(), w.act(by), what, "2021-01-01", "act 1")
		}
	}
	run(t, []step{
		{"only its agent suspends it: not the school", suspend(w.lycee, id), "not_the_accrediting_agent"},
		{"not the region above", suspend(w.north, id), "not_the_accrediting_agent"},
		{"not another agent", suspend(agency, id), "not_found"},
		{"not another school", suspend(w.gimnazija, id), "not_found"},
		{"the agent does", suspend(w.ministry, id), ""},
		{"what is not there is not suspended", suspend(w.ministry, w.ministry), "not_found"},
	})
	s, err := ledger.Load(t.Context(), w.l, accreditation.Decider, accreditation.Decider.Stream(id), w.act(w.lycee))
	must(t, err, "")
	scope := accreditation.Scope{Program: bac}
	if !accreditation.AccreditedOn(s.State, scope, "2020-12-31") || accreditation.AccreditedOn(s.State, scope, "2021-01-01") {
		t.Errorf("suspended: %+v", s.State)
	}
}

func TestASessionIsItsSchools(t *testing.T) {
	w := newTown(t)
	term := academicsession.SessionOpened{SchoolYear: 2027, SessionName: "T1", BeginDate: "2026-09-15", EndDate: "2026-12-20"}
	id := w.ok(w.l.OpenSession(t.Context(), w.act(w.lycee), term)).ID
	if id != ledger.SessionID(w.ministry, w.lycee, 2027, "T1") {
		t.Errorf("the session's id is %s", id)
	}
	finalize := func(by, what domain.ID) func() (ledger.Written, error) {
		return func() (ledger.Written, error) { return w.l.FinalizeSession(t.Context(), w.act(by), what, "2026-11-20") }
	}
	run(t, []step{
		{"a region has no terms of its own", func() (ledger.Written, error) { return w.l.OpenSession(t.Context(), w.act(w.north), term) }, "institution_not_operating"},
		{"but opens its school's", func() (ledger.Written, error) {
			its := term
			its.School = w.college
			return w.l.OpenSession(t.Context(), w.act(w.north), its)
		}, ""},
		{"another school does not finalize it", finalize(w.college, id), "not_found"},
		{"nor what is not there", finalize(w.lycee, w.lycee), "not_found"},
		{"its school does", finalize(w.lycee, id), ""},
	})
	w.close(w.lycee, w.college, "2027-02-01")
	next := term
	next.SessionName, next.BeginDate, next.EndDate = "T2", "2027-02-01", "2027-03-20"
	_, err := w.l.OpenSession(t.Context(), w.act(w.lycee), next)
	must(t, err, "institution_not_operating")
}
