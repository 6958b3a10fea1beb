package csvimport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"sijil/domain"
)

// node is a body with templates for leaves.
type node struct {
	text    *template
	fixed   []byte // JSON of a leaf that is no text
	list    []*node
	members []member
}

type member struct {
	name     string
	optional bool
	value    *node
}

func parseNode(m *Mapping, f *File, y *yaml.Node) (*node, error) {
	switch y.Kind {
	case 0:
		return nil, nil
	case yaml.MappingNode:
		n := &node{members: []member{}}
		for i := 0; i < len(y.Content); i += 2 {
			if y.Content[i].Tag == "!!merge" {
				merged, err := parseNode(m, f, y.Content[i+1])
				if err != nil {
					return nil, err
				}
				n.members = append(n.members, merged.members...)
				continue
			}
			name, optional := strings.CutSuffix(y.Content[i].Value, "?")
			v, err := parseNode(m, f, y.Content[i+1])
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, member{name, optional, v})
		}
		return n, nil
	case yaml.AliasNode:
		return parseNode(m, f, y.Alias)
	case yaml.SequenceNode:
		n := &node{list: []*node{}}
		for _, c := range y.Content {
			v, err := parseNode(m, f, c)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, v)
		}
		return n, nil
	case yaml.ScalarNode:
		if y.Tag == "!!str" {
			t, err := parseTemplate(m, f, y.Value)
			return &node{text: t}, err
		}
		var v any
		if err := y.Decode(&v); err != nil {
			return nil, err
		}
		if _, ok := v.(time.Time); ok {
			v = y.Value // a bare date is text in JSON
		}
		b, err := json.Marshal(v)
		return &node{fixed: b}, err
	}
	return nil, fmt.Errorf("line %d: a body is made of members, lists and values", y.Line)
}

// write appends the JSON; empty is true for an empty text.
func (n *node) write(b *bytes.Buffer, r *row) (empty bool, rej *reject) {
	switch {
	case n.fixed != nil:
		b.Write(n.fixed)
	case n.text != nil:
		s, raw, rej := n.text.fill(r)
		if rej != nil {
			return false, rej
		}
		if raw && s != "" {
			b.WriteString(s)
			return false, nil
		}
		j, err := json.Marshal(s)
		if err != nil { // text always marshals
			panic(err)
		}
		b.Write(j)
		return s == "", nil
	case n.list != nil:
		b.WriteByte('[')
		for i, c := range n.list {
			if i > 0 {
				b.WriteByte(',')
			}
			if _, rej := c.write(b, r); rej != nil {
				return false, rej
			}
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		first := true
		for _, m := range n.members {
			start := b.Len()
			if !first {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:", m.name)
			empty, rej := m.value.write(b, r)
			if rej != nil {
				return false, rej
			}
			if empty && m.optional {
				b.Truncate(start)
				continue
			}
			first = false
		}
		b.WriteByte('}')
	}
	return false, nil
}

// reformat reads a date in a Go layout.
func reformat(layout, v string) (string, *reject) {
	t, err := time.Parse(layout, v)
	if err != nil || !domain.DateOf(t).Valid() {
		return "", &reject{reason: "invalid_field", detail: "the date is not written as " + layout}
	}
	return string(domain.DateOf(t)), nil
}

// memberOf is the text of a member of a JSON answer; "" when it is not there.
func memberOf(answer []byte, path []string) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return ""
	}
	for _, p := range path {
		o, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = o[p]
	}
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return fmt.Sprint(x)
	}
	return ""
}
