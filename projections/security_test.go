package projections

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"sijil/internal/pgtest"
)

const securitySQL = `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS closed,
		pg_has_role('sijil_app', c.relowner, 'USAGE') AS owned,
		EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = n.nspname AND p.tablename = c.relname
			AND 'sijil_app' = ANY (p.roles) AND p.qual LIKE '%sijil.tenant%') AS policy,
		coalesce((SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = c.oid AND i.indisprimary), '') AS first_of_key
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'read' AND c.relkind IN ('r', 'p')`

// TestEveryTableIsClosedByTenant: a read model that forgets its key or its policy would show
// one authority's rows to another at the first query that forgets to ask for the tenant.
func TestEveryTableIsClosedByTenant(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aClass(t, log, 0, 1)
	r, _ := projecting(t, url, log)
	reached(t, r, log)
	rows, err := as(t, url, "sijil_projector").Query(t.Context(), securitySQL)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
		Name                  string
		Closed, Owned, Policy bool
		FirstOfKey            string
	}])
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, c := range tables {
		found[c.Name] = true
		switch {
		case c.Name == "checkpoints": // tells of the log, of no tenant
		case !c.Closed || !c.Policy || c.Owned:
			t.Errorf("table %s: row-level security forced %v, policy by tenant %v, owned by the reading role %v", c.Name, c.Closed, c.Policy, c.Owned)
		case c.FirstOfKey != "tenant":
			t.Errorf("table %s: the key begins with %q", c.Name, c.FirstOfKey)
		}
	}
	for _, p := range All() {
		for _, name := range p.Tables {
			if !found[name] {
				t.Errorf("table %s of %s was not looked at", name, p.Name)
			}
		}
	}
}
