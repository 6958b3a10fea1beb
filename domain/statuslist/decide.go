package statuslist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"sijil/domain"
)

const (
	// MinLength is the least number of places a list may have: 16 kB of bits, so that a
	// reader hides in the crowd (Bitstring Status List 1.0, section 6.1).
	MinLength = 131_072
	// MaxLength bounds what a verifier has to unpack (2 MB).
	MaxLength = 1 << 24
	// KeySize is the size of the permutation's key in bytes.
	KeySize = 32
)

// Decider holds the rules of one status list.
var Decider = domain.Decider[Command, State, Event]{Category: "statusList", Decide: decide, Evolve: evolve}

// Stream is the stream of an institution's n-th list, "statusList-{institution}-{n}".
func Stream(institution domain.ID, n int) string {
	return domain.StreamName(Decider.Category, institution, domain.ID(strconv.Itoa(n)))
}

// ParseStream takes a stream's name apart; ok is false when it is not a status list's.
func ParseStream(stream string) (institution domain.ID, n int, ok bool) {
	rest, found := strings.CutPrefix(stream, Decider.Category+"-")
	if !found || len(rest) < 38 || rest[36] != '-' || !domain.ID(rest[:36]).Valid() {
		return "", 0, false
	}
	n, err := strconv.Atoi(rest[37:])
	return domain.ID(rest[:36]), n, err == nil && n > 0 && strconv.Itoa(n) == rest[37:]
}

// Command is something to decide about a list.
type Command interface{ isStatusListCommand() }

// Entry is a credential that needs a place.
type Entry struct {
	Award      domain.ID
	Edition    int
	Credential domain.ID
}

// AssignIndexes gives each credential that has none yet a place; the first one opens the list.
type AssignIndexes struct {
	Institution domain.ID
	Number      int
	// Length is the length of a list that is opened now.
	Length int
	// Key is the secret of the list's permutation, [KeySize] bytes, always the same one.
	Key     []byte
	Entries []Entry
}

func (AssignIndexes) isStatusListCommand() {}

// State is what the rules need to know of a list.
type State struct {
	Length   int
	KeyCheck string
	// Assigned counts the places given so far.
	Assigned int
	byID     index
}

// Full reports whether no further credential gets a place here: a list is full at half its
// length, so that what a reader asks for stays one of many.
func (s State) Full() bool { return s.Room() == 0 }

// Room is how many more credentials get a place here.
func (s State) Room() int { return s.Length/2 - s.Assigned }

// IndexOf is the place of a credential; ok is false when it has none here.
func (s State) IndexOf(credential domain.ID) (at int, ok bool) { return s.byID.get(credential) }

func decide(s State, c Command) ([]Event, error) {
	a, ok := c.(AssignIndexes)
	if !ok {
		return nil, fmt.Errorf("statuslist: no rule for %T", c)
	}
	if len(a.Key) != KeySize {
		return nil, fmt.Errorf("statuslist: the permutation's key has %d bytes, want %d", len(a.Key), KeySize)
	}
	var facts []Event
	if s.Length == 0 {
		if a.Length < MinLength || a.Length > MaxLength {
			return nil, domain.Refuse(domain.Invalid, "invalid_field", "a status list has %d to %d places", MinLength, MaxLength)
		}
		opened := StatusListOpened{Institution: a.Institution, Number: a.Number, Length: a.Length, KeyCheck: keyCheck(a.Key)}
		facts = append(facts, opened)
		s = evolve(s, opened)
	}
	if s.KeyCheck != keyCheck(a.Key) {
		// Another permutation would give places that are taken.
		return nil, domain.Refuse(domain.Conflict, "status_list_closed", "the list was opened under another key; open the next one")
	}
	p := newPermutation(a.Key, s.Length)
	given := map[domain.ID]bool{}
	for _, e := range a.Entries {
		if _, has := s.IndexOf(e.Credential); has || given[e.Credential] {
			continue
		}
		if s.Assigned+len(given) >= s.Length/2 {
			return nil, domain.Refuse(domain.Conflict, "status_list_full", "the list is full; open the next one")
		}
		facts = append(facts, StatusIndexAssigned{
			Award: e.Award, Edition: e.Edition, Credential: e.Credential, Index: p.at(s.Assigned + len(given)),
		})
		given[e.Credential] = true
	}
	if len(given) == 0 {
		return nil, nil
	}
	return facts, nil
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case StatusListOpened:
		s.Length, s.KeyCheck = e.Length, e.KeyCheck
	case StatusIndexAssigned:
		s.Assigned++
		s.byID = s.byID.with(e.Credential, e.Index)
	}
	return s
}

// keyCheck is 128 bits of a hash of a 256-bit secret: enough to tell keys apart, nothing to
// find the key with.
func keyCheck(key []byte) string {
	sum := sha256.Sum256(append([]byte("sijil status list key\x00"), key...))
	return hex.EncodeToString(sum[:16])
}
