package sdjwt

import (
	"crypto"
	_ "crypto/sha256" // the three hashes of algorithms
	_ "crypto/sha512"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"sijil/verifier/credential"
)

// algorithms are the values of _sd_alg, by their IANA names. They are compared exactly.
var algorithms = map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512}

// Reveal is the payload with what was disclosed in place and without the digests (RFC 9901
// §7.1 step 3). [credential.BadDisclosure] if a digest or name comes twice, a disclosure
// belongs nowhere or to the other kind of place, or hides what must always be seen.
func (t *Token) Reveal() (credential.Value, *credential.Refusal) {
	r, refusal := t.reveal()
	if refusal != nil {
		return credential.Value{}, refusal
	}
	if !r.changed {
		return r.root, nil
	}
	root, refusal := credential.ParseJSON(r.out)
	if refusal != nil && refusal.Reason == credential.AmbiguousJSON {
		return root, credential.Refuse(credential.BadDisclosure, "a disclosure has the name of a member beside it")
	}
	return root, refusal
}

// revealer writes the payload anew with the disclosures in place.
type revealer struct {
	root credential.Value // what the issuer signed
	hash crypto.Hash
	// byDigest are the disclosures, at is where each came to stand.
	byDigest map[string]int
	source   []disclosure
	at       []place
	met      map[string]bool // digests
	out      []byte
	changed  bool // out is not root
	err      *credential.Refusal

	// What is being written.
	path   string
	parent int  // the disclosure it stands in, -1 if the issuer signed it in the clear
	locked bool // it is in a member that must always be seen
}

// place is where a disclosure stands.
type place struct {
	path   string
	parent int
	found  bool
}

func (t *Token) reveal() (*revealer, *credential.Refusal) {
	root, refusal := credential.ParseJSON(t.jws.Payload)
	switch {
	case refusal != nil:
		return nil, refusal
	case !root.IsObject():
		return nil, credential.Refuse(credential.BadPayload, "payload is not a JSON object")
	}
	hash, refusal := algorithm(root)
	if refusal != nil {
		return nil, refusal
	}
	r := &revealer{
		root: root, hash: hash, out: make([]byte, 0, len(t.presented)), source: t.disclosures, byDigest: make(map[string]int, len(t.disclosures)),
		at: make([]place, len(t.disclosures)), met: map[string]bool{}, parent: -1,
	}
	for i, d := range t.disclosures {
		digest := digestOf(hash, d.text)
		if _, twice := r.byDigest[digest]; twice {
			return nil, credential.Refuse(credential.BadDisclosure, "a disclosure is there twice")
		}
		r.byDigest[digest] = i
	}
	r.value(root, 0)
	for _, p := range r.at {
		if !p.found {
			r.refuse(credential.BadDisclosure, "a disclosure has no digest in what was signed")
		}
	}
	return r, r.err
}

func algorithm(root credential.Value) (crypto.Hash, *credential.Refusal) {
	name, ok := root.Get(nameAlgorithm).Text()
	if !root.Has(nameAlgorithm) {
		name, ok = "sha-256", true
	}
	hash := algorithms[name]
	if !ok || hash == 0 {
		return 0, credential.Refuse(credential.AlgNotAllowed, "_sd_alg is not one of sha-256, sha-384, sha-512")
	}
	return hash, nil
}

// digestOf hashes the text of a disclosure, not what it encodes (RFC 9901 §4.2.3).
func digestOf(hash crypto.Hash, text string) string {
	h := hash.New()
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (r *revealer) refuse(reason credential.Reason, detail string) {
	if r.err == nil {
		r.err = credential.Refuse(reason, "%s", detail)
	}
}

func (r *revealer) value(v credential.Value, depth int) {
	switch {
	case r.err != nil:
	case depth > credential.MaxDepth: // disclosures in disclosures could nest without end
		r.refuse(credential.TooDeep, "disclosures nest too deep")
	case v.Kind() == credential.Object:
		r.object(v, depth)
	case v.Kind() == credential.Array:
		r.array(v, depth)
	default:
		r.out = appendScalar(r.out, v)
	}
}

func (r *revealer) object(v credential.Value, depth int) {
	r.out = append(r.out, '{')
	start := len(r.out)
	for name, child := range v.Members() {
		switch {
		case name == nameDigests, name == nameAlgorithm && depth == 0:
			r.changed = true
		case reserved(name):
			r.refuse(credential.BadDisclosure, "a name of selective disclosure stands where it means nothing")
		default:
			locked := r.locked
			r.locked = locked || depth == 0 && mustBeSeen(name)
			r.member(start, name, child, depth)
			r.locked = locked
		}
	}
	if digests := v.Get(nameDigests); digests.Kind() != credential.Missing {
		r.disclosed(start, digests, depth)
	}
	r.out = append(r.out, '}')
}

func mustBeSeen(name string) bool {
	return slices.ContainsFunc(always, func(n string) bool { return strings.EqualFold(n, name) })
}

func (r *revealer) disclosed(start int, digests credential.Value, depth int) {
	if digests.Kind() != credential.Array {
		r.refuse(credential.BadDisclosure, "_sd is not a list of digests")
	}
	for _, digest := range digests.Items() {
		i, ok := r.find(digest)
		if !ok {
			continue
		}
		switch d := r.source[i]; {
		case d.element:
			r.refuse(credential.BadDisclosure, "a disclosure for an array stands for a member")
		case depth == 0 && mustBeSeen(d.name):
			r.refuse(credential.BadDisclosure, "a disclosure hides what must always be seen")
		default:
			outer := r.enter(i, join(r.path, d.name))
			r.member(start, d.name, d.value, depth)
			r.parent = outer
		}
	}
}

func (r *revealer) array(v credential.Value, depth int) {
	r.out = append(r.out, '[')
	start, outer := len(r.out), r.path
	for n, i := range v.Items() {
		inside := r.parent
		if hidden := i.Get(nameElement); hidden.Kind() != credential.Missing {
			if len(i.Names()) != 1 {
				r.refuse(credential.BadDisclosure, "a hidden element has other members")
				return
			}
			found, ok := r.find(hidden)
			if !ok {
				continue
			}
			if i = r.source[found].value; !r.source[found].element {
				r.refuse(credential.BadDisclosure, "a disclosure for a member stands in an array")
				return
			}
			r.enter(found, outer+"["+strconv.Itoa(n)+"]")
		}
		if len(r.out) > start {
			r.out = append(r.out, ',')
		}
		r.path = outer + "[" + strconv.Itoa(n) + "]"
		r.value(i, depth+1)
		r.path, r.parent = outer, inside
	}
	r.out = append(r.out, ']')
}

func (r *revealer) member(start int, name string, v credential.Value, depth int) {
	if len(r.out) > start {
		r.out = append(r.out, ',')
	}
	r.out = append(appendString(r.out, name), ':')
	outer := r.path
	r.path = join(outer, name)
	r.value(v, depth+1)
	r.path = outer
}

// find is the disclosure of a digest; false if the holder withheld it or it is a decoy.
func (r *revealer) find(digest credential.Value) (int, bool) {
	text, ok := digest.Text()
	switch {
	case !ok:
		r.refuse(credential.BadDisclosure, "a digest is not a text")
	case r.met[text]:
		r.refuse(credential.BadDisclosure, "a digest is there twice")
	case r.locked:
		r.refuse(credential.BadDisclosure, "what must always be seen is partly hidden")
	}
	if r.err != nil {
		return 0, false
	}
	r.met[text], r.changed = true, true
	i, ok := r.byDigest[text]
	return i, ok
}

// enter notes where disclosure i stands and makes it the one being written. It returns
// the one before.
func (r *revealer) enter(i int, path string) (outer int) {
	outer = r.parent
	r.at[i] = place{path, outer, true}
	r.parent = i
	return outer
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func appendScalar(b []byte, v credential.Value) []byte {
	if s, ok := v.Text(); ok {
		return appendString(b, s)
	}
	return append(b, v.Raw()...)
}

// appendString writes s, which is UTF-8, as JSON.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
