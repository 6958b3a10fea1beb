package vault

import (
	"context"
	"sync"

	"sijil/domain"
)

// Store keeps wrapped keys. Both implementations pass the same tests.
type Store interface {
	// Get is the wrapped key; ErrNoKey or ErrErased when there is none.
	Get(ctx context.Context, tenant, subject domain.ID, class domain.Class) (Wrapped, error)
	// Put stores w unless there is a key already, and returns, durably stored, the one that
	// is there. ErrErased when the person was erased.
	Put(ctx context.Context, tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error)
	// Erase deletes the key and remembers that it did.
	Erase(ctx context.Context, tenant, subject domain.ID, class domain.Class) error
	// Rewrap hands every key that is not of epoch to fn and stores what fn returns, in
	// pages, until none is left.
	Rewrap(ctx context.Context, epoch int, fn func(tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error)) error
}

// RotateMaster re-wraps every living key under a new master epoch and destroys the old
// ones: what backups of the key table hold does not open any more. After a crash in the
// middle, call it again: keys of several epochs live side by side until the last step.
func (v *Vault) RotateMaster(ctx context.Context, m *FileMaster) error {
	former := m.Epoch()
	if err := m.NewEpoch(); err != nil {
		return err
	}
	err := v.keys.store.Rewrap(ctx, m.Epoch(), func(tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error) {
		owner := keyID{tenant, subject, class}.bytes()
		key, err := m.Unwrap(owner, w)
		if err != nil {
			return Wrapped{}, err
		}
		return m.Wrap(owner, key)
	})
	if err != nil {
		return err
	}
	for e := former; e > 0; e-- {
		if err := m.DestroyEpoch(e); err != nil {
			return err
		}
	}
	return nil
}

// MemStore keeps wrapped keys in memory, for tests of what stands above the vault.
type MemStore struct {
	mu     sync.Mutex
	keys   map[keyID]Wrapped
	erased map[keyID]bool
}

// NewMemStore is an empty MemStore.
func NewMemStore() *MemStore {
	return &MemStore{keys: map[keyID]Wrapped{}, erased: map[keyID]bool{}}
}

// Get implements Store.
func (s *MemStore) Get(_ context.Context, tenant, subject domain.ID, class domain.Class) (Wrapped, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(keyID{tenant, subject, class})
}

func (s *MemStore) get(id keyID) (Wrapped, error) {
	if s.erased[id] {
		return Wrapped{}, ErrErased
	}
	w, ok := s.keys[id]
	if !ok {
		return Wrapped{}, ErrNoKey
	}
	return w, nil
}

// Put implements Store.
func (s *MemStore) Put(_ context.Context, tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := keyID{tenant, subject, class}
	if _, ok := s.keys[id]; !ok && !s.erased[id] {
		s.keys[id] = w
	}
	return s.get(id)
}

// Erase implements Store.
func (s *MemStore) Erase(_ context.Context, tenant, subject domain.ID, class domain.Class) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := keyID{tenant, subject, class}
	delete(s.keys, id)
	s.erased[id] = true
	return nil
}

// Rewrap implements Store.
func (s *MemStore) Rewrap(_ context.Context, epoch int, fn func(tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, w := range s.keys {
		if w.Epoch == epoch {
			continue
		}
		n, err := fn(id.tenant, id.subject, id.class, w)
		if err != nil {
			return err
		}
		s.keys[id] = n
	}
	return nil
}
