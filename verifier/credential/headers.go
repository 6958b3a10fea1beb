package credential

import (
	"hash/maphash"
	"slices"
	"sync/atomic"
)

const (
	// slots is how many headers are remembered. All tokens of one key have the same.
	slots = 64
	// rememberedHeader is the longest that is, in characters, so that a stranger's take 64 kB.
	rememberedHeader = 1 << 10
)

// headers remembers what reading a header gave, by its exact characters, where nothing was
// wrong with it. Reading is a function of them and of the types that are allowed, so that
// remembering changes no answer. Strangers can only displace what is here: each place
// holds one header, and a comparison decides whether it is the one.
type headers struct {
	seed  maphash.Seed
	slots [slots]atomic.Pointer[knownHeader]
}

// knownHeader is a header as written and as read. It is not changed once it is here.
type knownHeader struct {
	text string
	header
	as Type // the one of the allowed types that it was found to be of
}

var lately = newHeaders()

func newHeaders() *headers { return &headers{seed: maphash.MakeSeed()} }

func (h *headers) slot(text []byte) *atomic.Pointer[knownHeader] {
	return &h.slots[maphash.Bytes(h.seed, text)%slots]
}

// find is the header of that text, nil if it is not remembered as of the one of types that
// reading it would choose.
func (h *headers) find(text []byte, types []Type) *knownHeader {
	if len(text) > rememberedHeader {
		return nil
	}
	known := h.slot(text).Load()
	if known == nil || known.text != string(text) {
		return nil
	}
	if i := choose(types, known.Typ); i < 0 || types[i] != known.as {
		return nil
	}
	return known
}

func (h *headers) add(text []byte, read header, as Type) {
	if len(text) <= rememberedHeader {
		h.slot(text).Store(&knownHeader{string(text), read, as})
	}
}

func choose(types []Type, typ string) int {
	return slices.IndexFunc(types, func(want Type) bool { return want.Typ == typ })
}
