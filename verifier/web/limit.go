package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter allows each address so many requests a second. It remembers a bounded number of
// addresses; when they are full it forgets those that have been silent, and if none has,
// all: a flood from everywhere is not held off by an address table.
type limiter struct {
	per   rate.Limit
	burst int
	now   func() time.Time

	mu   sync.Mutex
	seen map[netip.Prefix]*visitor
}

type visitor struct {
	*rate.Limiter
	last time.Time
}

const maxVisitors = 10_000

func newLimiter(perSecond float64, now func() time.Time) *limiter {
	return &limiter{per: rate.Limit(perSecond), burst: max(1, int(4*perSecond)), now: now, seen: map[netip.Prefix]*visitor{}}
}

// allow counts a request from "host:port". An IPv6 caller owns a whole /64.
func (l *limiter) allow(remote string) bool {
	var who netip.Prefix
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		bits := 32
		ip := ap.Addr().Unmap()
		if ip.Is6() {
			bits = 64
		}
		who, _ = ip.Prefix(bits) // bits fit the address, so there is no error
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.seen[who]
	if v == nil {
		if len(l.seen) >= maxVisitors {
			l.forget(now)
		}
		v = &visitor{Limiter: rate.NewLimiter(l.per, l.burst)}
		l.seen[who] = v
	}
	v.last = now
	return v.AllowN(now, 1)
}

func (l *limiter) forget(now time.Time) {
	for who, v := range l.seen {
		if now.Sub(v.last) > time.Minute {
			delete(l.seen, who)
		}
	}
	if len(l.seen) >= maxVisitors {
		clear(l.seen)
	}
}
