package issuer

import (
	"slices"
	"strings"

	"sijil/domain"
	"sijil/verifier/credential"
)

// Institutions award diplomas on evidence, by two officers, and the ledger signs what they
// awarded. A credential that software would show as a diploma is therefore never signed on
// request. What it means is asked of its statements, since a context can give any name to
// anything, and of its names, since readers of plain JSON look at nothing else.

// awardVocabularies are where the words of awards are defined.
var awardVocabularies = []string{
	"https://purl.imsglobal.org/spec/vc/ob/", "https://purl.imsglobal.org/spec/vc/clr/", "https://purl.imsglobal.org/spec/ob/", "https://purl.imsglobal.org/spec/clr/",
	"https://w3id.org/openbadges", "http://data.europa.eu/snb/", "https://data.europa.eu/snb/",
}

// awardWords are parts of names that say award, in small letters.
var awardWords = []string{
	"achievement", "award", "baccalaur", "bachelor", "badge", "clrcredential", "clrsubject", "degree", "diplom", "diplôm", "doctorat", "educationaloccupationalcredential",
	"europeandigitalcredential", "graduation", "qualification", "transcript", "zeugnis",
}

// ledgerTypes are what only the ledger itself signs, or what is no credential, in small letters.
var ledgerTypes = []string{"statuslist", "revocationlist", "verifiablepresentation", "envelopedverifiable"}

func errAward() error {
	return domain.Refuse(domain.Forbidden, "diplomas_come_from_awards", "this looks like an award: institutions award diplomas on evidence (POST /v1/awards), and the ledger signs those by itself")
}

func errLedgers() error {
	return domain.Refuse(domain.Forbidden, "not_an_attestation", "status lists and presentations are not signed on request")
}

// plainWords refuses by the names of members and types as they are written.
func plainWords(v credential.Value) error {
	for _, item := range v.Items() {
		if err := plainWords(item); err != nil {
			return err
		}
	}
	for name, m := range v.Members() {
		if name == "@context" {
			if err := namedContexts(m); err != nil {
				return err
			}
			continue
		}
		if saysAward(name) {
			return errAward()
		}
		if name == "type" || name == "@type" {
			for _, t := range m.OneOrMany() {
				text, _ := t.Text()
				if err := namedType(text); err != nil {
					return err
				}
			}
		}
		if err := plainWords(m); err != nil {
			return err
		}
	}
	return nil
}

// namedContexts refuses the contexts of awards, since who needs one describes an award, and those
// that give any word a meaning: under one nothing could be misspelled.
func namedContexts(v credential.Value) error {
	for _, item := range v.OneOrMany() {
		if text, _ := item.Text(); item.Has("@vocab") || strings.HasPrefix(text, "https://www.w3.org/ns/credentials/undefined-terms/") {
			return notConforming("unmapped_term: a context gives a meaning to any word")
		}
		if text, _ := item.Text(); slices.ContainsFunc(awardVocabularies, func(p string) bool { return strings.HasPrefix(text, p) }) ||
			strings.HasPrefix(text, "https://purl.imsglobal.org/spec/") {
			return errAward()
		}
	}
	return nil
}

func namedType(text string) error {
	if saysAward(text) {
		return errAward()
	}
	low := strings.ToLower(text)
	if slices.ContainsFunc(ledgerTypes, func(w string) bool { return strings.Contains(low, w) }) {
		return errLedgers()
	}
	return nil
}

func saysAward(name string) bool {
	low := strings.ToLower(name)
	return slices.ContainsFunc(awardWords, func(w string) bool { return strings.Contains(low, w) })
}

const rdfType = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

// meant refuses by what the statements are about: their predicates and types, in N-Quads.
func meant(quads string) error {
	for line := range strings.Lines(quads) {
		_, rest, _ := strings.Cut(line, " ")
		predicate, object, _ := strings.Cut(rest, " ")
		if awardIRI(predicate) {
			return errAward()
		}
		if predicate != rdfType {
			continue
		}
		iri, _, _ := strings.Cut(object, " ")
		if awardIRI(iri) {
			return errAward()
		}
		if err := namedType(last(iri)); err != nil {
			return err
		}
	}
	return nil
}

func awardIRI(iri string) bool {
	iri = strings.Trim(iri, "<>")
	return slices.ContainsFunc(awardVocabularies, func(p string) bool { return strings.HasPrefix(iri, p) }) || saysAward(last(iri))
}

// last is the part of an IRI that names something in its vocabulary.
func last(iri string) string {
	iri = strings.Trim(iri, "<>")
	return iri[strings.LastIndexAny(iri, "/#:")+1:]
}
