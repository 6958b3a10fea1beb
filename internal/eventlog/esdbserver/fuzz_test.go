package esdbserver

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		"", "Basic", "Basic ", "Basic d3JpdGVyOnNlY3JldA==", "basic d3JpdGVyOg==", "Basic d3JpdGVy", "Basic OnNlY3JldA==",
		"Basic d3JpdGVyOnNlY3JldA==\n", "Basic //79Og==", "Bearer good", "BEARER  a.b.c", "Bearer a b", "Bearer a,b", "Digest x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseAuthorization(header)
		switch {
		case !ok && c != (Credentials{}):
			t.Errorf("%q is refused and gives something", header)
		case ok && (c.User == "") == (c.Token == ""):
			t.Errorf("%q gives both or neither: %+v", header, c)
		case ok && strings.Contains(c.User, ":"):
			t.Errorf("%q gives the user %q", header, c.User)
		case ok && c.Token != "" && !strings.Contains(header, c.Token):
			t.Errorf("%q gives the token %q", header, c.Token)
		}
	})
}

func FuzzUUID(f *testing.F) {
	f.Add(int64(0), int64(0), "00000000-0000-0000-0000-000000000000")
	f.Add(int64(-1), int64(1), "FFFFFFFF-ffff-4fff-8fff-ffffffffffff")
	f.Add(int64(1), int64(-1), "urn:uuid:6e1d3b0a-95c5-5a3e-8f0b-0b6d3a7c2f11")
	f.Add(int64(1), int64(2), "{6e1d3b0a-95c5-5a3e-8f0b-0b6d3a7c2f11}")
	f.Add(int64(1), int64(2), "6e1d3b0a95c55a3e8f0b0b6d3a7c2f11")
	f.Fuzz(func(t *testing.T, most, least int64, text string) {
		numbers := &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least}}}
		id, err := decodeUUID(numbers)
		if err != nil {
			t.Fatal(err)
		}
		if again := encodeUUID(id, false); again.String() != numbers.String() {
			t.Errorf("%v became %v", numbers, again)
		}
		if same, err := decodeUUID(encodeUUID(id, true)); err != nil || same != id {
			t.Errorf("%v became %v as text: %v", id, same, err)
		}
		if id, err := decodeUUID(&shared.UUID{Value: &shared.UUID_String_{String_: text}}); err == nil && id.String() != strings.ToLower(text) {
			t.Errorf("%q is read as %s", text, id)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add(true, "", "odd.\nx", "odd.Happened.v1")
	f.Add(false, `^[^\$].*`, "", "$settings")
	f.Add(true, "(?=x)", "", "x")
	f.Add(true, "((x{1000}){1000}){1000}", "", "x")
	f.Add(true, "(", "y", "x")
	f.Fuzz(func(t *testing.T, byType bool, regex, prefixes, name string) {
		x := &streams.ReadReq_Options_FilterOptions_Expression{Regex: regex}
		if prefixes != "" {
			x.Prefix = strings.Split(prefixes, "\n")
		}
		o := &streams.ReadReq_Options_FilterOptions{Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: x}}
		e := eventlog.Recorded{Stream: name}
		if byType {
			o.Filter = &streams.ReadReq_Options_FilterOptions_EventType{EventType: x}
			e = eventlog.Recorded{Draft: eventlog.Draft{Type: name}}
		}
		filter, err := parseFilter(o)
		if err != nil {
			return
		}
		if (regex == "") == (prefixes == "") || filter.every == 0 {
			t.Fatalf("%v is taken as %+v", o, filter)
		}
		if regex != "" {
			filter.match(e)
			return
		}
		want := false
		for _, p := range x.Prefix {
			want = want || len(name) >= len(p) && name[:len(p)] == p
		}
		if filter.match(e) != want {
			t.Errorf("prefixes %q match %q: %v", x.Prefix, name, !want)
		}
	})
}

// Nothing that any reader of JSON takes for a $ member may pass.
func FuzzStreamMetadata(f *testing.F) {
	for _, seed := range []string{`{}`, `null`, `[]`, `{"$tb":1}`, `{"x":{"$tb":1}}`, `{"\u0024maxAge":1}`, `{"x":1}{"$tb":1}`, `{"x":1,"x":2}`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !inert(data) {
			return
		}
		d := json.NewDecoder(bytes.NewReader(data))
		depth, key := 0, false
		for {
			token, err := d.Token()
			if err != nil {
				return
			}
			switch v := token.(type) {
			case json.Delim:
				if v == '{' || v == '[' {
					depth++
				} else {
					depth--
				}
				key = depth == 1
				continue
			case string:
				if depth == 1 && key && strings.HasPrefix(v, "$") {
					t.Fatalf("%q passes and holds %q", data, v)
				}
			}
			key = depth == 1 && !key
		}
	})
}
