package edkey

import (
	"sync"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// A scalar is 32 digits of base 256, each from −128 to 128: a multiple of a point is 32
// additions of what its table holds, and no doubling.
const (
	digits = 32
	half   = 128
)

// table holds, for each digit's place i, the multiples 1 to 128 of 256^i times a point.
type table [digits][half]affine

// fill computes the multiples of p.
func (t *table) fill(p *edwards25519.Point) {
	base := new(edwards25519.Point).Set(p)
	points := make([]edwards25519.Point, half)
	for i := range digits {
		points[0].Set(base)
		for j := 1; j < half; j++ {
			points[j].Add(&points[j-1], base)
		}
		normalize(t[i][:], points)
		base.Add(&points[half-1], &points[half-1]) // 2 × 128 times the base
	}
}

// normalize divides each point by its Z. All are inverted by one inversion (Montgomery's
// trick), which would otherwise cost more than everything else.
func normalize(out []affine, points []edwards25519.Point) {
	products := make([]field.Element, len(points))
	var all field.Element
	all.One()
	for i := range points {
		products[i].Set(&all)
		_, _, z, _ := points[i].ExtendedCoordinates()
		all.Multiply(&all, z)
	}
	all.Invert(&all) // Z is never 0
	for i := len(points) - 1; i >= 0; i-- {
		x, y, z, _ := points[i].ExtendedCoordinates()
		var inverse field.Element
		inverse.Multiply(&all, &products[i])
		all.Multiply(&all, z)
		x.Multiply(x, &inverse)
		y.Multiply(y, &inverse)
		out[i].set(x, y)
	}
}

// addMultiple adds s times the table's point to r.
func (t *table) addMultiple(r *extended, s *edwards25519.Scalar) {
	carry := 0
	for i, b := range s.Bytes() {
		d := int(b) + carry
		carry = 0
		if d > half {
			d, carry = d-2*half, 1
		}
		switch {
		case d > 0:
			r.add(&t[i][d-1])
		case d < 0:
			r.subtract(&t[i][-d-1])
		}
	}
	// A scalar is below 2²⁵³, so that the last digit leaves no carry.
}

// generator holds the multiples of B, made when they are first needed.
var generator = sync.OnceValue(func() *table {
	t := new(table)
	t.fill(edwards25519.NewGeneratorPoint())
	return t
})
