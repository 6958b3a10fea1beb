package issuer

import (
	"strconv"
	"testing"

	"sijil/verifier/status"
)

// FuzzListName: a name is refused, or is the one spelling of a list.
func FuzzListName(f *testing.F) {
	const inst = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"
	for _, s := range []string{"", inst, inst + "-", inst + "-1", inst + "-01", inst + "--1", inst + "-1-suspension", inst + "-1-revocation", inst + "-99999999999999999999", "../" + inst + "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, n, purpose, ok := parseList(s)
		if !ok {
			return
		}
		again := string(id) + "-" + strconv.Itoa(n)
		if purpose != status.Revocation {
			again += "-" + purpose
		}
		if again != s || !id.Valid() || n < 1 {
			t.Errorf("%q is taken for list %d of %s for %s", s, n, id, purpose)
		}
	})
}
