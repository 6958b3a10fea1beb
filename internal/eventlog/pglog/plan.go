package pglog

import (
	"time"

	"sijil/internal/eventlog"
)

// state is where a stream is: its id, 0 when it does not exist yet, and its last revision.
type state struct {
	id   int64
	head eventlog.Revision
}

// plan is what a batch of requests comes to: the rows to store, as columns, and an answer
// for each request, good once the rows are committed. It is made in memory from the heads of
// the streams, so that two requests to one stream see each other.
type plan struct {
	base    eventlog.Position // the last position before the batch
	answers []answer          // by request

	streams map[string]*planned
	names   []string // streams the batch begins, and in order with them their ids and heads
	begun   []int64
	first   []int64
	moved   []int64 // ids and heads of streams it goes on with
	heads   []int64

	streamIDs []int64 // one of each for every event
	revs      []int64
	ids       [][16]byte
	types     []string
	data      [][]byte
	metas     [][]byte
	created   []time.Time
}

// planned is a stream as the batch will leave it.
type planned struct {
	state
	before state
}

func newPlan(base eventlog.Position, batch []*request) *plan {
	n := 0
	for _, r := range batch {
		n += len(r.drafts)
	}
	return &plan{
		base: base, answers: make([]answer, 0, len(batch)), streams: make(map[string]*planned, len(batch)),
		streamIDs: make([]int64, 0, n), revs: make([]int64, 0, n), ids: make([][16]byte, 0, n), types: make([]string, 0, n),
		data: make([][]byte, 0, n), metas: make([][]byte, 0, n), created: make([]time.Time, 0, n),
	}
}

// add decides one request: at the stream's head it is stored after what was planned before,
// elsewhere it is refused with the head. at gives the state of a stream before the batch;
// when it does not know, nothing is added and ok is false.
func (p *plan) add(r *request, stamp *eventlog.Stamper, now time.Time, at func(stream string, want eventlog.Revision) (s state, ok bool)) (ok bool) {
	s := p.streams[r.stream]
	if s == nil {
		before, ok := at(r.stream, r.want)
		if !ok {
			return false
		}
		s = &planned{before, before}
		p.streams[r.stream] = s
	}
	if s.head != r.want {
		p.answers = append(p.answers, answer{head: s.head})
		return true
	}
	stored := make([]eventlog.Recorded, len(r.drafts))
	for i, d := range r.drafts {
		s.head++
		pos := p.base + eventlog.Position(len(p.ids)) + 1
		if s.id == 0 {
			s.id = int64(pos)
		}
		var created time.Time
		d.Meta, created = stamp.Next(d.Meta, now)
		p.streamIDs = append(p.streamIDs, s.id)
		p.revs = append(p.revs, int64(s.head))
		p.ids = append(p.ids, d.ID)
		p.types = append(p.types, d.Type)
		p.data = append(p.data, d.Data)
		p.metas = append(p.metas, d.Meta)
		p.created = append(p.created, created)
		stored[i] = eventlog.Recorded{Draft: d, Stream: r.stream, Revision: s.head, Position: pos, Created: created}
	}
	p.answers = append(p.answers, answer{stored: stored})
	return true
}

// refuses reports whether a request is refused.
func (p *plan) refuses() bool {
	for _, a := range p.answers {
		if a.stored == nil {
			return true
		}
	}
	return false
}

// end is the last position of the batch.
func (p *plan) end() eventlog.Position { return p.base + eventlog.Position(len(p.ids)) }

// finish turns what became of the streams into columns.
func (p *plan) finish() {
	for name, s := range p.streams {
		switch {
		case s.head == s.before.head:
		case s.before.id == 0:
			p.names = append(p.names, name)
			p.begun = append(p.begun, s.id)
			p.first = append(p.first, int64(s.head))
		default:
			p.moved = append(p.moved, s.id)
			p.heads = append(p.heads, int64(s.head))
		}
	}
}
