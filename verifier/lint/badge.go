package lint

import (
	"slices"
	"strings"

	"sijil/verifier/credential"
)

// badge checks what Open Badges 3.0.3 asks beyond the data model.
func (l *linter) badge() {
	l.context("https://purl.imsglobal.org/spec/ob/v3p0/")
	l.profiled()
	l.noneEmpty(nil, l.doc)
	s := l.doc.Get("credentialSubject")
	if !s.IsObject() || !slices.Contains(typesOf(s), "AchievementSubject") {
		l.find(BadSubject, "/credentialSubject", "not one AchievementSubject")
		return
	}
	if !s.Has("id") && !s.Has("identifier") {
		l.find(BadSubject, "/credentialSubject", "neither an id nor an identifier says who it is about")
	}
	a := s.Get("achievement")
	const at = "/credentialSubject/achievement"
	if !slices.Contains(typesOf(a), "Achievement") {
		l.find(BadSubject, at, "not one Achievement")
		return
	}
	l.id(at+"/id", a.Get("id"), true)
	for _, name := range []string{"name", "description", "criteria"} {
		if !a.Has(name) {
			l.find(MissingMember, at+"/"+name, "the profile asks for it")
		}
	}
	described := map[string]bool{}
	for _, d := range a.Get("resultDescription").OneOrMany() {
		id, _ := d.Get("id").Text()
		described[id] = id != ""
	}
	results := s.Get("result")
	for i, r := range results.OneOrMany() {
		path := entry("/credentialSubject/result", results, i)
		ref, _ := r.Get("resultDescription").Text()
		if r.Has("resultDescription") && !described[ref] {
			l.find(BadResult, path+"/resultDescription", "no such description")
		}
		if !r.Has("value") && !r.Has("status") && !r.Has("achievedLevel") {
			l.find(BadResult, path, "there is no value, status or level")
		}
	}
}

// transcript checks what CLR 2.0 asks beyond the data model.
func (l *linter) transcript() {
	l.context("https://purl.imsglobal.org/spec/clr/v2p0/")
	l.profiled()
	l.noneEmpty(nil, l.doc)
	if !l.doc.Has("name") {
		l.find(MissingMember, "/name", "the profile asks for it")
	}
	s := l.doc.Get("credentialSubject")
	if !s.IsObject() || !slices.Contains(typesOf(s), "ClrSubject") {
		l.find(BadSubject, "/credentialSubject", "not one ClrSubject")
	} else if len(s.Get("verifiableCredential").OneOrMany()) == 0 {
		l.find(MissingMember, "/credentialSubject/verifiableCredential", "a transcript holds credentials")
	}
}

// profiled is what badges and transcripts share: an id, an issuer that is a Profile, and one
// status at most, with an id.
func (l *linter) profiled() {
	l.id("/id", l.doc.Get("id"), true)
	if !slices.Contains(typesOf(l.doc.Get("issuer")), "Profile") {
		l.find(BadIssuer, "/issuer", "not a Profile")
	}
	status := l.doc.Get("credentialStatus")
	if status.Kind() == credential.Array && len(status.Items()) > 1 {
		l.find(BadStatus, "/credentialStatus", "more than one")
	}
	for i, e := range status.OneOrMany() {
		l.id(entry("/credentialStatus", status, i)+"/id", e.Get("id"), true)
	}
}

// context asks for one of a vocabulary's versions.
func (l *linter) context(prefix string) {
	for _, v := range l.doc.Get("@context").Items() {
		if s, _ := v.Text(); strings.HasPrefix(s, prefix) {
			return
		}
	}
	l.find(BadContext, "/@context", "the profile's own context is not there")
}

// noneEmpty: the profile knows no nulls and no empty lists, at any depth.
func (l *linter) noneEmpty(here *place, v credential.Value) {
	switch v.Kind() {
	case credential.Null:
		l.find(EmptyValue, here.String(), "a null")
	case credential.Array:
		if len(v.Items()) == 0 {
			l.find(EmptyValue, here.String(), "an empty list")
		}
		for i, item := range v.Items() {
			at := here.at(i)
			l.noneEmpty(&at, item)
		}
	case credential.Object:
		for name, item := range v.Members() {
			at := here.member(name)
			l.noneEmpty(&at, item)
		}
	}
}
