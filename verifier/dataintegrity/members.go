package dataintegrity

import (
	"slices"

	"sijil/verifier/credential"
)

// without is an object without those members.
func without(v credential.Value, except ...string) (credential.Value, *credential.Refusal) {
	return credential.ParseJSON(write(v, except, nil))
}

// write is an object as JSON in the order of its members, without some of them and with
// more, already written, at the end.
func write(v credential.Value, except []string, more []byte) []byte {
	b := []byte{'{'}
	for name, m := range v.Members() {
		if slices.Contains(except, name) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, quote(name)...)
		b = append(b, ':')
		b = append(b, raw(m)...)
	}
	if len(more) > 0 && len(b) > 1 {
		b = append(b, ',')
	}
	b = append(b, more...)
	return append(b, '}')
}

// raw is a value as it stands in the source, or so that it means the same.
func raw(v credential.Value) []byte {
	if s, ok := v.Text(); ok {
		return quote(s)
	}
	return v.Raw()
}

func quote(s string) []byte {
	b, err := credential.Payload(s)
	if err != nil {
		panic(err) // a text always encodes
	}
	return b
}
