package process

import (
	"context"
	"errors"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
)

// Reminder is one event that a rule has to come back to.
type Reminder struct {
	Tenant domain.ID
	Rule   string
	// Event is the event's id, Stream and Revision its place. A rule has one reminder of an event.
	Event domain.ID
	// Group is what a later event clears it by; empty when nothing does.
	Group string
	Due   time.Time

	Stream   string
	Revision eventlog.Revision
	// Failed counts how often the rule tried in vain.
	Failed int
}

// Group says that a rule need not come back to any event of it.
type Group struct {
	Tenant     domain.ID
	Rule, Name string
}

// Store remembers reminders and how far the log was read for them, durably. Both
// implementations pass the same tests.
type Store interface {
	// Place is the last position read, 0 at first. [ErrForeignLog] when it is of another log.
	Place(ctx context.Context, log string) (eventlog.Position, error)
	// Keep stores what the log from one position to the next asks for, all or none: groups
	// are cleared, then reminders added. false when the place is not at from: another process
	// moved it, and nothing was stored.
	Keep(ctx context.Context, log string, from, to eventlog.Position, cleared []Group, added []Reminder) (bool, error)
	// Due are at most n reminders that are due, the longest overdue first.
	Due(ctx context.Context, now time.Time, n int) ([]Reminder, error)
	// Settle removes a reminder that is done.
	Settle(ctx context.Context, r Reminder) error
	// Postpone stores a reminder's Due and Failed anew.
	Postpone(ctx context.Context, r Reminder) error
}

// ErrForeignLog: the reminders belong to another log.
var ErrForeignLog = errors.New("the reminders of processes belong to another event log: point to the log they were made from, or move to this one with `sijil replay --rebuild`")
