package edkey

import (
	"filippo.io/edwards25519/field"
)

// twoD is 2d, where d = −121665/121666 is the curve's constant (RFC 8032 §5.1).
var twoD = func() *field.Element {
	one := new(field.Element).One()
	d := new(field.Element).Mult32(one, 121666)
	d.Invert(d)
	d.Mult32(d, 121665)
	d.Negate(d)
	return d.Add(d, d)
}()

// extended is a point (X : Y : Z : T) with x = X/Z, y = Y/Z and xy = T/Z.
type extended struct{ x, y, z, t field.Element }

func identity() (r extended) {
	r.x.Zero()
	r.y.One()
	r.z.One()
	r.t.Zero()
	return r
}

// affine is a point by what an addition needs of it: y+x, y−x and 2dxy.
type affine struct{ sum, difference, product field.Element }

func (a *affine) set(x, y *field.Element) {
	a.sum.Add(y, x)
	a.difference.Subtract(y, x)
	a.product.Multiply(x, y)
	a.product.Multiply(&a.product, twoD)
}

// add is r + a by the formulas of Hisil, Wong, Carter and Dawson (2008), section 3.1, with Z of
// the second point 1. They hold for any two points of this curve, equal ones and the
// identity included, because −1 is a square and d is none modulo p.
func (r *extended) add(a *affine) { r.combine(&a.sum, &a.difference, &a.product, false) }

// subtract is r − a: the negative of a has −x for x.
func (r *extended) subtract(a *affine) { r.combine(&a.difference, &a.sum, &a.product, true) }

func (r *extended) combine(sum, difference, product *field.Element, negative bool) {
	var a, b, c, d, e, f, g, h field.Element
	a.Subtract(&r.y, &r.x)
	a.Multiply(&a, difference)
	b.Add(&r.y, &r.x)
	b.Multiply(&b, sum)
	c.Multiply(&r.t, product)
	d.Add(&r.z, &r.z)
	e.Subtract(&b, &a)
	h.Add(&b, &a)
	if negative {
		f.Add(&d, &c)
		g.Subtract(&d, &c)
	} else {
		f.Subtract(&d, &c)
		g.Add(&d, &c)
	}
	r.x.Multiply(&e, &f)
	r.y.Multiply(&g, &h)
	r.z.Multiply(&f, &g)
	r.t.Multiply(&e, &h)
}

// encode is the point's canonical encoding (RFC 8032 §5.1.2).
func (r *extended) encode() (out [32]byte) {
	var inverse, x, y field.Element
	inverse.Invert(&r.z)
	x.Multiply(&r.x, &inverse)
	y.Multiply(&r.y, &inverse)
	copy(out[:], y.Bytes())
	out[31] |= byte(x.IsNegative() << 7)
	return out
}
