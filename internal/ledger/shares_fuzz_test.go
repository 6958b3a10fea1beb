package ledger

import (
	"strings"
	"testing"
)

// FuzzLink: what is taken for a link names one claim, and one spelling leads to one hash.
func FuzzLink(f *testing.F) {
	const claim = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"
	for _, s := range []string{"", ".", claim, claim + ".", claim + "." + strings.Repeat("A", 43), claim + "." + strings.Repeat("é", 21) + "A", strings.ToUpper(claim) + "." + strings.Repeat("A", 43), claim + "." + strings.Repeat("A", 44)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, hash, ok := Link(s).parts()
		if !ok {
			if id != "" || hash != "" {
				t.Errorf("a refused link has parts")
			}
			return
		}
		if !id.Valid() || len(hash) != 64 || len(s) != 80 || s[:36] != string(id) {
			t.Errorf("%q is taken for a link of %q with %q", s, id, hash)
		}
	})
}
