package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestEveryTestGetsItsOwnMigratedDatabase(t *testing.T) {
	a, b := Pool(t), Pool(t)
	if _, err := a.Exec(t.Context(), `create table mine (x int)`); err != nil {
		t.Fatal(err)
	}
	if one[bool](t, b, `select to_regclass('mine') is not null`) {
		t.Error("one test sees another's table")
	}
	for _, db := range []*pgxpool.Pool{a, b} {
		if one[int](t, db, `select count(*) from schema_migration where version_id > 0`) == 0 {
			t.Error("the database is not migrated")
		}
	}
}

func TestTheServerIsDurable(t *testing.T) {
	db := Pool(t)
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if got := one[string](t, db, `select current_setting($1)`, name); got != "on" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestAKilledServerRecoversWhatWasCommitted(t *testing.T) {
	s := NewServer(t)
	url := s.URL()
	if _, err := s.Pool().Exec(t.Context(), `create table kept as select 1 as x`); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := s.Pool().Ping(t.Context()); err == nil {
		t.Fatal("the killed server answers")
	}
	s.Restart()
	if s.URL() != url {
		t.Errorf("the address changed from %s to %s", url, s.URL())
	}
	if one[int](t, s.Pool(), `select x from kept`) != 1 {
		t.Error("a committed row is lost")
	}
}

func TestSettingsAreOffOnlyWhenAsked(t *testing.T) {
	s := NewServer(t, Setting{"fsync", "off"})
	if got := one[string](t, s.Pool(), `show fsync`); got != "off" {
		t.Errorf("fsync is %s", got)
	}
}

func one[T any](t *testing.T, db *pgxpool.Pool, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
