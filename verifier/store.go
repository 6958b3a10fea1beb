package verifier

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sijil/verifier/bundle"
	"sijil/verifier/did"
)

// Store is a Trust in memory, made from a bundle. It never changes and needs no network.
type Store struct {
	source     Source
	issuers    map[string]Issuer
	keys       map[string][]OwnedKey
	lists      map[string]*Fetched
	records    map[recordID]Record
	hasRecords bool
	expires    time.Time // of a signed bundle
	origins    map[string]bool
}

type recordID struct{ issuer, id string }

// NewStore is the trust that b gives; name tells readers where it is from, as "bundle".
func NewStore(name string, b bundle.Bundle) (*Store, error) {
	s := &Store{
		source: Source{Name: name, AsOf: b.Now.Time, Unsigned: b.Unsigned}, hasRecords: b.HasRecords, expires: b.Manifest.Expires.Time,
		issuers: map[string]Issuer{}, keys: map[string][]OwnedKey{}, lists: map[string]*Fetched{},
		records: make(map[recordID]Record, len(b.Records)), origins: map[string]bool{},
	}
	for _, i := range b.Issuers {
		s.issuers[i.ID] = Issuer{ID: i.ID, Name: i.Name, StatusRequired: i.StatusRequired, SuspensionSuffix: i.SuspensionSuffix, Accreditations: i.Accreditations}
		if origin, ok := originOf(i.ID); ok {
			s.origins[origin] = true
		}
		if err := s.addKeys(i.ID, i.Keys); err != nil {
			return nil, err
		}
	}
	if err := s.addKeys("", b.OtherKeys); err != nil {
		return nil, err
	}
	for u, token := range b.Lists {
		s.lists[u] = NewFetched(token, name, b.Now.Time)
	}
	for _, r := range b.Records {
		rec := Record{RecordedAt: r.RecordedAt.Time, Reason: r.Reason, Successor: r.Successor, Source: name, AsOf: b.Now.Time}
		if n, err := hex.Decode(rec.PayloadSHA256[:], []byte(r.PayloadSHA256)); err != nil || n != 32 {
			return nil, fmt.Errorf("ledger extract: digest of %s is not 64 hexadecimal digits", r.ID)
		}
		for _, f := range r.Forms {
			form := RecordedForm{RecordedAt: f.RecordedAt.Time}
			if n, err := hex.Decode(form.PayloadSHA256[:], []byte(f.PayloadSHA256)); err != nil || n != 32 {
				return nil, fmt.Errorf("ledger extract: digest of a form of %s is not 64 hexadecimal digits", r.ID)
			}
			rec.Forms = append(rec.Forms, form)
		}
		s.records[recordID{r.Issuer, r.ID}] = rec
	}
	return s, nil
}

func (s *Store) addKeys(issuer string, keys []did.Key) error {
	for _, k := range keys {
		if k.Public() == nil {
			if err := k.Parse(); err != nil {
				return err
			}
		}
		for _, name := range []string{k.JWK.Kid, did.MultikeyID(k.JWK.Kid)} {
			s.keys[name] = append(s.keys[name], OwnedKey{issuer, k, s.expires})
		}
	}
	return nil
}

// Keys implements [Trust].
func (s *Store) Keys(_ context.Context, kid string) ([]OwnedKey, error) {
	if keys := s.keys[kid]; len(keys) > 0 {
		return keys, nil
	}
	return nil, ErrUnknown
}

// Issuer implements [Trust].
func (s *Store) Issuer(_ context.Context, id string) (Issuer, error) {
	if i, ok := s.issuers[id]; ok {
		return i, nil
	}
	return Issuer{}, ErrUnknown
}

// StatusList implements [Trust]; maxAge means nothing here: a list says itself how long it holds.
func (s *Store) StatusList(_ context.Context, u string, _ time.Duration) (*Fetched, error) {
	if f, ok := s.lists[u]; ok {
		return f, nil
	}
	return nil, ErrUnknown
}

// Record implements [Trust].
func (s *Store) Record(_ context.Context, issuer, id string) (Record, error) {
	if !s.hasRecords {
		return Record{}, ErrNoLedger
	}
	if r, ok := s.records[recordID{issuer, id}]; ok {
		return r, nil
	}
	return Record{}, ErrUnknown
}

// Knows implements [Trust]: the origins of the issuers.
func (s *Store) Knows(origin string) bool { return s.origins[origin] }

// Source implements [Trust].
func (s *Store) Source() Source { return s.source }

// originOf is the origin under which an issuer publishes.
func originOf(issuer string) (string, bool) {
	if host, _, err := did.Location(issuer); err == nil {
		return "https://" + host, true
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
		return "", false
	}
	return "https://" + strings.ToLower(u.Host), true
}
