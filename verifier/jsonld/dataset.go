package jsonld

import "sijil/verifier/credential"

// Bounds of one document. A transcript of five years has some 1,500 quads; what is beyond
// is [credential.TooComplex]. With them no input needs 16 MB or 50 ms.
const (
	maxQuads  = 4096
	maxBlanks = 2048
	maxBytes  = 1 << 20 // of all terms of all quads
	maxWork   = 60_000  // steps of reading: a member, a term, a context
	// maxContexts and maxTerms bound contexts that stand on one another, and what one in a
	// document defines.
	maxContexts = 128
	maxTerms    = 500
	// MaxTelling bounds the steps of telling blank nodes apart, each a hash or two. The W3C's
	// hardest graph that has a result takes 5,000.
	MaxTelling = 12_000
)

// kind of a node.
type kind byte

const (
	none kind = iota // the default graph
	iri
	blank
	literal
)

// node is a place in a quad.
type node struct {
	kind               kind
	value              string // an IRI, a literal's text
	datatype, language string // of a literal; both empty: a plain string
	id                 int    // of a blank node, from 0
}

// quad is a statement in a graph.
type quad struct {
	s    node
	p    string
	o, g node
}

// Dataset is what a document states.
type Dataset struct {
	quads  []quad
	blanks int
}

// run is the work on one document and what is left of it.
type run struct {
	data   Dataset
	keep   bool // the quads; they are counted either way
	stated int
	work   int
	bytes  int
	// What applying contexts gave.
	memo   map[step]*activeContext
	nested map[nested]*activeContext
}

// nested is an @context, by its text, applied to another.
type nested struct {
	active *activeContext
	text   string
}

// step is a scoped context applied to another.
type step struct {
	active *activeContext
	by     *term
	prop   bool
}

func newRun() *run {
	return &run{work: maxWork, bytes: maxBytes, memo: map[step]*activeContext{}, nested: map[nested]*activeContext{}}
}

func tooComplex() *credential.Refusal {
	return credential.Refuse(credential.TooComplex, "the document states more, or in a more tangled way, than is canonicalized here")
}

func (r *run) spend(n int) *credential.Refusal {
	if r.work -= n; r.work < 0 {
		return tooComplex()
	}
	return nil
}

func (r *run) newBlank() node {
	r.data.blanks++
	return node{kind: blank, id: r.data.blanks - 1}
}

func (r *run) emit(s node, p string, o, g node) *credential.Refusal {
	r.bytes -= len(s.value) + len(p) + len(o.value) + len(o.datatype) + len(g.value) + 64
	if r.stated == maxQuads || r.data.blanks > maxBlanks || r.bytes < 0 {
		return tooComplex()
	}
	r.stated++
	if r.keep {
		r.data.quads = append(r.data.quads, quad{s: s, p: p, o: o, g: g})
	}
	return nil
}
