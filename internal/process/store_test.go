package process

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/pgtest"
)

// projector is a pool that acts as the processes do.
func projector(t *testing.T) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.RuntimeParams["role"] = "sijil_projector"
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testStore(t, func(*testing.T) Store { return NewMemStore() }) })
	t.Run("postgres", func(t *testing.T) { testStore(t, func(t *testing.T) Store { return NewPGStore(projector(t)) }) })
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func reminder(name, group string, due time.Duration) Reminder {
	return Reminder{
		Tenant: domain.DeriveID("00000000-0000-4000-8000-000000000000", "tenant"), Rule: "rule",
		Event: domain.DeriveID("00000000-0000-4000-8000-000000000000", name), Group: group, Due: noon.Add(due),
		Stream: "student-" + name, Revision: 3,
	}
}

func testStore(t *testing.T, open func(*testing.T) Store) {
	ctx := t.Context()
	keep := func(t *testing.T, s Store, from, to eventlog.Position, cleared []Group, added ...Reminder) {
		t.Helper()
		if ok, err := s.Keep(ctx, "log", from, to, cleared, added); err != nil || !ok {
			t.Fatalf("keeping: %v, %v", ok, err)
		}
	}
	due := func(t *testing.T, s Store, at time.Duration, want ...Reminder) {
		t.Helper()
		got, err := s.Due(ctx, noon.Add(at), 10)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("due (-want +got):\n%s", d)
		}
	}
	place := func(t *testing.T, s Store, want eventlog.Position) {
		t.Helper()
		if at, err := s.Place(ctx, "log"); err != nil || at != want {
			t.Fatalf("the place is %d, %v; want %d", at, err, want)
		}
	}
	t.Run("what is due comes in order and until it is settled", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		early, late, later := reminder("early", "", 0), reminder("late", "", time.Hour), reminder("later", "", 2*time.Hour)
		keep(t, s, 0, 7, nil, later, early, late)
		place(t, s, 7)
		due(t, s, -time.Second)
		due(t, s, time.Hour, early, late)
		if got, err := s.Due(ctx, noon.Add(3*time.Hour), 2); err != nil || len(got) != 2 {
			t.Errorf("%d of two, %v", len(got), err)
		}
		for range 2 {
			if err := s.Settle(ctx, early); err != nil {
				t.Fatal(err)
			}
		}
		late.Due, late.Failed = noon.Add(3*time.Hour), 1
		if err := s.Postpone(ctx, late); err != nil {
			t.Fatal(err)
		}
		due(t, s, 2*time.Hour, later)
		due(t, s, 3*time.Hour, later, late)
	})
	t.Run("a group is cleared, and only it", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		a, b, other := reminder("a", "g", 0), reminder("b", "g", 0), reminder("c", "h", time.Second)
		keep(t, s, 0, 1, nil, a, b, other)
		keep(t, s, 1, 2, []Group{{a.Tenant, a.Rule, "g"}, {a.Tenant, "another rule", "h"}, {b.Event, a.Rule, "h"}})
		due(t, s, time.Hour, other)
	})
	t.Run("clearing comes before adding", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		a, b := reminder("a", "g", 0), reminder("b", "g", 0)
		keep(t, s, 0, 1, nil, a)
		keep(t, s, 1, 2, []Group{{a.Tenant, a.Rule, "g"}}, b)
		due(t, s, 0, b)
	})
	t.Run("a process that was overtaken stores nothing", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		keep(t, s, 0, 5, nil)
		ok, err := s.Keep(ctx, "log", 0, 4, nil, []Reminder{reminder("a", "", 0)})
		if ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		due(t, s, time.Hour)
		place(t, s, 5)
	})
	t.Run("of many that read the same one keeps it", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		var won sync.Map
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				ok, err := s.Keep(ctx, "log", 0, 3, nil, []Reminder{reminder(string(rune('a'+i)), "", 0)})
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Store(i, true)
				}
			})
		}
		all.Wait()
		n := 0
		won.Range(func(any, any) bool { n++; return true })
		if got, err := s.Due(ctx, noon, 10); err != nil || n != 1 || len(got) != 1 {
			t.Errorf("%d won, %d are due, %v", n, len(got), err)
		}
	})
	t.Run("another log is refused", func(t *testing.T) {
		s := open(t)
		place(t, s, 0)
		keep(t, s, 0, 1, nil)
		if _, err := s.Place(ctx, "another"); !errors.Is(err, ErrForeignLog) {
			t.Error(err)
		}
		if ok, _ := s.Keep(ctx, "another", 1, 2, nil, nil); ok {
			t.Error("reminders of another log were kept")
		}
	})
}
