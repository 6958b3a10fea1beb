package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sijil/domain"
)

// TestGolden holds every registered type to its golden payload for ever: the file decodes,
// and the current version encodes to the same bytes again. Files are only ever added.
func TestGolden(t *testing.T) {
	for _, k := range Kinds() {
		t.Run(k.Type, func(t *testing.T) {
			stored, err := os.ReadFile(filepath.Join("testdata", "golden", k.Type+".json"))
			if err != nil {
				t.Fatalf("every event type has a golden file: %v", err)
			}
			stored = bytes.TrimSuffix(stored, []byte("\n"))
			at := domain.Place{Stream: k.Category() + "-x", Type: k.Type, Event: "00000000-0000-4000-8000-000000000001"}
			f, err := Decode(at, stored)
			if err != nil {
				t.Fatal(err)
			}
			if !k.Current {
				return
			}
			e, err := Encode(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := Payload(e.Open, e.Private.Subject, e.Private.Sealed()); !bytes.Equal(got, stored) {
				t.Errorf("encodes as\n%s\ngolden\n%s", got, stored)
			}
			if (k.Class != "") != bytes.Contains(stored, []byte(`"sealed"`)) {
				t.Errorf("the golden file of a sealed type has a sealed part, and only those: class %q", k.Class)
			}
		})
	}
}

// TestStrict refuses what a lenient reader would let pass.
func TestStrict(t *testing.T) {
	type probe struct {
		Name string `json:"name"`
	}
	for name, in := range map[string]string{
		"an unknown member":    `{"name":"a","more":1}`,
		"a duplicate member":   `{"name":"a","name":"b"}`,
		"a wrong-case member":  `{"Name":"a"}`,
		"text after the value": `{"name":"a"}x`,
		"invalid UTF-8":        "{\"name\":\"\xff\"}",
	} {
		if _, err := strict[probe]([]byte(in)); err == nil {
			t.Errorf("%s is accepted: %s", name, in)
		}
	}
	if _, err := strict[probe]([]byte(`{"name":"أمينة ć 🎓"}`)); err != nil {
		t.Error(err)
	}
}

// TestFormerVersions: what was written under an old version is read as today's fact.
func TestFormerVersions(t *testing.T) {
	type whole struct {
		Mark int `json:"mark"`
	}
	type hundredths struct {
		Points int `json:"points"`
	}
	k := old[whole, hundredths]("probe.Graded.v1", func(w whole) hundredths { return hundredths{w.Mark * 100} })
	f, err := k.decode([]byte(`{"mark":15}`))
	if err != nil || f != (hundredths{1500}) {
		t.Errorf("got %v (%v), want 1500 points", f, err)
	}
	if _, err := k.decode([]byte(`{"points":15}`)); err == nil {
		t.Error("an old version is read as strictly as the new one")
	}
	if k.Current {
		t.Error("an old version is never written")
	}
}
