package sdjwt

import (
	"strconv"
	"strings"

	"sijil/verifier/credential"
)

// step is one part of a path: a member's name, or an element's index where name is empty.
type step struct {
	name  string
	index int
}

// parsePath reads "a.b[0].c": names joined by dots, indexes in brackets. A name that has
// a dot or bracket itself cannot be written.
func parsePath(path string) ([]step, *credential.Refusal) {
	bad := credential.Refuse(credential.BadDisclosure, "a path is written a.b[0], from the top: names, dots and indexes in brackets")
	var steps []step
	for rest, first := path, true; rest != "" || first; first = false {
		if rest != "" && rest[0] == '[' && !first {
			digits, after, ok := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(digits)
			if !ok || err != nil || n < 0 || strconv.Itoa(n) != digits {
				return nil, bad
			}
			steps, rest = append(steps, step{index: n}), after
			continue
		}
		if !first {
			if rest[0] != '.' {
				return nil, bad
			}
			rest = rest[1:]
		}
		n := strings.IndexAny(rest, ".[")
		if n < 0 {
			n = len(rest)
		}
		if n == 0 {
			return nil, bad
		}
		steps, rest = append(steps, step{name: rest[:n]}), rest[n:]
	}
	return steps, nil
}

// target is a node of the tree that all paths make together.
type target struct {
	below map[step]*target
	hide  bool // it is to be disclosable itself
	met   bool // the payload has it
}

func parsePaths(paths []string) (*target, *credential.Refusal) {
	root := &target{}
	for _, path := range paths {
		steps, refusal := parsePath(path)
		if refusal != nil {
			return nil, refusal
		}
		if mustBeSeen(steps[0].name) {
			return nil, credential.Refuse(credential.BadDisclosure, "%q must always be seen, and everything in it", steps[0].name)
		}
		at := root
		for _, s := range steps {
			if at.below == nil {
				at.below = map[step]*target{}
			}
			if at.below[s] == nil {
				at.below[s] = &target{}
			}
			at = at.below[s]
		}
		if at.hide {
			return nil, credential.Refuse(credential.BadDisclosure, "a path is there twice")
		}
		at.hide = true
	}
	return root, nil
}

// child is what the paths say of a step below, nil if nothing.
func (t *target) child(s step) *target {
	if t == nil || t.below[s] == nil {
		return nil
	}
	t.below[s].met = true
	return t.below[s]
}

// missed reports whether a path leads to something that the payload does not have.
func (t *target) missed() bool {
	for _, c := range t.below {
		if !c.met || c.missed() {
			return true
		}
	}
	return false
}
