package lint

import (
	"slices"
	"strconv"

	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
)

// Profile is what a document is meant to be.
type Profile struct {
	// Kind decides about members and types.
	Kind Kind
	// Claims allows the registered claims of a JWT beside the members, where they agree.
	Claims bool
}

// Kind of document.
type Kind int

// The kinds.
const (
	Credential   Kind = iota // the data model 2.0 alone
	OpenBadge                // Open Badges 3.0.3 AchievementCredential
	Transcript               // CLR 2.0 ClrCredential
	Presentation             // the data model 2.0
)

// Finding is one thing that is not as the profile asks. Path is a JSON pointer (RFC 6901);
// Detail never repeats what the document says.
type Finding struct {
	Reason credential.Reason `json:"reason"`
	Path   string            `json:"path"`
	Detail string            `json:"detail"`
}

// maxFindings bounds an answer; a document with so many faults is not near to anything.
const maxFindings = 32

// members are the top-level members of each kind.
var members = map[Kind][]string{
	Credential:   common,
	OpenBadge:    append(slices.Clone(common), "awardedDate", "image", "endorsement", "endorsementJwt"),
	Transcript:   append(slices.Clone(common), "awardedDate", "image", "endorsement", "endorsementJwt", "partial"),
	Presentation: {"@context", "id", "type", "holder", "verifiableCredential", "termsOfUse", "proof"},
}

var (
	common = credential.Members()
	claims = credential.Claims() // these may stand beside the members
)

// Lint is everything about an unsigned document that its profile does not allow, none if it
// may be signed. The data model's rules are those of
// https://www.w3.org/TR/vc-data-model-2.0/ §4, the badge's those of
// https://www.imsglobal.org/spec/ob/v3p0 §B and the transcript's of https://www.imsglobal.org/spec/clr/v2p0.
func Lint(doc credential.Value, p Profile) []Finding {
	l := &linter{doc: doc, profile: p}
	if !doc.IsObject() {
		return []Finding{{credential.BadPayload, "", "not a JSON object"}}
	}
	l.members()
	l.contexts()
	l.types()
	l.id("/id", doc.Get("id"), false)
	l.texts(nil, doc)
	if p.Kind == Presentation {
		l.presentation()
	} else {
		l.credential()
	}
	switch p.Kind {
	case OpenBadge:
		l.badge()
	case Transcript:
		l.transcript()
	}
	if len(l.found) == 0 {
		l.meaning()
	}
	return l.found
}

type linter struct {
	doc     credential.Value
	profile Profile
	found   []Finding
}

func (l *linter) find(reason credential.Reason, path, detail string) {
	if len(l.found) < maxFindings {
		l.found = append(l.found, Finding{reason, path, detail})
	}
}

func (l *linter) members() {
	allowed := members[l.profile.Kind]
	for _, name := range l.doc.Names() {
		if !slices.Contains(allowed, name) && !(l.profile.Claims && slices.Contains(claims, name)) {
			l.find(UnknownMember, pointer("", name), "the profile has no such member")
		}
	}
	if l.profile.Claims {
		l.claims()
	}
}

// claims that stand for a member must say the same.
func (l *linter) claims() {
	id := func(v credential.Value) credential.Value {
		if v.IsObject() {
			return v.Get("id")
		}
		return v
	}
	from := id(l.doc.Get("issuer"))
	if l.profile.Kind == Presentation {
		from = id(l.doc.Get("holder"))
	}
	for name, want := range map[string]credential.Value{"iss": from, "jti": l.doc.Get("id"), "sub": l.doc.Get("credentialSubject").Get("id")} {
		if v := l.doc.Get(name); v.Kind() != credential.Missing && !same(v, want) {
			l.find(ConflictingName, "/"+name, "the claim contradicts the member it stands for")
		}
	}
}

func same(a, b credential.Value) bool {
	x, ok := a.Text()
	y, both := b.Text()
	return ok && both && x == y
}

// contexts: a list that begins with the data model's, each of the others known.
func (l *linter) contexts() {
	v := l.doc.Get("@context")
	items := v.Items()
	if first, _ := append(items[:len(items):len(items)], credential.Value{})[0].Text(); first != credential.ContextV2 {
		l.find(BadContext, "/@context", "not a list that begins with the context of the data model 2.0")
		return
	}
	for i, item := range items[1:] {
		path := "/@context/" + strconv.Itoa(i+1)
		url, ok := item.Text()
		switch {
		case item.IsObject():
		case !ok:
			l.find(BadContext, path, "neither a URL nor an object")
		case !jsonld.Known(url):
			l.find(credential.UnknownContext, path, "not a context that is kept here")
		}
	}
}

func (l *linter) types() {
	want := map[Kind][]string{
		Credential: {"VerifiableCredential"}, OpenBadge: {"VerifiableCredential"}, Transcript: {"VerifiableCredential", "ClrCredential"}, Presentation: {"VerifiablePresentation"},
	}[l.profile.Kind]
	have := typesOf(l.doc)
	if len(have) == 0 {
		l.find(credential.WrongType, "/type", "not a text or a list of texts")
		return
	}
	for _, t := range want {
		if !slices.Contains(have, t) {
			l.find(credential.WrongType, "/type", "does not include "+t)
		}
	}
	if l.profile.Kind == OpenBadge && !slices.Contains(have, "AchievementCredential") && !slices.Contains(have, "OpenBadgeCredential") {
		l.find(credential.WrongType, "/type", "includes neither AchievementCredential nor OpenBadgeCredential")
	}
}

// typesOf are the types of an object, none if any of them is not a text.
func typesOf(v credential.Value) (out []string) {
	for _, item := range v.Get("type").OneOrMany() {
		s, ok := item.Text()
		if !ok || s == "" {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// meaning asks whether the contexts give every member and type a meaning, and none of a
// protected term another.
func (l *linter) meaning() {
	except := []string{"proof"}
	if l.profile.Claims {
		except = append(except, claims...)
	}
	if l.profile.Kind == Presentation { // what is within was signed by somebody else
		except = append(except, "verifiableCredential")
	}
	if refusal := jsonld.Check(l.doc, l.doc.Get("@context"), except...); refusal != nil {
		l.find(refusal.Reason, "", refusal.Detail)
	}
}
