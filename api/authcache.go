package api

import (
	"context"
	"sync"
	"time"

	"sijil/internal/access"
)

const (
	// revocationDelay is how long a revoked client's token may still be taken: how often
	// each server looks the client up again.
	revocationDelay = 5 * time.Second
	// cachedTokens bounds the memory of verified tokens, about 1 kB each.
	cachedTokens = 4096
)

// verified remembers tokens whose signature was checked: Ed25519 takes 40 µs, more than
// the rest of a small request. What a token allows never changes; whether its client was
// revoked is asked anew every [revocationDelay].
type verified struct {
	tokens  *access.Tokens
	clients *access.Clients
	now     func() time.Time

	mu   sync.Mutex
	seen map[string]*seenToken
}

type seenToken struct {
	principal access.Principal
	asked     time.Time
}

func newVerified(t *access.Tokens, c *access.Clients, now func() time.Time) *verified {
	return &verified{tokens: t, clients: c, now: now, seen: map[string]*seenToken{}}
}

// verify is the token's principal; [access.ErrToken] or [access.ErrClient] when it is no good.
func (v *verified) verify(ctx context.Context, token string) (access.Principal, error) {
	now := v.now()
	v.mu.Lock()
	t, ok := v.seen[token]
	if ok && now.Before(t.principal.Expires) && now.Sub(t.asked) < revocationDelay {
		p := t.principal
		v.mu.Unlock()
		return p, nil
	}
	v.mu.Unlock()
	p, err := v.tokens.Verify(token, now)
	if err != nil {
		return access.Principal{}, err
	}
	if _, err := v.clients.Find(ctx, p.Client); err != nil {
		return access.Principal{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.seen) >= cachedTokens {
		for k, old := range v.seen { // forget what is stale, and when nothing is, anything
			if now.Sub(old.asked) >= revocationDelay || len(v.seen) >= cachedTokens {
				delete(v.seen, k)
			}
		}
	}
	v.seen[token] = &seenToken{p, now}
	return p, nil
}
