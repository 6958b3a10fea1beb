package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sijil/domain"
)

func TestLine(t *testing.T) {
	for name, s := range map[string]string{
		"Arabic": "معهد ابن خلدون", "Bosnian": "Ćoralići – 1", "an emoji": "🎓", "a joined emoji": "👩‍🎓", "Persian with a joiner": "می\u200cخواهم", "one letter": "x",
		"the limit in characters": strings.Repeat("ć", 20),
	} {
		if !domain.Line(s, 20) {
			t.Errorf("%s is refused", name)
		}
	}
	for name, s := range map[string]string{
		"empty": "", "a space before": " x", "a space behind": "x ", "a no-break space behind": "x\u00a0", "two lines": "a\nb", "a return": "a\rb", "a tab": "a\tb",
		"U+0000": "a\x00b", "delete": "a\x7fb", "a C1 control": "a\u0085b", "invalid UTF-8": "a\xff", "too long": strings.Repeat("ć", 21),
		"a line separator": "a\u2028b", "a direction override": "a\u202eb", "an isolate": "a\u2066b", "a byte order mark": "\ufeffa",
	} {
		if domain.Line(s, 20) {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, s := range []string{"ar", "ar-TN", "sr-Latn", "bs-Latn-BA", "fra", "de-1996"} {
		if !domain.Language(s) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range []string{"", "a", "AR", "arabic", "ar_TN", "ar-", "-ar", "ar--TN", "ar-T", "ar-toolongpart", "ar TN", "عربي", "1r", "ar-T\u00e9n"} {
		if domain.Language(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestText(t *testing.T) {
	well := domain.Text{"ar": "الرياضيات", "fr": "Mathématiques"}
	if !well.Well(200) || well.Well(5) {
		t.Error("a text of two languages is refused, or the limit is not kept")
	}
	many := domain.Text{}
	for i := range 21 {
		many[fmt.Sprintf("a%c", 'a'+i)] = "x"
	}
	for name, x := range map[string]domain.Text{"none": nil, "empty": {}, "a nameless language": {"": "x"}, "an empty text": {"fr": ""}, "21 languages": many} {
		if x.Well(200) {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, x := range []struct {
		text  domain.Text
		langs []string
		want  string
	}{
		{well, []string{"fr"}, "Mathématiques"},
		{well, []string{"bs", "ar"}, "الرياضيات"},
		{domain.Text{"en": "Maths", "ar": "x"}, []string{"bs"}, "Maths"},
		{domain.Text{"fr": "F", "bs": "B"}, nil, "B"},
		{nil, []string{"fr"}, ""},
	} {
		if got := x.text.In(x.langs...); got != x.want {
			t.Errorf("%v in %v is %q, want %q", x.text, x.langs, got, x.want)
		}
	}
}

func TestDescriptor(t *testing.T) {
	term := domain.EdFi("Term", "FirstTrimester")
	if term != "uri://ed-fi.org/TermDescriptor#FirstTrimester" || !term.Valid() || !term.Is("Term") || term.Code() != "FirstTrimester" {
		t.Errorf("%s: valid %v, a term %v, code %s", term, term.Valid(), term.Is("Term"), term.Code())
	}
	if !domain.Descriptor("uri://edu.tn/v2/TermDescriptor#T1").Is("Term") {
		t.Error("a national list with a longer path is refused")
	}
	if term.Is("GradingTerm") || domain.Descriptor("uri://x.org/LongTermDescriptor#a").Is("Term") {
		t.Error("a list is taken for one whose name it ends with")
	}
	for name, d := range map[string]domain.Descriptor{
		"empty": "", "a bare code": "T1", "http": "http://ed-fi.org/TermDescriptor#T1", "no code": "uri://ed-fi.org/TermDescriptor#", "no fragment": "uri://ed-fi.org/TermDescriptor",
		"no list": "uri://ed-fi.org/#T1", "no namespace": "uri:///TermDescriptor#T1", "another word": "uri://ed-fi.org/Terms#T1", "a space": "uri://ed-fi.org/TermDescriptor#First Term",
		"a line feed": "uri://ed-fi.org/TermDescriptor#T1\n", "beyond ASCII": "uri://ed-fi.org/TermDescriptor#Été", "too long": "uri://ed-fi.org/TermDescriptor#" + domain.Descriptor(strings.Repeat("x", 200)),
	} {
		if d.Valid() || d.Is("Term") {
			t.Errorf("%s is accepted: %q", name, d)
		}
	}
	if domain.Descriptor("nothing").Code() != "" {
		t.Error("what has no code has one")
	}
}

func TestCheckNamesTheFirstRuleThatDoesNotHold(t *testing.T) {
	if err := domain.Check(); err != nil {
		t.Errorf("no rule is broken: %v", err)
	}
	err := domain.Check(
		domain.Rule{Field: "a", Holds: true, Says: "is fine"},
		domain.Rule{Field: "b", Holds: false, Says: "is 100 % wrong"},
		domain.Rule{Field: "c", Holds: false, Says: "is wrong too"},
	)
	r, ok := errors.AsType[*domain.Refusal](err)
	if !ok || r.Kind != domain.Invalid || r.Code != "invalid_field" || r.Detail != "b is 100 % wrong" {
		t.Errorf("refused with %+v", err)
	}
}

func TestRefusal(t *testing.T) {
	err := domain.Refuse(domain.Conflict, "already_enrolled", "the record is open at %s", "here")
	if domain.CodeOf(fmt.Errorf("deciding: %w", err)) != "already_enrolled" || err.Error() != "already_enrolled: the record is open at here" {
		t.Errorf("%v has code %q", err, domain.CodeOf(err))
	}
	if domain.CodeOf(nil) != "" || domain.CodeOf(errors.New("disk full")) != "" {
		t.Error("what is no refusal has a code")
	}
}

func TestDeciderFoldsInOrder(t *testing.T) {
	d := domain.Decider[int, string, rune]{Category: "word", Evolve: func(s string, r rune) string { return s + string(r) }}
	if got := d.Fold("a", 'b', 'ć'); got != "abć" {
		t.Errorf("folded %q", got)
	}
	const id = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00")
	if got := d.Stream(id, id); got != "word-"+string(id)+"-"+string(id) {
		t.Errorf("stream %s", got)
	}
}
