package institution

import (
	"encoding/base64"
	"time"

	"sijil/domain"
)

// KeyGrace is how far back a key may become valid, for clocks and mail between the place where
// it is made and the ledger. More would let whoever registers a key sign old-dated diplomas.
const KeyGrace = 24 * time.Hour

func (c AuthorizeKey) decide(s State) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "kid", Holds: kid(c.Kid), Says: "is 1 to 64 letters, digits, dots, dashes and underscores"},
		domain.Rule{Field: "purpose", Holds: c.Purpose == ForCredentials || c.Purpose == ForStatus, Says: "is credential or status"},
		domain.Rule{Field: "publicKeyJwk", Holds: c.PublicKeyJwk.fits(c.Alg), Says: "is the public key of that alg: EdDSA with Ed25519, ES256 with P-256, ES384 with P-384, ES512 with P-521"},
		domain.Rule{Field: "validFrom", Holds: !c.ValidFrom.IsZero(), Says: "is an instant"},
	); err != nil {
		return nil, err
	}
	k := Key{Kid: c.Kid, Alg: c.Alg, Purpose: c.Purpose, Public: c.PublicKeyJwk, ValidFrom: c.ValidFrom.UTC()}
	for _, old := range s.Keys {
		switch {
		case old == k:
			return nil, nil
		case old.Kid == k.Kid:
			return nil, domain.Refuse(domain.Conflict, "kid_taken", "this kid names another key; a kid is never used again")
		case old.Public == k.Public:
			return nil, domain.Refuse(domain.Conflict, "key_taken", "this key is registered under the kid %s; one key has one purpose and one name", old.Kid)
		}
	}
	if c.ValidFrom.Before(c.Now.Add(-KeyGrace)) {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "validFrom lies at most a day before now: a key signs nothing of the time before it was registered")
	}
	// A closed school awards nothing more, but its old diplomas still have a status to sign.
	if c.Purpose == ForCredentials && !s.OperatingOn(domain.DateOf(c.ValidFrom)) {
		return nil, domain.Refuse(domain.Conflict, "institution_not_operating", "the institution does not work when the key would become valid")
	}
	return []Event{SigningKeyAuthorized{k.Kid, k.Alg, k.Purpose, k.Public, k.ValidFrom}}, nil
}

func (c RetireKey) decide(s State) ([]Event, error) {
	k, ok := s.Key(c.Kid)
	until := c.ValidUntil.UTC()
	switch {
	case !ok:
		return nil, keyUnknown()
	case until.Before(k.ValidFrom) || until.Equal(k.ValidFrom):
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "validUntil lies after the instant the key became valid")
	case k.ValidUntil.Equal(until):
		return nil, nil
	case !k.ValidUntil.IsZero():
		return nil, domain.Refuse(domain.Conflict, "key_retired", "the key was retired already, as of %s", k.ValidUntil.Format(time.RFC3339))
	}
	return []Event{SigningKeyRetired{c.Kid, until}}, nil
}

func (c ReportKeyCompromise) decide(s State) ([]Event, error) {
	k, ok := s.Key(c.Kid)
	at := c.CompromisedAt.UTC()
	switch {
	case !ok:
		return nil, keyUnknown()
	case at.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "compromisedAt is an instant")
	case at.After(c.Now):
		return nil, domain.Refuse(domain.Invalid, "date_in_future", "compromisedAt is now or earlier")
	case k.CompromisedAt.Equal(at):
		return nil, nil
	case !k.CompromisedAt.IsZero() && at.After(k.CompromisedAt):
		// Moving it later would revive credentials that were already refused.
		return nil, domain.Refuse(domain.Conflict, "key_compromised", "the key is known to be compromised since %s; that can only move earlier", k.CompromisedAt.Format(time.RFC3339))
	}
	return []Event{SigningKeyCompromised{c.Kid, at}}, nil
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

// fits reports whether the key is well formed for alg (RFC 7518 section 6.2, RFC 8037
// section 2). Whether it is a point of the curve shows when something is verified with it.
func (k PublicKey) fits(alg string) bool {
	want := map[string]struct {
		kty, crv string
		size     int
	}{
		"EdDSA": {"OKP", "Ed25519", 32},
		"ES256": {"EC", "P-256", 32},
		"ES384": {"EC", "P-384", 48},
		"ES512": {"EC", "P-521", 66},
	}
	w, ok := want[alg]
	if !ok || k.Kty != w.kty || k.Crv != w.crv || !coordinate(k.X, w.size) {
		return false
	}
	if w.kty == "OKP" {
		return k.Y == ""
	}
	return coordinate(k.Y, w.size)
}

// coordinate reports whether s is exactly size bytes in canonical unpadded base64url.
func coordinate(s string, size int) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == size && base64.RawURLEncoding.EncodeToString(b) == s
}
