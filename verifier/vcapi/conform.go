package vcapi

import (
	"bytes"
	"slices"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
	"sijil/verifier/lint"
	"sijil/verifier/sdjwt"
)

// conforms asks whether a document whose proof holds is as the data model 2.0 asks, and what
// is in a presentation with it. A reader of one diploma gets by without; who checks conformance
// asks here. Documents of the older model are not judged by the rules of this one.
func conforms(input []byte, presentation bool) (verifier.Overall, *credential.Refusal) {
	doc, claims, refusal := content(input)
	if refusal != nil {
		return verifier.NotValid, refusal
	}
	kind := lint.Presentation
	if !presentation {
		kind = kindOf(doc)
	}
	if overall, refusal := linted(doc, lint.Profile{Kind: kind, Claims: claims}); refusal != nil {
		return overall, refusal
	}
	if !presentation {
		return "", nil
	}
	for _, item := range doc.Get("verifiableCredential").OneOrMany() {
		inner := item.Raw()
		if text, ok := item.Text(); ok {
			inner = []byte(text)
		}
		if overall, refusal := conforms(inner, false); refusal != nil {
			return overall, refusal
		}
	}
	return "", nil
}

// linted is the first fault of a document. What could not be understood for want of a context is no
// fault of its author's.
func linted(doc credential.Value, p lint.Profile) (verifier.Overall, *credential.Refusal) {
	if !current(doc) {
		return "", nil
	}
	found := lint.Lint(doc, p)
	if len(found) == 0 || p.Claims && found[0].Reason == credential.UnmappedTerm && meantTypes(doc) {
		return "", nil
	}
	overall, first := verifier.NotValid, found[0]
	switch first.Reason {
	case credential.UnknownContext, credential.Unsupported, credential.TooComplex:
		overall = verifier.CannotConfirm
	}
	return overall, credential.Refuse(first.Reason, "%s", first.Detail)
}

// meantTypes reports whether the contexts give every type of a token a meaning. Its other members
// need none: a token signs them as they are written, and readers of plain JSON take them so.
func meantTypes(doc credential.Value) bool {
	text := append([]byte(`{"@context":`), doc.Get("@context").Raw()...)
	text = append(append(text, `,"type":[`...), bytes.Join(quoted(doc.Get("type").OneOrMany()), []byte{','})...)
	types, refusal := credential.ParseJSON(append(text, "]}"...))
	if refusal != nil {
		return false
	}
	_, refusal = jsonld.Expand(types, types.Get("@context"))
	return refusal == nil
}

// quoted are texts as JSON; what is none becomes an empty one, which is no type.
func quoted(list []credential.Value) (out [][]byte) {
	for _, v := range list {
		s, _ := v.Text()
		b, err := credential.Payload(s)
		if err != nil {
			panic(err) // a text always encodes
		}
		out = append(out, b)
	}
	return out
}

// current: the document says that it is of the data model 2.0.
func current(doc credential.Value) bool {
	return slices.ContainsFunc(doc.Get("@context").OneOrMany(), func(v credential.Value) bool {
		s, _ := v.Text()
		return s == credential.ContextV2
	})
}

// kindOf is the profile that a credential's types claim.
func kindOf(doc credential.Value) lint.Kind {
	kind := lint.Credential
	for _, v := range doc.Get("type").OneOrMany() {
		switch s, _ := v.Text(); s {
		case "AchievementCredential", "OpenBadgeCredential":
			kind = lint.OpenBadge
		case "ClrCredential":
			return lint.Transcript
		}
	}
	return kind
}

// content is what was signed, and whether claims of a JWT stand in it. The proofs have held.
func content(input []byte) (doc credential.Value, claims bool, refusal *credential.Refusal) {
	input = bytes.Trim(input, " \t\r\n")
	if bytes.HasPrefix(input, []byte("{")) {
		doc, refusal = credential.ParseJSON(input)
		if refusal != nil {
			return doc, false, refusal
		}
		e, ok, refusal := credential.ReadEnvelope(doc)
		if !ok || refusal != nil {
			return doc, false, refusal
		}
		input = []byte(e.Token)
	}
	parse := credential.ParseJOSE
	if bytes.IndexByte(input, '~') > 0 {
		parse = sdjwt.Parse
	}
	form, refusal := parse(input, credential.MaxToken)
	if refusal != nil {
		return doc, true, refusal
	}
	doc, refusal = form.Payload()
	return doc, true, refusal
}
