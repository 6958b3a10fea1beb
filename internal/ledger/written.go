package ledger

import (
	"sijil/domain"
	"sijil/internal/eventlog"
)

// Written is what a use case answers: what it was about, and how far the log went with it.
type Written struct {
	// ID is the thing written or changed.
	ID domain.ID
	// Position is where the caller's reads must have arrived to see it.
	Position eventlog.Position
	// Replayed: the command had been executed before.
	Replayed bool
}

// writtenAs is the answer for an outcome about the thing with this id.
func writtenAs[S, E any](id domain.ID, out Outcome[S, E], err error) (Written, error) {
	if err != nil {
		return Written{}, err
	}
	return Written{ID: id, Position: out.Position, Replayed: out.Replayed}, nil
}
