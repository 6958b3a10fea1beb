package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

func TestBitsComeBackAsTheyWereSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := NewBits(rapid.IntRange(0, 300_000).Draw(t, "entries"))
		set := map[int]bool{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, bits.Len()-1), 0, 50).Draw(t, "set") {
			bits.Set(i)
			set[i] = true
		}
		encoded, err := Encode(bits)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(encoded)
		if err != nil || !bytes.Equal(bits, again) {
			t.Fatal("comes back changed", err)
		}
		for i := range set {
			for j := max(0, i-9); j < min(again.Len(), i+9); j++ {
				if again.Get(j) != set[j] {
					t.Fatalf("entry %d is %v", j, again.Get(j))
				}
			}
		}
	})
}

func TestEntryZeroIsTheLeftmostBit(t *testing.T) {
	bits := NewBits(0)
	bits.Set(0)
	bits.Set(15)
	if bits[0] != 0x80 || bits[1] != 0x01 || bits.Len() != MinEntries {
		t.Errorf("% x…, %d entries", bits[:2], bits.Len())
	}
}

func encode(b []byte) string {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(z.Bytes())
}

func TestAListThatIsNotInOrderIsAnError(t *testing.T) {
	good := encode(make([]byte, MinEntries/8))
	for name, text := range map[string]string{
		"nothing": "", "another multibase": "z" + good[1:], "not base64url": "u+++", "not gzip": "uAAAA", "cut": good[:len(good)-8],
		"too short": encode(make([]byte, MinEntries/8-1)), "a bomb": encode(make([]byte, 4<<20)),
	} {
		if _, err := Decode(text); err == nil {
			t.Errorf("%s is taken", name)
		}
		if b, err := Decode(good); err != nil || !bytes.Equal(b, make([]byte, MinEntries/8)) {
			t.Errorf("after %s a good list is not read: %v", name, err)
		}
	}
	if n := testing.AllocsPerRun(1, func() { _, _ = Decode(encode(make([]byte, maxBytes))) }); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

func TestAnEntryIsReadStrictly(t *testing.T) {
	entry := `{"id":"https://l/1#7","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://l/1"}`
	for name, c := range map[string]struct {
		old, new string
		ok       bool
	}{
		"as it should be":   {"", "", true},
		"of size one":       {`"type"`, `"statusSize":1,"type"`, true},
		"of size two":       {`"type"`, `"statusSize":2,"type"`, false},
		"another type":      {"BitstringStatusListEntry", "StatusList2021Entry", false},
		"another purpose":   {"revocation", "message", false},
		"index as a number": {`"7"`, `7`, false},
		"index with a zero": {`"7"`, `"07"`, false},
		"index negative":    {`"7"`, `"-7"`, false},
		"index with a plus": {`"7"`, `"+7"`, false},
		"index in Arabic":   {`"7"`, `"٧"`, false},
		"index too large":   {`"7"`, `"9223372036854775808"`, false},
		"no list":           {`"https://l/1"}`, `""}`, false},
		"id is the list":    {"https://l/1#7", "https://l/1", false},
	} {
		v, refusal := credential.ParseJSON([]byte(strings.Replace(entry, c.old, c.new, 1)))
		if refusal != nil {
			t.Fatal(name, refusal)
		}
		if e, err := ReadEntry(v); (err == nil) != c.ok || c.ok && (e != Entry{"https://l/1", 7, Revocation}) {
			t.Errorf("%s: %+v %v", name, e, err)
		}
	}
}

// FuzzReadList: never panics, never unpacks more than a megabyte, and what is taken is
// long enough to hide in.
func FuzzReadList(f *testing.F) {
	list, err := New("https://l/1", "did:web:l", Revocation, NewBits(0), time.Unix(0, 0), time.Unix(1e9, 0), time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	payload, err := credential.Payload(list)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add(bytes.Replace(payload, []byte(`"ttl":60000`), []byte(`"ttl":-1`), 1))
	f.Add(bytes.Replace(payload, []byte(`"revocation"`), []byte(`["revocation","suspension"]`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ReadList(b)
		if err == nil && (l.Bits.Len() < MinEntries || len(l.Bits) > maxBytes || l.Issuer == "" || l.TTL < 0) {
			t.Fatalf("taken: %d entries, ttl %s", l.Bits.Len(), l.TTL)
		}
	})
}

// BenchmarkReadList is a list in which every hundredth entry is set.
func BenchmarkReadList(b *testing.B) {
	bits := NewBits(0)
	for i := 99; i < bits.Len(); i += 100 {
		bits.Set(i)
	}
	list, err := New("https://l/1", "did:web:l", Revocation, bits, time.Unix(0, 0), time.Unix(1e9, 0), time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	payload, err := credential.Payload(list)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadList(payload); err != nil {
			b.Fatal(err)
		}
	}
}
