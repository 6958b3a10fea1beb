package eventlog

import "time"

// Stamper gives the events of one log their times, whatever the clocks say. An adapter
// keeps one under the lock that orders its appends; the zero value is for an empty log.
type Stamper struct {
	// Last is the latest time the log holds: of the last event, the greater of Created and
	// recordedAt.
	Last time.Time
}

// Next stamps the metadata of the next event, see [Stamp], and gives the event's Created:
// now in whole microseconds (what metadata and databases can hold), or Last when the
// clock is behind it.
func (s *Stamper) Next(meta []byte, now time.Time) (stamped []byte, created time.Time) {
	created = now.UTC().Truncate(time.Microsecond)
	if created.Before(s.Last) {
		created = s.Last
	}
	s.Last = created
	// An event copied from another log keeps a time that may be ahead of our clock.
	if at, ok := RecordedAt(meta); ok && at.After(s.Last) {
		s.Last = at
	}
	return Stamp(meta, created), created
}
