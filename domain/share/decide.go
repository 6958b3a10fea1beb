package share

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"time"

	"sijil/domain"
)

const (
	// MaxClaim is how long a claim link may wait to be redeemed.
	MaxClaim = 90 * 24 * time.Hour
	// MaxShare is how long a share link may live.
	MaxShare = 2 * 365 * 24 * time.Hour
	// MaxShares is how many links a holder may make from one claim; it keeps streams short.
	MaxShares = 100
)

// Decider holds the rules of one claim and the share links made from it.
var Decider = domain.Decider[Command, State, Event]{Category: "share", Decide: decide, Evolve: evolve}

// Command is something to decide about a claim.
type Command interface{ isShareCommand() }

// IssueClaim makes the link; Now is the server's clock.
type IssueClaim struct {
	ClaimIssued
	Now time.Time
}

// RedeemClaim spends the link for the holder's own one.
type RedeemClaim struct {
	TokenHash, HolderHash string
	Now                   time.Time
}

// CreateShare is the holder's wish for a link.
type CreateShare struct {
	HolderHash string
	ShareCreated
	Now time.Time
}

// OpenShare notes that somebody looked.
type OpenShare struct {
	TokenHash string
	Now       time.Time
}

// RevokeShare is the holder's wish to end a link.
type RevokeShare struct {
	HolderHash string
	Share      domain.ID
}

func (IssueClaim) isShareCommand()  {}
func (RedeemClaim) isShareCommand() {}
func (CreateShare) isShareCommand() {}
func (OpenShare) isShareCommand()   {}
func (RevokeShare) isShareCommand() {}

// State is what the rules, and who shows a page, need to know.
type State struct {
	Claim ClaimIssued
	// HolderHash is empty until the claim is redeemed.
	HolderHash string
	// Shares by id. Never changed once in a state.
	Shares map[domain.ID]Link
}

// Link is one share link.
type Link struct {
	ShareCreated
	Revoked bool
	// LastOpened is the last day on which somebody looked, empty when nobody did.
	LastOpened domain.Date
	// Days counts the days on which somebody looked.
	Days int
}

// Open reports whether the link works at t.
func (l Link) Open(t time.Time) bool { return !l.Revoked && t.Before(l.ExpiresAt) }

// same compares two hashes in constant time; nothing is the same as an empty one.
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// HeldBy reports whether the hash is that of the holder's secret.
func (s State) HeldBy(holderHash string) bool { return same(s.HolderHash, holderHash) }

// ByToken is the link with this secret's hash; ok is false when there is none.
func (s State) ByToken(tokenHash string) (l Link, ok bool) {
	for _, candidate := range s.Shares {
		if same(candidate.TokenHash, tokenHash) {
			l, ok = candidate, true
		}
	}
	return l, ok
}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case IssueClaim:
		return issue(s, c)
	case RedeemClaim:
		return redeem(s, c)
	case CreateShare:
		return create(s, c)
	case OpenShare:
		return open(s, c)
	case RevokeShare:
		return revoke(s, c)
	}
	return nil, fmt.Errorf("share: no rule for %T", c)
}

func issue(s State, c IssueClaim) ([]Event, error) {
	if s.Claim.TokenHash != "" {
		return nil, domain.Refuse(domain.Conflict, "already_issued", "this claim exists")
	}
	if err := domain.Check(
		domain.Rule{Field: "tokenHash", Holds: len(c.TokenHash) == 64, Says: "is a SHA-256 in hexadecimal"},
		domain.Rule{Field: "credential", Holds: c.Credential.Valid(), Says: "is an id"},
		domain.Rule{Field: "expiresAt", Holds: c.ExpiresAt.After(c.Now) && c.ExpiresAt.Sub(c.Now) <= MaxClaim, Says: "lies in the next 90 days"},
	); err != nil {
		return nil, err
	}
	return []Event{c.ClaimIssued}, nil
}

func redeem(s State, c RedeemClaim) ([]Event, error) {
	switch {
	case !same(s.Claim.TokenHash, c.TokenHash):
		return nil, errNotFound()
	case s.HolderHash != "":
		return nil, domain.Refuse(domain.Conflict, "claim_used", "the link works once and was used; the school can make another")
	case !c.Now.Before(s.Claim.ExpiresAt):
		return nil, domain.Refuse(domain.Conflict, "claim_expired", "the link's time is over; the school can make another")
	case len(c.HolderHash) != 64:
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "holderHash is a SHA-256 in hexadecimal")
	}
	return []Event{ClaimRedeemed{c.HolderHash}}, nil
}

func create(s State, c CreateShare) ([]Event, error) {
	if !s.HeldBy(c.HolderHash) {
		return nil, errNotFound()
	}
	if err := domain.Check(
		domain.Rule{Field: "scope", Holds: c.Scope == View || c.Scope == File || c.Scope == Extract, Says: "is view, file or extract"},
		domain.Rule{Field: "show", Holds: shows(c.Scope, c.Show), Says: "are parts of an extract, each once: mention, grades, identity"},
		domain.Rule{Field: "share", Holds: c.Share.Valid() && len(c.TokenHash) == 64, Says: "has an id and a hash"},
		domain.Rule{Field: "expiresAt", Holds: c.ExpiresAt.After(c.Now) && c.ExpiresAt.Sub(c.Now) <= MaxShare, Says: "lies in the next two years"},
	); err != nil {
		return nil, err
	}
	if _, taken := s.Shares[c.Share]; taken {
		return nil, domain.Refuse(domain.Conflict, "already_exists", "there is a link with this id")
	}
	if len(s.Shares) >= MaxShares {
		return nil, domain.Refuse(domain.Conflict, "too_many_shares", "%d links were made from this claim; the school can make another claim", MaxShares)
	}
	return []Event{c.ShareCreated}, nil
}

// shows reports whether a link of this scope may show these parts.
func shows(scope Scope, show []Part) bool {
	for i, p := range show {
		if scope != Extract || !slices.Contains(Parts, p) || slices.Contains(show[:i], p) {
			return false
		}
	}
	return true
}

func open(s State, c OpenShare) ([]Event, error) {
	l, ok := s.ByToken(c.TokenHash)
	switch {
	case !ok:
		return nil, errNotFound()
	case l.Revoked:
		return nil, domain.Refuse(domain.Conflict, "share_revoked", "the holder ended this link; that says nothing about the diploma")
	case !c.Now.Before(l.ExpiresAt):
		return nil, domain.Refuse(domain.Conflict, "share_expired", "the link's time is over; that says nothing about the diploma")
	}
	// Once a day and no more: a link that is opened a thousand times must not fill the log.
	day := domain.DateOf(c.Now)
	if l.LastOpened >= day {
		return nil, nil
	}
	return []Event{ShareOpened{Share: l.Share, Day: day}}, nil
}

func revoke(s State, c RevokeShare) ([]Event, error) {
	l, ok := s.Shares[c.Share]
	switch {
	case !s.HeldBy(c.HolderHash) || !ok:
		return nil, errNotFound()
	case l.Revoked:
		return nil, nil
	}
	return []Event{ShareRevoked{Share: c.Share}}, nil
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case ClaimIssued:
		s.Claim = e
	case ClaimRedeemed:
		s.HolderHash = e.HolderHash
	case ShareCreated:
		return s.with(e.Share, Link{ShareCreated: e})
	case ShareOpened:
		l := s.Shares[e.Share]
		l.LastOpened, l.Days = e.Day, l.Days+1
		return s.with(e.Share, l)
	case ShareRevoked:
		l := s.Shares[e.Share]
		l.Revoked = true
		return s.with(e.Share, l)
	}
	return s
}

// with is s with one link set, in a copy.
func (s State) with(id domain.ID, l Link) State {
	shares := maps.Clone(s.Shares)
	if shares == nil {
		shares = map[domain.ID]Link{}
	}
	shares[id] = l
	s.Shares = shares
	return s
}
