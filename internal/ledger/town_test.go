package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// town is an authority with two regions and three schools, made through the use cases.
type town struct {
	t     *testing.T
	log   *memlog.Log
	l     *ledger.Ledger
	vault *vault.Vault
	clock atomic.Int64
	keys  atomic.Int64

	ministry, north, south domain.ID
	// lycee and college stand in the north, gimnazija in the south.
	lycee, college, gimnazija domain.ID
}

var (
	female  = domain.EdFi("Sex", "Female")
	ninth   = domain.EdFi("GradeLevel", "NinthGrade")
	tenth   = domain.EdFi("GradeLevel", "TenthGrade")
	dropout = domain.EdFi("ExitWithdrawType", "DropOut")
	because = domain.Descriptor("uri://example.org/ReasonDescriptor#Because")
	papers  = domain.Descriptor("uri://example.org/EvidenceDescriptor#CivilRegister")
)

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t}
	w.clock.Store(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).Unix())
	now := func() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }
	w.log = memlog.New(now)
	master, _, err := vault.OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.vault = vault.New(vault.NewMemStore(), master, vault.Config{})
	w.l = ledger.New(w.log, w.vault, ledger.Config{Now: now})
	w.ministry = domain.DeriveID("00000000-0000-4000-8000-000000000000", t.Name())
	w.found("MIN", institution.Country, "")
	w.north, w.south = w.found("N", institution.Region, w.ministry), w.found("S", institution.Region, w.ministry)
	w.lycee, w.college = w.found("L", institution.School, w.north), w.found("C", institution.School, w.north)
	w.gimnazija = w.found("G", institution.School, w.south)
	return w
}

// another is a second process on the same log and keys.
func (w *town) another() *ledger.Ledger {
	return ledger.New(w.log, w.vault, ledger.Config{Now: func() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }})
}

func (w *town) found(code string, tier institution.Tier, parent domain.ID) domain.ID {
	w.t.Helper()
	in, err := w.l.RegisterInstitution(w.t.Context(), w.act(w.ministry), ledger.InstitutionInput{
		IdentificationCode: code, NameOfInstitution: domain.Text{"en": code}, Tier: tier,
		ParentOrganization: parent, CountryCode: "TN", BeginDate: "1990-01-01",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return in.ID
}

// close closes a school of the north from a day on.
func (w *town) close(school, custodian domain.ID, from domain.Date) {
	w.t.Helper()
	if _, err := w.l.ChangeOperationalStatus(w.t.Context(), w.act(w.north), school, domain.EdFi("OperationalStatus", "Closed"), custodian, from); err != nil {
		w.t.Fatal(err)
	}
}

// act is a new command of an institution.
func (w *town) act(at domain.ID) ledger.Act { return w.actAs(at, fmt.Sprint(w.keys.Add(1)), "{}") }

// actAs is a command under a key with a body.
func (w *town) actAs(at domain.ID, key, body string) ledger.Act {
	w.t.Helper()
	a, err := w.l.Begin(context.WithoutCancel(w.t.Context()), ledger.Request{
		Tenant: w.ministry, Institution: at, Actor: "officer of " + string(at), Client: "client of " + string(at),
		Route: "POST /test", Key: key, Body: []byte(body),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *town) pass(days int) { w.clock.Add(int64(days) * 24 * 60 * 60) }

func cin(code string) student.Identification {
	return student.Identification{System: domain.EdFi("StudentIdentificationSystem", "National"), Assigner: "TN", Code: code}
}

func amina(numbers ...student.Identification) ledger.StudentInput {
	return ledger.StudentInput{
		Sex: female, Assurance: student.Documented, Numbers: numbers,
		Person: student.Person{
			Names: []student.Name{
				{Language: "ar-Arab", Full: "أمينة بن صالح"},
				{Language: "fr-Latn", Full: "Amina Ben Salah", First: "Amina", Patronymic: "Ali", Last: "Ben Salah"},
			},
			Birth: student.Birth{Date: "2011-03-20", City: "Béja", Country: "TN"},
		},
	}
}

func (w *town) register(at domain.ID, numbers ...student.Identification) domain.ID {
	w.t.Helper()
	got, err := w.l.RegisterStudent(w.t.Context(), w.act(at), amina(numbers...))
	if err != nil {
		w.t.Fatal(err)
	}
	return got.ID
}

func (w *town) enroll(at, who domain.ID) domain.ID {
	w.t.Helper()
	got, err := w.l.Enroll(w.t.Context(), w.act(at), ledger.EnrollmentInput{Student: who, EntryDate: "2026-09-15", GradeLevel: ninth, Primary: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return got.ID
}

// pupil is a registered and enrolled student with a national number.
func (w *town) pupil(at domain.ID, code string) (who, enrolled domain.ID) {
	w.t.Helper()
	who = w.register(at, cin(code))
	return who, w.enroll(at, who)
}

// types are the types of a stream's events, in order, without category and version.
func (w *town) types(stream string) string {
	w.t.Helper()
	var list []string
	for e, err := range w.log.Read(w.t.Context(), stream, 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, strings.Split(e.Type, ".")[1])
	}
	return strings.Join(list, " ")
}

func enrollments(who domain.ID) string { return enrollment.Decider.Stream(who) }
func students(who domain.ID) string    { return student.Decider.Stream(who) }

// all are the log's events.
func (w *town) all() (list []eventlog.Recorded) {
	for e, err := range w.log.All(w.t.Context(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// numbers are the streams of numbers, in the order in which they began.
func (w *town) numbers() (list []string) {
	for _, e := range w.all() {
		if strings.HasPrefix(e.Stream, "identifier-") && e.Revision == 0 {
			list = append(list, e.Stream)
		}
	}
	return list
}

// must fails unless err is a refusal with this code, or no error where code is empty.
func must(t *testing.T, err error, code string) {
	t.Helper()
	if domain.CodeOf(err) != code || (err != nil) != (code != "") {
		t.Fatalf("got %v, want code %q", err, code)
	}
}

// dying is a context that ends at the first append to a category's stream, as a process
// does that is killed there: before the append is stored, or, when stored, after it.
func (w *town) dying(category string, stored bool) context.Context {
	ctx, kill := context.WithCancel(w.t.Context())
	w.t.Cleanup(kill)
	w.log.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
		if ctx.Err() != nil || domain.CategoryOf(stream) != category {
			return false, nil
		}
		kill()
		return stored, errors.New("connection reset")
	}
	return ctx
}
