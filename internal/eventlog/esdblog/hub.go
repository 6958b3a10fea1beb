package esdblog

import (
	"context"
	"slices"
	"sync"
	"time"

	"sijil/internal/eventlog"
)

// What the hub remembers, and so what a follower may be behind before it reads on its own.
const (
	hubEvents = 4096
	hubBytes  = 8 << 20
)

// hub is the process's one live subscription. It wakes who waits, and remembers the
// latest events, so that a hundred followers cost the server what one costs. It begins
// with the first call of Wait: who only appends does not pay for it.
type hub struct {
	log     *Log
	once    sync.Once
	reached *tide // how far the subscription has come

	mu    sync.Mutex
	live  bool
	stop  context.CancelFunc // ends the subscription under way; another follows
	floor eventlog.Position  // every event of the ledger after it, up to reached, is in events
	// events is a queue in a slice: the oldest leave at the front, and appending moves the
	// rest to the front of a new one now and then.
	events []eventlog.Recorded
	bytes  int
}

func newHub(l *Log) *hub { return &hub{log: l, reached: newTide()} }

// run follows the log until it is closed.
func (h *hub) run() {
	ctx, l := h.log.background, h.log
	at, failures := eventlog.Position(0), 0
	for {
		end, err := l.findEnd(ctx)
		if err == nil {
			at = end
			break
		}
		if failures++; !pause(ctx, backoff(failures)) {
			return
		}
	}
	h.mu.Lock()
	h.live, h.floor = true, at
	h.mu.Unlock()
	h.reached.rise(at)
	for ctx.Err() == nil {
		life, stop := context.WithCancel(ctx)
		h.mu.Lock()
		h.stop = stop
		h.mu.Unlock()
		// It ends only with life: what is refused now may be allowed again.
		_ = l.follow(life, h.reached.now(), 0, h.take, func(err error) bool {
			l.cfg.Logger.DebugContext(ctx, "the live subscription was cut; opening another", "err", err)
			return true
		})
		stop()
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
		h.reached.rise(e.Position)
		h.log.tide.rise(e.Position)
		return true
	}
	h.mu.Lock()
	known := h.floor
	if n := len(h.events); n > 0 {
		known = h.events[n-1].Position
	}
	h.mu.Unlock()
	h.log.floor.raise(e.Position, known)
	h.reached.rise(e.Position)
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
	_ = h.reached.wait(short, end-1) // whether it came or not, what is there counts
	events, _ := h.remembered(at)
	return events
}

// remembered is at most a page of what follows a position; ok is false when some of it may
// be forgotten.
func (h *hub) remembered(at eventlog.Position) (events []eventlog.Recorded, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.live || at < h.floor {
		return nil, false
	}
	from, _ := slices.BinarySearchFunc(h.events, at+1, func(e eventlog.Recorded, p eventlog.Position) int {
		switch {
		case e.Position < p:
			return -1
		case e.Position > p:
			return 1
		}
		return 0
	})
	size := 0
	for _, e := range h.events[from:] {
		if len(events) == pageEvents || size > pageBytes/4 {
			break
		}
		size += weight(e)
		events = append(events, own(e))
	}
	return events, true
}
