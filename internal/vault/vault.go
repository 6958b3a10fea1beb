// Package vault keeps the keys of persons: it seals and opens personal data, makes the
// keyed hashes that stand in for guessable values, and forgets a person by destroying
// their key. Keys lie wrapped outside the event log; the log holds only what they seal.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"sijil/domain"
)

var (
	// ErrErased: the person's key of this class was destroyed. What it sealed is gone for good.
	ErrErased = errors.New("personal data was erased")
	// ErrNoKey: nothing was ever sealed for this person and class in this tenant.
	ErrNoKey = errors.New("no key for this person")
	// ErrUnsealed: the blob does not open here: another event, another person, or altered bytes.
	ErrUnsealed = errors.New("sealed data does not open in this place")
)

// sealVersion is the first byte of every blob: AES-256-GCM, 12-byte nonce, key by HKDF-SHA-256.
const sealVersion = 1

// field names the sealed part within a payload, bound into the seal.
const field = "sealed"

// Vault seals and opens. Safe for concurrent use.
type Vault struct {
	keys *keyring
}

// New is a vault over the wrapped keys in store, under master.
func New(store Store, master Master, cfg Config) *Vault {
	return &Vault{keys: newKeyring(store, master, cfg)}
}

// Config's zero value works.
type Config struct {
	// CachedKeys is how many unwrapped keys stay in memory; 0 means 65,536 (about 10 MB).
	CachedKeys int
}

// Seal encrypts p for the event at, making the person's key first when there is none.
// The key is durable before Seal returns: a crash after it leaves at most an unused key.
// [ErrErased] when the person was erased.
func (v *Vault) Seal(ctx context.Context, tenant domain.ID, at domain.Place, p domain.Private) ([]byte, error) {
	key, err := v.keys.obtain(ctx, keyID{tenant, p.Subject, p.Class})
	if err != nil {
		return nil, err
	}
	aead, err := eventCipher(key, at.Event)
	if err != nil {
		return nil, err
	}
	blob := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(p.Plain())+aead.Overhead())
	blob[0] = sealVersion
	if _, err := rand.Read(blob[1:]); err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	return aead.Seal(blob, blob[1:], p.Plain(), boundTo(tenant, at, p.Subject)), nil
}

// Open decrypts what a read model stored as [domain.Private.Envelope]. [ErrErased],
// [ErrNoKey] or [ErrUnsealed] when it cannot.
func (v *Vault) Open(ctx context.Context, tenant domain.ID, envelope []byte) ([]byte, error) {
	p, err := domain.ParseEnvelope(envelope)
	if err != nil {
		return nil, err
	}
	return v.OpenPrivate(ctx, tenant, p)
}

// OpenPrivate is Open for a decoded fact's sealed value.
func (v *Vault) OpenPrivate(ctx context.Context, tenant domain.ID, p domain.Private) ([]byte, error) {
	key, err := v.keys.existing(ctx, keyID{tenant, p.Subject, p.Class})
	if err != nil {
		return nil, err
	}
	at := p.Place()
	aead, err := eventCipher(key, at.Event)
	if err != nil {
		return nil, err
	}
	blob := p.Sealed()
	if len(blob) < 1+aead.NonceSize() || blob[0] != sealVersion {
		return nil, ErrUnsealed
	}
	nonce, box := blob[1:1+aead.NonceSize()], blob[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, box, boundTo(tenant, at, p.Subject))
	if err != nil {
		return nil, ErrUnsealed
	}
	return plain, nil
}

// MAC is HMAC-SHA-256 over length-prefixed parts, under the tenant's key for purpose. It
// stands in for anything guessable: a plain hash of a name and a birth date is no secret.
func (v *Vault) MAC(ctx context.Context, tenant domain.ID, purpose string, parts ...string) ([]byte, error) {
	key, err := v.keys.obtain(ctx, keyID{tenant, tenant, classTenant})
	if err != nil {
		return nil, err
	}
	return macUnder(key, purpose, parts)
}

// PersonMAC is MAC under the person's record key, which is made when there is none, so
// that the hash dies with the person's data.
func (v *Vault) PersonMAC(ctx context.Context, tenant, subject domain.ID, purpose string, parts ...string) ([]byte, error) {
	key, err := v.keys.obtain(ctx, keyID{tenant, subject, domain.ClassRecord})
	if err != nil {
		return nil, err
	}
	return macUnder(key, purpose, parts)
}

// Destroy deletes the person's wrapped key of one class, durably, and remembers that it
// did, so that no new key takes its place. Doing it twice is harmless. Backups still hold the
// wrapped key until [Vault.RotateMaster] ends its epoch.
func (v *Vault) Destroy(ctx context.Context, tenant, subject domain.ID, class domain.Class) error {
	id := keyID{tenant, subject, class}
	if err := v.keys.store.Erase(ctx, tenant, subject, class); err != nil {
		return fmt.Errorf("destroying a person's key: %w", err)
	}
	v.keys.forget(id)
	return nil
}

// Forget drops a person's keys from memory. A process calls it when it sees that another
// one erased the person.
func (v *Vault) Forget(tenant, subject domain.ID) {
	for _, c := range []domain.Class{domain.ClassRecord, domain.ClassRegister} {
		v.keys.forget(keyID{tenant, subject, c})
	}
}

func eventCipher(key []byte, event domain.ID) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, nil, "sijil/seal/v1/"+string(event), 32)
	if err != nil {
		return nil, fmt.Errorf("deriving an event key: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("preparing AES-256: %w", err)
	}
	return cipher.NewGCM(block)
}

// boundTo is the additional data of a seal (architecture decision 8): a blob copied to
// another event, stream, person or tenant does not open.
func boundTo(tenant domain.ID, at domain.Place, subject domain.ID) []byte {
	return lengthPrefixed(string(tenant), at.Stream, at.Type, string(at.Event), field, string(subject))
}

func macUnder(key []byte, purpose string, parts []string) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, key, nil, "sijil/mac/v1/"+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a hash key: %w", err)
	}
	h := hmac.New(sha256.New, k)
	h.Write(lengthPrefixed(parts...))
	return h.Sum(nil), nil
}

func lengthPrefixed(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}
