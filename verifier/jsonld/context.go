package jsonld

import (
	"strings"
	"sync"

	"sijil/verifier/credential"
)

// activeContext gives members their meaning at one place of a document (JSON-LD 1.1 API
// §4.1). It is not changed once made; a scoped one stands on the one around it.
type activeContext struct {
	outer     *activeContext // where terms not found here are looked up; nil: nowhere
	terms     map[string]*term
	vocab     string // "" is none
	ownVocab  bool   // vocab comes from the document and not from a pinned context
	language  string
	protected bool // some term is
	depth     int  // how many contexts this one stands on
	// shared: made of pinned contexts alone, and remembered beyond its document.
	shared bool
	// previous is what holds again inside the nodes of this one, nil if this one does.
	previous *activeContext
}

func (c *activeContext) lookup(name string) *term {
	for ; c != nil; c = c.outer {
		if t, ok := c.terms[name]; ok {
			return t
		}
	}
	return nil
}

// cost is what it takes to look a name up.
func (c *activeContext) cost() int { return 1 + c.depth/4 }

// extend is a new context in which all that c defines still holds.
func (c *activeContext) extend() *activeContext {
	out := *c
	out.outer, out.terms, out.depth, out.shared = c, nil, c.depth+1, false
	return &out
}

// scope is the manner in which a local context is applied.
type scope struct {
	override  bool // it may redefine protected terms: it belongs to a property
	propagate bool // it also holds inside nested nodes
	ours      bool // it is the text of a pinned context
}

// remembered are contexts made of pinned ones: lists of them, and what they bring within
// one another. They are the same for all documents.
var remembered = struct {
	sync.RWMutex
	roots  map[string]*activeContext
	scoped map[step]*activeContext
}{roots: map[string]*activeContext{}, scoped: map[step]*activeContext{}}

// Bounds of what is remembered. Few lists and combinations are in use; what comes after the
// first is made anew for each document.
const (
	maxRoots  = 64
	maxScoped = 2048
)

// root is the context of a whole document. Lists of pinned contexts alone are remembered.
func (r *run) root(local credential.Value) (*activeContext, *credential.Refusal) {
	var key strings.Builder
	for _, v := range local.OneOrMany() {
		s, ok := v.Text()
		if !ok || !Known(s) {
			return r.parse(new(activeContext), local, scope{propagate: true})
		}
		key.WriteString(s + "\n")
	}
	remembered.RLock()
	c := remembered.roots[key.String()]
	remembered.RUnlock()
	if c != nil {
		return c, nil
	}
	c, refusal := r.parse(new(activeContext), local, scope{propagate: true})
	if refusal != nil {
		return nil, refusal
	}
	remembered.Lock()
	defer remembered.Unlock()
	if len(remembered.roots) < maxRoots {
		c.shared = true
		remembered.roots[key.String()] = c
	}
	return c, nil
}

// apply is active with the context that t brings, for a property's values or a type's node.
func (r *run) apply(active *activeContext, t *term, prop bool) (*activeContext, *credential.Refusal) {
	key := step{active, t, prop}
	if c := r.memo[key]; c != nil {
		return c, nil
	}
	share := active.shared && t.ours
	if share {
		remembered.RLock()
		c := remembered.scoped[key]
		remembered.RUnlock()
		if c != nil {
			return c, nil
		}
	}
	c, refusal := r.parse(active, t.context, scope{override: prop, propagate: prop, ours: t.ours})
	if refusal != nil {
		return nil, refusal
	}
	if share {
		remembered.Lock()
		defer remembered.Unlock()
		if len(remembered.scoped) < maxScoped {
			c.shared = true
			remembered.scoped[key] = c
			return c, nil
		}
	}
	r.memo[key] = c
	return c, nil
}

// local is active with the @context that a node has.
func (r *run) local(active *activeContext, v credential.Value) (*activeContext, *credential.Refusal) {
	text, ok := v.Text()
	if !ok {
		text = string(v.Raw())
	}
	key := nested{active, text}
	if c := r.nested[key]; c != nil {
		return c, nil
	}
	c, refusal := r.parse(active, v, scope{propagate: true})
	if refusal == nil {
		r.nested[key] = c
	}
	return c, refusal
}

// parse applies a local context to active (JSON-LD 1.1 API §4.1.2).
func (r *run) parse(active *activeContext, local credential.Value, s scope) (*activeContext, *credential.Refusal) {
	result := active.extend()
	if !s.propagate && result.previous == nil {
		result.previous = active
	}
	list := []credential.Value{local}
	if local.Kind() == credential.Array {
		list = local.Items()
	}
	for _, c := range list {
		if refusal := r.spend(4); refusal != nil {
			return nil, refusal
		}
		if result.depth > maxContexts {
			return nil, tooComplex()
		}
		switch c.Kind() {
		case credential.Null:
			if result.protected && !s.override {
				return nil, credential.Refuse(credential.BadPayload, "an @context takes back protected terms")
			}
			empty := new(activeContext)
			if !s.propagate {
				empty.previous = result
			}
			result = empty
		case credential.String:
			url, _ := c.Text()
			text, ok := pinned().contexts[url]
			if !ok {
				return nil, credential.Refuse(credential.UnknownContext, "an @context is not one of those that are pinned here; none is ever fetched")
			}
			var refusal *credential.Refusal
			if result, refusal = r.parse(result, text, scope{override: s.override, propagate: true, ours: true}); refusal != nil {
				return nil, refusal
			}
		case credential.Object:
			next := result.extend()
			if refusal := r.define(next, c, s); refusal != nil {
				return nil, refusal
			}
			result = next
		default:
			return nil, credential.Refuse(credential.BadPayload, "an @context is neither a URL nor an object")
		}
	}
	return result, nil
}

// define applies one context object to c, which is new and may still be changed.
func (r *run) define(c *activeContext, local credential.Value, s scope) *credential.Refusal {
	if !s.ours && len(local.Names()) > maxTerms {
		return tooComplex()
	}
	d := definer{run: r, active: c, local: make(map[string]credential.Value, len(local.Names())), scope: s, done: map[string]bool{}}
	for name, v := range local.Members() {
		d.local[name] = v
		text, isText := v.Text()
		null := v.Kind() == credential.Null
		switch name {
		case "@version":
			if lit, _ := v.Literal(); lit != "1.1" {
				return credential.Refuse(credential.Unsupported, "an @context is of another version than JSON-LD 1.1")
			}
		case "@protected":
			if v.Kind() != credential.Bool {
				return badContext()
			}
			d.protected = string(v.Raw()) == "true"
		case "@language":
			if !null && (!isText || !isLanguage(text)) {
				return badContext()
			}
			c.language = strings.ToLower(text)
		case "@vocab":
			if !null && !isIRI(text) {
				return credential.Refuse(credential.Unsupported, "an @vocab is not an absolute IRI")
			}
			c.vocab, c.ownVocab = text, !s.ours
		default:
			if strings.HasPrefix(name, "@") {
				return credential.Refuse(credential.Unsupported, "an @context uses %s, which is not supported here", keyword(name))
			}
		}
	}
	c.terms = make(map[string]*term, len(local.Names()))
	for name := range local.Members() {
		if strings.HasPrefix(name, "@") {
			continue
		}
		if refusal := d.term(name); refusal != nil {
			return refusal
		}
	}
	return nil
}

func badContext() *credential.Refusal {
	return credential.Refuse(credential.BadPayload, "an @context is not well formed")
}

// keyword repeats a name only if it is one of JSON-LD's own.
func keyword(name string) string {
	switch name {
	case "@base", "@direction", "@import", "@propagate", "@graph", "@included", "@index", "@json", "@list", "@nest", "@none", "@prefix",
		"@reverse", "@set", "@id", "@type", "@value", "@container", "@context":
		return name
	}
	return "a keyword"
}
