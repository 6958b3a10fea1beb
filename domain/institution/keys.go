package institution

import (
	"crypto/ecdh"
	"encoding/base64"
	"strings"
	"time"

	"sijil/domain"
)

// KeyGrace is how far back a key may become valid, for clocks and mail between the place where
// it is made and the ledger. More would let whoever registers a key sign old-dated diplomas.
const KeyGrace = 24 * time.Hour

// facts are what the proposal leads to when it is approved at now, or why it cannot be.
func (p SigningKeyChangeProposed) facts(s State, d Decision, now time.Time) ([]Event, error) {
	authorize, retire, compromise := p.Authorize != (ProposedKey{}), p.Retire != (ProposedRetirement{}), p.Compromise != (ProposedCompromise{})
	switch {
	case compromise && !authorize && !retire:
		return p.Compromise.facts(s, d, now)
	case compromise || !authorize && !retire:
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a proposal authorizes a key, retires one, does both, or reports one compromised")
	}
	var facts []Event
	if authorize {
		f, err := p.Authorize.facts(s, d, now)
		if err != nil {
			return nil, err
		}
		facts = f
	}
	if retire {
		if k, ok := s.Key(p.Retire.Kid); ok && authorize && k.Purpose != p.Authorize.Purpose {
			return nil, domain.Refuse(domain.Invalid, "invalid_field", "a key is rotated for one of the same purpose")
		}
		f, err := p.Retire.facts(s, d, now)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f...)
	}
	return facts, nil
}

func (c ProposedKey) facts(s State, d Decision, now time.Time) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "kid", Holds: kid(c.Kid), Says: "is 1 to 64 letters, digits, dots, dashes and underscores"},
		domain.Rule{Field: "kid", Holds: c.Purpose == ForStatus && !strings.HasSuffix(c.Kid, multikeyName) || ownName(c.Kid), Says: "begins with status- for no other purpose, and does not end with -multikey: verifiers know keys for lists, and keys' second forms, by such names"},
		domain.Rule{Field: "purpose", Holds: c.Purpose.Known(), Says: "is credential, status or authentication"},
		domain.Rule{Field: "publicKeyJwk", Holds: c.PublicKeyJwk.fits(c.Alg), Says: "is the public key of that alg: EdDSA with Ed25519, ES256 with P-256, ES384 with P-384, ES512 with P-521"},
		domain.Rule{Field: "validFrom", Holds: !c.ValidFrom.IsZero(), Says: "is an instant"},
	); err != nil {
		return nil, err
	}
	for _, old := range s.Keys {
		switch {
		case old.Kid == c.Kid:
			return nil, domain.Refuse(domain.Conflict, "kid_taken", "this kid names a key already; a kid is never used again")
		case old.Public == c.PublicKeyJwk:
			return nil, domain.Refuse(domain.Conflict, "key_taken", "this key is registered under the kid %s; one key has one purpose and one name", old.Kid)
		}
	}
	from := c.ValidFrom
	if d.Proposal != "" {
		// The time between the proposal and the approval is not the key's.
		if approved := now.UTC().Truncate(time.Second); approved.After(from) {
			from = approved
		}
	}
	// A closed school awards nothing more, but its old diplomas still have a status to sign.
	if c.Purpose == ForCredentials && !s.OperatingOn(domain.DateOf(from)) {
		return nil, domain.Refuse(domain.Conflict, "institution_not_operating", "the institution does not work when the key would become valid")
	}
	return []Event{SigningKeyAuthorized{c.Kid, c.Alg, c.Purpose, c.PublicKeyJwk, from, d}}, nil
}

func (c ProposedRetirement) facts(s State, d Decision, now time.Time) ([]Event, error) {
	k, ok := s.Key(c.Kid)
	until := c.ValidUntil
	switch {
	case !ok:
		return nil, keyUnknown()
	case !k.ValidUntil.IsZero():
		return nil, domain.Refuse(domain.Conflict, "key_retired", "the key was retired already, as of %s", k.ValidUntil.Format(time.RFC3339))
	}
	// Ending it in the past would undo what it signed meanwhile, which only a compromise does.
	if soonest := now.UTC().Add(Drain); until.Before(soonest) {
		until = soonest
	}
	if !until.After(k.ValidFrom) {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "validUntil lies after the instant the key becomes valid")
	}
	return []Event{SigningKeyRetired{c.Kid, until, d}}, nil
}

func (c ProposedCompromise) facts(s State, d Decision, now time.Time) ([]Event, error) {
	k, ok := s.Key(c.Kid)
	at := c.CompromisedAt
	switch {
	case !ok:
		return nil, keyUnknown()
	case at.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "compromisedAt is an instant")
	case at.After(now):
		return nil, domain.Refuse(domain.Invalid, "date_in_future", "compromisedAt is now or earlier")
	case !k.CompromisedAt.IsZero() && !at.Before(k.CompromisedAt):
		// Moving it later would revive credentials that were already refused.
		return nil, domain.Refuse(domain.Conflict, "key_compromised", "the key is known to be compromised since %s; that can only move earlier", k.CompromisedAt.Format(time.RFC3339))
	}
	return []Event{SigningKeyCompromised{c.Kid, at, d}}, nil
}

func keyUnknown() error {
	return domain.Refuse(domain.Missing, "key_unknown", "the institution has no key with this kid")
}

// kid keeps the name fit for a URL path and a DID fragment; a first dot would make it "." or "..".
func kid(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 64 && s[0] != '.'
}

// Of one key published names are made for others: a key for lists is status-KID, its second form
// KID-multikey. A key that is called so itself would be taken for another's.
const (
	statusName   = "status-"
	multikeyName = "-multikey"
)

// ownName reports whether nothing published of another key is named so.
func ownName(kid string) bool {
	return !strings.HasPrefix(kid, statusName) && !strings.HasSuffix(kid, multikeyName)
}

// fits reports whether the key is well formed for alg (RFC 7518 section 6.2, RFC 8037
// section 2) and, of the curves on which every reader looks, a point. A key is published for
// ever: one that cannot be read would make all of its institution's unreadable.
func (k PublicKey) fits(alg string) bool {
	want := map[string]struct {
		kty, crv string
		size     int
		curve    ecdh.Curve
	}{
		"EdDSA": {"OKP", "Ed25519", 32, nil},
		"ES256": {"EC", "P-256", 32, ecdh.P256()},
		"ES384": {"EC", "P-384", 48, ecdh.P384()},
		"ES512": {"EC", "P-521", 66, ecdh.P521()},
	}
	w, ok := want[alg]
	if !ok || k.Kty != w.kty || k.Crv != w.crv || !coordinate(k.X, w.size) {
		return false
	}
	if w.kty == "OKP" {
		return k.Y == ""
	}
	return coordinate(k.Y, w.size) && onCurve(w.curve, k.X, k.Y)
}

// onCurve reports whether the coordinates, which are well formed, are of a point.
func onCurve(curve ecdh.Curve, x, y string) bool {
	point := []byte{4}
	for _, s := range []string{x, y} {
		b, _ := base64.RawURLEncoding.DecodeString(s) // as [coordinate] did
		point = append(point, b...)
	}
	_, err := curve.NewPublicKey(point)
	return err == nil
}

// coordinate reports whether s is exactly size bytes in canonical unpadded base64url.
func coordinate(s string, size int) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == size && base64.RawURLEncoding.EncodeToString(b) == s
}
