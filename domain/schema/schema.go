// Package schema is the only one that knows the bytes of an event: versioned type
// names, which live for ever, the payload's shape, and strict decoding. One file per
// aggregate registers its types.
//
// A payload is {"open":{…},"sealed":{"<subject>":"<base64>"}}: the fact's own fields in
// clear, its personal data sealed per person.
package schema

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sijil/domain"
)

//go:generate go test -run ^TestEventsDocument$ . -update

// ErrUnknown: a type name that is not ours, or newer than this program.
var ErrUnknown = errors.New("unknown event type")

// Kind is one version of one fact, as the generated event reference lists it.
type Kind struct {
	// Type is "category.Fact.vN".
	Type string
	// Fact is a zero value of the Go type that readers get.
	Fact any
	// Class is the retention class of the sealed part, empty when there is none.
	Class domain.Class
	// Current is true for the version that writers write.
	Current bool

	decode  func(open []byte) (any, error)
	private func(fact any) *domain.Private // fact is a pointer
}

// Category is the type's first part.
func (k Kind) Category() string { c, _, _ := strings.Cut(k.Type, "."); return c }

var (
	byType = map[string]*Kind{}
	byFact = map[reflect.Type]*Kind{}
)

// register adds kinds; each aggregate's file calls it once: var _ = register(…).
func register(kinds ...*Kind) struct{} {
	for _, k := range kinds {
		if byType[k.Type] != nil {
			panic("event type registered twice: " + k.Type)
		}
		byType[k.Type] = k
		if k.Current {
			byFact[reflect.TypeOf(k.Fact)] = k
		}
	}
	return struct{}{}
}

// fact registers F as the current version of typ, without personal data.
func fact[F any](typ string) *Kind {
	var zero F
	return &Kind{Type: typ, Fact: zero, Current: true, decode: func(open []byte) (any, error) { return strict[F](open) }}
}

// sealed registers F as the current version of typ, whose personal data sits in the
// field that private points to (tagged json:"-").
func sealed[F any](typ string, class domain.Class, private func(*F) *domain.Private) *Kind {
	k := fact[F](typ)
	k.Class = class
	k.private = func(f any) *domain.Private { return private(f.(*F)) }
	return k
}

// old registers a former version of a fact: upcast turns its open part into today's fact.
// A sealed part is carried over as it lies when the current version has one.
func old[O, F any](typ string, upcast func(O) F) *Kind {
	var zero F
	return &Kind{Type: typ, Fact: zero, decode: func(open []byte) (any, error) {
		o, err := strict[O](open)
		if err != nil {
			return nil, err
		}
		return upcast(o), nil
	}}
}

// strict decodes exactly: unknown, duplicate and wrong-case members, invalid UTF-8 and
// trailing text are refused.
func strict[F any](b []byte) (F, error) {
	var f F
	err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true))
	return f, err
}

// Encoded is a fact on its way to bytes.
type Encoded struct {
	Type string
	// Open is the fact's own JSON.
	Open []byte
	// Private is personal data still to be sealed; its zero value means none.
	Private domain.Private
}

// Encode gives the newest version of a fact. It panics for a type nobody registered,
// which the package's tests exclude.
func Encode(f any) (Encoded, error) {
	k := byFact[reflect.TypeOf(f)]
	if k == nil {
		panic(fmt.Sprintf("fact %T has no event type", f))
	}
	open, err := json.Marshal(f, json.Deterministic(true))
	if err != nil {
		return Encoded{}, fmt.Errorf("encoding %s: %w", k.Type, err)
	}
	e := Encoded{Type: k.Type, Open: open}
	if k.private != nil {
		p := reflect.New(reflect.TypeOf(f))
		p.Elem().Set(reflect.ValueOf(f))
		e.Private = *k.private(p.Interface())
		if !e.Private.IsZero() && e.Private.Class != k.Class {
			return Encoded{}, fmt.Errorf("encoding %s: private data of class %q, want %q", k.Type, e.Private.Class, k.Class)
		}
	}
	return e, nil
}

// Payload joins the open part and one sealed blob (nil for none) to the stored bytes.
func Payload(open []byte, subject domain.ID, blob []byte) []byte {
	out := make([]byte, 0, len(open)+len(blob)*4/3+80)
	out = append(append(out, `{"open":`...), open...)
	if blob != nil {
		out = append(append(out, `,"sealed":{"`...), subject...)
		out = append(out, `":"`...)
		out = base64.StdEncoding.AppendEncode(out, blob)
		out = append(out, `"}`...)
	}
	return append(out, '}')
}

type payload struct {
	Open   jsontext.Value       `json:"open"`
	Sealed map[domain.ID][]byte `json:"sealed,omitempty"`
}

// Decode reads stored bytes into today's fact. [ErrUnknown] when the type is not
// registered; any other error means that the bytes are not what this type's writer wrote.
func Decode(at domain.Place, data []byte) (any, error) {
	k := byType[at.Type]
	if k == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, at.Type)
	}
	p, err := strict[payload](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", at.Type, err)
	}
	f, err := k.decode(p.Open)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", at.Type, err)
	}
	now := byFact[reflect.TypeOf(f)]
	if len(p.Sealed) == 0 {
		return f, nil
	}
	if now == nil || now.private == nil || len(p.Sealed) != 1 {
		return nil, fmt.Errorf("reading %s: it has a sealed part this type does not carry", at.Type)
	}
	ptr := reflect.New(reflect.TypeOf(f))
	ptr.Elem().Set(reflect.ValueOf(f))
	for subject, blob := range p.Sealed {
		*now.private(ptr.Interface()) = domain.SealedPrivate(subject, now.Class, at, blob)
	}
	return ptr.Elem().Interface(), nil
}

// Kinds lists every registered type, by name.
func Kinds() []Kind {
	all := make([]Kind, 0, len(byType))
	for _, k := range byType {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// Ours reports whether a stream's category is the ledger's: an unknown type there stops
// a follower, while a foreign stream is skipped.
func Ours(category string) bool {
	for _, k := range byType {
		if k.Category() == category {
			return true
		}
	}
	return false
}
