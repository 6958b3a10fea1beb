package sdjwt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sijil/verifier/credential"
)

// FuzzSDJWT: a token is refused, or what it reveals has no trace of digests and shows the
// same when all of its disclosures are presented again.
func FuzzSDJWT(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(vectors, "*.sdjwt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(bound(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		token, refusal := parse(b, credential.MaxToken, TypeVC, TypeDC, TypeVP, typeExample)
		if refusal != nil {
			return
		}
		if token.holder != nil {
			_ = token.holder.Verify()
		}
		root, refusal := token.Reveal()
		if refusal != nil {
			return
		}
		noTrace(t, root, 0)
		paths, refusal := token.Paths()
		if refusal != nil {
			t.Fatal(refusal)
		}
		presented, refusal := token.Present(paths...)
		if refusal != nil {
			t.Fatal(refusal)
		}
		again, refusal := parse([]byte(presented), credential.MaxToken, TypeVC, TypeDC, TypeVP, typeExample)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if same, refusal := again.Reveal(); refusal != nil || string(same.Raw()) != string(root.Raw()) {
			t.Fatalf("presented in full it reveals %s (%v), before %s", same.Raw(), refusal, root.Raw())
		}
	})
}

func noTrace(t *testing.T, v credential.Value, depth int) {
	for name, child := range v.Members() {
		if reserved(name) {
			t.Fatalf("%q is left at depth %d", name, depth)
		}
		noTrace(t, child, depth+1)
	}
	for _, child := range v.Items() {
		noTrace(t, child, depth+1)
	}
}

// FuzzDisclosure: a disclosure is refused, or it is the only spelling of what it says.
func FuzzDisclosure(f *testing.F) {
	for _, seed := range []string{"WyJzIiwxXQ", "WyJzIiwiYSIsMV0", "WyJzIiwiX3NkIixbXV0", "e30", "WyJzIiwxXQ==", ""} {
		f.Add(seed)
	}
	for _, d := range strings.Split(bound(f), "~") {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, refusal := readDisclosure(text)
		if refusal != nil {
			return
		}
		if d.text != text || strings.ContainsAny(text, "=\r\n~") || !d.element && reserved(d.name) {
			t.Fatalf("%q is taken as %+v", text, d)
		}
	})
}

// FuzzConceal: a payload and a path are refused, or revealing gives the payload back.
func FuzzConceal(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,"x"]}}`), "a.b[1]")
	f.Add([]byte(`{"a":null}`), "a")
	f.Add([]byte(`{"é":"\u00e9"}`), "é")
	f.Fuzz(func(t *testing.T, payload []byte, path string) {
		c, refusal := Conceal(payload, []string{path}, 0)
		if refusal != nil {
			return
		}
		want, _ := credential.ParseJSON(payload)
		token, err := c.Sign(signer(t, TypeDC))
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > credential.MaxToken {
			return
		}
		got, refusal := check([]byte(token))
		if refusal != nil && refusal.Reason != credential.TooDeep && refusal.Reason != credential.TooManyMembers {
			t.Fatalf("%s concealed at %q: %s", payload, path, refusal)
		}
		if refusal == nil && !sameJSON(want, got) {
			t.Fatalf("%s concealed at %q reveals %s", payload, path, got.Raw())
		}
	})
}

// sameJSON compares values whose members may stand in another order.
func sameJSON(a, b credential.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case credential.Object:
		for name, child := range a.Members() {
			if !sameJSON(child, b.Get(name)) {
				return false
			}
		}
		return len(a.Names()) == len(b.Names())
	case credential.Array:
		return slices.EqualFunc(a.Items(), b.Items(), sameJSON)
	case credential.String:
		x, _ := a.Text()
		y, _ := b.Text()
		return x == y
	default:
		return string(a.Raw()) == string(b.Raw())
	}
}
