package jsonld

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"sijil/verifier/credential"
)

// Canonical is the dataset in its one canonical spelling: RDFC-1.0 with SHA-256
// (https://www.w3.org/TR/rdf-canon/). Telling blank nodes apart can take time that grows
// without bound in a small dataset; it is cut off: [credential.TooComplex].
func (d *Dataset) Canonical() ([]byte, *credential.Refusal) {
	left := MaxTelling
	return d.CanonicalWithin(&left)
}

// CanonicalWithin is [Dataset.Canonical] for one of several documents that may together take left
// steps, from which it takes its own: many small documents must not cost what one may not.
func (d *Dataset) CanonicalWithin(left *int) ([]byte, *credential.Refusal) {
	allowed := min(MaxTelling, *left)
	c := canonizer{quads: distinct(d.quads), of: make([][]int, d.blanks), first: make([]string, d.blanks), issued: newIssuer("c14n"), work: allowed}
	defer func() { *left -= allowed - max(c.work, 0) }()
	for i := range c.quads {
		for _, n := range c.quads[i].nodes() {
			if n.node.kind == blank && !slices.Contains(c.of[n.node.id], i) {
				c.of[n.node.id] = append(c.of[n.node.id], i)
			}
		}
	}
	if refusal := c.name(); refusal != nil {
		return nil, refusal
	}
	size := 0
	lines := make([]string, len(c.quads))
	var b []byte
	for i := range c.quads {
		b = c.quads[i].append(b[:0], c.issued.label)
		lines[i] = string(b)
		size += len(b)
	}
	slices.Sort(lines)
	return append(make([]byte, 0, size), strings.Join(lines, "")...), nil
}

// distinct drops what is stated twice.
func distinct(quads []quad) []quad {
	seen := make(map[quad]struct{}, len(quads))
	out := make([]quad, 0, len(quads))
	for _, q := range quads {
		if _, ok := seen[q]; !ok {
			seen[q] = struct{}{}
			out = append(out, q)
		}
	}
	return out
}

type canonizer struct {
	quads  []quad
	of     [][]int  // the quads of each blank node
	first  []string // each one's first-degree hash
	issued *issuer
	work   int
}

func (c *canonizer) spend(n int) bool {
	c.work -= n
	return c.work >= 0
}

// name issues every blank node its canonical label (RDFC-1.0 §4.4).
func (c *canonizer) name() *credential.Refusal {
	byHash := map[string][]int{}
	for id := range c.of {
		if len(c.of[id]) == 0 {
			continue // a node about which nothing is said
		}
		c.first[id] = c.firstDegree(id)
		byHash[c.first[id]] = append(byHash[c.first[id]], id)
	}
	hashes := make([]string, 0, len(byHash))
	for h := range byHash {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	for _, h := range hashes {
		if len(byHash[h]) == 1 {
			c.issued.issue(byHash[h][0])
		}
	}
	for _, h := range hashes {
		if len(byHash[h]) == 1 {
			continue
		}
		var paths []path
		for _, id := range byHash[h] {
			if c.issued.has(id) {
				continue
			}
			temporary := newIssuer("b")
			temporary.issue(id)
			p, ok := c.nDegree(id, temporary)
			if !ok {
				return tooComplex()
			}
			paths = append(paths, p)
		}
		slices.SortStableFunc(paths, func(a, b path) int { return strings.Compare(a.hash, b.hash) })
		for _, p := range paths {
			for _, id := range p.issuer.order {
				c.issued.issue(id)
			}
		}
	}
	return nil
}

// firstDegree hashes what is said of a blank node without looking at others (§4.6).
func (c *canonizer) firstDegree(id int) string {
	lines := make([]string, 0, len(c.of[id]))
	for _, i := range c.of[id] {
		lines = append(lines, string(c.quads[i].append(nil, func(other int) string {
			if other == id {
				return "a"
			}
			return "z"
		})))
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// path is one way to reach the blank nodes around one, and the labels it gives them.
type path struct {
	hash   string
	issuer *issuer
}

// nDegree hashes a blank node by those it is connected with (§4.8). Not ok: the work that
// is allowed was done without an end.
func (c *canonizer) nDegree(id int, labels *issuer) (path, bool) {
	related := map[string][]int{}
	for _, i := range c.of[id] {
		q := &c.quads[i]
		for _, n := range q.nodes() {
			if n.node.kind != blank || n.node.id == id {
				continue
			}
			if !c.spend(1) {
				return path{}, false
			}
			h := c.relatedHash(n.node.id, q, labels, n.position)
			related[h] = append(related[h], n.node.id)
		}
	}
	hashes := make([]string, 0, len(related))
	for h := range related {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	sum := sha256.New()
	for _, h := range hashes {
		sum.Write([]byte(h))
		best, bestLabels := "", (*issuer)(nil)
		nodes := related[h]
		slices.Sort(nodes)
		for more := true; more; more = permute(nodes) {
			p, copied, ok := c.follow(nodes, labels, best)
			if !ok {
				return path{}, false
			}
			if copied != nil {
				best, bestLabels = p, copied
			}
		}
		sum.Write([]byte(best))
		labels = bestLabels
	}
	return path{hex.EncodeToString(sum.Sum(nil)), labels}, true
}

// follow is the path through nodes in this order, and the labels after it; no labels if it
// is not better than best.
func (c *canonizer) follow(nodes []int, labels *issuer, best string) (string, *issuer, bool) {
	if !c.spend(1 + len(nodes) + len(labels.order)/8) {
		return "", nil, false
	}
	labels = labels.copy()
	worse := func(p string) bool { return best != "" && len(p) >= len(best) && p > best }
	p := ""
	var recurse []int
	for _, id := range nodes {
		if c.issued.has(id) {
			p += "_:" + c.issued.label(id)
		} else {
			if !labels.has(id) {
				recurse = append(recurse, id)
			}
			p += "_:" + labels.issue(id)
		}
		if worse(p) {
			return "", nil, true
		}
	}
	for _, id := range recurse {
		result, ok := c.nDegree(id, labels)
		if !ok {
			return "", nil, false
		}
		p += "_:" + labels.issue(id) + "<" + result.hash + ">"
		labels = result.issuer
		if worse(p) {
			return "", nil, true
		}
	}
	if best != "" && p >= best {
		return "", nil, true
	}
	return p, labels, true
}

// relatedHash hashes how a blank node is connected (§4.7).
func (c *canonizer) relatedHash(id int, q *quad, labels *issuer, position byte) string {
	h := sha256.New()
	h.Write([]byte{position})
	if position != 'g' {
		h.Write([]byte("<" + q.p + ">"))
	}
	switch {
	case c.issued.has(id):
		h.Write([]byte("_:" + c.issued.label(id)))
	case labels.has(id):
		h.Write([]byte("_:" + labels.label(id)))
	default:
		h.Write([]byte(c.first[id]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// permute makes the next permutation of ids in ascending order; false after the last one.
func permute(ids []int) bool {
	i := len(ids) - 2
	for i >= 0 && ids[i] >= ids[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(ids) - 1
	for ids[j] <= ids[i] {
		j--
	}
	ids[i], ids[j] = ids[j], ids[i]
	slices.Reverse(ids[i+1:])
	return true
}

// issuer gives blank nodes labels in the order in which they are met (§4.5).
type issuer struct {
	prefix string
	number map[int]int
	order  []int
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, number: map[int]int{}} }

func (s *issuer) has(id int) bool { _, ok := s.number[id]; return ok }

func (s *issuer) label(id int) string { return s.prefix + strconv.Itoa(s.number[id]) }

func (s *issuer) issue(id int) string {
	if !s.has(id) {
		s.number[id] = len(s.order)
		s.order = append(s.order, id)
	}
	return s.label(id)
}

func (s *issuer) copy() *issuer {
	out := &issuer{prefix: s.prefix, number: make(map[int]int, len(s.number)), order: slices.Clone(s.order)}
	for id, n := range s.number {
		out.number[id] = n
	}
	return out
}
