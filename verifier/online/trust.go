package online

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"sijil/verifier"
	"sijil/verifier/did"
)

// keepIssuer is how long an institution's keys are used without asking again; a compromised
// key is refused everywhere within this time.
const keepIssuer = time.Minute

// Trust asks registered ledgers. It implements [verifier.Trust].
type Trust struct {
	ledgers []ledger
	now     func() time.Time
	issuers *cache[did.Issuer]
	// strangers bounds how many institutions never heard of are asked for. Their ids come before
	// any signature: one request with a thousand made-up ones would use up what a ledger allows us,
	// and nobody's diploma could be confirmed.
	strangers *rate.Limiter
	lists     *cache[*verifier.Fetched]
	records   *cache[did.RecordSet]
}

type ledger struct {
	base      string // "https://host[:port][/path]", no slash at the end
	origin    string
	didPrefix string // "did:web:host…:institutions:"
	client    client
}

// New registers ledgers by their public URLs. They are https; http is taken only for a
// loopback host, so that a ledger can be tried on one machine, and such a ledger is
// reached on loopback addresses alone.
func New(now func() time.Time, ledgers ...string) (*Trust, error) {
	t := &Trust{now: now, issuers: newCache[did.Issuer](now, keepIssuer, 4096), strangers: rate.NewLimiter(20, 100), lists: newCache[*verifier.Fetched](now, verifier.MaxStatusAge, 512), records: newCache[did.RecordSet](now, keepRecords, maxRecordSets)}
	for _, raw := range ledgers {
		base := strings.TrimRight(raw, "/")
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("register ledger: %w", err)
		}
		prefix, err := did.Web(base, "")
		if err != nil {
			return nil, fmt.Errorf("register ledger: %w", err)
		}
		ip, err := netip.ParseAddr(u.Hostname())
		local := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
		if u.Scheme != "https" && !local {
			return nil, fmt.Errorf("register ledger %q: only https is spoken beyond this machine", raw)
		}
		allowed := public
		if local {
			allowed = netip.Addr.IsLoopback
		}
		t.ledgers = append(t.ledgers, ledger{
			base: base, origin: u.Scheme + "://" + strings.ToLower(u.Host), didPrefix: prefix, client: newClient(allowed),
		})
	}
	return t, nil
}

// Keys implements [verifier.Trust]: the keys of the kid's DID, if a registered ledger
// hosts it. This is what may be fetched before a signature is checked.
func (t *Trust) Keys(ctx context.Context, kid string) ([]verifier.OwnedKey, error) {
	id, _, ok := did.Split(kid)
	if !ok {
		return nil, verifier.ErrUnknown
	}
	issuer, err := t.issuer(ctx, id)
	if err != nil {
		return nil, err
	}
	var keys []verifier.OwnedKey
	for _, k := range issuer.Keys { // one for several purposes is there several times
		if k.JWK.Kid == kid || did.MultikeyID(k.JWK.Kid) == kid {
			keys = append(keys, verifier.OwnedKey{Issuer: id, Key: k})
		}
	}
	if len(keys) == 0 {
		return nil, verifier.ErrUnknown
	}
	return keys, nil
}

// Issuer implements [verifier.Trust].
func (t *Trust) Issuer(ctx context.Context, id string) (verifier.Issuer, error) {
	i, err := t.issuer(ctx, id)
	if err != nil {
		return verifier.Issuer{}, err
	}
	return verifier.Issuer{ID: i.ID, Name: i.Name, StatusRequired: i.StatusRequired, SuspensionSuffix: i.SuspensionSuffix, Accreditations: i.Accreditations}, nil
}

func (t *Trust) issuer(ctx context.Context, id string) (did.Issuer, error) {
	l, at, ok := t.home(id)
	if !ok {
		return did.Issuer{}, verifier.ErrUnknown
	}
	i, _, err := t.issuers.get(ctx, id, keepIssuer, func(ctx context.Context) (did.Issuer, error) {
		if !t.issuers.knows(id) && !t.strangers.AllowN(t.now(), 1) {
			return did.Issuer{}, fmt.Errorf("%w: too many institutions never heard of are asked for", verifier.ErrUnreachable)
		}
		return l.issuer(ctx, id, at)
	})
	return i, err
}

// home is the registered ledger of an institution's DID, and where that publishes about it.
func (t *Trust) home(id string) (l ledger, at string, ok bool) {
	for _, l := range t.ledgers {
		if rest, ok := strings.CutPrefix(id, l.didPrefix); ok && rest != "" && !strings.Contains(rest, ":") {
			_, _, err := did.Location(id)
			return l, l.base + "/institutions/" + rest, err == nil
		}
	}
	return ledger{}, "", false
}

// issuer prefers the key set, which has the history, to the DID document, which has only
// the keys in force.
func (l ledger) issuer(ctx context.Context, id, at string) (did.Issuer, error) {
	parse := did.ParseKeySet
	b, err := l.client.get(ctx, at+"/jwks.json", "application/jwk-set+json, application/json")
	if errors.Is(err, errNotFound) {
		parse = did.ParseDocument
		b, err = l.client.get(ctx, at+"/did.json", "application/did+json, application/json")
	}
	if errors.Is(err, errNotFound) {
		return did.Issuer{}, verifier.ErrUnknown
	}
	if err != nil {
		return did.Issuer{}, err
	}
	i, err := parse(b, id)
	if err != nil {
		return did.Issuer{}, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
	}
	return i, nil
}

// StatusList implements [verifier.Trust] for lists under a registered ledger's /status/.
func (t *Trust) StatusList(ctx context.Context, list string, maxAge time.Duration) (*verifier.Fetched, error) {
	for _, l := range t.ledgers {
		rest, ok := strings.CutPrefix(list, l.base+"/status/")
		if !ok || rest == "" || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			continue // also no dots and slashes: the path is what it looks like
		}
		f, at, err := t.lists.get(ctx, list, maxAge, func(ctx context.Context) (*verifier.Fetched, error) {
			b, err := l.client.get(ctx, list, "application/vc+jwt, application/vc;q=0.9, application/ld+json;q=0.8")
			if errors.Is(err, errNotFound) {
				return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
			}
			if err != nil {
				return nil, err
			}
			return verifier.NewFetched(b, l.origin, t.now()), nil
		})
		if err != nil {
			return nil, err
		}
		return f.Aged(t.now().Sub(at)), nil
	}
	return nil, verifier.ErrUnknown
}

// Knows implements [verifier.Trust].
func (t *Trust) Knows(origin string) bool {
	for _, l := range t.ledgers {
		if l.origin == origin {
			return true
		}
	}
	return false
}

// Source implements [verifier.Trust].
func (t *Trust) Source() verifier.Source {
	origins := make([]string, 0, len(t.ledgers))
	for _, l := range t.ledgers {
		origins = append(origins, l.origin)
	}
	return verifier.Source{Name: strings.Join(origins, ", "), Asks: true}
}
