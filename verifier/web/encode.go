package web

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"sijil/verifier"
)

// What encoding/json spends on a verdict is a good part of what verifying costs, so the answer
// is written by hand, to the byte as encoding/json would. A test fills every member of the
// types at random and compares: a member that is forgotten here fails it.

// appendAnswers is {"verdicts": […]} or, of one, the answer itself, with the line's end.
func appendAnswers(b []byte, answers []oneAnswer, many bool) (_ []byte, err error) {
	if !many {
		b, err = appendAnswer(b, &answers[0])
		return append(b, '\n'), err
	}
	b = append(b, `{"verdicts":[`...)
	for i := range answers {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendAnswer(b, &answers[i]); err != nil {
			return nil, err
		}
	}
	return append(b, "]}\n"...), nil
}

func appendAnswer(b []byte, a *oneAnswer) ([]byte, error) {
	e := encoder{b: b}
	e.verdict(&a.Verdict, a.Receipt)
	return e.b, e.err
}

// encoder writes an object's members one after another; err is that of a time that has no
// text, which none that was read from a text is.
type encoder struct {
	b   []byte
	err error
}

// name begins a member, with a comma unless it is the first.
func (e *encoder) name(n string) {
	if last := e.b[len(e.b)-1]; last != '{' {
		e.b = append(e.b, ',')
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, n...)
	e.b = append(e.b, '"', ':')
}

func (e *encoder) text(n, s string) {
	e.name(n)
	e.string(s)
}

// given leaves empty texts out.
func (e *encoder) given(n, s string) {
	if s != "" {
		e.text(n, s)
	}
}

func texts[T ~string](e *encoder, n string, list []T) {
	e.name(n)
	e.b = append(e.b, '[')
	for i, s := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.string(string(s))
	}
	e.b = append(e.b, ']')
}

func (e *encoder) time(n string, t *time.Time) {
	if t == nil {
		return
	}
	e.name(n)
	e.b = append(e.b, '"')
	b, err := t.AppendText(e.b)
	if err != nil {
		e.err = err
		return
	}
	e.b = append(b, '"')
}

// string is s as encoding/json writes it. What it would write otherwise than as it stands is
// left to it.
func (e *encoder) string(s string) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0x7f {
				e.any(s)
				return
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			e.any(s)
			return
		}
		i += n
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"')
}

// any leaves v to encoding/json.
func (e *encoder) any(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		e.err = err
	}
	e.b = append(e.b, text...)
}

func (e *encoder) verdict(v *verifier.Verdict, receipt string) {
	e.b = append(e.b, '{')
	e.text("overall", string(v.Overall))
	e.given("reason", string(v.Reason))
	if len(v.Reasons) > 0 {
		texts(e, "reasons", v.Reasons)
	}
	e.time("at", &v.At)
	e.given("format", string(v.Format))
	e.name("lines")
	e.b = append(e.b, '{')
	e.line("integrity", &v.Lines.Integrity)
	e.line("issuerKey", &v.Lines.IssuerKey)
	e.line("accreditation", &v.Lines.Accreditation)
	e.line("status", &v.Lines.Status)
	e.line("time", &v.Lines.Time)
	e.line("anchoring", &v.Lines.Anchoring)
	e.b = append(e.b, '}')
	if len(v.Warnings) > 0 {
		texts(e, "warnings", v.Warnings)
	}
	if v.Credential != nil {
		e.content(v.Credential)
	}
	e.given("holder", v.Holder)
	if len(v.Items) > 0 {
		e.name("items")
		e.b = append(e.b, '[')
		for i := range v.Items {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.verdict(&v.Items[i], "")
		}
		e.b = append(e.b, ']')
	}
	e.given("detail", v.Detail)
	e.given("receipt", receipt)
	e.b = append(e.b, '}')
}

func (e *encoder) line(n string, l *verifier.Line) {
	e.name(n)
	e.b = append(e.b, '{')
	e.text("answer", string(l.Answer))
	e.given("reason", string(l.Reason))
	e.given("source", l.Source)
	e.time("asOf", l.AsOf)
	e.time("time", l.Time)
	if l.Cause != nil { // seldom: few are revoked
		e.name("cause")
		e.any(l.Cause)
	}
	e.b = append(e.b, '}')
}

func (e *encoder) content(c *verifier.Content) {
	e.name("credential")
	e.b = append(e.b, '{')
	e.given("id", c.ID)
	if c.Types == nil {
		e.name("types")
		e.b = append(e.b, "null"...)
	} else {
		texts(e, "types", c.Types)
	}
	e.text("issuer", c.Issuer)
	e.given("issuerName", c.IssuerName)
	e.given("holder", c.Holder)
	if len(c.OtherNames) > 0 {
		texts(e, "otherNames", c.OtherNames)
	}
	e.given("born", c.Born)
	e.given("bornIn", c.BornIn)
	e.given("number", c.Number)
	e.given("award", c.Award)
	e.given("title", c.Title)
	e.given("awardLevel", c.AwardLevel)
	e.time("validFrom", c.ValidFrom)
	e.time("validUntil", c.ValidUntil)
	e.time("awardedAt", c.AwardedAt)
	e.time("recordedAt", c.RecordedAt)
	if len(c.Results) > 0 {
		e.name("results")
		e.b = append(e.b, '[')
		for i := range c.Results {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.b = append(e.b, '{')
			e.text("name", c.Results[i].Name)
			e.text("value", c.Results[i].Value)
			e.b = append(e.b, '}')
		}
		e.b = append(e.b, ']')
	}
	e.b = append(e.b, '}')
}

// length is for the header Content-Length: without it a longer answer goes out in chunks.
func length(b []byte) string { return strconv.Itoa(len(b)) }
