package credential

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestJSONThatTwoReadersCouldReadDifferentlyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Reason
	}{
		"a plain object":           {`{"a":[1,-0.5e+3,true,false,null,"x\u00e9\ud83d\ude00\n"]}`, ""},
		"white space around":       {" \t\r\n{} ", ""},
		"a name twice":             {`{"a":1,"a":1}`, AmbiguousJSON},
		"twice by an escape":       {`{"a":1,"\u0061":1}`, AmbiguousJSON},
		"twice in another case":    {`{"issuer":1,"Issuer":2}`, AmbiguousJSON},
		"twice by the Kelvin sign": {`{"k":1,"` + "\u212a" + `":2}`, AmbiguousJSON},
		"twice by the long s":      {`{"iss":1,"i` + "\u017f" + `s":2}`, AmbiguousJSON},
		"twice far below":          {`[[{"x":{"a":1,"b":2,"A":3}}]]`, AmbiguousJSON},
		"twice among many":         {`{` + numbered(40) + `,"N7":1}`, AmbiguousJSON},
		"the same in two objects":  {`[{"a":1},{"a":1}]`, ""},
		"not UTF-8":                {"\"\xff\"", BadPayload},
		"a lone surrogate":         {`"\ud800"`, BadPayload},
		"surrogates reversed":      {`"\udc00\ud800"`, BadPayload},
		"half a surrogate escape":  {`"\ud800\u12"`, BadPayload},
		"U+0000 escaped":           {`"\u0000"`, BadPayload},
		"a control character":      {"\"\x01\"", BadPayload},
		"a byte order mark":        {"\ufeff{}", BadPayload},
		"an unknown escape":        {`"\x"`, BadPayload},
		"text after it":            {`{}x`, BadPayload},
		"two values":               {`{}{}`, BadPayload},
		"nothing":                  {"", BadPayload},
		"a comma too many":         {`[1,]`, BadPayload},
		"a comma at the start":     {`[,1]`, BadPayload},
		"a comma too few":          {`[1 2]`, BadPayload},
		"a colon too few":          {`{"a" 1}`, BadPayload},
		"a name without quotes":    {`{a:1}`, BadPayload},
		"a leading zero":           {`01`, BadPayload},
		"a plus":                   {`+1`, BadPayload},
		"a point without digits":   {`1.`, BadPayload},
		"an exponent without":      {`1e`, BadPayload},
		"NaN":                      {`NaN`, BadPayload},
		"an end too early":         {`{"a":`, BadPayload},
		"a string without end":     {`"a`, BadPayload},
		"an escape without end":    {`"a\`, BadPayload},
		"32 deep":                  {strings.Repeat("[", 32) + strings.Repeat("]", 32), ""},
		"33 deep":                  {strings.Repeat("[", 33) + strings.Repeat("]", 33), TooDeep},
		"20,000 items":             {`[0` + strings.Repeat(",0", 19_999) + `]`, ""},
		"20,001 items":             {`[0` + strings.Repeat(",0", 20_000) + `]`, TooManyMembers},
	} {
		var got Reason
		if _, refusal := ParseJSON([]byte(c.text)); refusal != nil {
			got = refusal.Reason
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func numbered(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf(`"n%d":1`, i))
	}
	return strings.Join(parts, ",")
}

// plain is a Value as encoding/json would give it.
func plain(v Value) any {
	switch v.Kind() {
	case Object:
		m := map[string]any{}
		for _, n := range v.Names() {
			m[n] = plain(v.Get(n))
		}
		return m
	case Array:
		out := []any{}
		for _, item := range v.Items() {
			out = append(out, plain(item))
		}
		return out
	case String:
		s, _ := v.Text()
		return s
	case Number:
		s, _ := v.Literal()
		return json.Number(s)
	case Bool:
		return string(v.Raw()) == "true"
	}
	return nil
}

func standard(b []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

// FuzzParseJSON: what is taken, encoding/json takes too and reads alike.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"\u00e9"}]}`, `"\ud83d\ude00"`, `[-1.5e-7,true,null]`, `{"a":1,"A":2}`, "[[[["} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, refusal := ParseJSON(b)
		if refusal != nil {
			return
		}
		want, err := standard(b)
		if err != nil {
			t.Fatalf("taken, but encoding/json refuses it: %v", err)
		}
		if got := plain(v); !reflect.DeepEqual(got, want) {
			t.Fatalf("read as %v, encoding/json reads %v", got, want)
		}
	})
}

func TestWhatEncodingJSONWritesIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 20, -1).Filter(func(s string) bool { return !strings.ContainsAny(s, "\x00\ufffd") })
		want := map[string]any{"s": text.Draw(t, "s"), "l": rapid.SliceOfN(text, 0, 5).Draw(t, "l"), "n": rapid.Float64().Draw(t, "n"), "b": rapid.Bool().Draw(t, "b")}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		v, refusal := ParseJSON(b)
		if refusal != nil {
			t.Fatalf("%s: %v", b, refusal)
		}
		again, err := standard(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(v); !reflect.DeepEqual(got, again) {
			t.Fatalf("%s is read as %v", b, got)
		}
	})
}
