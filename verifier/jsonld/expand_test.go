package jsonld

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sijil/verifier/credential"
)

type documentVector struct {
	Name      string
	Document  json.RawMessage
	Canonical *string // nil: the other implementation refused it too
}

func documentVectors(t testing.TB) []documentVector {
	t.Helper()
	b, err := os.ReadFile("../testdata/vectors/data-integrity/jsonld.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []documentVector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func canonical(t testing.TB, doc []byte) (string, *credential.Refusal) {
	t.Helper()
	v, refusal := credential.ParseJSON(doc)
	if refusal != nil {
		return "", refusal
	}
	d, refusal := Expand(v, v.Get("@context"))
	// Check comes to the same, for every document of these tests and of the fuzzer.
	if checked := Check(v, v.Get("@context")); (checked == nil) != (refusal == nil) || checked != nil && *checked != *refusal {
		t.Fatalf("Check says %v, Expand %v", checked, refusal)
	}
	if refusal != nil {
		return "", refusal
	}
	b, refusal := d.Canonical()
	return string(b), refusal
}

// What another implementation takes in its safe mode has the same canonical form here.
func TestDocumentsStateWhatTheyStateElsewhere(t *testing.T) {
	all := documentVectors(t)
	if len(all) < 70 {
		t.Fatalf("only %d vectors", len(all))
	}
	for _, v := range all {
		got, refusal := canonical(t, v.Document)
		switch {
		case v.Canonical == nil && refusal == nil:
			t.Errorf("%s is taken here and not there", v.Name)
		case v.Canonical != nil && refusal != nil:
			t.Errorf("%s: %v", v.Name, refusal)
		case v.Canonical != nil:
			if diff := cmp.Diff(*v.Canonical, got); diff != "" {
				t.Errorf("%s (-there +here):\n%s", v.Name, diff)
			}
		}
	}
}
