package eventlog

import "context"

// Importer is what a log offers besides when it takes another log's events in bulk: many
// streams in one commit, where [Log.Append] touches one.
type Importer interface {
	// Import appends events in this order, each at its Revision of its Stream, with its ID, Type,
	// Data and Meta byte for byte; Position and Created are the log's own to give. All are
	// stored or none, durably on return. Each event is held to what [Check] asks of one; all
	// together may be more.
	//
	// [*ConflictError] when an event is not the next of its stream: nothing was stored. There is no
	// exception for events that are there already. Any other error is an unknown outcome, and
	// the log's last event tells which: the commit ends with the last of these or did not happen.
	Import(ctx context.Context, events []Recorded) error
}
