package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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

// world is an authority with two schools, a log, and a runner whose steps the test makes.
type world struct {
	t     *testing.T
	log   *memlog.Log
	vault *vault.Vault
	l     *ledger.Ledger
	store *MemStore
	r     *Runner
	clock atomic.Int64
	keys  atomic.Int64

	ministry, here, there domain.ID
}

var why = domain.Descriptor("uri://example.org/ReasonDescriptor#Because")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: NewMemStore(), ministry: domain.DeriveID("00000000-0000-4000-8000-000000000000", t.Name())}
	w.clock.Store(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).Unix())
	w.log = memlog.New(w.now)
	master, _, err := vault.OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.vault = vault.New(vault.NewMemStore(), master, vault.Config{})
	w.l = w.ledger()
	w.r = w.runner()
	found := func(code string, tier institution.Tier, parent domain.ID) domain.ID {
		in, err := w.l.RegisterInstitution(t.Context(), w.act(w.ministry), ledger.InstitutionInput{
			IdentificationCode: code, NameOfInstitution: domain.Text{"en": code}, Tier: tier,
			ParentOrganization: parent, CountryCode: "TN", BeginDate: "1990-01-01",
		})
		if err != nil {
			t.Fatal(err)
		}
		return in.ID
	}
	found("MIN", institution.Country, "")
	w.here, w.there = found("A", institution.School, w.ministry), found("B", institution.School, w.ministry)
	return w
}

func (w *world) now() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(int64(d / time.Second)) }

// ledger is another process's view of the log.
func (w *world) ledger() *ledger.Ledger {
	return ledger.New(w.log, w.vault, ledger.Config{Now: w.now, Logger: slog.New(slog.DiscardHandler)})
}

func (w *world) runner() *Runner {
	return New(Config{Ledger: w.ledger(), Store: w.store, Now: w.now, Logger: slog.New(slog.DiscardHandler)})
}

func (w *world) act(at domain.ID) ledger.Act { return w.actAs(at, fmt.Sprint(w.keys.Add(1))) }

func (w *world) actAs(at domain.ID, key string) ledger.Act {
	w.t.Helper()
	a, err := w.l.Begin(w.t.Context(), ledger.Request{Tenant: w.ministry, Institution: at, Actor: "officer", Client: string(at), Route: "POST /test", Key: key, Body: []byte("{}")})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// work lets the runner read the log and do what is due, as often as there is something.
func (w *world) work() {
	w.t.Helper()
	for range 5 {
		id, _ := w.log.ID(w.t.Context())
		at, err := w.store.Place(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.r.read(w.t.Context(), &place{log: id, stored: at, batch: newBatch(at)}); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.r.act(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func number(code string) student.Identification {
	return student.Identification{System: domain.EdFi("StudentIdentificationSystem", "National"), Assigner: "TN", Code: code}
}

func person(numbers ...student.Identification) ledger.StudentInput {
	return ledger.StudentInput{
		Assurance: student.Documented, Numbers: numbers,
		Person: student.Person{Names: []student.Name{{Language: "bs-Latn", Full: "Ćamila Šarić"}}},
	}
}

func (w *world) register(numbers ...student.Identification) domain.ID {
	w.t.Helper()
	got, err := w.l.RegisterStudent(w.t.Context(), w.act(w.here), person(numbers...))
	if err != nil {
		w.t.Fatal(err)
	}
	return got.ID
}

// types are the facts recorded about streams of a category, in order.
func (w *world) types(category string) string {
	w.t.Helper()
	var list []string
	for e, err := range w.log.All(context.WithoutCancel(w.t.Context()), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		if domain.CategoryOf(e.Stream) == category {
			list = append(list, strings.Split(e.Type, ".")[1])
		}
	}
	return strings.Join(list, " ")
}

// dying is a context that ends at the first append to a category, stored or not.
func (w *world) dying(category string, stored bool) context.Context {
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

func TestAbandonedReservation(t *testing.T) {
	w := newWorld(t)
	if _, err := w.l.RegisterStudent(w.dying("student", false), w.actAs(w.here, "k"), person(number("1"), number("2"))); domain.CodeOf(err) != "national_id_active" {
		t.Fatal(err)
	}
	local := number("2")
	local.System = domain.EdFi("StudentIdentificationSystem", "School")
	if _, err := w.l.RegisterStudent(w.dying("student", false), w.actAs(w.here, "k"), person(number("1"), local)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.work()
	w.pass(DefaultAbandon - time.Second)
	w.work()
	if got := w.types("identifier"); got != "IdentifierReserved IdentifierReserved" {
		t.Fatal("before the time: ", got)
	}
	w.pass(time.Second)
	w.work()
	if got := w.types("identifier"); got != "IdentifierReserved IdentifierReserved IdentifierReleased IdentifierReleased" {
		t.Fatal(got)
	}
	_, err := w.ledger().RegisterStudent(t.Context(), w.actAs(w.here, "k"), person(number("1"), local))
	if domain.CodeOf(err) != "reservation_lapsed" {
		t.Fatal(err)
	}
	if _, err := w.ledger().RegisterStudent(t.Context(), w.act(w.there), person(number("1"))); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * DefaultAbandon)
	w.work()
	if got := w.types("student"); got != "IdentifierLinkAbandoned IdentifierLinkAbandoned StudentRegistered IdentifierLinked" {
		t.Error(got)
	}
}

func TestLinkedReservationIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.register(number("1"))
	w.work()
	if len(w.store.list) > 0 {
		t.Errorf("a link that came is still waited for: %v", w.store.list)
	}
	who := w.register()
	link := ledger.LinkInput{Student: who, Number: number("2")}
	if _, err := w.l.LinkIdentifier(w.dying("student", false), w.actAs(w.here, "k"), link); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.work()
	if len(w.store.list) != 1 {
		t.Fatal("a reservation without a link is not waited for")
	}
	if _, err := w.ledger().LinkIdentifier(t.Context(), w.actAs(w.here, "k"), link); err != nil {
		t.Fatal(err)
	}
	w.work()
	if len(w.store.list) > 0 {
		t.Error("a link that came late is still waited for")
	}
}

func TestReplacedNumber(t *testing.T) {
	w := newWorld(t)
	who := w.register()
	first, err := w.l.LinkIdentifier(t.Context(), w.act(w.here), ledger.LinkInput{Student: who, Number: number("1"), Assurance: student.Verified})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.l.LinkIdentifier(t.Context(), w.act(w.here), ledger.LinkInput{Student: who, Number: number("2"), Replaces: first.ID}); err != nil {
		t.Fatal(err)
	}
	w.work()
	if got := w.types("identifier"); got != "IdentifierReserved IdentifierReserved IdentifierReleased" {
		t.Error(got)
	}
	if seen, _, err := w.ledger().LookUpStudent(t.Context(), w.act(w.here), number("2")); err != nil || seen != ledger.Known {
		t.Errorf("the number in force is %s, %v", seen, err)
	}
}

func TestErasureIsFinished(t *testing.T) {
	w := newWorld(t)
	who := w.register(number("1"))
	if _, err := w.l.EraseStudent(w.dying("student", true), w.act(w.ministry), ledger.ErasureInput{Student: who, Reason: why}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := w.types("identifier"); got != "IdentifierReserved" {
		t.Fatal("the command did not die where it should: ", got)
	}
	w.work()
	if got := w.types("identifier"); got != "IdentifierReserved IdentifierReleased" {
		t.Error(got)
	}
	if _, err := w.vault.PersonMAC(t.Context(), w.ministry, who, "test"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("the person's key is still there: %v", err)
	}
}

func TestMergeCircle(t *testing.T) {
	w := newWorld(t)
	a, b := w.register(), w.register()
	one, two := w.ledger(), w.ledger()
	for _, l := range []*ledger.Ledger{one, two} {
		for _, id := range []domain.ID{a, b} {
			if _, err := l.MayTouch(t.Context(), w.act(w.here), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := one.MergeStudents(t.Context(), w.act(w.here), ledger.MergeInput{Student: a, Into: b, Reason: why}); err != nil {
		t.Fatal(err)
	}
	if _, err := two.MergeStudents(t.Context(), w.act(w.here), ledger.MergeInput{Student: b, Into: a, Reason: why}); err != nil {
		t.Fatal(err)
	}
	w.work()
	w.r = w.runner() // and again, as after a restart that lost its place
	w.store = NewMemStore()
	w.r.cfg.Store = w.store
	w.work()
	if got := strings.Count(w.types("student"), "StudentUnmerged"); got != 1 {
		t.Errorf("%d merges were taken back", got)
	}
}

func (w *world) transfer() ledger.Move {
	w.t.Helper()
	who := w.register(number("1"))
	if _, err := w.l.Enroll(w.t.Context(), w.act(w.here), ledger.EnrollmentInput{Student: who, EntryDate: "2026-09-15", Primary: true}); err != nil {
		w.t.Fatal(err)
	}
	got, err := w.l.RequestTransfer(w.t.Context(), w.act(w.there), ledger.TransferInput{Number: number("1"), EntryDate: "2026-12-01"})
	if err != nil {
		w.t.Fatal(err)
	}
	return ledger.Move{Student: who, Transfer: got.ID}
}

func TestTransferLapses(t *testing.T) {
	w := newWorld(t)
	w.transfer()
	w.work()
	w.pass((enrollment.TermDays - 1) * 24 * time.Hour)
	w.work()
	if got := w.types("enrollment"); got != "StudentEnrolled TransferRequested" {
		t.Fatal("before the time: ", got)
	}
	w.pass(24 * time.Hour)
	w.work()
	if got := w.types("enrollment"); got != "StudentEnrolled TransferRequested TransferLapsed" {
		t.Error(got)
	}
}

func TestEndedTransferIsForgotten(t *testing.T) {
	w := newWorld(t)
	m := w.transfer()
	w.work()
	if len(w.store.list) != 1 {
		t.Fatalf("%v", w.store.list)
	}
	if _, err := w.l.ReleaseTransfer(t.Context(), w.act(w.here), m, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.l.AcceptTransfer(t.Context(), w.act(w.there), m, ledger.AcceptInput{}); err != nil {
		t.Fatal(err)
	}
	w.work()
	if len(w.store.list) != 0 {
		t.Errorf("a completed transfer is still waited for: %v", w.store.list)
	}
}

// TestFailuresAreTriedAgain and keep nobody else waiting.
func TestFailuresAreTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.transfer()
	w.work()
	w.pass(enrollment.TermDays * 24 * time.Hour)
	down := true
	w.log.FailRead = func(method string) error {
		if down && method == "Read" {
			return errors.New("connection refused")
		}
		return nil
	}
	w.r = w.runner()
	w.work()
	for _, r := range w.store.list {
		if r.Failed == 0 || !r.Due.After(w.now()) {
			t.Errorf("%+v", r)
		}
	}
	down = false
	w.pass(2 * time.Hour)
	w.work()
	if got := w.types("enrollment"); !strings.HasSuffix(got, "TransferLapsed") {
		t.Error(got)
	}
}

// TestManyRunners: several processes on one log do everything once, also when they are
// stopped and started at any moment.
func TestManyRunners(t *testing.T) {
	w := newWorld(t)
	w.transfer()
	for i := range 20 {
		who := w.register()
		first, err := w.l.LinkIdentifier(t.Context(), w.act(w.here), ledger.LinkInput{Student: who, Number: number(fmt.Sprint("a", i)), Assurance: student.Verified})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.l.LinkIdentifier(t.Context(), w.act(w.here), ledger.LinkInput{Student: who, Number: number(fmt.Sprint("b", i)), Replaces: first.ID}); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(enrollment.TermDays * 24 * time.Hour)
	done := func() bool {
		return strings.Count(w.types("identifier"), "IdentifierReleased") == 20 && strings.HasSuffix(w.types("enrollment"), "TransferLapsed")
	}
	for deadline := time.Now().Add(20 * time.Second); !done() && time.Now().Before(deadline); {
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
		var all sync.WaitGroup
		for range 3 {
			r := w.runner()
			all.Go(func() {
				if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		stop()
	}
	if !done() {
		t.Errorf("identifiers: %s\nenrollments: %s", w.types("identifier"), w.types("enrollment"))
	}
	if n := strings.Count(w.types("enrollment"), "TransferLapsed"); n != 1 {
		t.Errorf("the transfer lapsed %d times", n)
	}
}

// TestUninterestingEventsCostNoCommit until there are many of them.
func TestUninterestingEventsCostNoCommit(t *testing.T) {
	w := newWorld(t)
	w.work()
	id, _ := w.log.ID(t.Context())
	at := func() eventlog.Position {
		at, err := w.store.Place(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at() != 0 {
		t.Errorf("institutions moved the place to %d", at())
	}
	w.register(number("1"))
	w.work()
	end, err := w.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if at() != end {
		t.Errorf("a reservation moved the place to %d, want %d", at(), end)
	}
}

// TestOvertakenRunnerMissesNothing: another process moved the place, less far than this one
// has read. What lies between is read again.
func TestOvertakenRunnerMissesNothing(t *testing.T) {
	w := newWorld(t)
	id, _ := w.log.ID(t.Context())
	other, err := w.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.transfer()
	for i := range maxBatch { // more than one batch asks for
		w.register(number(fmt.Sprint("n", i)))
	}
	if ok, err := w.store.Keep(t.Context(), id, 0, other, nil, nil); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := w.r.read(t.Context(), &place{log: id, batch: newBatch(0)}); err != nil {
		t.Fatal(err)
	}
	if len(w.store.list) != 1 {
		t.Errorf("%d reminders are kept, want the transfer's", len(w.store.list))
	}
}

func TestForeignLogStops(t *testing.T) {
	w := newWorld(t)
	w.register(number("1"))
	w.work()
	w.log = memlog.New(w.now)
	r := w.runner()
	if err := r.Run(t.Context()); !errors.Is(err, ErrForeignLog) || !errors.Is(r.Err(), ErrForeignLog) {
		t.Error(err, r.Err())
	}
}
