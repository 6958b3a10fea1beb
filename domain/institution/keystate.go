package institution

import (
	"slices"
	"time"

	"sijil/domain"
)

// Key is a signing key and what became of it.
type Key struct {
	Kid       string
	Alg       string
	Purpose   Purpose
	Public    PublicKey
	ValidFrom time.Time
	// ValidUntil is when it was retired, CompromisedAt since when it is not ours alone; zero
	// when it was not.
	ValidUntil    time.Time
	CompromisedAt time.Time
	// SuspectUntil is when the open report of its compromise lapses; zero without one.
	SuspectUntil time.Time
}

// Drain is how long before its end a key signs nothing new: what is under way then is recorded
// within the key's life, and holds for ever.
const Drain = 10 * time.Second

// Usable reports whether the institution may sign with the key at t: authorized, not about
// to be retired, and not known to be compromised, whenever that happened. One officer's
// report stops a credential key until it is decided. It does not stop a status key: without
// lists nobody's diploma could be confirmed, which is more than one person may bring about.
func (k Key) Usable(t time.Time) bool {
	return !t.Before(k.ValidFrom) && (k.ValidUntil.IsZero() || t.Before(k.ValidUntil.Add(-Drain))) && k.CompromisedAt.IsZero() &&
		(k.Purpose == ForStatus || !t.Before(k.SuspectUntil))
}

// Key is the key with this kid.
func (s State) Key(kid string) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Kid == kid })
	if i < 0 {
		return Key{}, false
	}
	return s.Keys[i], true
}

// UsableKeys are the keys the institution may sign with at t for purpose, newest last.
func (s State) UsableKeys(purpose Purpose, t time.Time) []Key {
	var keys []Key
	for _, k := range s.Keys {
		if k.Purpose == purpose && k.Usable(t) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Proposal is the open proposal of this id; it may have lapsed.
func (s State) Proposal(id domain.ID) (SigningKeyChangeProposed, bool) {
	i := slices.IndexFunc(s.Proposals, func(p SigningKeyChangeProposed) bool { return p.Proposal == id })
	if i < 0 || id == "" {
		return SigningKeyChangeProposed{}, false
	}
	return s.Proposals[i], true
}

func evolveKeys(s State, e Event) State {
	switch e := e.(type) {
	case SigningKeyChangeProposed:
		proposedAt := e.LapsesAt.Add(-ProposalLife)
		open := slices.DeleteFunc(slices.Clone(s.Proposals), func(p SigningKeyChangeProposed) bool { return !proposedAt.Before(p.LapsesAt) })
		s.Proposals = append(open, e)
		return s.withKey(e.Compromise.Kid, func(k *Key) { k.SuspectUntil = e.LapsesAt })
	case SigningKeyChangeRejected:
		p, _ := s.Proposal(e.Proposal)
		s = s.decided(e.Proposal)
		return s.withKey(p.Compromise.Kid, func(k *Key) { k.SuspectUntil = s.suspectUntil(k.Kid) })
	case SigningKeyAuthorized:
		s.Keys = added(s.Keys, Key{Kid: e.Kid, Alg: e.Alg, Purpose: e.Purpose, Public: e.PublicKeyJwk, ValidFrom: e.ValidFrom})
		return s.decided(e.Proposal)
	case SigningKeyRetired:
		return s.decided(e.Proposal).withKey(e.Kid, func(k *Key) { k.ValidUntil = e.ValidUntil })
	case SigningKeyCompromised:
		return s.decided(e.Proposal).withKey(e.Kid, func(k *Key) { k.CompromisedAt, k.SuspectUntil = e.CompromisedAt, time.Time{} })
	}
	return s
}

// suspectUntil is when the last open report of the key's compromise lapses: taking one back does not
// answer another.
func (s State) suspectUntil(kid string) (until time.Time) {
	for _, p := range s.Proposals {
		if p.Compromise.Kid == kid && p.LapsesAt.After(until) {
			until = p.LapsesAt
		}
	}
	return until
}

// decided is s without the proposal.
func (s State) decided(id domain.ID) State {
	s.Proposals = slices.DeleteFunc(slices.Clone(s.Proposals), func(p SigningKeyChangeProposed) bool { return p.Proposal == id })
	return s
}

// withKey changes a copy of one key; there may be none of that kid.
func (s State) withKey(kid string, change func(*Key)) State {
	s.Keys = slices.Clone(s.Keys)
	for i := range s.Keys {
		if s.Keys[i].Kid == kid {
			change(&s.Keys[i])
		}
	}
	return s
}
