package api

import "testing"

func TestReadersOfListsGetTheFormTheyPrefer(t *testing.T) {
	for accept, want := range map[string]string{
		"":                   "application/vc",
		" ":                  "application/vc",
		"*/*":                "application/vc",
		"application/*":      "application/vc",
		"application/vc+jwt": "application/vc+jwt",
		"Application/VC+JWT": "application/vc+jwt",
		"application/ld+json; profile=\"http://www.w3.org/ns/json-ld#compacted\"": "application/ld+json",
		"application/json":                                "application/json",
		"application/vc+jwt, */*;q=0.1":                   "application/vc+jwt",
		"application/vc;q=0.9, application/vc+jwt;q=0.8":  "application/vc",
		"application/vc;q=0.8, application/vc+jwt;q=0.9":  "application/vc+jwt",
		"application/vc+jwt;q=0, application/json;q=0.01": "application/json",
		"application/vc+jwt, application/vc":              "application/vc+jwt",
		"application/vc, application/vc+jwt":              "application/vc",
		"text/html, application/xml;q=0.9, */*;q=0.8":     "application/vc",
		";, application/vc+jwt":                           "application/vc+jwt",
		"text/html":                                       "",
		"application/vc+jwt;q=0":                          "",
		"application/vc+jwt;q=x":                          "",
		"*/*;q=0":                                         "",
	} {
		if got, ok := preferred(accept); got != want || ok != (want != "") {
			t.Errorf("%q prefers %q, want %q", accept, got, want)
		}
	}
}
