package ledger

import (
	"sijil/domain"
	"sijil/internal/eventlog"
)

// Written is a use case's answer: a function of what is stored, so that a retry is
// answered alike.
type Written struct {
	// ID names what was recorded: a grade, an enrollment, an amendment.
	ID domain.ID
	// Event is the first event recorded for it; empty when nothing had to change.
	Event domain.ID
	// Position is where reads must have arrived to see it.
	Position eventlog.Position
	// Replayed: the command had been executed before.
	Replayed bool
}

// writtenBy is the answer for the thing with this id.
func writtenBy[S, E any](id domain.ID, out Outcome[S, E]) Written {
	w := Written{ID: id, Position: out.Position, Replayed: out.Replayed}
	if len(out.Events) > 0 {
		w.Event = domain.IDFromBytes(out.Events[0].ID)
	}
	return w
}
