package jsonld

import (
	"slices"
	"strings"

	"sijil/verifier/credential"
)

const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// Expand is the dataset that doc states in the words of contexts, which are its own
// @context or, for a proof, that of the document it belongs to. The members named in
// except and an @context beside them are left out.
func Expand(doc, contexts credential.Value, except ...string) (*Dataset, *credential.Refusal) {
	r := newRun()
	r.keep = true
	if refusal := r.expand(doc, contexts, except); refusal != nil {
		return nil, refusal
	}
	return &r.data, nil
}

// Check is why [Expand] would refuse, nil if it would not. What the document states is not
// gathered, which is half of the work.
func Check(doc, contexts credential.Value, except ...string) *credential.Refusal {
	return newRun().expand(doc, contexts, except)
}

func (r *run) expand(doc, contexts credential.Value, except []string) *credential.Refusal {
	if !doc.IsObject() {
		return credential.Refuse(credential.BadPayload, "not a JSON object")
	}
	if len(contexts.OneOrMany()) == 0 {
		return credential.Refuse(credential.BadPayload, "there is no @context")
	}
	active, refusal := r.root(contexts)
	if refusal != nil {
		return refusal
	}
	if _, refusal := r.node(active, doc, node{}, append(slices.Clone(except), "@context")); refusal != nil {
		return refusal
	}
	if r.stated == 0 {
		return credential.Refuse(credential.BadPayload, "the document states nothing")
	}
	return nil
}

// object is a value that is a JSON object: a node, or a text with its language. by is the
// property it is a value of.
func (r *run) object(active *activeContext, by *term, v credential.Value, g node) (node, *credential.Refusal) {
	reference := len(v.Names()) == 1
	if reference {
		t := active.lookup(v.Names()[0])
		reference = t != nil && t.iri == "@id"
	}
	// What a type defines holds for its own node and not for those inside it.
	if active.previous != nil && !v.Has("@value") && !reference {
		active = active.previous
	}
	if by.scoped() {
		var refusal *credential.Refusal
		if active, refusal = r.apply(active, by, true); refusal != nil {
			return node{}, refusal
		}
	}
	if local := v.Get("@context"); local.Kind() != credential.Missing {
		var refusal *credential.Refusal
		if active, refusal = r.local(active, local); refusal != nil {
			return node{}, refusal
		}
	}
	if v.Has("@value") {
		return languageValue(active, by, v)
	}
	return r.node(active, v, g, []string{"@context"})
}

// member is one of a node, under what it means.
type member struct {
	name  string
	term  *term
	value credential.Value
}

// node states what v says in graph g, and is its subject.
func (r *run) node(active *activeContext, v credential.Value, g node, except []string) (node, *credential.Refusal) {
	around := active
	types, refusal := r.types(active, v, except)
	if refusal != nil {
		return node{}, refusal
	}
	for _, name := range types {
		t := around.lookup(name)
		if t == nil || !t.scoped() {
			continue
		}
		if active, refusal = r.apply(active, t, false); refusal != nil {
			return node{}, refusal
		}
	}
	subject := node{}
	var members []member
	for name, value := range v.Members() {
		if slices.Contains(except, name) {
			continue
		}
		t, refusal := r.meaning(active, name)
		if refusal != nil {
			return node{}, refusal
		}
		if t.iri != "@id" {
			members = append(members, member{name, t, value})
			continue
		}
		s, _ := value.Text()
		if subject.kind != none || !isIRI(s) {
			return node{}, credential.Refuse(credential.BadPayload, "an id is not an absolute IRI, or there are two")
		}
		subject = node{kind: iri, value: s}
	}
	if subject.kind == none {
		subject = r.newBlank()
	}
	for _, m := range members {
		if m.term.iri == "@type" {
			if t := around.lookup(m.name); t == nil || t.iri != "@type" {
				return node{}, credential.Refuse(credential.Unsupported, "a type makes another member a type")
			}
			continue
		}
		if refusal := r.property(active, subject, m, g); refusal != nil {
			return node{}, refusal
		}
	}
	for _, name := range types {
		class, refusal := vocabulary(around, name)
		if refusal != nil {
			return node{}, refusal
		}
		if refusal := r.emit(subject, rdf+"type", node{kind: iri, value: class}, g); refusal != nil {
			return node{}, refusal
		}
	}
	return subject, nil
}

// types are the texts of all members that mean @type, sorted.
func (r *run) types(active *activeContext, v credential.Value, except []string) ([]string, *credential.Refusal) {
	var all []string
	for name, value := range v.Members() {
		if refusal := r.spend(active.cost()); refusal != nil {
			return nil, refusal
		}
		t := active.lookup(name)
		if t == nil || t.iri != "@type" || slices.Contains(except, name) {
			continue
		}
		for _, item := range value.OneOrMany() {
			s, ok := item.Text()
			if !ok {
				return nil, credential.Refuse(credential.BadPayload, "a type is not a text")
			}
			if c := active.lookup(s); c != nil && c.ours && s[0] >= 'a' && s[0] <= 'z' {
				return nil, credential.Refuse(credential.Unsupported, "a type is called by the name of a member")
			}
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all, nil
}

// meaning is the term that a member is called by.
func (r *run) meaning(active *activeContext, name string) (*term, *credential.Refusal) {
	if refusal := r.spend(active.cost()); refusal != nil {
		return nil, refusal
	}
	t := active.lookup(name)
	switch {
	case t != nil && t.ours && name[0] >= 'A' && name[0] <= 'Z':
		return nil, credential.Refuse(credential.Unsupported, "a member is called by the name of a type")
	case t != nil && t.iri != "":
		return t, nil
	case t != nil:
		return nil, credential.Refuse(credential.UnmappedTerm, "a member has no meaning in its @context")
	case strings.HasPrefix(name, "@"):
		return nil, credential.Refuse(credential.Unsupported, "the document uses %s, which is not supported here", keyword(name))
	case strings.Contains(name, ":"):
		return nil, credential.Refuse(credential.Unsupported, "a member is called by an IRI and not by a term")
	case active.vocab == "" || name == "":
		return nil, credential.Refuse(credential.UnmappedTerm, "a member has no meaning in its @context")
	}
	t = &term{iri: active.vocab + name}
	if !isIRI(t.iri) || active.ownVocab && pinned().iris[t.iri] {
		return nil, credential.Refuse(credential.Unsupported, "an @context in the document gives a standard's meaning to another term")
	}
	return t, nil
}

// vocabulary is the IRI of a type or of a value that stands for a term.
func vocabulary(active *activeContext, s string) (string, *credential.Refusal) {
	if t := active.lookup(s); t != nil {
		if !isIRI(t.iri) {
			return "", credential.Refuse(credential.UnmappedTerm, "a type has no meaning in its @context")
		}
		return t.iri, nil
	}
	if strings.Contains(s, ":") {
		return plainIRI(active, s, true)
	}
	if active.vocab == "" || !isIRI(active.vocab+s) {
		return "", credential.Refuse(credential.UnmappedTerm, "a type has no meaning in its @context")
	}
	if active.ownVocab && pinned().iris[active.vocab+s] {
		return "", credential.Refuse(credential.Unsupported, "an @context in the document gives a standard's meaning to another term")
	}
	return active.vocab + s, nil
}

// plainIRI is s if that is an absolute IRI in full. Where terms may stand, one that a
// standard has a term for must be written as the term.
func plainIRI(active *activeContext, s string, terms bool) (string, *credential.Refusal) {
	if !isIRI(s) {
		return "", credential.Refuse(credential.UnmappedTerm, "an IRI in the document is relative or malformed, so that it would not be signed")
	}
	prefix, rest, _ := strings.Cut(s, ":")
	if t := active.lookup(prefix); t != nil && t.prefix && !strings.HasPrefix(rest, "//") || prefix == "_" || terms && pinned().iris[s] {
		return "", credential.Refuse(credential.Unsupported, "an IRI in the document is abbreviated, or has a term of its own")
	}
	return s, nil
}

// property states every value of a member.
func (r *run) property(active *activeContext, subject node, m member, g node) *credential.Refusal {
	t := m.term
	items := m.value.OneOrMany()
	if t.coerce == "@json" {
		items = []credential.Value{m.value}
	}
	if t.list {
		return r.listOf(active, subject, t, items, g)
	}
	for _, item := range items {
		in := g
		if t.graph { // each value is a graph of its own, named by a blank node
			in = r.newBlank()
			if refusal := r.emit(subject, t.iri, in, g); refusal != nil {
				return refusal
			}
		}
		o, refusal := r.value(active, t, item, in)
		if refusal != nil {
			return refusal
		}
		if t.graph {
			if o.kind == literal {
				return credential.Refuse(credential.Unsupported, "a graph is a text")
			}
			continue
		}
		if refusal := r.emit(subject, t.iri, o, g); refusal != nil {
			return refusal
		}
	}
	return nil
}

// listOf states an ordered list (RDF 1.1 Semantics, rdf:List).
func (r *run) listOf(active *activeContext, subject node, t *term, items []credential.Value, g node) *credential.Refusal {
	at, link := subject, t.iri
	for _, item := range items {
		cell := r.newBlank()
		if refusal := r.emit(at, link, cell, g); refusal != nil {
			return refusal
		}
		o, refusal := r.value(active, t, item, g)
		if refusal != nil {
			return refusal
		}
		if refusal := r.emit(cell, rdf+"first", o, g); refusal != nil {
			return refusal
		}
		at, link = cell, rdf+"rest"
	}
	return r.emit(at, link, node{kind: iri, value: rdf + "nil"}, g)
}
