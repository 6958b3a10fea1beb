package ledger

import (
	"container/list"
	"math"
	"sync"

	"sijil/domain"
	"sijil/internal/eventlog"
)

// fold is a stream's state at a revision. It is never changed once shared.
type fold struct {
	state    any
	revision eventlog.Revision
	tenant   domain.ID
	// ids finds a command's earlier events, so that a retry costs no read.
	ids *idSet
}

// folds keeps the recent states of streams in memory.
type folds struct {
	mu      sync.Mutex
	max     int
	entries map[string]*list.Element
	recent  *list.List
	// loading holds, for streams being read just now, the highest revision seen by the
	// follower meanwhile: a state older than that must not be kept.
	loading map[string]*inflight
}

type inflight struct {
	readers int
	seen    eventlog.Revision
}

type cachedFold struct {
	stream string
	fold   fold
}

func newFolds(n int) *folds {
	return &folds{max: n, entries: map[string]*list.Element{}, recent: list.New(), loading: map[string]*inflight{}}
}

func (c *folds) get(stream string) (fold, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[stream]
	if e == nil {
		return fold{}, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cachedFold).fold, true
}

// put keeps f unless a newer state is there.
func (c *folds) put(stream string, f fold) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putLocked(stream, f)
}

func (c *folds) putLocked(stream string, f fold) {
	if e := c.entries[stream]; e != nil {
		if cf := e.Value.(*cachedFold); cf.fold.revision < f.revision {
			cf.fold = f
		}
		c.recent.MoveToFront(e)
		return
	}
	c.entries[stream] = c.recent.PushFront(&cachedFold{stream, f})
	if c.recent.Len() > c.max {
		delete(c.entries, c.recent.Remove(c.recent.Back()).(*cachedFold).stream)
	}
}

func (c *folds) drop(stream string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(stream)
}

func (c *folds) dropLocked(stream string) {
	if e := c.entries[stream]; e != nil {
		c.recent.Remove(e)
		delete(c.entries, stream)
	}
}

// observe hears that stream reached revision: an older state is no longer kept.
func (c *folds) observe(stream string, revision eventlog.Revision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in := c.loading[stream]; in != nil {
		in.seen = max(in.seen, revision)
	}
	if e := c.entries[stream]; e != nil && e.Value.(*cachedFold).fold.revision < revision {
		c.dropLocked(stream)
	}
}

// reset forgets every state, those that are being read just now too.
func (c *folds) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.recent.Init()
	for _, in := range c.loading {
		in.seen = math.MaxInt64
	}
}

// begin tells that stream is about to be read; the returned function keeps what was read,
// unless the follower has seen later events since.
func (c *folds) begin(stream string) (end func(f fold, ok bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.loading[stream]
	if in == nil {
		in = &inflight{seen: eventlog.NoStream}
		c.loading[stream] = in
	}
	in.readers++
	return func(f fold, ok bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if ok && f.revision >= in.seen {
			c.putLocked(stream, f)
		}
		if in.readers--; in.readers == 0 {
			delete(c.loading, stream)
		}
	}
}

// idSet maps the event ids of one stream to revisions. Older sets stay true while newer
// ones grow, since a set only ever answers for revisions up to the fold's own.
type idSet struct {
	mu sync.RWMutex
	m  map[eventlog.UUID]eventlog.Revision
}

func newIDSet() *idSet { return &idSet{m: map[eventlog.UUID]eventlog.Revision{}} }

func (s *idSet) add(id eventlog.UUID, r eventlog.Revision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.m[id]; !ok {
		s.m[id] = r
	}
}

func (s *idSet) find(id eventlog.UUID, upTo eventlog.Revision) (eventlog.Revision, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.m[id]
	return r, ok && r <= upTo
}
