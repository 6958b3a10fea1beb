package jsonld

import (
	"fmt"
	"strings"
)

// parseQuads reads N-Quads for the tests, which know what they feed it.
func parseQuads(text string) (*Dataset, error) {
	d := &Dataset{}
	labels := map[string]int{}
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var nodes []node
		for line != "." {
			n, rest, err := parseNode(line)
			if err != nil {
				return nil, err
			}
			if n.kind == blank {
				id, ok := labels[n.value]
				if !ok {
					id = len(labels)
					labels[n.value] = id
				}
				n.value, n.id = "", id
			}
			nodes = append(nodes, n)
			line = strings.TrimSpace(rest)
		}
		q := quad{s: nodes[0], p: nodes[1].value, o: nodes[2]}
		if len(nodes) == 4 {
			q.g = nodes[3]
		}
		d.quads = append(d.quads, q)
	}
	d.blanks = len(labels)
	return d, nil
}

func parseNode(s string) (node, string, error) {
	switch {
	case s == "":
		return node{}, "", fmt.Errorf("a quad has no end")
	case s[0] == '<':
		end := strings.IndexByte(s, '>')
		return node{kind: iri, value: unescape(s[1:end])}, s[end+1:], nil
	case strings.HasPrefix(s, "_:"):
		end := strings.IndexAny(s, " \t")
		return node{kind: blank, value: s[2:end]}, s[end:], nil
	case s[0] == '"':
		end := 1
		for s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		n, rest := node{kind: literal, value: unescape(s[1:end])}, s[end+1:]
		if strings.HasPrefix(rest, "@") {
			end := strings.IndexAny(rest, " \t")
			n.language, rest = rest[1:end], rest[end:]
		} else if strings.HasPrefix(rest, "^^<") {
			end := strings.IndexByte(rest, '>')
			n.datatype, rest = unescape(rest[3:end]), rest[end+1:]
			if n.datatype == xsd+"string" {
				n.datatype = ""
			}
		}
		return n, rest, nil
	}
	return node{}, "", fmt.Errorf("not a node: %.20q", s)
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'u', 'U':
			n := map[byte]int{'u': 4, 'U': 8}[c]
			var r rune
			fmt.Sscanf(s[i+1:i+1+n], "%x", &r)
			b.WriteRune(r)
			i += n
		default:
			b.WriteString(map[byte]string{'t': "\t", 'b': "\b", 'n': "\n", 'r': "\r", 'f': "\f"}[c])
			if strings.IndexByte(`"'\`, c) >= 0 {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}
