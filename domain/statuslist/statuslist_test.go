package statuslist

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

var (
	school = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11")
	key    = bytes.Repeat([]byte{7}, KeySize)
)

// cred is the n-th credential of a test.
func cred(n int) domain.ID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[8:], uint64(n))
	return domain.IDFromBytes(b)
}

func entries(from, to int) []Entry {
	var all []Entry
	for i := from; i < to; i++ {
		all = append(all, Entry{Award: cred(i), Edition: 1, Credential: cred(i)})
	}
	return all
}

func assign(from, to int) AssignIndexes {
	return AssignIndexes{Institution: school, Number: 1, Length: MinLength, Key: key, Entries: entries(from, to)}
}

// after folds the facts that commands lead to.
func after(t *testing.T, commands ...AssignIndexes) State {
	t.Helper()
	var s State
	for _, c := range commands {
		facts, err := decide(s, c)
		if err != nil {
			t.Fatal(err)
		}
		s = Decider.Fold(s, facts...)
	}
	return s
}

func TestDecide(t *testing.T) {
	short := assign(0, 1)
	short.Length = MinLength - 1
	other := assign(5, 6)
	other.Key = bytes.Repeat([]byte{8}, KeySize)
	twice := assign(0, 1)
	twice.Entries = append(twice.Entries, twice.Entries...)
	empty, five, brim := State{}, after(t, assign(0, 5)), after(t, assign(0, MinLength/2-1))
	full := brim
	facts, err := decide(brim, assign(MinLength/2-1, MinLength/2))
	if err != nil {
		t.Fatal(err)
	}
	full = Decider.Fold(full, facts...)
	for name, c := range map[string]struct {
		given State
		when  AssignIndexes
		facts int
		code  string
	}{
		"the first credential opens the list":             {given: empty, when: assign(0, 1), facts: 2},
		"many credentials get places in one append":       {when: assign(0, 300), facts: 301},
		"a credential keeps the place it has":             {given: five, when: assign(0, 5), facts: 0},
		"only who has no place gets one":                  {given: five, when: assign(3, 7), facts: 2},
		"a credential named twice gets one place":         {when: twice, facts: 2},
		"a list of fewer places than the crowd needs":     {when: short, code: "invalid_field"},
		"another key would give taken places":             {given: five, when: other, code: "status_list_closed"},
		"a list is full at half its length":               {given: full, when: assign(MinLength, MinLength+1), code: "status_list_full"},
		"the last place of the first half is still given": {given: brim, when: assign(MinLength, MinLength+1), facts: 1},
		"who has a place in a full list keeps it":         {given: full, when: assign(0, 10), facts: 0},
		"nothing is given when not all fit":               {given: brim, when: assign(MinLength, MinLength+2), code: "status_list_full"},
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := decide(c.given, c.when)
			if domain.CodeOf(err) != c.code || len(facts) != c.facts {
				t.Fatalf("%d facts, %v; want %d, %q", len(facts), err, c.facts, c.code)
			}
		})
	}
}

// TestPlaces fills a list: every place is given once at most, and each credential finds its own.
func TestPlaces(t *testing.T) {
	s := after(t, assign(0, MinLength/2))
	if !s.Full() {
		t.Fatal("a list is full at half its length")
	}
	seen := make([]bool, MinLength)
	for i := range MinLength / 2 {
		at, ok := s.IndexOf(cred(i))
		if !ok || at < 0 || at >= MinLength || seen[at] {
			t.Fatalf("credential %d: place %d, %v", i, at, ok)
		}
		seen[at] = true
	}
	if _, ok := s.IndexOf(cred(MinLength)); ok {
		t.Error("a credential without a place has one")
	}
}

// TestPermutation: a bijection for every key and length, and other keys give another one.
func TestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 2000).Draw(t, "n")
		k := rapid.SliceOfN(rapid.Byte(), KeySize, KeySize).Draw(t, "key")
		p := newPermutation(k, n)
		seen := make([]bool, n)
		for i := range n {
			x := p.at(i)
			if x < 0 || x >= n || seen[x] {
				t.Fatalf("%d goes to %d, which is out of range or taken", i, x)
			}
			seen[x] = true
		}
	})
	a, b := newPermutation(key, MinLength), newPermutation(bytes.Repeat([]byte{9}, KeySize), MinLength)
	same := 0
	for i := range 1000 {
		if a.at(i) == b.at(i) {
			same++
		}
	}
	if same > 5 {
		t.Errorf("two keys agree on %d of 1000 places", same)
	}
}

// TestUnguessable: consecutive credentials lie apart; who knows one place knows no other.
func TestUnguessable(t *testing.T) {
	p := newPermutation(key, MinLength)
	var steps []int
	for i := range 2000 {
		steps = append(steps, p.at(i+1)-p.at(i))
	}
	slices.Sort(steps)
	if len(slices.Compact(steps)) < 1900 {
		t.Error("steps between consecutive places repeat")
	}
}

// TestStatesStayTrue: an old state does not change when a newer one grows from it.
func TestStatesStayTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		type snapshot struct {
			s State
			n int
		}
		var old []snapshot
		n := 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(1, 40), 1, 10).Draw(t, "steps") {
			facts, err := decide(s, assign(n, n+step))
			if err != nil {
				t.Fatal(err)
			}
			// Two futures of one state.
			Decider.Fold(s, facts[len(facts)-1])
			s = Decider.Fold(s, facts...)
			n += step
			old = append(old, snapshot{s, n})
		}
		for _, o := range old {
			for i := range n + 1 {
				if _, ok := o.s.IndexOf(cred(i)); ok != (i < o.n) {
					t.Fatalf("state after %d credentials: credential %d has a place: %v", o.n, i, ok)
				}
			}
		}
	})
}

func TestStreamName(t *testing.T) {
	if inst, n, ok := ParseStream(Stream(school, 12)); inst != school || n != 12 || !ok {
		t.Error(inst, n, ok)
	}
	for _, bad := range []string{"", "statusList-", "statusList-" + string(school), "statusList-" + string(school) + "-", "statusList-" + string(school) + "-0", "statusList-" + string(school) + "-01", "statusList-" + string(school) + "-x", "award-" + string(school) + "-1"} {
		if _, _, ok := ParseStream(bad); ok {
			t.Errorf("%q is taken for a status list", bad)
		}
	}
}

func BenchmarkAssign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var s State
		for n := 0; n < 16_384; n += 256 {
			facts, err := decide(s, assign(n, n+256))
			if err != nil {
				b.Fatal(err)
			}
			s = Decider.Fold(s, facts...)
		}
	}
}
