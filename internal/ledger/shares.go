package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/eventlog"
)

// Link is a secret that opens a claim, a holder's page or a share: "{claim id}.{secret}".
// The log holds the secret's hash only. It is a capability: it never goes into a log line.
type Link string

// String hides the secret from whatever prints the link.
func (k Link) String() string { return "[link]" }

// parts are the claim's id and the hash of the secret; ok is false for what is no link.
func (k Link) parts() (claim domain.ID, hash string, ok bool) {
	id, secret, found := strings.Cut(string(k), ".")
	if !found || !domain.ID(id).Valid() || len(secret) != 43 {
		return "", "", false
	}
	sum := sha256.Sum256([]byte(secret))
	return domain.ID(id), hex.EncodeToString(sum[:]), true
}

// link is a capability of a claim: what says which sort, id which one. It is derived under
// the tenant's key, so that a lost answer can be given again and the holder can be shown
// their links, while the log holds hashes only.
func (l *Ledger) link(ctx context.Context, tenant domain.ID, what string, claim, id domain.ID) (k Link, hash string, err error) {
	mac, err := l.vault.MAC(ctx, tenant, what+" link", string(claim), string(id))
	if err != nil {
		return "", "", fmt.Errorf("deriving a link: %w", err)
	}
	k = Link(string(claim) + "." + base64.RawURLEncoding.EncodeToString(mac))
	_, hash, _ = k.parts()
	return k, hash, nil
}

// ClaimIssued is a claim link for the graduate, and until when it works.
type ClaimIssued struct {
	Claim     domain.ID
	Link      Link
	ExpiresAt time.Time
	Position  eventlog.Position
}

// IssueClaim makes a one-time link to a signed credential of the acting institution. It
// works until expiresAt, 14 days when that is zero.
func (l *Ledger) IssueClaim(ctx context.Context, act Act, ref award.Ref, credential domain.ID, expiresAt time.Time) (ClaimIssued, error) {
	if expiresAt.IsZero() {
		expiresAt = act.At.Add(14 * 24 * time.Hour)
	}
	claim := act.ID("claim")
	k, hash, err := l.link(ctx, act.Tenant, "claim", claim, claim)
	if err != nil {
		return ClaimIssued{}, err
	}
	out, err := Execute(ctx, l, share.Decider, share.Decider.Stream(claim), act, func(ctx context.Context) (share.Command, []eventlog.Input, error) {
		a, err := l.Award(ctx, act, ref)
		if err != nil {
			return nil, nil, err
		}
		edition := a.State.Of(credential)
		if ed, ok := a.State.Edition(edition); !ok || ed.Institution != act.Institution {
			return nil, nil, errNotFound()
		}
		if err := a.State.Standing(credential); err != nil {
			return nil, nil, err
		}
		return share.IssueClaim{
			ClaimIssued: share.ClaimIssued{
				Student: ref.Student, Program: ref.Program, Award: ref.Award, Edition: edition, Credential: credential,
				TokenHash: hash, ExpiresAt: expiresAt.UTC().Truncate(time.Second),
			},
			Now: act.At,
		}, []eventlog.Input{a.Input()}, nil
	})
	if err != nil {
		return ClaimIssued{}, err
	}
	return ClaimIssued{Claim: claim, Link: k, ExpiresAt: out.State.Claim.ExpiresAt, Position: out.Position}, nil
}

// Holding is a claim as a link's bearer sees it.
type Holding struct {
	Claim  domain.ID
	Tenant domain.ID
	State  share.State
}

// Ref names the award's stream.
func (h Holding) Ref() award.Ref {
	return award.Ref{Student: h.State.Claim.Student, Program: h.State.Claim.Program, Award: h.State.Claim.Award}
}

// Holding is what a claim link or a holder's link leads to; not_found for any other.
func (l *Ledger) Holding(ctx context.Context, k Link) (Holding, error) {
	h, hash, err := l.holding(ctx, k)
	if err == nil && !h.State.HeldBy(hash) && hash != h.State.Claim.TokenHash {
		err = errNotFound()
	}
	if err != nil {
		return Holding{}, err
	}
	return h, nil
}

// HeldBy reports whether the link is the holder's own, and not the claim link it came from.
func (h Holding) HeldBy(k Link) bool {
	_, hash, ok := k.parts()
	return ok && h.State.HeldBy(hash)
}

// holding loads a link's claim, whichever tenant it belongs to: the link is the authority.
func (l *Ledger) holding(ctx context.Context, k Link) (Holding, string, error) {
	claim, hash, ok := k.parts()
	if !ok {
		return Holding{}, "", errNotFound()
	}
	f, err := l.load(ctx, share.Decider.Stream(claim), 0, evolver(share.Decider))
	if err != nil {
		return Holding{}, "", fmt.Errorf("loading a claim: %w", err)
	}
	s, ok := f.state.(share.State)
	if !ok {
		return Holding{}, "", errNotFound()
	}
	return Holding{Claim: claim, Tenant: f.tenant, State: s}, hash, nil
}

// Bearer is a request by somebody who has a link and no account.
type Bearer struct {
	Link Link
	// Key tells a repeated request from another one, as an Idempotency-Key does.
	Key string
	// Body is the raw request, as in [Request]; empty where the key's route says all.
	Body []byte
	// CorrelationID names the request.
	CorrelationID string
}

// act is the bearer's command. The log knows the holder by the claim's id alone.
func (l *Ledger) bearerAct(ctx context.Context, b Bearer, h Holding, route string) (Act, error) {
	r := Request{
		Tenant: h.Tenant, Actor: "holder:" + string(h.Claim), Client: "link:" + string(h.Claim),
		Route: route, Key: b.Key, CorrelationID: b.CorrelationID,
	}
	if len(b.Body) > 0 {
		r.Body = b.Body
	}
	return l.Begin(ctx, r)
}

// Redeemed is the holder's own link.
type Redeemed struct {
	Link     Link
	Position eventlog.Position
}

// RedeemClaim spends a claim link and answers the holder's own link. Only the same request,
// by its key, gets the same answer again: claim_used for everybody else.
func (l *Ledger) RedeemClaim(ctx context.Context, b Bearer) (Redeemed, error) {
	h, hash, err := l.holding(ctx, b.Link)
	if err != nil {
		return Redeemed{}, err
	}
	act, err := l.bearerAct(ctx, b, h, "redeem/"+hash)
	if err != nil {
		return Redeemed{}, err
	}
	holder, holderHash, err := l.link(ctx, h.Tenant, "holder", h.Claim, act.ID("holder"))
	if err != nil {
		return Redeemed{}, err
	}
	out, err := Execute(ctx, l, share.Decider, share.Decider.Stream(h.Claim), act, Just[share.Command](share.RedeemClaim{
		TokenHash: hash, HolderHash: holderHash, Now: act.At,
	}))
	return Redeemed{holder, out.Position}, err
}

// ShareMade is a share link and until when it works.
type ShareMade struct {
	Share     domain.ID
	Link      Link
	ExpiresAt time.Time
	Position  eventlog.Position
}

// CreateShare makes a link for somebody else; show are the parts of an extract; the bearer's link is the holder's.
func (l *Ledger) CreateShare(ctx context.Context, b Bearer, scope share.Scope, show []share.Part, expiresAt time.Time) (ShareMade, error) {
	h, hash, err := l.holding(ctx, b.Link)
	if err != nil {
		return ShareMade{}, err
	}
	act, err := l.bearerAct(ctx, b, h, "share")
	if err != nil {
		return ShareMade{}, err
	}
	id := act.ID("share id")
	k, tokenHash, err := l.link(ctx, h.Tenant, "share", h.Claim, id)
	if err != nil {
		return ShareMade{}, err
	}
	out, err := Execute(ctx, l, share.Decider, share.Decider.Stream(h.Claim), act, Just[share.Command](share.CreateShare{
		HolderHash:   hash,
		ShareCreated: share.ShareCreated{Share: id, TokenHash: tokenHash, Scope: scope, Show: show, ExpiresAt: expiresAt.UTC().Truncate(time.Second)},
		Now:          act.At,
	}))
	if err != nil {
		return ShareMade{}, err
	}
	return ShareMade{Share: id, Link: k, ExpiresAt: out.State.Shares[id].ExpiresAt, Position: out.Position}, nil
}

// RevokeShare ends a share link; the bearer's link is the holder's.
func (l *Ledger) RevokeShare(ctx context.Context, b Bearer, id domain.ID) (eventlog.Position, error) {
	h, hash, err := l.holding(ctx, b.Link)
	if err != nil {
		return 0, err
	}
	act, err := l.bearerAct(ctx, b, h, "revoke/"+string(id))
	if err != nil {
		return 0, err
	}
	out, err := Execute(ctx, l, share.Decider, share.Decider.Stream(h.Claim), act, Just[share.Command](share.RevokeShare{HolderHash: hash, Share: id}))
	return out.Position, err
}

// ShareLink is a share link of a holding again, for its holder.
func (l *Ledger) ShareLink(ctx context.Context, h Holding, id domain.ID) (Link, error) {
	k, _, err := l.link(ctx, h.Tenant, "share", h.Claim, id)
	return k, err
}

// OpenShare answers what a share link leads to, and notes that somebody looked: once a
// day, and not who. share_revoked and share_expired when the link is over.
func (l *Ledger) OpenShare(ctx context.Context, k Link) (Holding, share.Link, error) {
	h, hash, err := l.holding(ctx, k)
	if err != nil {
		return Holding{}, share.Link{}, err
	}
	to, ok := h.State.ByToken(hash)
	if !ok {
		return Holding{}, share.Link{}, errNotFound()
	}
	day := string(domain.DateOf(l.now()))
	act, err := l.bearerAct(ctx, Bearer{Link: k, Key: day}, h, "open/"+string(to.Share))
	if err != nil {
		return Holding{}, share.Link{}, err
	}
	look := share.OpenShare{TokenHash: hash, Now: act.At}
	facts, err := share.Decider.Decide(h.State, look)
	if err == nil && len(facts) > 0 {
		var out Outcome[share.State, share.Event]
		if out, err = Execute(ctx, l, share.Decider, share.Decider.Stream(h.Claim), act, Just[share.Command](look)); err == nil {
			// The day's first look may be replayed after the link ended: what counts is now.
			h.State = out.State
			_, err = share.Decider.Decide(h.State, look)
		}
	}
	if err != nil {
		return Holding{}, share.Link{}, err
	}
	return h, to, nil
}
