package vault

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"sijil/domain"
)

// classTenant is the class of the tenant's own key, from which its hash keys derive.
const classTenant domain.Class = "tenant"

type keyID struct {
	tenant, subject domain.ID
	class           domain.Class
}

// keyring unwraps keys and keeps the recent ones in memory.
type keyring struct {
	store  Store
	master Master
	max    int

	mu      sync.Mutex
	entries map[keyID]*list.Element // of *entry
	recent  *list.List              // front is the most recent
	// forgotten keys are never kept again: who forgets one hears of an erasure, and the store may
	// still give the key for a moment, to readers under way and until the eraser gets to it.
	forgotten map[keyID]bool
}

type entry struct {
	id  keyID
	key []byte
}

func newKeyring(store Store, master Master, cfg Config) *keyring {
	if cfg.CachedKeys == 0 {
		cfg.CachedKeys = 65_536
	}
	return &keyring{store: store, master: master, max: cfg.CachedKeys, entries: map[keyID]*list.Element{}, recent: list.New(), forgotten: map[keyID]bool{}}
}

// obtain is the key, made and stored when there is none.
func (r *keyring) obtain(ctx context.Context, id keyID) ([]byte, error) {
	key, err := r.existing(ctx, id)
	if !errors.Is(err, ErrNoKey) {
		return key, err
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("drawing a person's key: %w", err)
	}
	w, err := r.master.Wrap(id.bytes(), key)
	if err != nil {
		return nil, fmt.Errorf("wrapping a person's key: %w", err)
	}
	// Two writers may meet here; the store keeps the first and tells both.
	kept, err := r.store.Put(ctx, id.tenant, id.subject, id.class, w)
	if err != nil {
		return nil, fmt.Errorf("storing a person's key: %w", err)
	}
	return r.unwrap(id, kept)
}

// existing is the key, or ErrNoKey, or ErrErased.
func (r *keyring) existing(ctx context.Context, id keyID) ([]byte, error) {
	if key := r.cached(id); key != nil {
		return key, nil
	}
	w, err := r.store.Get(ctx, id.tenant, id.subject, id.class)
	if err != nil {
		return nil, err
	}
	return r.unwrap(id, w)
}

func (r *keyring) unwrap(id keyID, w Wrapped) ([]byte, error) {
	key, err := r.master.Unwrap(id.bytes(), w)
	if err != nil {
		return nil, fmt.Errorf("unwrapping a key of master epoch %d: %w", w.Epoch, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries[id] == nil && !r.forgotten[id] {
		r.entries[id] = r.recent.PushFront(&entry{id, key})
		if r.recent.Len() > r.max {
			oldest := r.recent.Remove(r.recent.Back()).(*entry)
			delete(r.entries, oldest.id)
		}
	}
	return key, nil
}

func (r *keyring) cached(id keyID) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[id]
	if e == nil {
		return nil
	}
	r.recent.MoveToFront(e)
	return e.Value.(*entry).key
}

func (r *keyring) forget(id keyID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgotten[id] = true
	if e := r.entries[id]; e != nil {
		r.recent.Remove(e)
		delete(r.entries, id)
	}
}

// bytes binds a wrapped key to its owner, so that two rows cannot be swapped.
func (id keyID) bytes() []byte {
	return lengthPrefixed(string(id.tenant), string(id.subject), string(id.class))
}
