package statuslist

import "sijil/domain"

// fan is the width of each of the index's two levels: with 65,536 credentials, 4,096 buckets
// hold 16 each.
const fan = 64

// index maps credentials to places. It is persistent: with copies one bucket and the two
// tables above it, so a list of tens of thousands of entries costs a state about two kilobytes a
// fact, not a copied map.
type index struct{ top *[fan]*[fan][]slot }

type slot struct {
	id [16]byte
	at uint32
}

func (x index) get(credential domain.ID) (int, bool) {
	id := credential.Bytes()
	if x.top == nil || x.top[id[14]%fan] == nil {
		return 0, false
	}
	for _, s := range x.top[id[14]%fan][id[15]%fan] {
		if s.id == id {
			return int(s.at), true
		}
	}
	return 0, false
}

func (x index) with(credential domain.ID, at int) index {
	id := credential.Bytes()
	top, table := new([fan]*[fan][]slot), new([fan][]slot)
	if x.top != nil {
		*top = *x.top
	}
	if old := top[id[14]%fan]; old != nil {
		*table = *old
	}
	b := table[id[15]%fan]
	table[id[15]%fan] = append(b[:len(b):len(b)], slot{id, uint32(at)})
	top[id[14]%fan] = table
	return index{top}
}
