package pglog

// cachedHeads is how many streams' heads an appender remembers at least: some 8 MB.
const cachedHeads = 32 << 10

// heads remembers where streams were when this process last stored something. What it
// holds is true as long as nobody else has appended since, which every transaction
// checks. It forgets in whole generations, which costs no bookkeeping per use.
type heads struct {
	size       int
	young, old map[string]state
}

func newHeads(size int) *heads {
	return &heads{size: size, young: map[string]state{}}
}

func (h *heads) get(stream string) (state, bool) {
	if s, ok := h.young[stream]; ok {
		return s, true
	}
	s, ok := h.old[stream]
	if ok {
		h.put(stream, s)
	}
	return s, ok
}

func (h *heads) put(stream string, s state) {
	if len(h.young) >= h.size {
		h.old, h.young = h.young, make(map[string]state, h.size)
	}
	h.young[stream] = s
}

func (h *heads) clear() {
	clear(h.young)
	h.old = nil
}
