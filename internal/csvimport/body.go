package csvimport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
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
	key      []byte // the name as JSON
	optional bool
	merged   bool // by <<, which the node's own member of that name replaces
	value    *node
}

// The API takes bodies so deep and with so many members. The bounds hold what aliases
// repeat, too, and end one that holds itself.
const (
	maxDepth = 32
	maxNodes = 20_000
)

// bodyParser reads the tree of one body.
type bodyParser struct {
	at    place
	nodes int
}

func (p *bodyParser) parse(y *yaml.Node, depth int) (*node, error) {
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("line %d: the body is too deep, too large, or repeats itself", y.Line)
	}
	switch y.Kind {
	case yaml.MappingNode:
		return p.object(y, depth)
	case yaml.AliasNode:
		return p.parse(y.Alias, depth+1)
	case yaml.SequenceNode:
		n := &node{list: []*node{}}
		for _, c := range y.Content {
			v, err := p.parse(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, v)
		}
		return n, nil
	case yaml.ScalarNode:
		n, err := p.scalar(y)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", y.Line, err)
		}
		return n, nil
	}
	return nil, fmt.Errorf("line %d: a body is made of members, lists and values", y.Line)
}

func (p *bodyParser) object(y *yaml.Node, depth int) (*node, error) {
	n := &node{members: []member{}}
	for i := 0; i < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Tag == "!!merge" {
			if err := p.merge(n, y.Content[i+1], depth); err != nil {
				return nil, err
			}
			continue
		}
		name, optional := strings.CutSuffix(key.Value, "?")
		if key.Kind != yaml.ScalarNode || name == "" {
			return nil, fmt.Errorf("line %d: a member's name is a text", key.Line)
		}
		v, err := p.parse(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", key.Line, err)
		}
		if !n.put(member{name, quoted, optional, false, v}) {
			return nil, fmt.Errorf("line %d: the member %s stands twice", key.Line, name)
		}
	}
	return n, nil
}

// merge adds the members of another object, or of a list of them.
func (p *bodyParser) merge(n *node, y *yaml.Node, depth int) error {
	other, err := p.parse(y, depth+1)
	if err != nil {
		return err
	}
	from := []*node{other}
	if other.list != nil {
		from = other.list
	}
	for _, o := range from {
		if o.members == nil {
			return fmt.Errorf("line %d: << takes members", y.Line)
		}
		for _, m := range o.members {
			m.merged = true
			n.put(m)
		}
	}
	return nil
}

// put adds a member; false when one of its own is there already. What is merged gives way.
func (n *node) put(m member) bool {
	i := slices.IndexFunc(n.members, func(o member) bool { return o.name == m.name })
	switch {
	case i < 0:
		n.members = append(n.members, m)
	case m.merged:
		return true
	case n.members[i].merged:
		n.members[i] = m
	default:
		return false
	}
	return true
}

func (p *bodyParser) scalar(y *yaml.Node) (*node, error) {
	if y.Tag == "!!str" {
		t, err := parseTemplate(p.at, y.Value)
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

// write appends the JSON; empty is true for an empty text.
func (n *node) write(b *bytes.Buffer, r *row) (empty bool, rej *reject) {
	switch {
	case n.fixed != nil:
		b.Write(n.fixed)
	case n.text != nil:
		return n.writeText(b, r)
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
		return false, n.writeObject(b, r)
	}
	return false, nil
}

func (n *node) writeText(b *bytes.Buffer, r *row) (empty bool, rej *reject) {
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
}

func (n *node) writeObject(b *bytes.Buffer, r *row) *reject {
	b.WriteByte('{')
	first := true
	for _, m := range n.members {
		start := b.Len()
		if !first {
			b.WriteByte(',')
		}
		b.Write(m.key)
		b.WriteByte(':')
		empty, rej := m.value.write(b, r)
		if rej != nil {
			return rej
		}
		if empty && m.optional {
			b.Truncate(start)
			continue
		}
		first = false
	}
	b.WriteByte('}')
	return nil
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
