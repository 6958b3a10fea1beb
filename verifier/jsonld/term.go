package jsonld

import (
	"slices"
	"strings"

	"sijil/verifier/credential"
)

// term is what an @context says of a name (JSON-LD 1.1 API §4.2).
type term struct {
	iri               string // an absolute IRI, "@id" or "@type"; empty: it means nothing
	coerce            string // "", "@id", "@vocab", "@json", "@none" or a datatype
	set, list, graph  bool   // containers
	context           credential.Value
	language          *string
	protected, prefix bool
	ours              bool // a pinned context defines it
}

func (t *term) scoped() bool { return t.context.Kind() != credential.Missing }

// same reports whether two definitions differ in nothing but protection.
func (t *term) same(o *term) bool {
	spoken := t.language == o.language || t.language != nil && o.language != nil && *t.language == *o.language
	return t.iri == o.iri && t.coerce == o.coerce && t.set == o.set && t.list == o.list && t.graph == o.graph &&
		t.prefix == o.prefix && spoken && equal(t.context, o.context)
}

// definer makes the terms of one context object.
type definer struct {
	*run
	active    *activeContext
	local     map[string]credential.Value
	scope     scope
	protected bool
	done      map[string]bool // false: begun
}

// term defines one name, and before it those its IRI is written with.
func (d *definer) term(name string) *credential.Refusal {
	if done, begun := d.done[name]; done {
		return nil
	} else if begun {
		return credential.Refuse(credential.BadPayload, "an @context defines a term by itself")
	}
	if refusal := d.spend(1 + d.active.cost()); refusal != nil {
		return refusal
	}
	d.done[name] = false
	if name == "" || !d.scope.ours && (strings.ContainsAny(name, ":/") || pinned().names[name]) {
		return credential.Refuse(credential.Unsupported, "an @context in the document gives a standard's term or an IRI another meaning")
	}
	old := d.active.lookup(name)
	t, refusal := d.read(name, d.local[name])
	if refusal != nil {
		return refusal
	}
	if old != nil && old.protected && !d.scope.override {
		if !t.same(old) {
			return credential.Refuse(credential.BadPayload, "an @context redefines a protected term")
		}
		t = old
	}
	d.active.terms[name] = t
	d.active.protected = d.active.protected || t.protected
	d.done[name] = true
	return nil
}

func (d *definer) read(name string, v credential.Value) (*term, *credential.Refusal) {
	t := &term{protected: d.protected, ours: d.scope.ours}
	id, simple := v.Text()
	given := simple
	switch {
	case simple:
	case v.Kind() == credential.Null:
		return t, nil
	case v.IsObject():
		if refusal := d.members(t, v); refusal != nil {
			return nil, refusal
		}
		if v.Get("@id").Kind() == credential.Null {
			return t, nil
		}
		if id, given = v.Get("@id").Text(); v.Has("@id") && !given {
			return nil, badContext()
		}
	default:
		return nil, badContext()
	}
	switch {
	case given && id != name:
		var refusal *credential.Refusal
		if t.iri, refusal = d.expand(id); refusal != nil {
			return nil, refusal
		}
		gen := t.iri != "" && strings.ContainsRune(":/?#[]@", rune(t.iri[len(t.iri)-1]))
		t.prefix = t.prefix || simple && gen && !strings.ContainsAny(name, ":/")
	case isIRI(name) || d.active.vocab == "":
		return nil, credential.Refuse(credential.Unsupported, "an @context names a term by an IRI, or gives it none")
	default:
		t.iri = d.active.vocab + name
	}
	if t.iri != "@id" && t.iri != "@type" && !isIRI(t.iri) {
		return nil, credential.Refuse(credential.Unsupported, "an @context gives a term something other than an absolute IRI")
	}
	if !d.scope.ours && (strings.HasPrefix(t.iri, "@") || pinned().iris[t.iri]) {
		return nil, credential.Refuse(credential.Unsupported, "an @context in the document gives a standard's meaning to another term")
	}
	return t, nil
}

// members reads an expanded definition but for its @id.
func (d *definer) members(t *term, v credential.Value) *credential.Refusal {
	for name, m := range v.Members() {
		text, isText := m.Text()
		null := m.Kind() == credential.Null
		switch name {
		case "@id":
		case "@type":
			if !isText {
				return badContext()
			}
			var refusal *credential.Refusal
			if t.coerce, refusal = d.expand(text); refusal != nil {
				return refusal
			}
			if !slices.Contains([]string{"@id", "@vocab", "@json", "@none"}, t.coerce) && !isIRI(t.coerce) {
				return badContext()
			}
		case "@container":
			for _, c := range m.OneOrMany() {
				switch s, _ := c.Text(); s {
				case "@set":
					t.set = true
				case "@list":
					t.list = true
				case "@graph":
					t.graph = true
				default:
					return credential.Refuse(credential.Unsupported, "an @context uses a container that is not supported here")
				}
			}
			if t.list && (t.set || t.graph) {
				return badContext()
			}
		case "@context":
			t.context = m
		case "@language":
			if !null && (!isText || !isLanguage(text)) {
				return badContext()
			}
			lower := strings.ToLower(text)
			t.language = &lower
		case "@protected", "@prefix":
			if m.Kind() != credential.Bool {
				return badContext()
			}
			on := string(m.Raw()) == "true"
			if name == "@prefix" {
				t.prefix = on
			} else {
				t.protected = on
			}
		default:
			return credential.Refuse(credential.Unsupported, "an @context uses %s, which is not supported here", keyword(name))
		}
	}
	return nil
}

// expand is an IRI as a definition writes it: in full, by another term or by a prefix.
func (d *definer) expand(s string) (string, *credential.Refusal) {
	if strings.HasPrefix(s, "@") {
		return s, nil
	}
	need := func(name string) *credential.Refusal {
		_, here := d.local[name]
		if done, begun := d.done[name]; here && (!begun || !done) {
			return d.term(name)
		}
		return nil
	}
	if refusal := need(s); refusal != nil {
		return "", refusal
	}
	if t := d.active.lookup(s); t != nil {
		return t.iri, nil
	}
	if prefix, rest, ok := strings.Cut(s, ":"); ok {
		if !strings.HasPrefix(rest, "//") {
			if refusal := need(prefix); refusal != nil {
				return "", refusal
			}
			if t := d.active.lookup(prefix); t != nil && t.prefix && t.iri != "" {
				return t.iri + rest, nil
			}
		}
		return s, nil
	}
	if d.active.vocab != "" {
		return d.active.vocab + s, nil
	}
	return s, nil
}

// equal reports whether two values are the same JSON.
func equal(a, b credential.Value) bool {
	if a.Kind() != b.Kind() || len(a.Names()) != len(b.Names()) || len(a.Items()) != len(b.Items()) {
		return false
	}
	switch a.Kind() {
	case credential.Object:
		for name, v := range a.Members() {
			if !equal(v, b.Get(name)) {
				return false
			}
		}
		return true
	case credential.Array:
		for i, v := range a.Items() {
			if !equal(v, b.Items()[i]) {
				return false
			}
		}
		return true
	case credential.String:
		x, _ := a.Text()
		y, _ := b.Text()
		return x == y
	default:
		return string(a.Raw()) == string(b.Raw())
	}
}
