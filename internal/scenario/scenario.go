// Package scenario tests the rules of an aggregate by table: given facts, when a command,
// then facts or a refusal's code. The names of the cases are sentences.
package scenario

import (
	"reflect"
	"testing"

	"sijil/domain"
)

// Case is one rule. With neither Then nor Code the command changes nothing.
type Case[C, E any] struct {
	Given []E
	When  C
	Then  []E
	// Code is the code of the expected refusal.
	Code string
}

// Run checks every case, and for each accepted command two laws beside it: the state that
// was decided upon is still what it was, and the same command again adds no fact.
func Run[C, S, E any](t *testing.T, d domain.Decider[C, S, E], cases map[string]Case[C, E]) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var zero S
			before := d.Fold(zero, c.Given...)
			facts, err := d.Decide(before, c.When)
			if got := domain.CodeOf(err); got != c.Code || (err != nil) != (c.Code != "") {
				t.Fatalf("refused with %q (%v), want %q", got, err, c.Code)
			}
			if len(facts) != len(c.Then) || len(facts) > 0 && !reflect.DeepEqual(facts, c.Then) {
				t.Fatalf("decided\n%+v\nwant\n%+v", facts, c.Then)
			}
			after := d.Fold(before, facts...)
			if again := d.Fold(zero, c.Given...); !reflect.DeepEqual(before, again) {
				t.Fatalf("evolving changed an earlier state to\n%+v\nfrom\n%+v", before, again)
			}
			if more, _ := d.Decide(after, c.When); len(more) > 0 {
				t.Fatalf("the same command again decides\n%+v", more)
			}
		})
	}
}
