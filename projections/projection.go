// Package projections holds the read models: one file each, a fold of the event log into
// tables and the queries on them. The runner keeps all of them at one position of the
// log, rebuilds one beside the living, and compares them with a slow fold that shares
// nothing with them but the facts.
//
// No projection opens personal data: it copies sealed values, and the API opens them.
package projections

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/schema"
	"sijil/internal/eventlog"
)

// Event is a recorded fact, decoded.
type Event struct {
	eventlog.Recorded
	Meta eventlog.Meta
	// Fact is one of the domain's fact structs, a value.
	Fact any
	// Tenant and IDs are taken from the metadata and the stream's name.
	Tenant domain.ID
	IDs    []domain.ID
}

// Projection is one read model.
type Projection struct {
	// Name is unique and names the checkpoint.
	Name string
	// Version counts up when DDL or Apply change what the tables hold; the runner then
	// builds a fresh copy beside the old one and swaps.
	Version int
	// DDL makes the tables, their indexes, policies and grants. Names are unqualified: the
	// runner sets the schema. Every key begins with the tenant.
	DDL string
	// Tables are the names DDL makes.
	Tables []string
	// Apply queues the statements that fold one event in. They run in order, in the
	// transaction that moves the checkpoint. Names are unqualified. Facts that are not
	// its own queue nothing.
	Apply func(b *pgx.Batch, e Event)
	// Slow is a fresh independent fold, for comparing. See [Compare].
	Slow func() SlowFold
}

// SlowFold folds the whole log in memory, written for being obviously right.
type SlowFold interface {
	Add(e Event)
	// Rows gives each table's rows as structs whose JSON members are the table's columns.
	Rows() map[string][]any
}

// ErrUnknownType: an event of a ledger stream has a type this program does not know. It was
// written by a newer program: upgrade this one.
var ErrUnknownType = errors.New("the log holds an event type this program does not know: run a version that does")

// decode gives the ledger's event, or ok=false for one that is none of ours.
func decode(r eventlog.Recorded) (e Event, ok bool, err error) {
	category := domain.CategoryOf(r.Stream)
	if strings.HasPrefix(r.Type, "$") || strings.HasPrefix(r.Stream, "$") || !schema.Ours(category) {
		return Event{}, false, nil
	}
	at := domain.Place{Stream: r.Stream, Type: r.Type, Event: domain.IDFromBytes(r.ID)}
	fact, err := schema.Decode(at, r.Data)
	if errors.Is(err, schema.ErrUnknown) {
		return Event{}, false, fmt.Errorf("%w: %s at position %d", ErrUnknownType, r.Type, r.Position)
	} else if err != nil {
		return Event{}, false, fmt.Errorf("position %d: %w", r.Position, err)
	}
	meta, err := eventlog.DecodeMeta(r.Meta)
	if err != nil {
		return Event{}, false, fmt.Errorf("position %d: %w", r.Position, err)
	}
	return Event{Recorded: r, Meta: meta, Fact: fact, Tenant: domain.ID(meta.Tenant), IDs: domain.StreamIDs(r.Stream)}, true, nil
}

// tenantPolicy is the DDL that gives a table its second line of defence: the app role
// sees rows of its tenant that pass visible, a condition on the scope that [Reader.View]
// sets; the projector sees all, although it owns the table (FORCE).
func tenantPolicy(table, visible string) string {
	return fmt.Sprintf(`
ALTER TABLE %[1]s ENABLE ROW LEVEL SECURITY;
ALTER TABLE %[1]s FORCE ROW LEVEL SECURITY;
CREATE POLICY projector ON %[1]s TO sijil_projector USING (true) WITH CHECK (true);
CREATE POLICY reader ON %[1]s FOR SELECT TO sijil_app USING (
    tenant = nullif(current_setting('sijil.tenant', true), '')::uuid AND (%[2]s));
GRANT SELECT ON %[1]s TO sijil_app;
`, table, visible)
}

// Conditions for tenantPolicy. The scope is '*' for the authority itself, else the uuids of
// the caller's institution and those below it, as an array literal.
const (
	// wholeTenant: everybody in the tenant may see the row.
	wholeTenant = `true`
	// inScope: the row's institution is the caller's or below it.
	inScope = `current_setting('sijil.scope', true) = '*' OR
    institution = ANY (nullif(nullif(current_setting('sijil.scope', true), '*'), '')::uuid[])`
	// anyInScope: one of the row's institutions is.
	anyInScope = `current_setting('sijil.scope', true) = '*' OR
    institutions && nullif(nullif(current_setting('sijil.scope', true), '*'), '')::uuid[]`
)
