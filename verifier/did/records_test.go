package did

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAQuestionTellsNoMoreThanItsPrefix(t *testing.T) {
	const id = "urn:uuid:a0b1c2d3-7c3e-8d4f-8a21-5b6c7d8e9f00"
	for length, want := range map[int]string{0: "", 1: "a", 4: "a0b1"} {
		if got, ok := (RecordIndex{length}).Prefix(id); got != want || !ok {
			t.Errorf("of length %d: %q, %v", length, got, ok)
		}
	}
	for _, length := range []int{-1, 5, 36} {
		if got, ok := (RecordIndex{length}).Prefix(id); ok {
			t.Errorf("a ledger may ask for %q", got)
		}
	}
	for _, other := range []string{"", "urn:uuid:", "https://example.org/a0b1c2d3-7c3e-8d4f-8a21-5b6c7d8e9f00", "urn:uuid:A0b1c2d3-7c3e-8d4f-8a21-5b6c7d8e9f00", "urn:uuid:../.2d3-7c3e-8d4f-8a21-5b6c7d8e9f00"} {
		if _, ok := (RecordIndex{2}).Prefix(other); ok {
			t.Errorf("%q is asked about", other)
		}
	}
}

func TestRecordsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Records{Issuer: "did:web:ledger.example:institutions:7e57", Prefix: "a0", Records: []RecordLine{}}
		ids := rapid.SliceOfNDistinct(rapid.StringMatching(`urn:uuid:[0-9a-f]{36}`), 0, 20, rapid.ID).Draw(t, "ids")
		for n, id := range ids {
			line := NewRecordLine(id, [32]byte{byte(n)}, Instant{time.Unix(1.7e9+int64(n), 0).UTC()})
			for f := range n % 3 {
				line.AddForm([32]byte{byte(n), byte(f + 1)}, Instant{time.Unix(1.8e9+int64(f), 0).UTC()})
			}
			want.Records = append(want.Records, line)
		}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		set, err := ParseRecords(b, want.Issuer, want.Prefix)
		if err != nil || len(set) != len(ids) {
			t.Fatal(err)
		}
		for n, id := range ids {
			if r, ok := set.Find(id); !ok || r.PayloadSHA256 != [32]byte{byte(n)} || !r.RecordedAt.Equal(time.Unix(1.7e9+int64(n), 0)) {
				t.Fatalf("%s is %+v, %v", id, r, ok)
			} else if len(r.Forms) != n%3 || n%3 > 0 && r.Forms[0].PayloadSHA256 != [32]byte{byte(n), 1} {
				t.Fatalf("%s has the forms %+v", id, r.Forms)
			}
		}
		if _, ok := set.Find("urn:uuid:other"); ok {
			t.Fatal("another credential is found")
		}
		if _, err := ParseRecords(b, want.Issuer+"0", want.Prefix); err == nil {
			t.Fatal("another issuer's records are taken")
		}
		if _, err := ParseRecords(b, want.Issuer, "a1"); err == nil {
			t.Fatal("the answer to another question is taken")
		}
	})
}

// FuzzParseRecords: what a ledger may answer is refused or read whole.
func FuzzParseRecords(f *testing.F) {
	line := NewRecordLine("urn:uuid:a", [32]byte{1}, Instant{time.Unix(1.7e9, 0)})
	good, _ := json.Marshal(Records{Issuer: "i", Prefix: "", Records: []RecordLine{line}})
	twice, _ := json.Marshal(Records{Issuer: "i", Prefix: "", Records: []RecordLine{line, line}})
	f.Add(good)
	f.Add(twice)
	f.Add([]byte(strings.Replace(string(good), `"records":[`, `"records":[{},`, 1)))
	f.Add([]byte(`{"issuer":"i","prefix":"","records":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := ParseRecords(b, "i", "")
		if err != nil && set != nil {
			t.Fatal("refused and read")
		}
		for _, r := range set {
			if r.RecordedAt.IsZero() {
				t.Fatal("a record without a time")
			}
		}
	})
}
