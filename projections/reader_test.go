package projections

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"sijil/internal/pgtest"
)

// TestAReadBeforeTheTablesAreBuiltIsBehind, which a caller repeats, and no failure.
func TestAReadBeforeTheTablesAreBuiltIsBehind(t *testing.T) {
	reader := NewReader(as(t, pgtest.URL(t), "sijil_app"))
	err := reader.View(t.Context(), Scope{Tenant: tenant, All: true}, func(tx pgx.Tx) error {
		_, _, err := StudentOne(t.Context(), tx, tenant, schoolA)
		return err
	})
	if !errors.Is(err, ErrBehind) {
		t.Errorf("got %v, want %v", err, ErrBehind)
	}
}

// TestAReadOfAnotherProgramsTableIsBehind: this program's comes when it has its turn.
func TestAReadOfAnotherProgramsTableIsBehind(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	r, stop := projecting(t, url, log)
	aClass(t, log, 0, 1)
	reached(t, r, log)
	stop()
	if _, err := as(t, url, "sijil_projector").Exec(t.Context(), `ALTER TABLE read.students DROP COLUMN assurance`); err != nil {
		t.Fatal(err)
	}
	err := NewReader(as(t, url, "sijil_app")).View(t.Context(), Scope{Tenant: tenant, All: true}, func(tx pgx.Tx) error {
		_, _, err := StudentOne(t.Context(), tx, tenant, schoolA)
		return err
	})
	if !errors.Is(err, ErrBehind) {
		t.Errorf("got %v, want %v", err, ErrBehind)
	}
}
