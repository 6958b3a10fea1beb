package adapter

// Recent remembers the values used last, between size and twice as many. It forgets in whole
// generations, which costs no bookkeeping per use. It is for one caller at a time.
type Recent[K comparable, V any] struct {
	size       int
	young, old map[K]V
}

// NewRecent remembers at least size values.
func NewRecent[K comparable, V any](size int) *Recent[K, V] {
	return &Recent[K, V]{size: size, young: map[K]V{}}
}

// Get is the value of k, if it is remembered.
func (r *Recent[K, V]) Get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.Put(k, v)
	}
	return v, ok
}

// Put remembers v as the value of k.
func (r *Recent[K, V]) Put(k K, v V) {
	if len(r.young) >= r.size {
		r.old, r.young = r.young, make(map[K]V, r.size)
	}
	r.young[k] = v
}

// Clear forgets everything.
func (r *Recent[K, V]) Clear() {
	clear(r.young)
	r.old = nil
}
