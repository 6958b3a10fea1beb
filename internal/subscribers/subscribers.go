// Package subscribers says who may follow the log from outside over the EventStoreDB
// protocol, and what each of them sees: clients of an authority with the scope
// log:subscribe, their own tenant's events, for as long as their credentials are good.
package subscribers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
)

// Config is whom to ask; all but the limits are required.
type Config struct {
	Log     eventlog.Log
	Tokens  *access.Tokens
	Clients *access.Clients
	Now     func() time.Time
	Logger  *slog.Logger
	// CallsAtOnce is how many calls, subscriptions mostly, one client may have open; 0 means 32.
	CallsAtOnce int
	// CallsPerSecond is how many calls one client may begin; 0 means 100, with as many at once.
	CallsPerSecond float64
	// StrangersPerSecond is how many credentials a second are looked up that were not looked up
	// just now, all callers together; 0 means 200. One address has a tenth of them.
	StrangersPerSecond float64
}

// Gate lets subscribers in. Its Authenticate is for [esdbserver.Config].
type Gate struct {
	cfg       Config
	strangers *rate.Limiter

	mu   sync.Mutex
	open map[string]*guest // by client id
	seen map[[sha256.Size]byte]known
	from map[netip.Addr]*rate.Limiter // look-ups, by network
}

// guest is a client with open calls, or with calls just now.
type guest struct {
	calls int
	begun *rate.Limiter
}

// known is a caller who was looked up.
type known struct {
	principal access.Principal
	asked     time.Time
}

// maxKnown bounds the memory of callers, guests and networks.
const maxKnown = 4096

// NewGate is a gate to cfg.Log.
func NewGate(cfg Config) *Gate {
	if cfg.CallsAtOnce <= 0 {
		cfg.CallsAtOnce = 32
	}
	if cfg.CallsPerSecond <= 0 {
		cfg.CallsPerSecond = 100
	}
	if cfg.StrangersPerSecond <= 0 {
		cfg.StrangersPerSecond = 200
	}
	return &Gate{
		cfg: cfg, strangers: rate.NewLimiter(rate.Limit(cfg.StrangersPerSecond), int(max(1, cfg.StrangersPerSecond))),
		open: map[string]*guest{}, seen: map[[sha256.Size]byte]known{}, from: map[netip.Addr]*rate.Limiter{},
	}
}

var (
	errBusy      = status.Error(codes.ResourceExhausted, "too many calls of this client: close subscriptions that nobody reads, and try again later")
	errStrangers = status.Error(codes.ResourceExhausted, "too many callers at the moment: try again later")
	errScope     = status.Error(codes.PermissionDenied, "to follow the log a client needs the scope "+string(access.LogSubscribe)+" and must act for the authority itself")
	errWithdrawn = status.Error(codes.Unauthenticated, "the client was revoked")
	errUnknown   = status.Error(codes.Unavailable, "the credentials cannot be checked at the moment: try again later")
)

// Authenticate is who calls: an access token, or a client's id and secret. The caller sees
// its own tenant's events, until the token ends or [recheck] after the client was revoked.
func (g *Gate) Authenticate(ctx context.Context, c esdbserver.Credentials) (esdbserver.Caller, error) {
	p, asked, err := g.principal(ctx, c)
	if err != nil {
		return esdbserver.Caller{}, err
	}
	if !p.May(access.LogSubscribe) || p.Institution != p.Tenant {
		return esdbserver.Caller{}, errScope
	}
	if !g.enter(ctx, p.Client) {
		return esdbserver.Caller{}, errBusy
	}
	see := &view{log: g.cfg.Log, tenant: string(p.Tenant), allowed: g.still(p.Client, asked)}
	return esdbserver.Caller{Name: p.Client, Log: see, Until: p.Expires}, nil
}

// principal looks c up, unless it was looked up within [recheck], and says when that was.
func (g *Gate) principal(ctx context.Context, c esdbserver.Credentials) (p access.Principal, asked time.Time, err error) {
	if c == (esdbserver.Credentials{}) {
		return p, asked, esdbserver.ErrDenied
	}
	now, key := g.cfg.Now(), digest(c)
	g.mu.Lock()
	k, ok := g.seen[key]
	g.mu.Unlock()
	if ok && now.Sub(k.asked) < recheck && (k.principal.Expires.IsZero() || now.Before(k.principal.Expires)) {
		return k.principal, k.asked, nil
	}
	if !g.network(ctx, now).AllowN(now, 1) || !g.strangers.AllowN(now, 1) {
		return p, asked, errStrangers
	}
	p, err = g.lookUp(ctx, c, now)
	switch {
	case errors.Is(err, access.ErrToken), errors.Is(err, access.ErrClient):
		g.cfg.Logger.InfoContext(ctx, "a subscriber's credentials were refused", "err", err)
		return access.Principal{}, asked, esdbserver.ErrDenied
	case err != nil:
		g.cfg.Logger.ErrorContext(ctx, "a subscriber's credentials cannot be checked; is the database well?", "err", err)
		return access.Principal{}, asked, errUnknown
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) >= maxKnown {
		clear(g.seen) // they are looked up again
	}
	g.seen[key] = known{p, now}
	return p, now, nil
}

// network is what the caller's address may still have looked up, so that nobody's guesses keep everybody
// else out. In IPv6 whoever has one address has its /64.
func (g *Gate) network(ctx context.Context, now time.Time) *rate.Limiter {
	var from netip.Addr
	if p, ok := peer.FromContext(ctx); ok {
		at, _ := netip.ParseAddrPort(p.Addr.String()) // of TCP it always is one
		if from = at.Addr().Unmap(); from.Is6() {
			whole, _ := from.Prefix(64) // not too long for an IPv6 address
			from = whole.Addr()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.from[from]
	if l == nil {
		if len(g.from) >= maxKnown {
			clear(g.from) // the limit of all together holds on
		}
		share := g.cfg.StrangersPerSecond / 10
		l = rate.NewLimiter(rate.Limit(share), int(max(1, share)))
		g.from[from] = l
	}
	return l
}

// digest names credentials without keeping them.
func digest(c esdbserver.Credentials) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q", c.User, c.Password, c.Token))
}

func (g *Gate) lookUp(ctx context.Context, c esdbserver.Credentials, now time.Time) (access.Principal, error) {
	if c.Token != "" {
		p, err := g.cfg.Tokens.Verify(c.Token, now)
		if err == nil {
			_, err = g.cfg.Clients.Find(ctx, p.Client)
		}
		return p, err
	}
	client, err := g.cfg.Clients.Authenticate(ctx, c.User, c.Password)
	if err != nil {
		return access.Principal{}, err
	}
	var scopes []access.Scope
	for _, s := range client.Scopes {
		scopes = append(scopes, access.Scope(s))
	}
	return client.Principal(scopes), nil
}

// enter counts a call of client until ctx ends; false when it has too many, or begins too many.
func (g *Gate) enter(ctx context.Context, client string) bool {
	now := g.cfg.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.open[client]
	if in == nil {
		g.forgetIdle(now)
		in = &guest{begun: rate.NewLimiter(rate.Limit(g.cfg.CallsPerSecond), int(max(1, g.cfg.CallsPerSecond)))}
		g.open[client] = in
	}
	if in.calls >= g.cfg.CallsAtOnce || !in.begun.AllowN(now, 1) {
		return false
	}
	in.calls++
	context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		in.calls--
	})
	return true
}

// forgetIdle drops guests whose limits are whole: a new one's are too, so nobody gains by it.
func (g *Gate) forgetIdle(now time.Time) {
	if len(g.open) < maxKnown {
		return
	}
	for name, in := range g.open {
		if in.calls == 0 && in.begun.TokensAt(now) >= float64(in.begun.Burst()) {
			delete(g.open, name)
		}
	}
}

// still answers whether client, who was looked up at a time, may look on, from the database at most every
// [recheck]. While the database does not answer nobody can tell, and the call ends.
func (g *Gate) still(client string, asked time.Time) func(context.Context) error {
	var mu sync.Mutex
	refused := false
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if now := g.cfg.Now(); now.Sub(asked) >= recheck {
			_, err := g.cfg.Clients.Find(ctx, client)
			switch {
			case errors.Is(err, access.ErrClient):
				refused = true
			case err != nil:
				return errUnknown
			}
			asked = now
		}
		if refused {
			return errWithdrawn
		}
		return ctx.Err()
	}
}
