package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
)

// credentialVerifyCmd checks one token with the key that the caller says is right.
type credentialVerifyCmd struct {
	credentialFlags `embed:""`
}

// Help is the part of the manual that the flags do not tell.
func (credentialVerifyCmd) Help() string {
	return `The key is taken for the issuer's, or for the holder's of a presentation; nothing
is fetched. success is VALID, failure NOT VALID, indeterminate CANNOT CONFIRM,
as for a credential whose status list is elsewhere. data has the verdict with its
reasons (docs/verdicts.md) and the document that was signed.

A presentation is judged by its own proof. Each credential within has a verdict
in data.verdict.items; one that is wrong makes the presentation fail, one whose
issuer's key is not at hand does not.
` + credentialHelp
}

// checked is the data of a verdict.
type checked struct {
	Verdict  verifier.Verdict `json:"verdict"`
	Document json.RawMessage  `json:"document,omitempty"`
}

// Run judges the input; see Help for the exit status.
func (c *credentialVerifyCmd) Run(ctx context.Context, a *app) error {
	at, err := c.time(a)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(c.Input)
	if err != nil {
		return badCall("read input: %s", err)
	}
	key, err := readKeyFile(c.Key)
	if err != nil {
		return badCall("%s", err)
	}
	r, err := c.verify(ctx, token, key, at)
	if err != nil {
		return badCall("%s", err)
	}
	return c.write(a, r)
}

// time is --at, or now.
func (f *credentialFlags) time(a *app) (time.Time, error) {
	if f.At == "" {
		return a.now(), nil
	}
	at, err := parseAt(f.At)
	if err != nil {
		return at, badCall("%s", err)
	}
	return at, nil
}

// formats are those that each feature is about.
var formats = map[string][]credential.Format{
	"credential_jose":    {credential.FormatVC},
	"presentation_jose":  {credential.FormatVP},
	"credential_sdjwt":   {credential.FormatSDVC, credential.FormatSDJWT},
	"presentation_sdjwt": {credential.FormatSDVP},
}

func (c *credentialVerifyCmd) verify(ctx context.Context, input []byte, key keyFile, at time.Time) (result, error) {
	token := bytes.TrimSpace(input)
	form, refusal := c.parse(token)
	switch {
	case refusal != nil:
		return refusedBy(refusal), nil
	case !slices.Contains(formats[c.Feature], form.Format):
		return refusedBy(credential.Refuse(credential.WrongTyp, "this is a %s, not what %s is about", form.Format, c.Feature)), nil
	}
	trust, err := newKeyTrust(key, form)
	if err != nil {
		return result{}, err
	}
	v := verifier.VerifyWith(ctx, token, trust, at, verifier.Options{ProofOnly: true})
	data := checked{Verdict: v}
	if payload, refusal := form.Payload(); refusal == nil && v.Lines.Integrity.Answer == verifier.True {
		data.Document = payload.Raw()
	}
	answers := map[verifier.Overall]string{verifier.Valid: resultSuccess, verifier.NotValid: resultFailure, verifier.CannotConfirm: resultIndeterminate}
	r := result{answers[v.Overall], data}
	if v.Overall == verifier.CannotConfirm && c.itself(v) {
		r.Result = resultSuccess
	}
	return r, nil
}

// parse reads the token as the feature has it.
func (c *credentialVerifyCmd) parse(token []byte) (*credential.Secured, *credential.Refusal) {
	if c.selective() {
		return sdjwt.Parse(token, credential.MaxToken)
	}
	return credential.ParseJOSE(token, credential.MaxToken)
}

// itself reports whether a presentation holds apart from what could not be checked within.
func (c *credentialVerifyCmd) itself(v verifier.Verdict) bool {
	if !strings.HasPrefix(c.Feature, "presentation_") {
		return false
	}
	for _, l := range []verifier.Line{v.Lines.Integrity, v.Lines.IssuerKey, v.Lines.Time} {
		if l.Answer != verifier.True {
			return false
		}
	}
	return true
}

// keyTrust trusts one key, as that of whoever the outermost document claims to be from.
type keyTrust struct {
	kids  []string
	owner string
	keys  []verifier.OwnedKey
}

func newKeyTrust(key keyFile, form *credential.Secured) (*keyTrust, error) {
	t := &keyTrust{kids: []string{key.kid}, owner: key.controller}
	for _, p := range form.Proofs {
		t.kids = append(t.kids, p.Kid)
		if id, _, ok := did.Split(p.Kid); ok && t.owner == "" {
			t.owner = id
		}
	}
	if root, refusal := form.Payload(); refusal == nil && t.owner == "" {
		if form.Format == credential.FormatSDJWT {
			t.owner, _ = sdjwt.ReadIssuer(root)
		} else {
			t.owner, _ = credential.ReadClaimed(form.Format, root)
		}
	}
	for _, purpose := range []did.Purpose{did.ForCredentials, did.ForAuthentication} {
		public := key.public
		public.Kid = "the key file's"
		k := did.Key{JWK: public, Purpose: purpose}
		if err := k.Parse(); err != nil {
			return nil, err
		}
		t.keys = append(t.keys, verifier.OwnedKey{Issuer: t.owner, Key: k})
	}
	return t, nil
}

// Keys implements [verifier.Trust]: the key, under the name in the token or its file.
func (t *keyTrust) Keys(_ context.Context, kid string) ([]verifier.OwnedKey, error) {
	if slices.Contains(t.kids, kid) {
		return t.keys, nil
	}
	return nil, verifier.ErrUnknown
}

// Issuer implements [verifier.Trust].
func (t *keyTrust) Issuer(_ context.Context, id string) (verifier.Issuer, error) {
	if id == t.owner {
		return verifier.Issuer{ID: id}, nil
	}
	return verifier.Issuer{}, verifier.ErrUnknown
}

// StatusList implements [verifier.Trust]: there is no network here.
func (t *keyTrust) StatusList(context.Context, string, time.Duration) (*verifier.Fetched, error) {
	return nil, verifier.ErrUnreachable
}

// Record implements [verifier.Trust].
func (t *keyTrust) Record(context.Context, string, string) (verifier.Record, error) {
	return verifier.Record{}, verifier.ErrNoLedger
}

// Knows implements [verifier.Trust].
func (t *keyTrust) Knows(string) bool { return false }

// Source implements [verifier.Trust].
func (t *keyTrust) Source() verifier.Source { return verifier.Source{Name: "key file"} }
