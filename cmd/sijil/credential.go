package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/lint"
	"sijil/verifier/sdjwt"
)

// credentialCmd signs and checks single credentials with a key file. It needs neither a
// ledger nor a database: whoever wants to compare implementations calls it.
type credentialCmd struct {
	Issue  credentialIssueCmd  `cmd:"" help:"Sign a credential or presentation with a key."`
	Verify credentialVerifyCmd `cmd:"" help:"Check a signed credential or presentation with a key."`
}

// credentialFlags are what both verbs take.
type credentialFlags struct {
	Input   string `required:"" placeholder:"FILE" help:"The credential as JSON to issue, the token to verify."`
	Key     string `required:"" placeholder:"FILE" help:"The key: private to issue, public to verify."`
	Feature string `required:"" enum:"credential_jose,presentation_jose,credential_sdjwt,presentation_sdjwt" placeholder:"FEATURE" help:"What it is: credential_jose, presentation_jose, credential_sdjwt or presentation_sdjwt."`
	Output  string `required:"" placeholder:"FILE" help:"Where the result goes, as JSON: {\"result\", \"data\"}; - is standard output."`
	At      string `placeholder:"TIME" help:"Judge as of this time, as 2031-07-01 or 2031-07-01T12:00:00Z, instead of now."`
}

// credentialHelp is the part of the manual that both verbs share.
const credentialHelp = `
The result is success, failure or indeterminate: the exit status is 0, 1 or 2. A
command line that is wrong, or a file that cannot be read, is told on standard
error with status 2 and leaves no result.

A key file is a JWK, or a verification method (JSON) with publicKeyJwk and, for
issue, secretKeyJwk. Its id, or the JWK's kid, becomes the token's kid, below the
issuer's DID where the issuer is one.`

// result is what lands in --output.
type result struct {
	Result string `json:"result"`
	Data   any    `json:"data"`
}

const (
	resultSuccess       = "success"
	resultFailure       = "failure"
	resultIndeterminate = "indeterminate"
)

// refused is the data of a result that has no verdict.
type refused struct {
	Reason credential.Reason `json:"reason"`
	Detail string            `json:"detail"`
	// Findings is everything that a strict issuer minds; Reason and Detail are the first.
	Findings []lint.Finding `json:"findings,omitempty"`
}

func refusedBy(r *credential.Refusal) result {
	return result{resultFailure, refused{Reason: r.Reason, Detail: r.Detail}}
}

func refusedFor(findings []lint.Finding) result {
	return result{resultFailure, refused{findings[0].Reason, findings[0].Detail, findings}}
}

// badCall is a command line that is wrong only when it is looked at.
func badCall(format string, args ...any) error {
	return &verifyFailed{exitUsage, fmt.Sprintf(format, args...)}
}

// write puts r where it belongs and is the error that carries the exit status.
func (f *credentialFlags) write(a *app, r result) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	text = append(text, '\n')
	if f.Output == "-" {
		_, err = a.stdout.Write(text)
	} else {
		err = os.WriteFile(f.Output, text, 0o644)
	}
	if err != nil {
		return badCall("write result: %s", err)
	}
	switch r.Result {
	case resultSuccess:
		return nil
	case resultIndeterminate:
		return &verifyFailed{2, ""}
	}
	return &verifyFailed{1, ""}
}

// typ is how the feature secures a payload: a payload with a vct is one for wallets.
func (f *credentialFlags) typ(root credential.Value) credential.Type {
	switch f.Feature {
	case "presentation_jose":
		return credential.Type{Typ: credential.TypVP, Cty: "vp"}
	case "presentation_sdjwt":
		return sdjwt.TypeVP
	case "credential_sdjwt":
		if root.Has("vct") && !root.Has("@context") {
			return sdjwt.TypeDC
		}
		return sdjwt.TypeVC
	}
	return credential.Type{Typ: credential.Typ, Cty: credential.Cty}
}

func (f *credentialFlags) selective() bool {
	return f.Feature == "credential_sdjwt" || f.Feature == "presentation_sdjwt"
}

// credentialIssueCmd signs what a strict issuer would.
type credentialIssueCmd struct {
	credentialFlags `embed:""`
	Envelope        bool   `help:"Give the token as JSON: an EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation."`
	SD              string `name:"sd" placeholder:"PATHS" help:"What the holder can withhold, as a JSON list of paths: [\"credentialSubject.name\",\"credentialSubject.result[0]\"]. Of SD-JWTs only."`
}

// Help is the part of the manual that the flags do not tell.
func (credentialIssueCmd) Help() string {
	return `The input is signed byte for byte, after it passed as what a strict issuer signs: no
member that the data model does not know, every type with its own, dates in
order. The token leaves only after the verifier has accepted it, as of --at. data
is the token, or the reason and detail of what is wrong with the input. An SD-JWT of a payload with a vct and without an @context is a dc+sd-jwt, any
other a vc+sd-jwt or vp+sd-jwt.
` + credentialHelp
}

// Run signs the input; see Help for the exit status.
func (c *credentialIssueCmd) Run(ctx context.Context, a *app) error {
	at, err := c.time(a)
	if err != nil {
		return err
	}
	var paths []string
	if c.SD != "" {
		if !c.selective() {
			return badCall("--sd is for credential_sdjwt and presentation_sdjwt: nothing in a %s can be withheld", c.Feature)
		}
		if err := json.Unmarshal([]byte(c.SD), &paths); err != nil {
			return badCall("--sd takes a JSON list of paths, as [\"a.b\",\"c[0]\"]")
		}
	}
	payload, err := os.ReadFile(c.Input)
	if err != nil {
		return badCall("read input: %s", err)
	}
	key, err := readKeyFile(c.Key)
	if err != nil {
		return badCall("%s", err)
	}
	if key.private == nil {
		return badCall("the key file has no private key to sign with")
	}
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return c.write(a, refusedBy(refusal))
	}
	kid, findings := lintInput(c.typ(root), root, key)
	if len(findings) > 0 {
		return c.write(a, refusedFor(findings))
	}
	key.kid = kid
	token, refusal, err := c.sign(payload, c.typ(root), paths, key)
	switch {
	case err != nil:
		return badCall("%s", err)
	case refusal != nil:
		return c.write(a, refusedBy(refusal))
	}
	if refusal, err := c.look(ctx, token, key, at); err != nil {
		return badCall("%s", err)
	} else if refusal != nil {
		return c.write(a, refusedBy(refusal))
	}
	if c.Envelope {
		return c.write(a, result{resultSuccess, credential.Envelop(credential.Format(c.typ(root).Typ), token)})
	}
	return c.write(a, result{resultSuccess, token})
}

// look has the verifier judge the token before anybody gets it: by its own proof and
// shape, not by when it begins or ends.
func (c *credentialIssueCmd) look(ctx context.Context, token string, key keyFile, at time.Time) (*credential.Refusal, error) {
	r, err := (&credentialVerifyCmd{c.credentialFlags}).verify(ctx, []byte(token), key, at)
	if err != nil {
		return nil, err
	}
	data, ok := r.Data.(checked)
	if !ok {
		return nil, fmt.Errorf("what was signed cannot be read again: %v", r.Data)
	}
	lines := data.Verdict.Lines
	for _, l := range []verifier.Line{lines.Integrity, lines.IssuerKey, lines.Time} {
		if l.Answer == verifier.False && l.Reason != verifier.NotYetValid && l.Reason != verifier.Expired {
			return credential.Refuse(l.Reason, "the verifier would not accept it: %s", data.Verdict.Detail), nil
		}
	}
	return nil, nil
}

func (c *credentialIssueCmd) sign(payload []byte, typ credential.Type, paths []string, key keyFile) (string, *credential.Refusal, error) {
	signer, err := credential.NewTypedSigner(key.private, key.kid, typ)
	if err != nil {
		return "", nil, fmt.Errorf("use key: %w", err)
	}
	if !c.selective() {
		token, err := signer.Sign(payload)
		return token, nil, err
	}
	concealed, refusal := sdjwt.Conceal(payload, paths, 0)
	if refusal != nil {
		return "", refusal, nil
	}
	token, err := concealed.Sign(signer)
	return token, nil, err
}
