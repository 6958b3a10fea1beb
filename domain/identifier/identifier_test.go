package identifier_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/identifier"
)

const (
	first  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	second domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
)

func reference() domain.Private {
	p, err := domain.Conceal(first, domain.ClassRegister, identifier.Reference{Student: first, Link: second})
	if err != nil {
		panic(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	ref := reference()
	taken := identifier.IdentifierReserved{KeyVersion: 1, Holder: first, Student: ref}
	freed := identifier.IdentifierReleased{Holder: first, Reason: identifier.Abandoned}
	for name, c := range map[string]struct {
		given []identifier.Event
		when  identifier.Command
		then  []identifier.Event
		code  string
	}{
		"a free number is reserved":                {when: identifier.Reserve{Holder: first, Student: ref}, then: []identifier.Event{taken}},
		"a number held by another is refused":      {given: []identifier.Event{taken}, when: identifier.Reserve{Holder: second, Student: ref}, code: "identifier_taken"},
		"a holder who asks again has it already":   {given: []identifier.Event{taken}, when: identifier.Reserve{Holder: first, Student: ref}},
		"a released number is reserved again":      {given: []identifier.Event{taken, freed}, when: identifier.Reserve{Holder: first, Student: ref}, then: []identifier.Event{taken}},
		"a holder releases":                        {given: []identifier.Event{taken}, when: identifier.Release{Holder: first, Reason: identifier.Abandoned}, then: []identifier.Event{freed}},
		"nobody releases another's number":         {given: []identifier.Event{taken}, when: identifier.Release{Holder: second, Reason: identifier.Abandoned}},
		"a late release of a free number is empty": {given: []identifier.Event{taken, freed}, when: identifier.Release{Holder: first, Reason: identifier.Abandoned}},
		"a reservation names its holder":           {when: identifier.Reserve{Student: ref, Holder: "x"}, code: "invalid_field"},
		"a reservation says for whom":              {when: identifier.Reserve{Holder: first}, code: "invalid_field"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := identifier.Decider.Decide(identifier.Decider.Fold(identifier.State{}, c.given...), c.when)
			if code := domain.CodeOf(err); code != c.code || err != nil && code == "" {
				t.Fatalf("error %v, want code %q", err, c.code)
			}
			if !reflect.DeepEqual(got, c.then) && len(got)+len(c.then) > 0 {
				t.Errorf("got  %#v\nwant %#v", got, c.then)
			}
		})
	}
}

// TestOneHolder: between a reservation and its release nobody else gets the number.
func TestOneHolder(t *testing.T) {
	ref := reference()
	rapid.Check(t, func(t *rapid.T) {
		var s identifier.State
		var holder domain.ID
		for range rapid.IntRange(1, 20).Draw(t, "length") {
			who := rapid.SampledFrom([]domain.ID{first, second}).Draw(t, "who")
			if rapid.Bool().Draw(t, "reserve") {
				facts, err := identifier.Decider.Decide(s, identifier.Reserve{Holder: who, Student: ref})
				if (err != nil) != (holder != "" && holder != who) {
					t.Fatalf("held by %q, asked by %q: %v", holder, who, err)
				}
				if s = identifier.Decider.Fold(s, facts...); err == nil {
					holder = who
				}
			} else {
				facts, err := identifier.Decider.Decide(s, identifier.Release{Holder: who, Reason: identifier.Erased})
				if err != nil {
					t.Fatal(err)
				}
				if s = identifier.Decider.Fold(s, facts...); who == holder {
					holder = ""
				}
			}
			if s.Holder != holder {
				t.Fatalf("held by %q, want %q", s.Holder, holder)
			}
		}
	})
}

func TestStreamName(t *testing.T) {
	a, b := identifier.StreamName(1, []byte("0123456789abcdef")), identifier.StreamName(12, []byte("0123456789abcdef"))
	if !strings.HasPrefix(a, "identifier-1-") || !strings.HasPrefix(b, "identifier-12-") || a[len("identifier-1-"):] != b[len("identifier-12-"):] {
		t.Errorf("%s and %s", a, b)
	}
}
