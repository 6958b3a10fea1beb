package domain

import "strings"

// Descriptor is a code of a code list as a URI, in Ed-Fi's form
// "uri://namespace/ListName#Code", so that a national list plugs in beside the standard one.
type Descriptor string

// EdFi is the code of one of Ed-Fi 5.2's own lists.
func EdFi(list, code string) Descriptor {
	return Descriptor("uri://ed-fi.org/" + list + "Descriptor#" + code)
}

// Valid reports whether d has the form uri://namespace/ListDescriptor#Code and at most
// 200 printable ASCII characters.
func (d Descriptor) Valid() bool {
	rest, ok := strings.CutPrefix(string(d), "uri://")
	if !ok || len(d) > 200 {
		return false
	}
	for i := range len(rest) {
		if rest[i] <= ' ' || rest[i] > '~' {
			return false
		}
	}
	path, code, ok := strings.Cut(rest, "#")
	namespace, list, ok2 := strings.Cut(path, "/")
	return ok && ok2 && namespace != "" && code != "" && strings.HasSuffix(list, "Descriptor")
}

// Is reports whether d belongs to the list named, whatever its namespace.
func (d Descriptor) Is(list string) bool {
	path, _, _ := strings.Cut(string(d), "#")
	return d.Valid() && strings.HasSuffix(path, "/"+list+"Descriptor")
}

// Code is the part after "#".
func (d Descriptor) Code() string {
	_, c, _ := strings.Cut(string(d), "#")
	return c
}

// Text is a name or a description in one or more languages, by BCP 47 tag. It is for
// things, institutions and courses, never for people.
type Text map[string]string

// In is the text in the first of langs it has, else in English, else in the first
// language by tag; "" when it is empty.
func (t Text) In(langs ...string) string {
	for _, l := range append(langs, "en") {
		if s, ok := t[l]; ok {
			return s
		}
	}
	first := ""
	for l := range t {
		if first == "" || l < first {
			first = l
		}
	}
	return t[first]
}
