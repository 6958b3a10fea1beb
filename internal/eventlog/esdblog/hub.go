package esdblog

import (
	"context"
	"sort"
	"sync"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// What the hub remembers, and so what a follower may be behind before it reads on its own.
const (
	hubEvents = 4096
	hubBytes  = 8 << 20
)

// hub is the process's one live subscription. It wakes who waits, and remembers the
// latest events, so that a hundred followers cost the server what one costs, and an append
// learns what was stored without asking. It begins with the first call of Wait or Append.
type hub struct {
	log     *Log
	once    sync.Once
	reached *adapter.Tide // how far the subscription has come

	mu    sync.Mutex
	live  bool
	stop  context.CancelFunc // ends the subscription under way; another follows
	floor eventlog.Position  // every event of the ledger after it, up to reached, is in events
	// events is a queue in a slice: the oldest leave at the front, and appending moves the
	// rest to the front of a new one now and then.
	events []eventlog.Recorded
	bytes  int
	// expected are appends whose answer says only where they end.
	expected map[eventlog.Position]chan struct{}
	deaf     bool // nothing has come since somebody waited in vain
}

func newHub(l *Log) *hub {
	return &hub{log: l, reached: new(adapter.Tide), expected: map[eventlog.Position]chan struct{}{}}
}

// start begins the subscription, at the first call.
func (h *hub) start() {
	h.once.Do(func() {
		h.log.also(h.run)
		h.log.also(h.log.poll)
	})
}

// run follows the log until it is closed.
func (h *hub) run() {
	for failures := 0; h.log.background.Err() == nil; failures++ {
		if failures > 0 && !pause(h.log.background, backoff(failures)) {
			return
		}
		if h.begin() {
			failures = 0
			h.follow()
		}
	}
}

// begin begins anew at the log's end, remembering nothing; false when that cannot be found.
func (h *hub) begin() bool {
	end, err := h.log.findEnd(h.log.background)
	if err != nil {
		return false
	}
	h.mu.Lock()
	h.live, h.floor = true, max(end, h.reached.Now())
	h.mu.Unlock()
	h.reached.Rise(end)
	return true
}

// follow goes on from where the subscription came to until the log is closed, or until the server has
// sent what is no order of a log. Then nothing that it sent next to that is remembered.
func (h *hub) follow() {
	ctx, l := h.log.background, h.log
	for ctx.Err() == nil {
		life, stop := context.WithCancel(ctx)
		h.mu.Lock()
		h.stop = stop
		h.mu.Unlock()
		// What is refused now may be allowed again.
		err := l.follow(life, h.reached.Now(), 0, h.take, func(err error) bool {
			l.cfg.Logger.DebugContext(ctx, "the live subscription was cut; opening another", "err", err)
			if judge(err) == lost {
				l.super.suspect()
			}
			return !disbelieved(err)
		})
		stop()
		if disbelieved(err) {
			l.cfg.Logger.ErrorContext(ctx, "the event store sent what cannot be this log; whoever reads it is refused until that is cured", "err", err)
			h.mu.Lock()
			h.live, h.events, h.bytes = false, nil, 0
			h.mu.Unlock()
			return
		}
	}
}

// cut makes the subscription begin again where it is.
func (h *hub) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop != nil {
		h.stop()
	}
}

// take is what the subscription brings.
func (h *hub) take(e eventlog.Recorded) bool {
	if e.Stream != "" {
		h.mu.Lock()
		h.deaf = false
		if told, ok := h.expected[e.Position]; ok {
			close(told)
			delete(h.expected, e.Position)
		}
		h.events = append(h.events, e)
		h.bytes += weight(e)
		for len(h.events) > 1 && (len(h.events) > hubEvents || h.bytes > hubBytes) {
			h.bytes -= weight(h.events[0])
			h.floor = h.events[0].Position
			h.events[0] = eventlog.Recorded{} // its bytes can go
			h.events = h.events[1:]
		}
		h.mu.Unlock()
		h.log.floor.raise(e.Position, e.Position)
		h.reached.Rise(e.Position)
		h.log.tide.Rise(e.Position)
		return true
	}
	h.mu.Lock()
	known := h.floor
	if n := len(h.events); n > 0 {
		known = h.events[n-1].Position
	}
	h.mu.Unlock()
	h.log.floor.raise(e.Position, known)
	h.reached.Rise(e.Position)
	return true
}

// late is how long the subscription is waited for by a reader who knows that it is about to
// bring what is wanted.
const late = 20 * time.Millisecond

// after gives copies of the next remembered events after a position; none when the hub does
// not remember that far back, or has not come there.
func (h *hub) after(ctx context.Context, at, end eventlog.Position) []eventlog.Recorded {
	if events, ok := h.remembered(at); !ok || len(events) > 0 {
		return events
	}
	short, cancel := context.WithTimeout(ctx, late)
	defer cancel()
	_ = h.reached.Wait(short, end-1) // whether it came or not, what is there counts
	events, _ := h.remembered(at)
	return events
}

// brought gives the append of drafts that ends at a position, once the subscription has
// brought it; ok is false when it did not, soon.
func (h *hub) brought(ctx context.Context, stream string, at eventlog.Position, drafts []eventlog.Draft) (got []eventlog.Recorded, ok bool) {
	h.mu.Lock()
	if !h.live || at <= h.floor || h.deaf {
		h.mu.Unlock()
		return nil, false
	}
	if n := len(h.events); n == 0 || h.events[n-1].Position < at {
		told, waited := h.expected[at]
		if !waited {
			told = make(chan struct{})
			h.expected[at] = told
		}
		h.mu.Unlock()
		t := time.NewTimer(late)
		defer t.Stop()
		select {
		case <-told:
		case <-t.C:
		case <-ctx.Done():
		}
		h.mu.Lock()
		if h.expected[at] == told { // in vain
			delete(h.expected, at)
			h.deaf = true
		}
	}
	defer h.mu.Unlock()
	return h.ending(stream, at, drafts)
}

// ending finds drafts among the remembered events, the last of them at a position. Other
// streams' events may stand between those of one append.
func (h *hub) ending(stream string, at eventlog.Position, drafts []eventlog.Draft) ([]eventlog.Recorded, bool) {
	i := h.place(at)
	if i == len(h.events) || h.events[i].Position != at {
		return nil, false
	}
	got := make([]eventlog.Recorded, len(drafts))
	for left := len(drafts); left > 0; i-- {
		if i < 0 {
			return nil, false
		}
		e := h.events[i]
		if e.Stream != stream {
			continue
		}
		left--
		if e.ID != drafts[left].ID || left < len(drafts)-1 && e.Revision != got[left+1].Revision-1 {
			return nil, false
		}
		got[left] = own(e)
	}
	return got, true
}

// place is the index of the first remembered event at a position or after it.
func (h *hub) place(at eventlog.Position) int {
	return sort.Search(len(h.events), func(i int) bool { return h.events[i].Position >= at })
}

// remembered is at most a page of what follows a position; ok is false when some of it may
// be forgotten.
func (h *hub) remembered(at eventlog.Position) (events []eventlog.Recorded, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.live || at < h.floor {
		return nil, false
	}
	size := 0
	for _, e := range h.events[h.place(at+1):] {
		if len(events) == pageEvents || size > pageBytes/4 {
			break
		}
		size += weight(e)
		events = append(events, own(e))
	}
	return events, true
}
