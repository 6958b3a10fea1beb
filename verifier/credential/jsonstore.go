package credential

import "sync"

const (
	// room is how many values have place without asking for more memory; a diploma has some sixty.
	room = 64
	// lasting is up to how many have place in stacks that are kept for the next text.
	lasting = 1024
)

// stacks hold children until their number is known and they are copied out. The next text is
// read with the same ones.
type stacks struct {
	items []Value
	names []string
}

var idle = sync.Pool{New: func() any { return &stacks{make([]Value, 0, room), make([]string, 0, room)} }}

func borrow() *stacks { return idle.Get().(*stacks) }

// giveBack forgets all that was on them: it would keep the text, which may be personal.
func (s *stacks) giveBack() {
	if cap(s.items) > lasting || cap(s.names) > lasting {
		return
	}
	s.items, s.names = s.items[:0], s.names[:0]
	clear(s.items[:cap(s.items)])
	clear(s.names[:cap(s.names)])
	idle.Put(s)
}

// store keeps the children of many values in few pieces of memory: asking for each object's
// own was most of what reading a diploma cost. The pieces live as long as any value in them.
type store struct {
	size  int // of a piece, in values
	items []Value
	names []string
	nodes []children
}

// children copies both; names is empty for an array.
func (s *store) children(items []Value, names []string) *children {
	var out children
	out.items, s.items = put(s.items, items, s.size)
	if len(names) > 0 {
		out.names, s.names = put(s.names, names, s.size)
	}
	var kept []children
	kept, s.nodes = put(s.nodes, []children{out}, s.size/3+1)
	return &kept[0]
}

// put copies what into the rest of a piece, or of a new one of that size, and gives what is
// left. The copy has no room behind it, so that appending to it cannot write into another's.
func put[T any](rest, what []T, size int) (kept, left []T) {
	n := len(what)
	if n > len(rest) {
		rest = make([]T, max(n, size))
	}
	copy(rest, what)
	return rest[:n:n], rest[n:]
}
