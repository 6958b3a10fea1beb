package web

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/did"
)

// forms is a verifier that knows the issuers of our own vectors, and their tokens by name.
func forms(t *testing.T) (http.Handler, map[string]string) {
	b, err := os.ReadFile("../testdata/vectors/jose/ours.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		At      time.Time
		Issuers []did.Issuer
		Lists   map[string]string
		Cases   []struct{ Name, Token string }
	}
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	for i := range vectors.Issuers {
		vectors.Issuers[i].Name = "Lycée Hannibal · معهد حنبعل"
	}
	trusted := bundle.Bundle{Issuers: vectors.Issuers, Lists: map[string][]byte{}}
	for url, list := range vectors.Lists {
		trusted.Lists[url] = []byte(list)
	}
	c := config(t, io.Discard)
	if c.Trust, err = verifier.NewStore("bundle", trusted); err != nil {
		t.Fatal(err)
	}
	c.Now = func() time.Time { return vectors.At }
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{}
	for _, c := range vectors.Cases {
		tokens[c.Name] = c.Token
	}
	return h, tokens
}

func TestEachCredentialWithinHasItsOwnAnswer(t *testing.T) {
	h, tokens := forms(t)
	for name, c := range map[string]struct {
		class string   // of the whole
		items []string // of each within
	}{
		"valid vc+jwt":                      {"good", nil},
		"valid dc+sd-jwt":                   {"good", nil},
		"valid vp+jwt":                      {"good", []string{"good"}},
		"transcript of two":                 {"good", []string{"good", "good"}},
		"transcript with a revoked diploma": {"bad", []string{"bad"}},
	} {
		body := post(t, h, "/?lang=fr", tokens[name], "", "").Body.String()
		if !strings.Contains(body, `class="verdict `+c.class+`"`) {
			t.Errorf("%s: another answer", name)
		}
		if shown := strings.Contains(body, "La présentation elle-même"); shown != (name == "valid vp+jwt") || shown != strings.Contains(body, "ce peut être une copie") {
			t.Errorf("%s: told as a presentation: %v", name, shown)
		}
		var items []string
		for _, m := range regexp.MustCompile(`<article class="item (\w+)">`).FindAllStringSubmatch(body, -1) {
			items = append(items, m[1])
		}
		if !slices.Equal(items, c.items) {
			t.Errorf("%s: items %v, want %v", name, items, c.items)
		}
		if !strings.Contains(body, "<dd><bdi>Lycée Hannibal</bdi></dd><dd><bdi>معهد حنبعل</bdi></dd>") {
			t.Errorf("%s: the institution does not stand in each of its languages", name)
		}
		if len(body) > 24<<10 {
			t.Errorf("%s: %d bytes", name, len(body))
		}
	}
}

func TestATranscriptInABrowser(t *testing.T) {
	t.Parallel()
	h, tokens := forms(t)
	p := open(t, h)
	for _, lang := range []string{"en", "ar"} {
		p.visit("/?lang=" + lang)
		for file, name := range map[string]string{"transcript": "transcript with a revoked diploma", "presentation": "valid vp+jwt"} {
			p.check(tokens[name])
			js[bool](p, `document.querySelector("details").open = true`)
			for _, fault := range js[[]string](p, faults) {
				t.Errorf("%s %s: %s", lang, name, fault)
			}
			p.picture(file + "-" + lang)
		}
	}
	p.clean()
}
