package lint

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
)

// language is the shape of a language tag (RFC 5646 §2.1), not the register of tags.
var language = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)

// texts checks, at any depth, that a text with a language is one (§11.1), and where name and
// description stand that they are texts at all.
func (l *linter) texts(here *place, v credential.Value) {
	switch v.Kind() {
	case credential.Array:
		for i, item := range v.Items() {
			at := here.at(i)
			l.texts(&at, item)
		}
	case credential.Object:
		if v.Has("@value") || v.Has("@language") || v.Has("@direction") {
			l.languageValue(here.String(), v)
			return
		}
		for name, item := range v.Members() {
			if name == "@context" {
				continue
			}
			at := here.member(name)
			if here == nil && (name == "name" || name == "description") {
				for _, text := range item.OneOrMany() {
					if _, ok := text.Text(); !ok && !text.Has("@value") {
						l.find(BadLanguage, at.String(), "neither a text nor one with a language")
					}
				}
			}
			l.texts(&at, item)
		}
	}
}

func (l *linter) languageValue(path string, v credential.Value) {
	for name, item := range v.Members() {
		text, ok := item.Text()
		switch name {
		case "@value":
		case "@language":
			ok = ok && language.MatchString(text)
		case "@direction":
			ok = text == "ltr" || text == "rtl"
		default:
			ok = false
		}
		if !ok {
			l.find(BadLanguage, pointer(path, name), "not a member of a text with a language, or malformed")
		}
	}
	if !v.Has("@value") {
		l.find(BadLanguage, path, "there is no @value")
	}
}

// resources checks relatedResource (§5.3): ids that are there once, and digests, which are
// compared with the resource where it is kept here.
func (l *linter) resources() {
	list := l.doc.Get("relatedResource")
	seen := map[string]bool{}
	for i, r := range list.OneOrMany() {
		path := entry("/relatedResource", list, i)
		id, _ := r.Get("id").Text()
		switch {
		case !r.IsObject() || !isURL(id):
			l.find(BadResource, path+"/id", "not a URL")
			continue
		case seen[id]:
			l.find(BadResource, path+"/id", "there twice")
		}
		seen[id] = true
		if !r.Has("digestSRI") && !r.Has("digestMultibase") {
			l.find(BadResource, path, "neither digestSRI nor digestMultibase")
		}
		content, kept := jsonld.Text(id)
		for name, parse := range map[string]func(string) (crypto.Hash, []byte, bool){"digestSRI": parseSRI, "digestMultibase": parseMultihash} {
			for _, v := range r.Get(name).OneOrMany() {
				text, _ := v.Text()
				hash, want, ok := parse(text)
				if !ok {
					l.find(BadResource, path+"/"+name, "not a well-formed digest")
				} else if kept && !matches(hash, want, content) {
					l.find(WrongDigest, path+"/"+name, "the resource has another digest")
				}
			}
		}
	}
}

func matches(hash crypto.Hash, want, content []byte) bool {
	h := hash.New()
	h.Write(content)
	return bytes.Equal(h.Sum(nil), want)
}

// parseSRI reads "sha384-BASE64" (Subresource Integrity §3.1). One digest, no options.
func parseSRI(s string) (crypto.Hash, []byte, bool) {
	name, text, _ := strings.Cut(s, "-")
	hash, ok := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[name]
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	return hash, sum, ok && err == nil && len(sum) == hash.Size()
}

// parseMultihash reads a multihash of SHA-2 in multibase, as base64url ("u") or hexadecimal ("f").
func parseMultihash(s string) (crypto.Hash, []byte, bool) {
	if s == "" {
		return 0, nil, false
	}
	var b []byte
	var err error
	switch s[0] {
	case 'u':
		b, err = base64.RawURLEncoding.Strict().DecodeString(s[1:])
	case 'f':
		b, err = hex.DecodeString(s[1:])
	case 'z':
		if len(s) > 128 {
			return 0, nil, false
		}
		b, err = credential.DecodeBase58(s[1:])
	default:
		return 0, nil, false
	}
	if err != nil || len(b) < 2 {
		return 0, nil, false
	}
	hash, ok := map[byte]crypto.Hash{0x12: crypto.SHA256, 0x20: crypto.SHA384, 0x13: crypto.SHA512}[b[0]]
	return hash, b[2:], ok && int(b[1]) == hash.Size() && len(b) == 2+hash.Size()
}
