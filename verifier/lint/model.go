package lint

import (
	"net/url"
	"strconv"
	"strings"

	"sijil/verifier/credential"
)

// typed are the members whose entries say their type, and whether each must have an id.
var typed = []struct {
	name string
	id   bool
}{
	{"credentialStatus", false},
	{"credentialSchema", true},
	{"refreshService", false},
	{"termsOfUse", false},
	{"evidence", false},
	{"confidenceMethod", false},
	{"renderMethod", false},
	{"proof", false},
}

// credential checks what the data model says of every credential.
func (l *linter) credential() {
	l.issuer()
	subjects := l.doc.Get("credentialSubject")
	if list := subjects.OneOrMany(); len(list) == 0 {
		l.find(BadSubject, "/credentialSubject", "there is no subject")
	} else {
		for i, s := range list {
			path := entry("/credentialSubject", subjects, i)
			if !s.IsObject() || len(s.Names()) == 0 {
				l.find(BadSubject, path, "not an object with members")
				continue
			}
			l.id(path+"/id", s.Get("id"), false)
		}
	}
	l.dates()
	for _, t := range typed {
		v := l.doc.Get(t.name)
		if v.Kind() == credential.Array && len(v.Items()) == 0 {
			l.find(EmptyValue, "/"+t.name, "an empty list")
		}
		for i, e := range v.OneOrMany() {
			path := entry("/"+t.name, v, i)
			if len(typesOf(e)) == 0 {
				l.find(Untyped, path, "not an object with a type")
				continue
			}
			l.id(path+"/id", e.Get("id"), t.id)
			if t.name == "credentialStatus" {
				l.status(path, e)
			}
		}
	}
	l.resources()
}

func (l *linter) issuer() {
	v := l.doc.Get("issuer")
	path := "/issuer"
	if v.IsObject() {
		v, path = v.Get("id"), "/issuer/id"
	}
	if text, ok := v.Text(); !ok || !isURL(text) {
		l.find(BadIssuer, path, "not a URL")
	}
}

func (l *linter) dates() {
	if times, refusal := credential.ReadTimes(l.doc); refusal != nil {
		l.find(credential.BadTime, "", refusal.Detail)
	} else if l.profile.Kind != Credential && times.ValidFrom.IsZero() {
		l.find(MissingMember, "/validFrom", "the profile asks for it")
	}
	if v := l.doc.Get("awardedDate"); v.Kind() != credential.Missing {
		text, _ := v.Text()
		if _, err := credential.ParseStamp(text); err != nil {
			l.find(credential.BadTime, "/awardedDate", err.Error())
		}
	}
}

// status checks an entry of a kind that we know (Bitstring Status List §2.1).
func (l *linter) status(path string, e credential.Value) {
	if typesOf(e)[0] != "BitstringStatusListEntry" {
		return
	}
	text := func(name string) string { s, _ := e.Get(name).Text(); return s }
	index := text("statusListIndex")
	if n, err := strconv.ParseUint(index, 10, 63); err != nil || strconv.FormatUint(n, 10) != index {
		l.find(BadStatus, path+"/statusListIndex", "not a decimal number as a text")
	}
	if text("statusPurpose") == "" {
		l.find(BadStatus, path+"/statusPurpose", "not a text")
	}
	list := text("statusListCredential")
	if !isURL(list) {
		l.find(BadStatus, path+"/statusListCredential", "not a URL")
	}
	if list != "" && text("id") == list {
		l.find(BadStatus, path+"/id", "the list's own URL")
	}
}

// presentation checks what the data model says of every presentation (§4.13).
func (l *linter) presentation() {
	holder := l.doc.Get("holder")
	if holder.IsObject() {
		holder = holder.Get("id")
	}
	if text, ok := holder.Text(); l.doc.Has("holder") && (!ok || !isURL(text)) {
		l.find(BadID, "/holder", "not a URL")
	}
	items := l.doc.Get("verifiableCredential")
	for i, v := range items.OneOrMany() {
		path := entry("/verifiableCredential", items, i)
		if !v.IsObject() {
			l.find(Untyped, path, "not an object")
		} else if e, ok, refusal := credential.ReadEnvelope(v); ok && (refusal != nil || e.Presentation) {
			l.find(credential.BadPayload, path, "not an envelope of a credential")
		} else if !ok && !v.Has("proof") {
			l.find(MissingMember, path+"/proof", "a credential within is secured on its own")
		}
	}
	terms := l.doc.Get("termsOfUse")
	for i, e := range terms.OneOrMany() {
		if len(typesOf(e)) == 0 {
			l.find(Untyped, entry("/termsOfUse", terms, i), "not an object with a type")
		}
	}
}

// id checks an id that is there, or must be.
func (l *linter) id(path string, v credential.Value, must bool) {
	if v.Kind() == credential.Missing {
		if must {
			l.find(MissingMember, path, "the profile asks for it")
		}
		return
	}
	if text, ok := v.Text(); !ok || !isURL(text) {
		l.find(BadID, path, "not one absolute URL")
	}
}

// isURL: absolute, with a scheme and something after it, and no white space.
func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && len(s) > len(u.Scheme)+1 && !strings.ContainsAny(s, " \t\r\n<>\"{}|\\^`")
}

// entry is the path of the i-th entry of a member that may be a list or the one entry itself.
func entry(path string, v credential.Value, i int) string {
	if v.Kind() == credential.Array {
		return path + "/" + strconv.Itoa(i)
	}
	return path
}

func pointer(path, name string) string { return path + "/" + escapes.Replace(name) }

// escapes of a JSON pointer's names (RFC 6901 §3).
var escapes = strings.NewReplacer("~", "~0", "/", "~1")

// place is where a walk through a document is. It becomes a JSON pointer only if something is
// found there: nearly always nothing is.
type place struct {
	within *place // nil at the root
	named  bool   // a member of that name; else an item of a list
	name   string
	item   int
}

func (p *place) member(name string) place { return place{within: p, name: name, named: true} }

func (p *place) at(i int) place { return place{within: p, item: i} }

func (p *place) String() string {
	switch {
	case p == nil:
		return ""
	case p.named:
		return pointer(p.within.String(), p.name)
	}
	return p.within.String() + "/" + strconv.Itoa(p.item)
}
