package credential

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Bounds of every JSON text read from outside. A full transcript has a few thousand
// members and nests to about ten; the bounds keep a hostile one cheap.
const (
	MaxDepth   = 32
	MaxMembers = 20_000 // object members and array items together
)

// Kind is the type of a JSON value; the zero Kind is a value that is not there.
type Kind byte

// The kinds.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Value is a parsed JSON value. It keeps the source text of all but strings. The zero Value is a missing member, and so is every member
// of it, so that paths can be followed without checks.
type Value struct {
	kind Kind
	text string    // a string's content; of anything else, how it stands in the source
	in   *children // nil in what has none
}

// children stand in an array or object. They are apart from Value, most of which have none.
type children struct {
	names []string // of an object's members, beside items
	items []Value
}

// ParseJSON reads one JSON text (RFC 8259) so that no two readers can disagree about it:
// a name twice in an object, also in another case, is [AmbiguousJSON], since some readers
// match names without case; bytes that are not UTF-8, lone surrogates, U+0000, a byte
// order mark and text after the value are [BadPayload]; the bounds give [TooDeep] and
// [TooManyMembers].
func ParseJSON(src []byte) (Value, *Refusal) { return parse(src, false) }

// ParseCased is [ParseJSON] for texts of our own in which names that differ in case only
// are two, as in some JSON-LD contexts.
func ParseCased(src []byte) (Value, *Refusal) { return parse(src, true) }

func parse(src []byte, cased bool) (Value, *Refusal) {
	p := parser{cased: cased, s: string(src), stacks: borrow()}
	defer p.giveBack()
	p.kept.size = min(room, len(src)/16+1) // small texts, as disclosures, come by the hundred
	if !utf8.ValidString(p.s) {
		return Value{}, Refuse(BadPayload, "not UTF-8")
	}
	p.space()
	v := p.value(0)
	p.space()
	if p.err == nil && p.i != len(p.s) {
		p.fail("text after the JSON value")
	}
	if p.err != nil {
		return Value{}, p.err
	}
	return v, nil
}

// Kind of the value.
func (v Value) Kind() Kind { return v.kind }

// IsObject reports whether v is a JSON object.
func (v Value) IsObject() bool { return v.kind == Object }

// Raw is the value as it stands in the source; nothing for a string.
func (v Value) Raw() []byte {
	if v.kind == String {
		return nil
	}
	return []byte(v.text)
}

// Text is the content of a string, and empty for anything else.
func (v Value) Text() (string, bool) { return v.only(String) }

// Literal is the text of a number as it stands, and empty for anything else.
func (v Value) Literal() (string, bool) { return v.only(Number) }

func (v Value) only(k Kind) (string, bool) {
	if v.kind != k {
		return "", false
	}
	return v.text, true
}

// Items are the elements of an array, nil for anything else.
func (v Value) Items() []Value {
	if v.kind != Array || v.in == nil {
		return nil
	}
	return v.in.items
}

// Names are the member names of an object in order, nil for anything else.
func (v Value) Names() []string {
	if v.in == nil {
		return nil
	}
	return v.in.names
}

// Members are an object's members in order, none for anything else.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i, n := range v.Names() {
			if !yield(n, v.in.items[i]) {
				return
			}
		}
	}
}

// Get is the member of that exact name, missing if there is none.
func (v Value) Get(name string) Value {
	for i, n := range v.Names() {
		if n == name {
			return v.in.items[i]
		}
	}
	return Value{}
}

// Has reports whether the object has the member, whatever its value.
func (v Value) Has(name string) bool { return v.Get(name).kind != Missing }

// OneOrMany is v itself, or its elements if it is an array: JSON-LD writes a set of one
// either way. A missing value has none.
func (v Value) OneOrMany() []Value {
	switch v.kind {
	case Missing:
		return nil
	case Array:
		return v.Items()
	default:
		return []Value{v}
	}
}

type parser struct {
	s     string
	i     int
	count int
	cased bool // names equal but for case are not the same
	err   *Refusal
	*stacks
	kept store
}

func (p *parser) fail(detail string) Value {
	if p.err == nil {
		p.err = Refuse(BadPayload, "%s", detail)
	}
	return Value{}
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) Value {
	if p.i >= len(p.s) {
		return p.fail("JSON ends too early")
	}
	start := p.i
	var v Value
	switch c := p.s[p.i]; {
	case c == '"':
		v = Value{kind: String, text: p.str()}
	case c == '{' || c == '[':
		if depth == MaxDepth {
			p.err = Refuse(TooDeep, "JSON nests deeper than %d", MaxDepth)
			return Value{}
		}
		v = p.composite(depth, c == '{')
	case c == '-' || c >= '0' && c <= '9':
		v.kind = Number
		p.number()
	case strings.HasPrefix(p.s[p.i:], "true"):
		v.kind, p.i = Bool, p.i+4
	case strings.HasPrefix(p.s[p.i:], "false"):
		v.kind, p.i = Bool, p.i+5
	case strings.HasPrefix(p.s[p.i:], "null"):
		v.kind, p.i = Null, p.i+4
	default:
		return p.fail("not a JSON value")
	}
	if p.err != nil {
		return Value{}
	}
	if v.kind != String {
		v.text = p.s[start:p.i]
	}
	return v
}

func (p *parser) composite(depth int, object bool) Value {
	v, end := Value{kind: Array}, byte(']')
	if object {
		v.kind, end = Object, '}'
	}
	items, names := len(p.items), len(p.names)
	p.i++
	p.space()
	for first := true; ; first = false {
		if p.i < len(p.s) && p.s[p.i] == end {
			p.i++
			break
		}
		if !first {
			if p.i >= len(p.s) || p.s[p.i] != ',' {
				return p.fail("JSON object or array is not well formed")
			}
			p.i++
			p.space()
		}
		if p.count++; p.count > MaxMembers {
			p.err = Refuse(TooManyMembers, "JSON has more than %d members", MaxMembers)
			return Value{}
		}
		if object {
			p.names = append(p.names, p.name())
		}
		child := p.value(depth + 1)
		if p.err != nil {
			return Value{}
		}
		p.items = append(p.items, child)
		p.space()
	}
	if len(p.items) > items {
		v.in = p.kept.children(p.items[items:], p.names[names:])
		if object && !p.cased && repeated(v.in.names) {
			p.err = Refuse(AmbiguousJSON, "an object has a member twice")
		}
	}
	p.items, p.names = p.items[:items], p.names[:names]
	return v
}

// name reads `"name" :` up to the value.
func (p *parser) name() string {
	if p.i >= len(p.s) || p.s[p.i] != '"' {
		p.fail("member name expected")
		return ""
	}
	s := p.str()
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != ':' {
		p.fail("colon expected after a member name")
		return ""
	}
	p.i++
	p.space()
	return s
}

// number checks RFC 8259's grammar, which forbids "+1", "01", "1." and "NaN".
func (p *parser) number() {
	digits := func() bool {
		from := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	at := func(chars string) bool { return p.i < len(p.s) && strings.IndexByte(chars, p.s[p.i]) >= 0 }
	if at("-") {
		p.i++
	}
	zero := at("0")
	whole := p.i
	ok := digits() && (!zero || p.i == whole+1)
	if ok && at(".") {
		p.i++
		ok = digits()
	}
	if ok && at("eE") {
		p.i++
		if at("+-") {
			p.i++
		}
		ok = digits()
	}
	if !ok {
		p.fail("number is not well formed")
	}
}
