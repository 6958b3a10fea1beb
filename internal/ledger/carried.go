package ledger

import (
	"context"
	"fmt"
	"slices"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/enrollment"
	"sijil/internal/eventlog"
)

// yearsBefore is how many school years before an enrollment a school may have entered:
// foreign grades of years spent elsewhere, from a first class to a last.
const yearsBefore = 13

// carried is the student's record as it stands at every school: what a transfer carries.
// The salt is a keyed hash of the transfer, so that a repetition digests the same.
func (l *Ledger) carried(ctx context.Context, act Act, p Pupil, transfer domain.ID) (enrollment.Carried, []eventlog.Input, error) {
	salt, err := l.vault.MAC(ctx, act.Tenant, "transfer-salt", string(p.ID), string(transfer))
	if err != nil {
		return enrollment.Carried{}, nil, fmt.Errorf("salting a record's digest: %w", err)
	}
	c := enrollment.Carried{Salt: salt, Streams: []enrollment.CarriedStream{}}
	var inputs []eventlog.Input
	for _, stream := range recordStreams(act, p) {
		head, err := l.log.Head(ctx, stream)
		if err != nil {
			return c, nil, fmt.Errorf("reading a record's head: %w", err)
		}
		if head == eventlog.NoStream {
			continue
		}
		digest := enrollment.NewPayloadsDigest()
		for e, err := range l.log.Read(ctx, stream, 0) {
			if err != nil {
				return c, nil, fmt.Errorf("reading a record: %w", err)
			}
			if e.Revision > head {
				break
			}
			digest.Add(e.Data)
		}
		c.Streams = append(c.Streams, enrollment.CarriedStream{Stream: stream, Revision: int64(head), Digest: digest.Sum()})
		inputs = append(inputs, eventlog.Input{Stream: stream, Revision: head})
	}
	return c, inputs, nil
}

// recordStreams are the streams in which a record of the student can lie, by name: every
// school they were at or registered by, every school year that an entry there can belong to.
func recordStreams(act Act, p Pupil) []string {
	first, last := act.Today().Time().Year(), act.Today().Time().Year()
	schools := []domain.ID{p.Student.State.School}
	for _, e := range p.Enrollment.State.Enrollments {
		first = min(first, e.Entry.Time().Year())
		if e.Exit != "" {
			last = max(last, e.Exit.Time().Year())
		}
		schools = append(schools, e.School)
	}
	var names []string
	for _, school := range schools {
		for year := first - yearsBefore; year <= last+1; year++ {
			names = append(names, academicrecord.Stream(act.Tenant, p.ID, school, year))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
