package sdjwt

import (
	"strconv"
	"strings"
	"time"

	"sijil/verifier/credential"
)

// Diploma makes a diploma with parts to withhold out of an Open Badges payload, as a
// vc+sd-jwt: each result (a grade) and each identifier of the graduate (other names, birth
// data, numbers) can be shown or not on its own, and what a result is in with it. The name
// and the award always show.
//
// So can the subject's id, and for another reason: it is random, and all that keeps the hash of
// the whole payload, which ledgers publish, from telling the few things that are withheld by
// trying each of them. Who shows a part of a diploma keeps it back.
func Diploma(payload []byte) (Concealed, *credential.Refusal) {
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return Concealed{}, refusal
	}
	subject := root.Get("credentialSubject")
	return Conceal(payload, withheld("credentialSubject.", "credentialSubject.id", subject), 0)
}

// Wallet is what [DiplomaClaims] says beyond the diploma itself.
type Wallet struct {
	// Type is the vct: a URI under the issuer's name that says what kind of diploma it is.
	Type string
	// Issued is the time of signing.
	Issued time.Time
	// Holder is the key to bind it to, nil for a diploma that whoever has it can show.
	Holder *credential.JWK
}

// DiplomaClaims makes a dc+sd-jwt out of the same payload, for wallets: the subject's
// members are claims at the top, iss, jti, sub, nbf and exp stand for issuer, id, the
// subject's id, validFrom and validUntil, status for credentialStatus. What can be withheld
// is as in [Diploma].
func DiplomaClaims(payload []byte, w Wallet) (Concealed, *credential.Refusal) {
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return Concealed{}, refusal
	}
	shape, refusal := credential.ReadShape(root)
	if refusal != nil {
		return Concealed{}, refusal
	}
	times, refusal := credential.ReadTimes(root)
	if refusal != nil {
		return Concealed{}, refusal
	}
	o := objectWriter{'{'}
	o.text("iss", shape.Issuer)
	o.text("vct", w.Type)
	o.date("iat", w.Issued)
	o.date("nbf", times.Start())
	o.date("exp", times.End())
	o.text("jti", shape.ID)
	if id, ok := shape.Subject.Get("id").Text(); ok {
		o.text("sub", id)
	}
	if w.Holder != nil {
		jwk, err := credential.Payload(w.Holder)
		if err != nil {
			return Concealed{}, credential.Refuse(credential.BadPayload, "holder's key: %s", err)
		}
		o.raw("cnf", `{"jwk":`+string(jwk)+`}`)
	}
	if status := root.Get("credentialStatus"); status.Kind() != credential.Missing {
		o.raw("status", `{"`+statusBitstring+`":`+string(status.Raw())+`}`)
	}
	if date, ok := root.Get("awardedDate").Text(); ok {
		o.text("awardedDate", date)
	}
	for name, v := range shape.Subject.Members() {
		if name != "id" && name != "type" {
			o.raw(name, string(appendScalar(nil, v)))
		}
	}
	return Conceal(o.end(), withheld("", "sub", shape.Subject), 0)
}

// withheld are the paths of a subject's parts to withhold, and id, where its id stands. Each
// list is disclosable too: without it an empty one would be left, which Open Badges does not allow.
func withheld(prefix, id string, subject credential.Value) (paths []string) {
	if text, _ := subject.Get("id").Text(); text != "" {
		paths = append(paths, id)
	}
	for _, list := range []string{"result", "identifier", "achievement.resultDescription"} {
		items := subject.Get(list).Items()
		if inner, ok := strings.CutPrefix(list, "achievement."); ok {
			items = subject.Get("achievement").Get(inner).Items()
		}
		if len(items) == 0 {
			continue
		}
		paths = append(paths, prefix+list)
		for i := range items {
			paths = append(paths, prefix+list+"["+strconv.Itoa(i)+"]")
		}
	}
	return paths
}

// objectWriter writes the members of a JSON object that are given.
type objectWriter []byte

func (o *objectWriter) raw(name, value string) {
	if len(*o) > 1 {
		*o = append(*o, ',')
	}
	*o = append(append(appendString(*o, name), ':'), value...)
}

func (o *objectWriter) text(name, value string) {
	if value != "" {
		o.raw(name, string(appendString(nil, value)))
	}
}

func (o *objectWriter) date(name string, t time.Time) {
	if !t.IsZero() {
		o.raw(name, strconv.FormatInt(t.Unix(), 10))
	}
}

func (o *objectWriter) end() []byte { return append(*o, '}') }
