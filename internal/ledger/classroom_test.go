package ledger_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/accreditation"
	"sijil/domain/course"
	"sijil/domain/enrollment"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduationplan"
	"sijil/domain/institution"
	"sijil/domain/program"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// classroom is a tenant with a ministry, two schools and what teaching needs, put into the
// log fact by fact: its tests are about records and graduations only.
type classroom struct {
	t   *testing.T
	log *memlog.Log
	l   *ledger.Ledger
	// today is the clock; tests move it.
	today atomic.Pointer[time.Time]
	keys  atomic.Int64

	tenant, ministry, school, other domain.ID
	session, past                   domain.ID
	maths, history, foreignCourse   domain.ID
	twenty, letters                 domain.ID
	licence, plan, accredited       domain.ID
}

func day(d domain.Date) *time.Time { t := d.Time().Add(10 * time.Hour); return &t }

func newClassroom(t *testing.T) *classroom {
	t.Helper()
	c := &classroom{t: t, tenant: domain.DeriveID("00000000-0000-4000-8000-000000000000", t.Name())}
	c.today.Store(day("2026-03-20"))
	c.log = memlog.New(c.now)
	master, _, err := vault.OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.l = ledger.New(c.log, vault.New(vault.NewMemStore(), master, vault.Config{}), ledger.Config{Now: c.now})

	c.ministry = c.tenant
	c.school, c.other = c.id("school"), c.id("other school")
	c.session, c.past = c.id("session"), c.id("past session")
	c.maths, c.history, c.foreignCourse = c.id("maths"), c.id("history"), c.id("other's course")
	c.twenty, c.letters = c.id("twenty"), c.id("letters")
	c.licence, c.plan = c.id("licence"), c.id("plan")
	c.accredited = ledger.AccreditationID(c.tenant, c.ministry, c.school, c.licence, "")

	put(c, institution.Decider, c.ministry, institution.Event(institution.InstitutionRegistered{IdentificationCode: "M", Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20"}))
	for _, s := range []domain.ID{c.school, c.other} {
		put(c, institution.Decider, s, institution.Event(institution.InstitutionRegistered{IdentificationCode: string(s[:8]), Tier: institution.School, ParentOrganization: c.ministry, CountryCode: "TN", BeginDate: "1990-01-01"}))
	}
	put(c, academicsession.Decider, c.session, academicsession.Event(academicsession.SessionOpened{School: c.school, SchoolYear: 2026, SessionName: "2025-2026", BeginDate: "2025-09-15", EndDate: "2026-06-30"}))
	put(c, academicsession.Decider, c.past, academicsession.Event(academicsession.SessionOpened{School: c.school, SchoolYear: 2025, SessionName: "2024-2025", BeginDate: "2024-09-15", EndDate: "2025-06-30"}))
	for i, id := range []domain.ID{c.maths, c.history} {
		put(c, course.Decider, id, course.Event(course.CourseDefined{EducationOrganization: c.ministry, CourseCode: fmt.Sprint("C", i)}))
	}
	put(c, course.Decider, c.foreignCourse, course.Event(course.CourseDefined{EducationOrganization: c.other, CourseCode: "OWN"}))
	put(c, gradingscheme.Decider, c.twenty, gradingscheme.Event(gradingscheme.GradingSchemeDefined{EducationOrganization: c.ministry, IdentificationCode: "20", Scheme: gradingscheme.Scheme{MaxScore: domain.Whole(20), PassMark: domain.Whole(10), Step: dec("0.25")}}))
	put(c, gradingscheme.Decider, c.letters, gradingscheme.Event(gradingscheme.GradingSchemeDefined{EducationOrganization: c.school, IdentificationCode: "AF", Scheme: gradingscheme.Scheme{
		MaxScore: domain.Whole(4), PassMark: domain.Whole(1), Step: domain.Whole(1),
		Labels: []gradingscheme.Label{{Label: "A", Score: domain.Whole(4)}, {Label: "B", Score: domain.Whole(3)}, {Label: "F", Score: 0}},
	}}))
	put(c, program.Decider, c.licence, program.Event(program.ProgramDefined{EducationOrganization: c.ministry, ProgramID: "LIC", AchievementType: "BachelorDegree"}))
	put(c, graduationplan.Decider, c.plan, graduationplan.Event(graduationplan.GraduationPlanPublished{
		EducationOrganization: c.ministry, IdentificationCode: "LIC-1", Program: c.licence, Version: 1, From: "2020-01-01",
		Requirements: graduationplan.Requirements{
			GradingScheme: c.twenty, PassMark: domain.Whole(10), CreditPoint: domain.Whole(12),
			Courses: []graduationplan.CourseRequirement{
				{Course: c.maths, Credits: domain.Whole(6), Coefficient: domain.Whole(2)},
				{Course: c.history, Credits: domain.Whole(6), Coefficient: domain.Whole(1), Transferable: true},
			},
		},
	}))
	put(c, accreditation.Decider, c.accredited, accreditation.Event(accreditation.AccreditationGranted{Institution: c.school, AccreditingAgent: c.ministry, Program: c.licence, From: "2020-01-01", Until: "2030-01-01"}))
	return c
}

func (c *classroom) now() time.Time { return *c.today.Load() }

func dec(s string) domain.Decimal {
	d, err := domain.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (c *classroom) id(name string) domain.ID { return domain.DeriveID(c.tenant, "test", name) }

// put stores facts as they are, whatever the rules would say.
func put[C, S, E any](c *classroom, d domain.Decider[C, S, E], id domain.ID, facts ...E) {
	c.t.Helper()
	as := domain.Decider[[]E, S, E]{Category: d.Category, Evolve: d.Evolve, Decide: func(_ S, e []E) ([]E, error) { return e, nil }}
	if _, err := ledger.Execute(c.t.Context(), c.l, as, d.Stream(id), c.act(c.ministry, "setup"), ledger.Just(facts)); err != nil {
		c.t.Fatal(err)
	}
}

// act is a new command of an actor at an institution.
func (c *classroom) act(at domain.ID, actor string, change ...func(*ledger.Request)) ledger.Act {
	c.t.Helper()
	r := ledger.Request{Tenant: c.tenant, Institution: at, Actor: actor, Client: actor, Route: "POST /test", Key: fmt.Sprint(c.keys.Add(1)), Body: []byte("{}")}
	for _, f := range change {
		f(&r)
	}
	a, err := c.l.Begin(c.t.Context(), r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c *classroom) registered(name string) domain.ID {
	id := c.id(name)
	put(c, student.Decider, id, student.Event(student.StudentRegistered{School: c.school, Assurance: student.Declared}))
	return id
}

// pupil is a student of the school since the session began, in the licence program.
func (c *classroom) pupil(name string) domain.ID {
	id := c.registered(name)
	put(c, enrollment.Decider, id, enrollment.Event(enrollment.StudentEnrolled{Enrollment: c.id(name + "'s enrollment"), School: c.school, Program: c.licence, EntryDate: "2024-09-15", DatePrecision: enrollment.Day, Primary: true}))
	return id
}

// events are the stored events of a type.
func (c *classroom) events(typ string) (found []eventlog.Recorded) {
	for e, err := range c.log.All(c.t.Context(), 0) {
		if err != nil {
			c.t.Fatal(err)
		}
		if e.Type == typ {
			found = append(found, e)
		}
	}
	return found
}

func (c *classroom) end() eventlog.Position {
	end, err := c.log.End(context.WithoutCancel(c.t.Context()))
	if err != nil {
		c.t.Fatal(err)
	}
	return end
}

// refused fails unless err is a refusal with this code, or no error where code is empty.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if domain.CodeOf(err) != code || (err != nil) != (code != "") {
		t.Fatalf("got %v, want code %q", err, code)
	}
}
