package projections

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/pgtest"
)

// births is a read model of the test's own, in the versions of two programs: the second
// also keeps the sex.
func births(version int) Projection {
	p := Projection{
		Name: "births", Version: version, Tables: []string{"births"},
		DDL: `CREATE TABLE births (tenant uuid NOT NULL, student uuid NOT NULL, birth_year int NOT NULL, PRIMARY KEY (tenant, student));` + tenantPolicy("births", wholeTenant),
		Apply: func(b *pgx.Batch, e Event) {
			if f, ok := e.Fact.(student.StudentRegistered); ok {
				b.Queue(`INSERT INTO births VALUES ($1, $2, $3)`, e.Tenant, e.IDs[0], f.BirthYear)
			}
		},
		Slow: func() SlowFold { return &slowBirths{version: version} },
	}
	if version > 1 {
		p.DDL = `CREATE TABLE births (tenant uuid NOT NULL, student uuid NOT NULL, birth_year int NOT NULL, sex text NOT NULL, PRIMARY KEY (tenant, student));` + tenantPolicy("births", wholeTenant)
		p.Apply = func(b *pgx.Batch, e Event) {
			if f, ok := e.Fact.(student.StudentRegistered); ok {
				b.Queue(`INSERT INTO births VALUES ($1, $2, $3, $4)`, e.Tenant, e.IDs[0], f.BirthYear, f.Sex)
			}
		}
	}
	return p
}

type slowBirths struct {
	version int
	rows    []any
}

func (s *slowBirths) Add(e Event) {
	f, ok := e.Fact.(student.StudentRegistered)
	if !ok {
		return
	}
	row := map[string]any{"tenant": e.Tenant, "student": e.IDs[0], "birth_year": f.BirthYear}
	if s.version > 1 {
		row["sex"] = f.Sex
	}
	s.rows = append(s.rows, row)
}

func (s *slowBirths) Rows() map[string][]any { return map[string][]any{"births": s.rows} }

const birthsSQL = `SELECT count(*) FROM read.births WHERE tenant = $1`

func bornIn(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), birthsSQL, tenant).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// running projects what list says until it is stopped.
func running(t *testing.T, pool *pgxpool.Pool, log eventlog.Log, list ...Projection) (r *Runner, stop func()) {
	t.Helper()
	r = NewRunner(pool, log, quiet(), list...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() { cancel(); <-done }
}

// TestANewVersionIsBuiltBesideTheOld: a program whose read model changed shape finds the
// table of the one before it, with events that came while nobody projected.
func TestANewVersionIsBuiltBesideTheOld(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	pool := as(t, url, "sijil_projector")
	run := func(version int) (*Runner, func()) { return running(t, pool, log, append(All(), births(version))...) }
	aClass(t, log, 0, 20)
	r, stop := run(1)
	reached(t, r, log)
	same(t, r)
	stop()
	aClass(t, log, 20, 20)

	// Whoever reads during the change sees the old table until the new one is whole.
	watching, seen := make(chan struct{}), make(chan []int)
	go func() {
		var list []int
		for {
			select {
			case <-watching:
				seen <- list
				return
			default:
				list = append(list, bornIn(t, pool))
			}
		}
	}()
	r, stop = run(2)
	reached(t, r, log)
	close(watching)
	for _, n := range <-seen {
		if n != 20 && n != 40 {
			t.Errorf("a reader saw %d rows, neither the old table's 20 nor the new one's 40", n)
		}
	}
	if c := same(t, r); c.Events != 80 {
		t.Errorf("compared %d events, want 80", c.Events)
	}
	aClass(t, log, 40, 5)
	reached(t, r, log)
	same(t, r)
	if n := bornIn(t, pool); n != 45 {
		t.Errorf("%d rows, want 45", n)
	}
	stop()

	// The program before it, run again, does not take the new table for its own, and builds
	// its own version; the others are left alone.
	before := versions(t, pool)
	old := NewRunner(pool, log, quiet(), append(All(), births(1))...)
	if err := old.WaitFor(t.Context(), 1, 50*time.Millisecond); !errors.Is(err, ErrBehind) {
		t.Errorf("another version's table has reached the position: %v", err)
	}
	if _, err := old.Compare(t.Context(), nil); !errors.Is(err, ErrBehind) {
		t.Errorf("another version's table was compared: %v", err)
	}
	r, stop = run(1)
	defer stop()
	reached(t, r, log)
	same(t, r)
	after := versions(t, pool)
	if after["births"] != 1 || before["births"] != 2 || after["students"] != before["students"] || len(after) != len(before) {
		t.Errorf("the versions were %v and are %v", before, after)
	}
}

// TestAReadModelThatIsNoMoreHoldsUpNoOther: the next program does not know it.
func TestAReadModelThatIsNoMoreHoldsUpNoOther(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	pool := as(t, url, "sijil_projector")
	aClass(t, log, 0, 3)
	r, stop := running(t, pool, log, append(All(), births(1))...)
	reached(t, r, log)
	stop()
	r, _ = projecting(t, url, log)
	aClass(t, log, 3, 3)
	reached(t, r, log)
	same(t, r)
	if v := versions(t, pool); v["births"] != 0 || len(v) != len(All()) {
		t.Errorf("the checkpoints are %v", v)
	}
}

func versions(t *testing.T, pool *pgxpool.Pool) map[string]int {
	t.Helper()
	rows, err := pool.Query(t.Context(), checkpointsSQL)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[checkpoint])
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, c := range list {
		found[c.Name] = c.Version
	}
	return found
}
