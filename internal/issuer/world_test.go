package issuer_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/domain/institution"
	"sijil/domain/program"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

const (
	publicURL = "https://ledger.example"
	graduated = domain.Date("2026-06-30")
)

// world is a tenant with a school that may award one program, facts put as they are.
type world struct {
	t    testing.TB
	log  *memlog.Log
	l    *ledger.Ledger
	keys *issuer.FileKeys
	said *notes
	n    atomic.Int64

	mu    sync.Mutex
	clock time.Time

	tenant, school, licence, plan, accredited domain.ID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), said: &notes{}}
	w.tenant = domain.DeriveID("00000000-0000-4000-8000-000000000000", t.Name())
	w.school, w.licence, w.plan = w.id("school"), w.id("licence"), w.id("plan")
	w.accredited = ledger.AccreditationID(w.tenant, w.tenant, w.school, w.licence, "")
	w.log = memlog.New(w.now)
	master, _, err := vault.OpenFileMaster(t.TempDir())
	must(t, err)
	w.l = ledger.New(w.log, vault.New(vault.NewMemStore(), master, vault.Config{}), ledger.Config{Now: w.now})
	w.keys = issuer.NewFileKeys(t.TempDir() + "/keys")

	put(w, institution.Decider, w.tenant, institution.Event(institution.InstitutionRegistered{IdentificationCode: "M", Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20"}))
	put(w, institution.Decider, w.school, institution.Event(institution.InstitutionRegistered{
		IdentificationCode: "S", Tier: institution.School, ParentOrganization: w.tenant, CountryCode: "TN", BeginDate: "1990-01-01",
		NameOfInstitution: domain.Text{"fr": "Université de Bizerte", "ar": "جامعة بنزرت"},
	}))
	put(w, program.Decider, w.licence, program.Event(program.ProgramDefined{
		EducationOrganization: w.school, ProgramID: "LIC", AchievementType: "BachelorDegree",
		ProgramName: domain.Text{"fr": "Licence en informatique", "ar": "الإجازة في الإعلامية"},
	}))
	put(w, graduationplan.Decider, w.plan, graduationplan.Event(graduationplan.GraduationPlanPublished{
		EducationOrganization: w.school, IdentificationCode: "LIC-1", Program: w.licence, Version: 1, From: "2020-01-01", Name: domain.Text{"fr": "Maquette 2020"},
	}))
	put(w, accreditation.Decider, w.accredited, accreditation.Event(accreditation.AccreditationGranted{Institution: w.school, AccreditingAgent: w.tenant, Program: w.licence, From: "2020-01-01"}))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) id(name string) domain.ID { return domain.DeriveID(w.tenant, "test", name) }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) act(actor string) ledger.Act {
	w.t.Helper()
	a, err := w.l.Begin(w.t.Context(), ledger.Request{
		Tenant: w.tenant, Institution: w.school, Actor: actor, Client: actor, Route: "test", Key: fmt.Sprint(w.n.Add(1)),
	})
	must(w.t, err)
	return a
}

// put stores facts as they are.
func put[C, S, E any](w *world, d domain.Decider[C, S, E], id domain.ID, facts ...E) {
	putOn(w, d, d.Stream(id), facts...)
}

func putOn[C, S, E any](w *world, d domain.Decider[C, S, E], stream string, facts ...E) {
	w.t.Helper()
	as := domain.Decider[[]E, S, E]{Category: d.Category, Evolve: d.Evolve, Decide: func(_ S, e []E) ([]E, error) { return e, nil }}
	_, err := ledger.Execute(w.t.Context(), w.l, as, stream, w.act("setup"), ledger.Just(facts))
	must(w.t, err)
}

// graduate is a student with a name who has graduated.
func (w *world) graduate(n int) domain.ID {
	w.t.Helper()
	who := w.id(fmt.Sprint("student", n))
	person, err := domain.Conceal(who, domain.ClassRecord, student.Person{
		Names: []student.Name{{Language: "fr-Latn", Full: fmt.Sprintf("Amina <Ben> Salah %d", n)}, {Language: "ar-Arab", Full: "أمينة بن صالح"}},
		Birth: student.Birth{Date: "2004-02-29", City: "Bizerte"},
	})
	must(w.t, err)
	put(w, student.Decider, who, student.Event(student.StudentRegistered{School: w.school, Assurance: student.Declared, Person: person}))
	put(w, enrollment.Decider, who, enrollment.Event(enrollment.StudentEnrolled{Enrollment: w.id(fmt.Sprint("enrollment", n)), School: w.school, Program: w.licence, EntryDate: "2023-09-15", DatePrecision: enrollment.Day, Primary: true}))
	found := graduation.GraduationAssessed{Assessment: w.id(fmt.Sprint("assessment", n)), School: w.school, EventDate: graduated, GraduationPlan: w.plan, PlanVersion: 1, Accreditation: w.accredited, Outcome: graduation.Met}
	yes := graduation.Approval{Assessment: found.Assessment}
	putOn(w, graduation.Decider, graduation.Stream(who, w.licence), []graduation.Event{found, graduation.GraduationApproved{Approval: yes, ApprovedBy: "head"}, graduation.GraduationConfirmed{Approval: yes, ConfirmedBy: "inspector"}}...)
	return who
}

// award gives the student the diploma.
func (w *world) award(who domain.ID) ledger.Awarded {
	w.t.Helper()
	a, err := w.l.AwardDiploma(w.t.Context(), w.act("registrar"), ledger.AwardInput{Student: who, Program: w.licence, AwardDate: graduated})
	must(w.t, err)
	return a
}

// authorize makes a key and lets the school sign with it.
func (w *world) authorize(purpose institution.Purpose) institution.AuthorizeKey {
	w.t.Helper()
	k, err := w.keys.Generate(w.t.Context(), w.school, fmt.Sprint("k", w.n.Add(1)), purpose, "EdDSA", w.now())
	must(w.t, err)
	w.decide(w.l.ProposeSigningKey(w.t.Context(), w.act("operator"), w.school, k))
	return k
}

// decide is the second officer's approval of a proposal about keys.
func (w *world) decide(proposed ledger.KeyChange, err error) {
	w.t.Helper()
	must(w.t, err)
	_, err = w.l.ApproveKeyChange(w.t.Context(), w.act("second officer"), w.school, proposed.Proposal)
	must(w.t, err)
}

func (w *world) issuer() *issuer.Issuer {
	w.t.Helper()
	i, err := issuer.New(issuer.Config{Ledger: w.l, Keys: w.keys, PublicURL: publicURL, Now: w.now, Logger: slog.New(w.said)})
	must(w.t, err)
	return i
}

// all are the log's events.
func (w *world) all() (list []eventlog.Recorded) {
	w.t.Helper()
	for e, err := range w.log.All(w.t.Context(), 0) {
		must(w.t, err)
		list = append(list, e)
	}
	return list
}

func (w *world) count(typ string) (n int) {
	for _, e := range w.all() {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// issued is what became of an award's first edition.
func (w *world) issued(a ledger.Awarded) ledger.Issued {
	w.t.Helper()
	got, err := w.l.Issued(w.t.Context(), w.tenant, a.Ref, a.Edition)
	must(w.t, err)
	return got
}

// notes collects log lines.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) Enabled(context.Context, slog.Level) bool { return true }
func (n *notes) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n *notes) WithGroup(string) slog.Handler            { return n }
func (n *notes) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
	return nil
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.lines...)
}
