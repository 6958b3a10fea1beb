package jsonld

import (
	"bytes"
	"encoding/json"
	"testing"

	"sijil/verifier/credential"
)

// Whatever comes in, it is refused, or its canonical form does not depend on how the JSON
// was written.
func FuzzExpand(f *testing.F) {
	for _, v := range documentVectors(f) {
		f.Add([]byte(v.Document))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 16<<10 {
			return
		}
		once, refusal := canonical(t, doc)
		if refusal != nil {
			return
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("taken, but it is not JSON: %v", err)
		}
		sorted, err := json.MarshalIndent(v, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if again, refusal := canonical(t, sorted); refusal != nil || again != once {
			t.Fatalf("%v\n%s\n%s", refusal, once, again)
		}
	})
}

// JCS is a fixed point: its own output does not change, and means what the input meant.
func FuzzJCS(f *testing.F) {
	f.Add([]byte(`{"b":[1.0,1e21,-0,1e-7,"\u20ac\u0007\ud83d\ude00"],"a":{"é":null,"z":true,"":{}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, refusal := credential.ParseJSON(doc)
		if refusal != nil {
			return
		}
		once, refusal := JCS(v)
		if refusal != nil {
			return
		}
		v, refusal = credential.ParseJSON(once)
		if refusal != nil {
			t.Fatalf("%v: %s", refusal, once)
		}
		if again, refusal := JCS(v); refusal != nil || !bytes.Equal(once, again) {
			t.Fatalf("%v\n%s\n%s", refusal, once, again)
		}
	})
}

func TestJCSIsTheStandards(t *testing.T) {
	// RFC 8785 §3.2.2 and §3.2.3, without the number that a double cannot hold.
	const in = `{"numbers": [1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false],
		"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}`
	const want = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"literals\":[null,true,false],\"numbers\":[1e+30,4.5,0.002,1e-27]," +
		"\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"
	v, refusal := credential.ParseJSON([]byte(in))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if got, refusal := JCS(v); refusal != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", refusal, got, want)
	}
}
