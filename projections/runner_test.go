package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/schema"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/pgtest"
)

var (
	tenant  = domain.DeriveID("00000000-0000-5000-8000-000000000000", "tenant")
	schoolA = domain.DeriveID(tenant, "school", "a")
	schoolB = domain.DeriveID(tenant, "school", "b")
)

// as is a pool on the same database whose connections act as role.
func as(t *testing.T, url, role string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.RuntimeParams["role"] = role
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func newLog() *memlog.Log { return memlog.New(time.Now) }

// record appends facts to a stream as the ledger would, personal data as if sealed.
func record(t *testing.T, log eventlog.Log, stream string, institution domain.ID, facts ...any) {
	t.Helper()
	head, err := log.Head(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range facts {
		enc, err := schema.Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		id := domain.DeriveID(tenant, stream, fmt.Sprint(int(head)+1+i))
		var blob []byte
		if !enc.Private.IsZero() {
			blob = enc.Private.Plain()
		}
		d := eventlog.Draft{
			ID: id.Bytes(), Type: enc.Type, Data: schema.Payload(enc.Open, enc.Private.Subject, blob),
			Meta: eventlog.Meta{Tenant: string(tenant), Institution: string(institution), Actor: "clerk"}.Encode(),
		}
		if _, err := log.Append(t.Context(), stream, head+eventlog.Revision(i), d); err != nil {
			t.Fatal(err)
		}
	}
}

// aClass registers and enrolls n students at schoolA, numbered from first.
func aClass(t *testing.T, log eventlog.Log, first, n int) {
	t.Helper()
	for i := first; i < first+n; i++ {
		id := domain.DeriveID(tenant, "student", fmt.Sprint(i))
		p, err := domain.Conceal(id, domain.ClassRecord, map[string]string{"fullName": "أمينة Šarić"})
		if err != nil {
			t.Fatal(err)
		}
		record(t, log, "student-"+string(id), schoolA, student.StudentRegistered{
			School: schoolA, Sex: domain.EdFi("Sex", "Female"), BirthYear: 2009, Assurance: student.Documented, Person: p,
		})
		record(t, log, "enrollment-"+string(id), schoolA, enrollment.StudentEnrolled{
			Enrollment: domain.DeriveID(id, "enrollment"), School: schoolA, EntryDate: "2025-09-01", DatePrecision: enrollment.Day,
			GradeLevel: domain.EdFi("GradeLevel", "Ninth grade"), Primary: true,
		})
	}
}

// projecting starts a runner and stops it when the test ends, or earlier by stop.
func projecting(t *testing.T, url string, log eventlog.Log) (r *Runner, stop func()) {
	t.Helper()
	r = NewRunner(as(t, url, "sijil_projector"), log, quiet())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = func() { cancel(); <-done; done <- nil }
	t.Cleanup(stop)
	return r, stop
}

func reached(t *testing.T, r *Runner, log eventlog.Log) {
	t.Helper()
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WaitFor(t.Context(), end, 20*time.Second); err != nil {
		t.Fatalf("at %d of %d: %v (%v)", r.Position(), end, err, r.Err())
	}
}

func same(t *testing.T, r *Runner) Comparison {
	t.Helper()
	c, err := r.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Different > 0 {
		for _, d := range c.Differences {
			t.Errorf("%s.%s only in %s: %s", d.Projection, d.Table, d.OnlyIn, d.Row)
		}
	}
	return c
}

func TestTablesEqualTheSlowFold(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 30)
	r, stop := projecting(t, url, log)
	reached(t, r, log)
	first := same(t, r)

	stop() // a restart resumes where the checkpoint is
	aClass(t, log, 30, 30)
	r, _ = projecting(t, url, log)
	reached(t, r, log)
	second := same(t, r)
	if first.Events != 60 || second.Events != 120 {
		t.Errorf("compared %d and %d events, want 60 and 120", first.Events, second.Events)
	}
}

func TestCompareFindsOneAlteredRow(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 3)
	r, stop := projecting(t, url, log)
	reached(t, r, log)
	stop()
	owner := as(t, url, "sijil_projector")
	if _, err := owner.Exec(t.Context(), `UPDATE read.transcripts SET institutions = '{}' WHERE student = $1`, domain.DeriveID(tenant, "student", "1")); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Different != 2 { // the row as it is, and the row as it should be
		t.Errorf("%d differences, want 2", c.Different)
	}
}

func TestTwoProcessesNeverBothProject(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	a, stopA := projecting(t, url, log)
	b, _ := projecting(t, url, log)
	aClass(t, log, 0, 40)
	reached(t, a, log)
	reached(t, b, log)
	stopA()
	aClass(t, log, 40, 40)
	reached(t, b, log) // whoever did not have the turn takes it over
	same(t, b)
}

func TestRebuildBesideTheLiving(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	r, _ := projecting(t, url, log)
	aClass(t, log, 0, 10)
	reached(t, r, log)
	other := NewRunner(as(t, url, "sijil_projector"), log, quiet())
	done := make(chan error, 1)
	go func() { done <- other.Rebuild(t.Context(), nil) }()
	aClass(t, log, 10, 50)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	aClass(t, log, 60, 5)
	reached(t, r, log)
	if c := same(t, r); c.Events != 130 {
		t.Errorf("compared %d events, want 130", c.Events)
	}
}

func TestAForeignLogIsRefused(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 1)
	r, stop := projecting(t, url, log)
	reached(t, r, log)
	stop()
	r = NewRunner(as(t, url, "sijil_projector"), newLog(), quiet())
	if err := r.Run(t.Context()); !errors.Is(err, ErrForeignLog) {
		t.Errorf("got %v, want ErrForeignLog", err)
	}
}

func TestAnUnknownTypeStops(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 2)
	r, stop := projecting(t, url, log)
	reached(t, r, log)
	stop()
	aClass(t, log, 2, 1)
	d := eventlog.Draft{Type: "student.StudentTeleported.v1", Data: []byte(`{}`), Meta: eventlog.Meta{Tenant: string(tenant)}.Encode()}
	if _, err := log.Append(t.Context(), "student-x", eventlog.NoStream, d); err != nil {
		t.Fatal(err)
	}
	r = NewRunner(as(t, url, "sijil_projector"), log, slog.Default())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Run(ctx); !errors.Is(err, ErrUnknownType) || !errors.Is(r.Err(), ErrUnknownType) {
		t.Errorf("got %v, %v, want ErrUnknownType", err, r.Err())
	}
	if r.Position() != 6 {
		t.Errorf("stopped at %d, want 6: what came before the unknown event is good", r.Position())
	}
}

func TestARowIsSeenInItsScopeOnly(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 1)
	r, _ := projecting(t, url, log)
	reached(t, r, log)
	reader := NewReader(as(t, url, "sijil_app"))
	who := domain.DeriveID(tenant, "student", "0")
	for name, c := range map[string]struct {
		scope Scope
		want  bool
	}{
		"the school":        {Scope{Tenant: tenant, Institutions: []domain.ID{schoolA}}, true},
		"the authority":     {Scope{Tenant: tenant, All: true}, true},
		"another school":    {Scope{Tenant: tenant, Institutions: []domain.ID{schoolB}}, false},
		"nobody in scope":   {Scope{Tenant: tenant}, false},
		"another authority": {Scope{Tenant: schoolB, All: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var seen bool
			err := reader.View(t.Context(), c.scope, func(tx pgx.Tx) (err error) {
				_, seen, err = Entries(t.Context(), tx, tenant, who, time.Time{})
				return err
			})
			if err != nil || seen != c.want {
				t.Errorf("seen %v (%v), want %v", seen, err, c.want)
			}
		})
	}
}

// quiet logs warnings and worse, which no test expects unseen.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
