package web

import (
	"net/http"
	"net/netip"
	"strings"
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

// allow counts n requests of an address. An IPv6 caller owns a whole /64; all who have no
// address that can be read share one count.
func (l *limiter) allow(from netip.Addr, n int) bool {
	var who netip.Prefix
	if from.IsValid() {
		bits := 32
		if from = from.Unmap().WithZone(""); from.Is6() {
			bits = 64
		}
		who, _ = from.Prefix(bits) // bits fit the address, so there is no error
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
	return v.AllowN(now, min(n, l.burst))
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

// caller is the address that a request counts for: of the connection or, behind proxies,
// the one that the outermost of ours was called from. What stands left of it in the header
// was written by the caller. A header that is too short means that the request did not
// come through the proxies, and counts for the connection.
func (s *server) caller(r *http.Request) netip.Addr {
	if s.Proxies > 0 {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if len(hops) >= s.Proxies {
			hop := strings.TrimSpace(hops[len(hops)-s.Proxies])
			if addr, err := netip.ParseAddr(hop); err == nil {
				return addr
			}
			if ap, err := netip.ParseAddrPort(hop); err == nil {
				return ap.Addr()
			}
		}
	}
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}
