package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"sijil/api"
	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/course"
	"sijil/domain/enrollment"
	"sijil/domain/gradingscheme"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/apitest"
	"sijil/internal/ledger"
)

// desk is a running service in which a student was at school A and then at school B.
type desk struct {
	*apitest.World
	t                              *testing.T
	a, b, c                        domain.ID
	sessionA, sessionB, maths, who domain.ID
	scheme                         domain.ID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{World: apitest.New(t), t: t}
	id := func(name string) domain.ID { return domain.DeriveID(d.Tenant(), "test", name) }
	d.a, d.b, d.c, d.sessionA, d.sessionB = id("A"), id("B"), id("C"), id("session A"), id("session B")
	d.maths, d.scheme, d.who = id("maths"), id("scheme"), id("student")
	store(d, institution.Decider, d.Tenant(), institution.Event(institution.InstitutionRegistered{IdentificationCode: "M", NameOfInstitution: domain.Text{"fr": "M"}, Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20"}))
	for name, school := range map[string]domain.ID{"A": d.a, "B": d.b, "C": d.c} {
		store(d, institution.Decider, school, institution.Event(institution.InstitutionRegistered{IdentificationCode: name, NameOfInstitution: domain.Text{"fr": name}, Tier: institution.School, ParentOrganization: d.Tenant(), CountryCode: "TN", BeginDate: "1990-01-01"}))
	}
	for session, school := range map[domain.ID]domain.ID{d.sessionA: d.a, d.sessionB: d.b} {
		store(d, academicsession.Decider, session, academicsession.Event(academicsession.SessionOpened{School: school, SchoolYear: 2025, SessionName: "2024-2025", BeginDate: "2024-09-15", EndDate: "2025-06-30"}))
	}
	store(d, course.Decider, d.maths, course.Event(course.CourseDefined{EducationOrganization: d.Tenant(), CourseCode: "MATH", CourseTitle: domain.Text{"fr": "Maths"}}))
	store(d, gradingscheme.Decider, d.scheme, gradingscheme.Event(gradingscheme.GradingSchemeDefined{EducationOrganization: d.Tenant(), IdentificationCode: "20", Name: domain.Text{"fr": "20"}, Scheme: gradingscheme.Scheme{MaxScore: domain.Whole(20), PassMark: domain.Whole(10), Step: domain.Whole(1) / 4}}))
	person, err := domain.Conceal(d.who, domain.ClassRecord, student.Person{})
	if err != nil {
		t.Fatal(err)
	}
	store(d, student.Decider, d.who, student.Event(student.StudentRegistered{School: d.a, Assurance: student.Declared, Person: person}))
	store(d, enrollment.Decider, d.who, []enrollment.Event{
		enrollment.StudentEnrolled{Enrollment: id("at A"), School: d.a, EntryDate: "2024-09-15", DatePrecision: enrollment.Day, Primary: true},
		enrollment.StudentWithdrawn{Enrollment: id("at A"), ExitDate: "2025-01-31", DatePrecision: enrollment.Day, ExitType: domain.EdFi("ExitWithdrawType", "Transferred")},
		enrollment.StudentEnrolled{Enrollment: id("at B"), School: d.b, EntryDate: "2025-02-01", DatePrecision: enrollment.Day, Primary: true},
	}...)
	return d
}

// store puts facts into the log as they are, whatever the rules would say.
func store[C, S, E any](d *desk, of domain.Decider[C, S, E], id domain.ID, facts ...E) {
	d.t.Helper()
	as := domain.Decider[[]E, S, E]{Category: of.Category, Evolve: of.Evolve, Decide: func(_ S, e []E) ([]E, error) { return e, nil }}
	act, err := d.Ledger.Begin(d.t.Context(), ledger.Request{Tenant: d.Tenant(), Institution: d.Tenant(), Actor: "setup", Client: "setup", Key: uuid.NewString()})
	if err == nil {
		_, err = ledger.Execute(d.t.Context(), d.Ledger, as, of.Stream(id), act, ledger.Just(facts))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) grade(session domain.ID, day, score, words string) map[string]any {
	b := map[string]any{
		"studentUniqueId": d.who, "course": d.maths, "session": session, "gradingScheme": d.scheme,
		"numericGradeEarned": score, "eventDate": day,
	}
	if words != "" {
		b["diagnosticStatement"] = words
	}
	return b
}

// read is the transcript as the caller sees it at the newest position of all of them.
func (d *desk) read(c *apitest.Client, query string, position string) api.Transcript {
	d.t.Helper()
	var got api.Transcript
	for deadline := time.Now().Add(15 * time.Second); ; {
		r := c.Do("GET", "/v1/students/"+string(d.who)+"/transcript"+query, nil, "X-Sijil-Position", position)
		if r.Code() == "read_behind" && time.Now().Before(deadline) {
			continue
		}
		r.Want(200).Read(&got)
		return got
	}
}

// TestTranscriptInTwoTimes: what amends stays visible, each of the two times asks its own
// question, and the record goes with the student, not back.
func TestTranscriptInTwoTimes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b, c, ministry := d.Client("registrar", d.a), d.Client("registrar", d.b), d.Client("registrar", d.c), d.Client("ministry", "")
	grade := a.Post("/v1/grades", d.grade(d.sessionA, "2024-11-12", "15.5", "ممتاز جدا")).Want(201).Field("id")
	before := d.Clock.Now()
	d.Clock.Advance(time.Second)
	amendment := a.Post("/v1/grades/"+grade+"/amendments", map[string]any{
		"studentUniqueId": d.who, "schoolYear": 2025, "gradingScheme": d.scheme, "numericGradeEarned": 16, "eventDate": "2024-12-10",
		"reasonCode": "uri://ed-fi.org/AmendmentReasonDescriptor#TranscriptionError", "reason": "une copie oubliée",
	}).Want(201).Field("id")
	b.Post("/v1/grades", d.grade(d.sessionB, "2025-03-03", "12", "")).Want(201)
	now := b.Position

	got := d.read(b, "", now)
	if len(got.Records) != 2 || got.Records[0].School != d.a || got.Records[1].School != d.b || got.Records[0].SchoolYear != 2025 {
		t.Fatalf("school B reads %+v", got)
	}
	line := got.Records[0].Entries[0]
	if string(line.ID) != grade || line.NumericGradeEarned.String() != "16" || line.Words != "ممتاز جدا" || line.Recorded.Institution != d.a || line.Recorded.Actor != string(a.Subject) {
		t.Errorf("the grade reads %+v", line)
	}
	if len(line.Amendments) != 1 || string(line.Amendments[0].ID) != amendment || string(line.Amendments[0].Follows) != grade ||
		line.Amendments[0].Kind != "amended" || line.Amendments[0].Words != "une copie oubliée" || line.Amendments[0].Authority != d.a {
		t.Errorf("the chain reads %+v", line.Amendments)
	}
	for query, score := range map[string]string{
		"?asOf=2024-11-30": "15.5", "?asOf=2024-12-10": "16", "?asOf=2024-12-10&knownAt=" + before.Format(time.RFC3339Nano): "15.5",
	} {
		r := d.read(b, query, now).Records
		if len(r) != 1 || len(r[0].Entries) != 1 || r[0].Entries[0].NumericGradeEarned.String() != score {
			t.Errorf("%s reads %+v, want %s", query, r, score)
		}
	}
	if r := d.read(b, "?asOf=2024-11-11", now).Records; len(r) != 0 {
		t.Errorf("the day before the grade it reads %+v", r)
	}
	if r := d.read(a, "", now).Records; len(r) != 1 || r[0].School != d.a {
		t.Errorf("school A, which the student left, reads %+v", r)
	}
	if r := d.read(ministry, "", now).Records; len(r) != 2 {
		t.Errorf("the ministry reads %+v", r)
	}
	c.Get("/v1/students/"+string(d.who)+"/transcript").WantProblem(404, "not_found")
	b.Get("/v1/students/"+uuid.NewString()+"/transcript").WantProblem(404, "not_found")

	if err := d.Vault.Destroy(t.Context(), d.Tenant(), d.who, domain.ClassRecord); err != nil {
		t.Fatal(err)
	}
	line = d.read(b, "", now).Records[0].Entries[0]
	if line.Words != "" || line.Amendments[0].Words != "" || line.NumericGradeEarned.String() != "16" {
		t.Errorf("after an erasure it reads %+v", line)
	}
}
