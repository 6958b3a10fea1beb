package pglog

import (
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

// standing is where the log stands, read under the lock.
type standing struct {
	last    eventlog.Position
	stamper eventlog.Stamper
	streams map[string]state
}

const (
	// lastSQL is the place and the times that the next event must not fall behind.
	lastSQL  = `select pos, created, meta from events order by pos desc limit 1`
	headsSQL = `select name, id, head from streams where name = any($1)`
)

// queue adds to b what reads it, for the streams of batch.
func (s *standing) queue(b *pgx.Batch, batch []*request) {
	names := make([]string, len(batch))
	for i, r := range batch {
		names[i] = r.stream
	}
	s.streams = make(map[string]state, len(batch))
	b.Queue(lastSQL).Query(func(rows pgx.Rows) error {
		var pos int64
		var created time.Time
		var meta []byte
		_, err := pgx.ForEachRow(rows, []any{&pos, &created, &meta}, func() error {
			s.last = eventlog.Position(pos)
			s.stamper.Last = created.UTC()
			if at, ok := eventlog.RecordedAt(meta); ok && at.After(s.stamper.Last) {
				s.stamper.Last = at
			}
			return nil
		})
		return err
	})
	b.Queue(headsSQL, names).Query(func(rows pgx.Rows) error {
		var name string
		var found state
		_, err := pgx.ForEachRow(rows, []any{&name, &found.id, (*int64)(&found.head)}, func() error {
			s.streams[name] = found
			return nil
		})
		return err
	})
}

// plan is what a batch comes to on it.
func (s *standing) plan(batch []*request, now time.Time) *plan {
	p := newPlan(s.last, batch)
	for _, r := range batch {
		p.add(r, &s.stamper, now, func(stream string, _ eventlog.Revision) (state, bool) {
			if found, ok := s.streams[stream]; ok {
				return found, true
			}
			return state{head: eventlog.NoStream}, true
		})
	}
	p.finish()
	return p
}
