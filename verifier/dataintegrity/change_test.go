package dataintegrity

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

// same reports whether two documents say the same to a reader of JSON: equal values, but
// for the spelling of numbers, and the letter case of a language.
func same(a, b []byte) bool {
	read := func(src []byte) (v any) {
		d := json.NewDecoder(bytes.NewReader(src))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return nil
		}
		return plain(v, false)
	}
	v := read(a)
	return v != nil && reflect.DeepEqual(v, read(b))
}

func plain(v any, language bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k], k == "@language")
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i], false)
		}
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err == nil {
			return f + 0
		}
	case string:
		if language {
			return strings.ToLower(v)
		}
	}
	return v
}

// mustRefuse: a changed document is refused, or it says the same.
func mustRefuse(t interface{ Fatalf(string, ...any) }, doc, changed []byte) {
	if bytes.Equal(doc, changed) {
		return
	}
	if _, refusal := check(changed, seed(1).Public()); refusal == nil && !same(doc, changed) {
		t.Fatalf("a change went unnoticed:\n%s\n%s", doc, changed)
	}
}

func signedSamples(t testing.TB) (all [][]byte) {
	t.Helper()
	for _, file := range []string{"diploma.json", "list.json", "languages.json"} {
		for _, suite := range []string{EdDSARDFC, EdDSAJCS} {
			o := options
			o.Suite = suite
			doc, err := Sign(sample(t, file), seed(1), o)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, doc)
		}
	}
	return all
}

// stride is 1, but for the race detector, which makes each check ten times as slow.
var stride = 1

// Every byte, with a neighbour of its own and with one that JSON could take for syntax.
func TestNoByteChangesUnnoticed(t *testing.T) {
	for _, doc := range signedSamples(t) {
		changed := bytes.Clone(doc)
		for i := 0; i < len(doc); i += stride {
			for _, c := range []byte{doc[i] ^ 1, []byte{doc[i] ^ 0x20, ' ', '"'}[i%3]} {
				changed[i] = c
				mustRefuse(t, doc, changed)
			}
			changed[i] = doc[i]
		}
	}
}

// Any bytes replaced, taken out or put in; and members moved to where others stand.
func TestNoChangeGoesUnnoticed(t *testing.T) {
	samples := signedSamples(t)
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.SampledFrom(samples).Draw(t, "document")
		from := rapid.IntRange(0, len(doc)).Draw(t, "from")
		to := min(len(doc), from+rapid.IntRange(0, 3).Draw(t, "length"))
		middle := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "copied") {
			at := rapid.IntRange(0, len(doc)-1).Draw(t, "at")
			middle = doc[at:min(len(doc), at+rapid.IntRange(1, 40).Draw(t, "copy"))]
		}
		mustRefuse(t, doc, bytes.Join([][]byte{doc[:from], middle, doc[to:]}, nil))
	})
}

// A value taken from one member and given to another, or a member renamed as another.
func TestNoSwapGoesUnnoticed(t *testing.T) {
	samples := signedSamples(t)
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.SampledFrom(samples).Draw(t, "document")
		var texts [][2]int // of strings, with their quotes
		for i := 0; i < len(doc); i++ {
			if doc[i] == '"' {
				end := i + 1
				for doc[end] != '"' {
					if doc[end] == '\\' {
						end++
					}
					end++
				}
				texts = append(texts, [2]int{i, end + 1})
				i = end
			}
		}
		a := rapid.SampledFrom(texts).Draw(t, "a")
		b := rapid.SampledFrom(texts).Draw(t, "b")
		if a[0] > b[0] {
			a, b = b, a
		}
		if a == b {
			return
		}
		changed := bytes.Join([][]byte{doc[:a[0]], doc[b[0]:b[1]], doc[a[1]:b[0]], doc[a[0]:a[1]], doc[b[1]:]}, nil)
		// The order of a type's or a context's entries says nothing to a reader either.
		if _, refusal := check(changed, seed(1).Public()); refusal == nil && !sameSets(doc, changed) {
			t.Fatalf("a swap went unnoticed:\n%s\n%s", doc, changed)
		}
	})
}

// sameSets is same, with arrays as sets.
func sameSets(a, b []byte) bool {
	count := func(src []byte) map[byte]int {
		n := map[byte]int{}
		for _, c := range src {
			n[c]++
		}
		return n
	}
	x, refusal := credential.ParseJSON(a)
	y, other := credential.ParseJSON(b)
	return refusal == nil && other == nil && reflect.DeepEqual(x.Names(), y.Names()) && reflect.DeepEqual(count(a), count(b)) &&
		members(x) == members(y)
}

// members is a text of all paths with their values, sorted per object, sets unordered.
func members(v credential.Value) string {
	switch {
	case v.IsObject():
		var all []string
		for name, m := range v.Members() {
			all = append(all, name+"="+members(m))
		}
		return "{" + sorted(all) + "}"
	case v.Kind() == credential.Array:
		var all []string
		for _, m := range v.Items() {
			all = append(all, members(m))
		}
		return "[" + sorted(all) + "]"
	}
	s, _ := v.Text()
	return s + string(v.Raw())
}

func FuzzParse(f *testing.F) {
	for _, doc := range signedSamples(f) {
		f.Add(doc)
	}
	for _, file := range []string{"w3c.json", "foreign.json"} {
		for _, v := range readVectors(f, file) {
			f.Add([]byte(v.Document))
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, refusal := Parse(doc, 64<<10)
		if refusal != nil {
			return
		}
		if _, refusal := s.Payload(); refusal != nil {
			t.Fatalf("a document that was taken has no payload: %v", refusal)
		}
		for _, p := range s.Proofs {
			if p.Kid == "" || p.Purpose == "" || p.Alg != "EdDSA" {
				t.Fatalf("a proof without what it needs: %+v", p)
			}
			if p.Verify(seed(1).Public(), p.Alg) == nil {
				s.Digest()
			}
		}
	})
}

func sorted(all []string) string {
	slices.Sort(all)
	return strings.Join(all, ",")
}
