package online

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cache keeps the answers to fetches, good and bad, for a bounded time and in bounded
// number. Callers who miss the same key at once wait for one fetch.
type cache[T any] struct {
	now   func() time.Time
	keep  time.Duration // age at which an answer is fetched again
	limit int           // entries; the oldest that never was good makes room, else the oldest

	mu     sync.Mutex
	kept   map[string]answer[T]
	flight singleflight.Group
}

type answer[T any] struct {
	value T
	err   error
	at    time.Time
	// known: there was a good answer once. Made-up names do not push such an entry out.
	known bool
}

// forget is how long a failure is remembered: long enough that a flood of made-up ids does
// not become a flood on the ledger, short enough not to outlive an outage noticeably.
const forget = 2 * time.Second

func newCache[T any](now func() time.Time, keep time.Duration, limit int) *cache[T] {
	return &cache[T]{now: now, keep: keep, limit: limit, kept: map[string]answer[T]{}}
}

// get is the answer under key, no older than maxAge, and when it was fetched.
func (c *cache[T]) get(ctx context.Context, key string, maxAge time.Duration, fetch func(context.Context) (T, error)) (T, time.Time, error) {
	if a, ok := c.look(key, maxAge); ok {
		return a.value, a.at, a.err
	}
	// The fetch serves all who wait, so it must not end because the first of them gives up.
	result := c.flight.DoChan(key, func() (any, error) {
		at := c.now() // before, so that the age is never understated
		value, err := fetch(context.WithoutCancel(ctx))
		a := answer[T]{value: value, err: err, at: at}
		c.put(key, a)
		return a, nil
	})
	select {
	case r := <-result:
		a := r.Val.(answer[T])
		return a.value, a.at, a.err
	case <-ctx.Done():
		var none T
		return none, time.Time{}, ctx.Err()
	}
}

func (c *cache[T]) look(key string, maxAge time.Duration) (answer[T], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.kept[key]
	limit := min(c.keep, maxAge)
	if a.err != nil {
		limit = forget
	}
	return a, ok && c.now().Sub(a.at) <= limit
}

func (c *cache[T]) put(key string, a answer[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, there := c.kept[key]
	a.known = a.err == nil || before.known
	if !there && len(c.kept) >= c.limit {
		oldest, first := "", answer[T]{}
		for k, other := range c.kept {
			if oldest == "" || first.known && !other.known || first.known == other.known && other.at.Before(first.at) {
				oldest, first = k, other
			}
		}
		if first.known && !a.known {
			return
		}
		delete(c.kept, oldest)
	}
	c.kept[key] = a
}

// knows reports whether there ever was a good answer under key, as far as is remembered.
func (c *cache[T]) knows(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[key].known
}
