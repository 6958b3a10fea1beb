package web

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// topics groups the reasons by what a reader can make of them; a reason that is not here
// has texts under its own name.
var topics = map[credential.Reason]string{
	credential.TooLarge: "form", credential.BadFraming: "form", credential.BadEncoding: "form", credential.BadHeader: "form",
	credential.AmbiguousJSON: "form", credential.HeaderNotAllowed: "form", credential.CritNotSupported: "form",
	credential.AlgNotAllowed: "form", credential.BadPayload: "form", credential.TooDeep: "form", credential.TooManyMembers: "form",
	credential.BadTime: "form", credential.WrongTyp: "other", credential.WrongType: "other",
	credential.UnmappedTerm: "form", credential.TooComplex: "form", credential.BadDisclosure: "form",
	credential.BadSignature: "signature", credential.BadProof: "signature", credential.UnknownContext: "format", credential.Unsupported: "format", verifier.UnsupportedMedia: "format", verifier.FileUnreadable: "format",
	verifier.NotACredential: "nothing", verifier.EmptyFile: "nothing",
	credential.IssuerMismatch: "foreign", verifier.KeyNotForIssuer: "foreign", verifier.KeyWrongPurpose: "foreign",
	verifier.UnknownKey: "unknown", verifier.UnknownIssuer: "unknown", verifier.NotAuthenticated: "unknown",
	verifier.NoProof: "signature", verifier.TooManyItems: "form", verifier.HolderProofRequired: string(credential.BadHolderProof), verifier.NoCredential: "nothing",
}

func topic(r credential.Reason) string {
	if t, ok := topics[r]; ok {
		return t
	}
	return string(r)
}

// page is everything the template shows, in words already.
type page struct {
	Lang, Dir string
	T         map[string]string
	Languages []choice
	Notice    string
	NotFound  bool
	Result    *result
	// Self is where this verifier is found.
	Self string
}

type choice struct {
	Code, Name string
	Current    bool
}

type result struct {
	Class, Sign, Heading, Why string // Class: good, bad, open
	Advice                    []string
	// Open names the questions that could not be answered.
	Open  []string
	Facts []fact
	Lines []line
	Items []*result
	// Title is what an item is called among others.
	Title  string
	Judged string
	Format string
	// Holder is who presents it, empty for what is not a presentation.
	Holder   string
	Unsigned bool
	// Unasked: the presentation answers nobody's question, so it can be a copy.
	Unasked bool
	// Receipt and Credential are links to save them, empty where there is none.
	Receipt, Credential template.URL
}

// told is a result with the texts to tell it in, for the parts of the template.
type told struct {
	R *result
	T map[string]string
}

// fact is something that was signed; in several languages it has several values.
type fact struct {
	Name   string
	Values []string
}

// line is one question. Source, AsOf and Age say what the answer rests on.
type line struct{ Class, Sign, Question, Answer, Why, Source, AsOf, Age string }

func (p *pages) build(lang string, v view) page {
	t := p.texts[lang]
	out := page{Lang: lang, Dir: t["dir"], T: t, Notice: t[v.Notice], NotFound: v.Notice == "notfound"}
	for _, l := range languages {
		out.Languages = append(out.Languages, choice{l, p.texts[l]["name"], l == lang})
	}
	if v.Judged != nil {
		out.Result = judge(v.Judged.Verdict, t)
	}
	return out
}

func judge(v verifier.Verdict, t map[string]string) *result {
	r := &result{
		Heading: t[string(v.Overall)], Why: t[string(v.Overall)+".text"], Judged: moment(v.At, t), Format: string(v.Format),
		Facts: facts(v.Credential, t),
	}
	switch v.Overall {
	case verifier.Valid:
		r.Class, r.Sign = "good", "✓"
	case verifier.NotValid:
		r.Class, r.Sign = "bad", "✕"
	default:
		r.Class, r.Sign = "open", "?"
	}
	if r.Holder = v.Holder; v.Holder != "" && v.Overall == verifier.Valid {
		r.Why = t["VALID.shown"]
	}
	for i, item := range v.Items {
		one := judge(item, t)
		one.Title = strings.ReplaceAll(t["item"], "{n}", strconv.Itoa(i+1))
		r.Items = append(r.Items, one)
	}
	for _, w := range v.Warnings {
		r.Unsigned = r.Unsigned || w == "unsigned_bundle"
		r.Unasked = r.Unasked || w == "not_challenged"
	}
	said := map[string]bool{}
	for i, reason := range v.Reasons {
		why, do := words(reason, cause(v, reason), t)
		if i == 0 {
			r.Why = why
		}
		if do != "" && !said[do] {
			said[do] = true
			r.Advice = append(r.Advice, do)
		}
	}
	for _, l := range v.Lines.All() {
		if l.Reason == verifier.NotApplicable {
			continue
		}
		told := tell(l, v.At, t)
		if v.Holder != "" && l.Name == "issuerKey" {
			if told.Question = t["holderKey"]; l.Answer == verifier.True {
				told.Why = t["holderKey.true"]
			}
		}
		r.Lines = append(r.Lines, told)
		if l.Answer == verifier.Unchecked && l.Reason != verifier.NotChecked {
			r.Open = append(r.Open, t[l.Name+".name"])
		}
	}
	return r
}

// cause is why the credential does not count for that reason, nil where nobody says.
func cause(v verifier.Verdict, reason credential.Reason) *verifier.Cause {
	if l := v.Lines.Status; l.Reason == reason {
		return l.Cause
	}
	return nil
}

// words say what a reason means and what to do, with the cause where there is one: what was
// replaced is another matter for a reader than what was forged.
func words(reason credential.Reason, c *verifier.Cause, t map[string]string) (why, do string) {
	why, do = t[topic(reason)+".why"], t[topic(reason)+".do"]
	switch {
	case c == nil:
	case c.Class == verifier.Superseded && c.Successor == "":
		why, do = t["cause.superseded.why"], t["cause.superseded.soon"]
	case c.Class == verifier.Superseded:
		why, do = t["cause.superseded.why"], t["cause.superseded.do"]
	case t["cause."+string(c.Class)] != "":
		why += " " + t["cause."+string(c.Class)]
	}
	return why, do
}

func tell(l verifier.Named, at time.Time, t map[string]string) line {
	out := line{Question: t[l.Name]}
	switch l.Answer {
	case verifier.True:
		out.Class, out.Sign, out.Answer, out.Why = "good", "✓", t["ok"], t[l.Name+".true"]
	case verifier.False:
		out.Class, out.Sign, out.Answer = "bad", "✕", t["no"]
		out.Why, _ = words(l.Reason, l.Cause, t)
	default:
		out.Class, out.Sign, out.Answer, out.Why = "open", "?", t["unchecked"], t[topic(l.Reason)+".why"]
	}
	// Where nothing was found, where it was looked for says little; but for the status,
	// whose list has an age.
	if l.Source == "" || l.Answer == verifier.Unchecked && l.Name != "status" || l.Reason == verifier.NotChecked {
		return out
	}
	if out.Source = l.Source; strings.HasSuffix(l.Source, "bundle") {
		out.Source = t["bundle"]
	}
	if l.AsOf != nil {
		out.AsOf, out.Age = moment(*l.AsOf, t), age(at.Sub(*l.AsOf), t)
	}
	return out
}

// facts is the signed content, in the order of a diploma.
func facts(c *verifier.Content, t map[string]string) (out []fact) {
	if c == nil {
		return nil
	}
	add := func(name, value string) {
		if value != "" {
			out = append(out, fact{name, []string{value}})
		}
	}
	// Our own ledgers write a name in all its languages on one line.
	each := func(name, value string) {
		if value != "" {
			out = append(out, fact{name, strings.Split(value, " · ")})
		}
	}
	day := func(name string, at *time.Time) {
		if at != nil {
			add(t[name], date(*at, t))
		}
	}
	add(t["holder"], c.Holder)
	for _, name := range c.OtherNames {
		add(t["othername"], name)
	}
	if born, err := time.Parse(time.DateOnly, c.Born); err == nil {
		day("born", &born)
	}
	add(t["bornIn"], c.BornIn)
	add(t["number"], c.Number)
	each(t["award"], c.Award)
	each(t["statement"], c.Title)
	add(t["level"], c.AwardLevel)
	for _, r := range c.Results {
		add(first(r.Name, t["result"]), r.Value)
	}
	each(t["institution"], first(c.IssuerName, c.Issuer))
	day("awarded", c.AwardedAt)
	if c.AwardedAt == nil || c.ValidFrom != nil && !c.ValidFrom.Equal(*c.AwardedAt) {
		day("validFrom", c.ValidFrom)
	}
	day("validUntil", c.ValidUntil)
	day("recorded", c.RecordedAt)
	add(t["id"], c.ID)
	return out
}

func first(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
