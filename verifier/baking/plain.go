package baking

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
)

// The plain badge: a seal with a graduate's cap, of side 256. It says nothing about
// anybody, so that one picture serves all, and has no tick: a picture proves nothing.
const (
	side   = 256
	centre = side / 2
)

var (
	ink   = color.NRGBA{0x12, 0x4e, 0x5c, 0xff}
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	rings = []struct {
		radius int
		fill   color.NRGBA
	}{{124, ink}, {110, paper}, {102, ink}}
	shapes = [][][2]int{ // the cap from above, the head, the tassel
		{{128, 76}, {206, 112}, {128, 148}, {50, 112}},
		{{86, 137}, {128, 156}, {170, 137}, {170, 164}, {128, 184}, {86, 164}},
		{{190, 122}, {196, 119}, {196, 160}, {201, 172}, {185, 172}, {190, 160}},
	}
)

// PlainSVG is a picture to bake into where the issuer has none.
var PlainSVG = sync.OnceValue(func() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">`, side, side)
	for _, r := range rings {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="%d" fill="%s"/>`, centre, centre, r.radius, hex(r.fill))
	}
	for _, shape := range shapes {
		b.WriteString(`<polygon points="`)
		for i, p := range shape {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%d,%d", p[0], p[1])
		}
		fmt.Fprintf(&b, `" fill="%s"/>`, hex(paper))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
})

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// PlainPNG is the same picture in pixels.
var PlainPNG = sync.OnceValue(func() []byte {
	const fine = 4 // samples per pixel and direction
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			var r, g, b, a int
			for i := range fine * fine {
				c := at(float64(x)+(float64(i%fine)+0.5)/fine, float64(y)+(float64(i/fine)+0.5)/fine)
				r, g, b, a = r+int(c.R)*int(c.A), g+int(c.G)*int(c.A), b+int(c.B)*int(c.A), a+int(c.A)
			}
			if a > 0 {
				m.SetNRGBA(x, y, color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a / fine / fine)})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		panic(err) // an image in memory always encodes
	}
	return out.Bytes()
})

// at is the colour at a point.
func at(x, y float64) color.NRGBA {
	for _, shape := range shapes {
		if within(shape, x, y) {
			return paper
		}
	}
	c := color.NRGBA{}
	for _, r := range rings {
		if dx, dy := x-centre, y-centre; dx*dx+dy*dy <= float64(r.radius*r.radius) {
			c = r.fill
		}
	}
	return c
}

// within counts how often a ray from the point crosses the outline.
func within(shape [][2]int, x, y float64) (inside bool) {
	for i, p := range shape {
		q := shape[(i+1)%len(shape)]
		px, py, qx, qy := float64(p[0]), float64(p[1]), float64(q[0]), float64(q[1])
		if (py > y) != (qy > y) && x < px+(y-py)/(qy-py)*(qx-px) {
			inside = !inside
		}
	}
	return inside
}
