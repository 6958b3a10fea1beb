// Package domain is the ground floor of the record: how a rule is written
// (Decider), how it says no (Refusal), and the units every aggregate shares (ids,
// dates, decimals, code lists, private data). It knows no clock, no store, no wire.
package domain

// Decider is one aggregate's rules as two pure functions. The zero S is the
// state of a stream that does not exist yet.
type Decider[C, S, E any] struct {
	// Category is the stream's prefix, as in "enrollment-{id}".
	Category string
	// Decide answers a command with the facts that follow from it, with none when
	// nothing changes, or with a *Refusal. It reads no clock and draws no randomness:
	// both arrive inside the command.
	Decide func(S, C) ([]E, error)
	// Evolve adds one fact to a state. It never refuses, since history already
	// happened, and it never changes s: it copies the maps and slices it alters, so
	// that a state that somebody else holds stays true.
	Evolve func(s S, e E) S
}

// Fold evolves s over facts in order.
func (d Decider[C, S, E]) Fold(s S, facts ...E) S {
	for _, f := range facts {
		s = d.Evolve(s, f)
	}
	return s
}

// Stream is the name of the stream with these ids, "{Category}-{id}-{id}".
func (d Decider[C, S, E]) Stream(ids ...ID) string { return StreamName(d.Category, ids...) }
