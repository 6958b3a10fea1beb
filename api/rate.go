package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxLimiters bounds the memory of limiters; beyond it the idle ones are forgotten.
const maxLimiters = 10_000

// limiters are token buckets by name.
type limiters struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu sync.Mutex
	by map[string]*rate.Limiter
}

func newLimiters(perSecond, burst float64, now func() time.Time) *limiters {
	return &limiters{rate: rate.Limit(perSecond), burst: max(1, int(burst)), now: now, by: map[string]*rate.Limiter{}}
}

// take takes one from name's bucket: 0 when there was one, else how long until there is.
func (l *limiters) take(name string) time.Duration {
	now := l.now()
	l.mu.Lock()
	b := l.by[name]
	if b == nil {
		if len(l.by) >= maxLimiters {
			l.forgetIdle(now)
		}
		b = rate.NewLimiter(l.rate, l.burst)
		l.by[name] = b
	}
	l.mu.Unlock()
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// forgetIdle drops full buckets: a new one is full too, so nobody gains by it.
func (l *limiters) forgetIdle(now time.Time) {
	for name, b := range l.by {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.by, name)
		}
	}
}
