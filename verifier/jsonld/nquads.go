package jsonld

// appendNode writes a node as canonical N-Quads have it (RDFC-1.0 §5): only what must be
// is escaped. label names blank nodes.
func appendNode(b []byte, n *node, label func(id int) string) []byte {
	switch n.kind {
	case iri:
		b = append(b, '<')
		b = append(b, n.value...)
		return append(b, '>')
	case blank:
		b = append(b, "_:"...)
		return append(b, label(n.id)...)
	}
	b = append(b, '"')
	for i := range len(n.value) {
		switch c := n.value[i]; c {
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		case '"', '\\':
			b = append(b, '\\', c)
		default:
			if c >= 0x20 && c != 0x7f {
				b = append(b, c)
				continue
			}
			const hex = "0123456789ABCDEF"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	b = append(b, '"')
	switch {
	case n.language != "":
		b = append(b, '@')
		b = append(b, n.language...)
	case n.datatype != "":
		b = append(b, "^^<"...)
		b = append(b, n.datatype...)
		b = append(b, '>')
	}
	return b
}

func (q *quad) append(b []byte, label func(id int) string) []byte {
	b = appendNode(b, &q.s, label)
	b = append(b, " <"...)
	b = append(b, q.p...)
	b = append(b, "> "...)
	b = appendNode(b, &q.o, label)
	if q.g.kind != none {
		b = append(b, ' ')
		b = appendNode(b, &q.g, label)
	}
	return append(b, " .\n"...)
}

// blanks are the blank nodes in the quad, in the order subject, object, graph.
func (q *quad) nodes() [3]struct {
	node     *node
	position byte
} {
	return [3]struct {
		node     *node
		position byte
	}{{&q.s, 's'}, {&q.o, 'o'}, {&q.g, 'g'}}
}
