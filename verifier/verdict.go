package verifier

import (
	"slices"
	"time"

	"sijil/verifier/credential"
)

// Overall is the answer in one of three words. There is no fourth, and none is the default
// of anything: a zero Overall is no answer.
type Overall string

// The three answers.
const (
	Valid         Overall = "VALID"
	NotValid      Overall = "NOT VALID"
	CannotConfirm Overall = "CANNOT CONFIRM"
)

// Answer to one question about a credential.
type Answer string

// The answers. Unchecked is the zero value's meaning: what nobody looked at is not true.
const (
	True      Answer = "true"
	False     Answer = "false"
	Unchecked Answer = "could not check"
)

// Line is one question with its answer, why, and on what ground.
type Line struct {
	Answer Answer            `json:"answer"`
	Reason credential.Reason `json:"reason,omitempty"` // why it is not true
	// Source names what the answer rests on; AsOf is how fresh that is.
	Source string     `json:"source,omitempty"`
	AsOf   *time.Time `json:"asOf,omitempty"`
	// Time is the moment that the answer is about: when the key was compromised, the
	// credential recorded, its validity ended.
	Time *time.Time `json:"time,omitempty"`
	// Cause is why the issuer revoked or suspended it, on the status line alone and where a
	// source at hand says so.
	Cause *Cause `json:"cause,omitempty"`
}

// Lines is the verdict as a vector, in the order in which a reader should be told.
type Lines struct {
	// Integrity: the content is exactly what the key's holder signed, in a form with one meaning.
	Integrity Line `json:"integrity"`
	// IssuerKey: the key belongs to the named issuer, for credentials, and was good when it signed.
	IssuerKey Line `json:"issuerKey"`
	// Accreditation: the issuer was accredited on the award date.
	Accreditation Line `json:"accreditation"`
	// Status: the issuer has not revoked or suspended it.
	Status Line `json:"status"`
	// Time: the evaluation time lies in its validity.
	Time Line `json:"time"`
	// Anchoring: the ledger recorded this very content.
	Anchoring Line `json:"anchoring"`
}

// Named is a line with its name, for those who print them all.
type Named struct {
	Name string
	Line
}

// All is the lines in order.
func (l *Lines) All() []Named {
	return []Named{
		{"integrity", l.Integrity},
		{"issuerKey", l.IssuerKey},
		{"accreditation", l.Accreditation},
		{"status", l.Status},
		{"time", l.Time},
		{"anchoring", l.Anchoring},
	}
}

// Verdict is what is known about one credential at one time.
type Verdict struct {
	Overall Overall `json:"overall"`
	// Reason is the first of Reasons or, if an item is worse than what holds it, of that
	// item's; empty if valid.
	Reason credential.Reason `json:"reason,omitempty"`
	// Reasons are all that keep it from being valid: a diploma can be revoked and expired.
	Reasons []credential.Reason `json:"reasons,omitempty"`
	At      time.Time           `json:"at"` // the evaluation time
	// Format is how it is secured, empty if that is not known.
	Format credential.Format `json:"format,omitempty"`
	Lines  Lines             `json:"lines"`
	// Warnings are codes that do not change the answer: unsigned_bundle, unknown_context, …
	Warnings []string `json:"warnings,omitempty"`
	// Credential is what was signed, nil unless the signature holds and for a presentation.
	Credential *Content `json:"credential,omitempty"`
	// Holder is who signed a presentation: the DID or URL that the key belongs to.
	Holder string `json:"holder,omitempty"`
	// Items are the verdicts on the credentials within a presentation or transcript, in
	// order. None of them is better than Overall.
	Items []Verdict `json:"items,omitempty"`
	// Detail says in English what was wrong with the form, for whoever made the token.
	Detail string `json:"detail,omitempty"`
}

// Content is the signed content that a reader compares with the paper in their hand. Every
// text in it is the issuer's or somebody else's: show it as text, never as markup.
type Content struct {
	ID     string   `json:"id,omitempty"`
	Types  []string `json:"types"`
	Issuer string   `json:"issuer"`
	// IssuerName is the registered name, empty for an unknown issuer.
	IssuerName string `json:"issuerName,omitempty"`
	Holder     string `json:"holder,omitempty"`
	// OtherNames are the same name in other scripts; Born and BornIn tell namesakes apart.
	OtherNames []string `json:"otherNames,omitempty"`
	Born       string   `json:"born,omitempty"`
	BornIn     string   `json:"bornIn,omitempty"`
	// Number is the school's number of the graduate.
	Number string `json:"number,omitempty"`
	Award  string `json:"award,omitempty"`
	// Title is what a credential that awards nothing is called. Never show it as an award: whoever
	// may sign statements chose it.
	Title      string     `json:"title,omitempty"`
	AwardLevel string     `json:"awardLevel,omitempty"`
	ValidFrom  *time.Time `json:"validFrom,omitempty"`
	ValidUntil *time.Time `json:"validUntil,omitempty"`
	AwardedAt  *time.Time `json:"awardedAt,omitempty"`
	RecordedAt *time.Time `json:"recordedAt,omitempty"`
	Results    []Result   `json:"results,omitempty"`
}

// Result is a result named in the credential.
type Result struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// settle draws the conclusion from the lines and then from the items: the worst counts.
func (v *Verdict) settle() {
	v.settleLines()
	for i := range v.Items {
		item := &v.Items[i]
		if badness[item.Overall] > badness[v.Overall] {
			v.Overall = item.Overall
			v.Reason = item.Reason
		}
		for _, r := range item.Reasons {
			v.because(r)
		}
	}
}

var badness = map[Overall]int{Valid: 0, CannotConfirm: 1, NotValid: 2}

// settleLines: false anywhere is not valid. Otherwise integrity, key and time must be
// true, and so must be status unless the credential needs none.
func (v *Verdict) settleLines() {
	l := &v.Lines
	for _, n := range []*Line{&l.Integrity, &l.IssuerKey, &l.Accreditation, &l.Status, &l.Time, &l.Anchoring} {
		if n.Answer == "" {
			n.Answer = Unchecked
		}
		if n.Answer == Unchecked && n.Reason == "" {
			n.Reason = NotChecked
		}
		if n.Answer == False {
			v.Overall = NotValid
			v.because(n.Reason)
		}
	}
	if v.Overall == NotValid {
		return
	}
	v.Overall = Valid
	for _, n := range []*Line{&l.Integrity, &l.IssuerKey, &l.Status, &l.Time} {
		if n.Answer != True && !(n == &l.Status && (n.Reason == NoStatus || n.Reason == NotApplicable)) {
			v.Overall = CannotConfirm
			v.because(n.Reason)
		}
	}
}

// because adds a reason once. What was not reached follows from what went before it.
func (v *Verdict) because(r credential.Reason) {
	if r == NotChecked || slices.Contains(v.Reasons, r) {
		return
	}
	if v.Reasons = append(v.Reasons, r); v.Reason == "" {
		v.Reason = r
	}
}
