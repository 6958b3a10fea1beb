package process

import (
	"context"
	"slices"
	"sync"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
)

// MemStore keeps reminders in memory, for tests of what stands above them.
type MemStore struct {
	mu   sync.Mutex
	log  string
	at   eventlog.Position
	list map[reminderKey]Reminder
}

type reminderKey struct {
	tenant domain.ID
	rule   string
	event  domain.ID
}

func (r Reminder) key() reminderKey { return reminderKey{r.Tenant, r.Rule, r.Event} }

// NewMemStore is an empty MemStore.
func NewMemStore() *MemStore { return &MemStore{list: map[reminderKey]Reminder{}} }

// Place implements Store.
func (s *MemStore) Place(_ context.Context, log string) (eventlog.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != "" && s.log != log {
		return 0, ErrForeignLog
	}
	return s.at, nil
}

// Keep implements Store.
func (s *MemStore) Keep(_ context.Context, log string, from, to eventlog.Position, cleared []Group, added []Reminder) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != "" && s.log != log || s.at != from {
		return false, nil
	}
	for k, r := range s.list {
		if slices.Contains(cleared, Group{r.Tenant, r.Rule, r.Group}) {
			delete(s.list, k)
		}
	}
	for _, r := range added {
		s.list[r.key()] = r
	}
	s.log, s.at = log, to
	return true, nil
}

// Due implements Store.
func (s *MemStore) Due(_ context.Context, now time.Time, n int) ([]Reminder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []Reminder
	for _, r := range s.list {
		if !r.Due.After(now) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b Reminder) int { return a.Due.Compare(b.Due) })
	return due[:min(n, len(due))], nil
}

// Settle implements Store.
func (s *MemStore) Settle(_ context.Context, r Reminder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.list, r.key())
	return nil
}

// Postpone implements Store.
func (s *MemStore) Postpone(_ context.Context, r Reminder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.list[r.key()]; ok {
		s.list[r.key()] = r
	}
	return nil
}
