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
