package edkey

import (
	"crypto/ed25519"
	"maps"
	"sync"
	"sync/atomic"
)

const (
	// worthIt is after how many checks a key gets its multiples: they cost as much as that.
	worthIt = 32
	// remembered is how many keys are counted; preparedKeys how many have multiples, some 16 MB.
	// Beyond either, all are forgotten: a stranger who sends ever new keys costs the
	// others their head start and nothing else.
	remembered   = 256
	preparedKeys = 32
)

// seen is a key that was used lately.
type seen struct {
	uses     atomic.Int32
	prepared atomic.Pointer[Key]
}

// Memory remembers keys, and prepares those that come again. The zero value is empty. It may
// be used concurrently; what it remembers changes no answer.
type Memory struct {
	keys atomic.Pointer[map[[ed25519.PublicKeySize]byte]*seen] // never written to once it is here

	mu       sync.Mutex
	prepared int
}

// Verify answers as crypto/ed25519's Verify does, but for a key of a wrong length, by which
// no signature holds.
func (m *Memory) Verify(public ed25519.PublicKey, message, sig []byte) bool {
	if len(public) != ed25519.PublicKeySize {
		return false
	}
	s := m.find([ed25519.PublicKeySize]byte(public))
	if k := s.prepared.Load(); k != nil {
		return k.Verify(message, sig)
	}
	if s.uses.Add(1) == worthIt { // once, even if many come at the same time
		m.prepare(s, public)
	}
	return ed25519.Verify(public, message, sig)
}

func (m *Memory) find(public [ed25519.PublicKeySize]byte) *seen {
	if keys := m.keys.Load(); keys != nil {
		if s := (*keys)[public]; s != nil {
			return s
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := map[[ed25519.PublicKeySize]byte]*seen{}
	if known := m.keys.Load(); known != nil {
		if s := (*known)[public]; s != nil {
			return s
		}
		if len(*known) < remembered {
			keys = maps.Clone(*known)
		} else {
			m.prepared = 0
		}
	}
	s := new(seen)
	keys[public] = s
	m.keys.Store(&keys)
	return s
}

func (m *Memory) prepare(s *seen, public ed25519.PublicKey) {
	k, ok := New(public)
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.prepared == preparedKeys {
		m.prepared = 0
		m.keys.Store(nil)
	}
	m.prepared++
	s.prepared.Store(k)
}
