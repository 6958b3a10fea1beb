package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/course"
	"sijil/domain/enrollment"
	"sijil/domain/gradingscheme"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/access"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// gradebook is the API over a ledger in memory in which a class is being taught.
type gradebook struct {
	*framework
	log                             *memlog.Log
	l                               *ledger.Ledger
	tenant, school                  domain.ID
	session, course, scheme         domain.ID
	amina, notEnrolled, othersPupil domain.ID
	keys                            atomic.Int64
}

func newGradebook(t testing.TB) *gradebook {
	t.Helper()
	g := &gradebook{tenant: access.TenantID("testland")}
	clock := func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }
	g.log = memlog.New(clock)
	master, _, err := vault.OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g.l = ledger.New(g.log, vault.New(vault.NewMemStore(), master, vault.Config{}), ledger.Config{Now: clock})
	g.framework = newFramework(t, func(c *Config) { c.Ledger, c.RequestsPerSecond = g.l, 1e6 })
	g.school, g.session = g.id("school"), g.id("session")
	g.course = ledger.CourseID(g.tenant, g.tenant, "INF101")
	g.scheme, g.amina, g.notEnrolled, g.othersPupil = g.id("scheme"), g.id("Amina"), g.id("registered only"), g.id("at school B")

	put(g, institution.Decider, g.tenant, institution.Event(institution.InstitutionRegistered{IdentificationCode: "M", Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20"}))
	for _, name := range []string{"school", "school B"} {
		put(g, institution.Decider, g.id(name), institution.Event(institution.InstitutionRegistered{IdentificationCode: name, Tier: institution.School, ParentOrganization: g.tenant, CountryCode: "TN", BeginDate: "1990-01-01"}))
	}
	put(g, academicsession.Decider, g.session, academicsession.Event(academicsession.SessionOpened{School: g.school, SchoolYear: 2026, SessionName: "2026-S1", BeginDate: "2026-02-01", EndDate: "2026-06-30"}))
	put(g, course.Decider, g.course, course.Event(course.CourseDefined{EducationOrganization: g.tenant, CourseCode: "INF101"}))
	put(g, gradingscheme.Decider, g.scheme, gradingscheme.Event(gradingscheme.GradingSchemeDefined{EducationOrganization: g.tenant, IdentificationCode: "20", Scheme: gradingscheme.Scheme{MaxScore: domain.Whole(20), PassMark: domain.Whole(10), Step: domain.Whole(1) / 4}}))
	for _, s := range []domain.ID{g.amina, g.notEnrolled} {
		put(g, student.Decider, s, student.Event(student.StudentRegistered{School: g.school, Assurance: student.Declared}))
	}
	put(g, student.Decider, g.othersPupil, student.Event(student.StudentRegistered{School: g.id("school B"), Assurance: student.Declared}))
	g.enroll(g.amina, g.school)
	g.enroll(g.othersPupil, g.id("school B"))
	g.token = g.tokenIn("testland", g.school, access.RecordsRead, access.RecordsWrite, access.RecordsAmend, access.GraduationsWrite, access.GraduationsApprove)
	return g
}

func (g *gradebook) id(name string) domain.ID { return domain.DeriveID(g.tenant, "test", name) }

func (g *gradebook) enroll(s, school domain.ID) {
	put(g, enrollment.Decider, s, enrollment.Event(enrollment.StudentEnrolled{
		Enrollment: domain.DeriveID(s, "enrollment"), School: school, EntryDate: "2026-02-01", DatePrecision: enrollment.Day, Primary: true,
	}))
}

// put stores facts as they are, whatever the rules would say.
func put[C, S, E any](g *gradebook, d domain.Decider[C, S, E], id domain.ID, facts ...E) {
	g.t.Helper()
	as := domain.Decider[[]E, S, E]{Category: d.Category, Evolve: d.Evolve, Decide: func(_ S, e []E) ([]E, error) { return e, nil }}
	act, err := g.l.Begin(g.t.Context(), ledger.Request{Tenant: g.tenant, Institution: g.tenant, Actor: "setup", Client: "setup", Key: g.key()})
	if err == nil {
		_, err = ledger.Execute(g.t.Context(), g.l, as, d.Stream(id), act, ledger.Just(facts))
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *gradebook) key() string { return fmt.Sprint("key-", g.keys.Add(1)) }

// post sends a body as the school under a key of its own, unless headers say otherwise.
func (g *gradebook) post(path, body string, headers ...string) reply {
	g.t.Helper()
	return g.send(http.MethodPost, path, body, append([]string{"Idempotency-Key: " + g.key()}, headers...)...)
}

// as runs f with another token.
func (g *gradebook) as(token string, f func()) {
	was := g.token
	g.token = token
	defer func() { g.token = was }()
	f()
}

// grade is a body; pairs "member", "JSON value" replace or, with an empty value, drop members.
func (g *gradebook) grade(pairs ...string) string {
	m := map[string]json.RawMessage{
		"studentUniqueId": quoted(g.amina), "courseCode": []byte(`"INF101"`), "session": quoted(g.session),
		"gradingScheme": quoted(g.scheme), "numericGradeEarned": []byte(`"15.5"`), "eventDate": []byte(`"2026-06-20"`),
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(m, pairs[i])
			continue
		}
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	b, err := json.Marshal(m)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func quoted(id domain.ID) json.RawMessage { return json.RawMessage(`"` + string(id) + `"`) }

// events counts what the log holds.
func (g *gradebook) events() int {
	n := 0
	for _, err := range g.log.All(g.t.Context(), 0) {
		if err != nil {
			g.t.Fatal(err)
		}
		n++
	}
	return n
}

// member reads one string or boolean of an answer's body.
func (r reply) member(name string) string {
	r.t.Helper()
	var m map[string]any
	if err := json.NewDecoder(strings.NewReader(r.body)).Decode(&m); err != nil && err != io.EOF {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return fmt.Sprint(m[name])
}
