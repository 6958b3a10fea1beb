package process

import (
	"context"
	"time"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/identifier"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

// rule is one rule that spans streams.
type rule struct {
	name string
	// types are the events it looks at, without versions.
	types []string
	// note says what an event asks for: to come back to it, or not to come back to another.
	note func(noted, any)
	// act does what is due for an event. It is safe to run twice.
	act func(context.Context, *ledger.Ledger, ledger.Act, eventlog.Recorded, any) error
}

// noted is one event in a rule's eyes.
type noted struct {
	rule  string
	event eventlog.Recorded
	meta  eventlog.Meta
	batch *batch
}

// remind comes back to this event at due, unless its group is forgotten before.
func (n noted) remind(group string, due time.Time) {
	g := Group{domain.ID(n.meta.Tenant), n.rule, group}
	n.batch.asks++
	n.batch.groups[g] = append(n.batch.groups[g], Reminder{
		Tenant: g.Tenant, Rule: n.rule, Event: domain.IDFromBytes(n.event.ID), Group: group, Due: due,
		Stream: n.event.Stream, Revision: n.event.Revision,
	})
}

// forget clears the reminders of a group.
func (n noted) forget(group string) {
	g := Group{domain.ID(n.meta.Tenant), n.rule, group}
	n.batch.asks++
	delete(n.batch.groups, g)
	n.batch.cleared = append(n.batch.cleared, g)
}

// now comes back to this event at once.
func (n noted) now() { n.remind("", n.meta.RecordedAt) }

func rules(abandon time.Duration) []rule {
	return []rule{reservations(abandon), replacements, erasures, merges, lapses}
}

// reservations releases numbers whose registration or link never came: its command died
// after reserving, and nobody repeated it. A command's reservations and links have its key.
func reservations(abandon time.Duration) rule {
	return rule{
		name:  "abandoned-reservation",
		types: []string{"identifier.IdentifierReserved", "student.IdentifierLinked"},
		note: func(n noted, fact any) {
			if _, ok := fact.(identifier.IdentifierReserved); ok {
				n.remind(n.meta.CommandKey, n.meta.RecordedAt.Add(abandon))
			} else {
				n.forget(n.meta.CommandKey)
			}
		},
		act: func(ctx context.Context, l *ledger.Ledger, act ledger.Act, e eventlog.Recorded, _ any) error {
			return l.TidyReservation(ctx, act, e.Stream, e.Revision)
		},
	}
}

// replacements releases the number that another one replaced.
var replacements = rule{
	name:  "replaced-identifier",
	types: []string{"student.IdentifierLinked"},
	note: func(n noted, fact any) {
		if f, ok := fact.(student.IdentifierLinked); ok && f.Replaces != "" {
			n.now()
		}
	},
	act: func(ctx context.Context, l *ledger.Ledger, act ledger.Act, e eventlog.Recorded, fact any) error {
		f, ok := fact.(student.IdentifierLinked)
		if !ok {
			return nil
		}
		return l.TidyReplaced(ctx, act, domain.StreamIDs(e.Stream)[0], f.Replaces, identifier.Replaced)
	},
}

// erasures destroys the keys of a person whose erasure was recorded by a command that
// died before it had.
var erasures = rule{
	name:  "erasure",
	types: []string{"student.PersonalDataErased"},
	note:  func(n noted, _ any) { n.now() },
	act: func(ctx context.Context, l *ledger.Ledger, act ledger.Act, e eventlog.Recorded, _ any) error {
		return l.FinishErasure(ctx, act, domain.StreamIDs(e.Stream)[0])
	},
}

// merges takes back a merge that closes a circle.
var merges = rule{
	name:  "merge-circle",
	types: []string{"student.StudentMerged"},
	note:  func(n noted, _ any) { n.now() },
	act: func(ctx context.Context, l *ledger.Ledger, act ledger.Act, e eventlog.Recorded, _ any) error {
		return l.TidyMerge(ctx, act, domain.StreamIDs(e.Stream)[0])
	},
}

// lapses ends transfers that are still open after their term.
var lapses = rule{
	name: "transfer-lapse",
	types: []string{
		"enrollment.TransferRequested", "enrollment.TransferCompleted", "enrollment.TransferRefused",
		"enrollment.TransferCancelled", "enrollment.TransferLapsed",
	},
	note: func(n noted, fact any) {
		switch f := fact.(type) {
		case enrollment.TransferRequested:
			n.remind(string(f.Transfer), f.LapseDate.Time())
		case enrollment.TransferCompleted:
			n.forget(string(f.Transfer))
		case enrollment.TransferRefused:
			n.forget(string(f.Transfer))
		case enrollment.TransferCancelled:
			n.forget(string(f.Transfer))
		case enrollment.TransferLapsed:
			n.forget(string(f.Transfer))
		}
	},
	act: func(ctx context.Context, l *ledger.Ledger, act ledger.Act, e eventlog.Recorded, fact any) error {
		f, ok := fact.(enrollment.TransferRequested)
		if !ok {
			return nil
		}
		return l.LapseTransfer(ctx, act, ledger.Move{Student: domain.StreamIDs(e.Stream)[0], Transfer: f.Transfer})
	},
}
