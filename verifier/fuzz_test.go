package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
)

// seeds are hostile and good inputs of every form.
func seeds(f *testing.F, w world) {
	for _, token := range w.joseTokens(f) {
		f.Add(token)
	}
	f.Add(w.embedded(f, 7))
	f.Add(w.bound(f))
	f.Add(w.presentJSON(f, dataintegrity.Options{Challenge: "n-1"}, json.RawMessage(w.embedded(f, 7))))
	f.Add(mustPayload(f, envelope(w.diploma(f))))
	f.Add(w.transcript(f, envelope(w.diploma(f))))
	for _, kind := range []string{"vc-jwt", "sd-jwt", "qr"} {
		files, err := filepath.Glob(filepath.Join(corpus, kind, "*"))
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, file := range files {
			if b, err := os.ReadFile(file); err == nil && len(b) < 4<<10 {
				f.Add(b)
			}
		}
	}
}

// FuzzVerify: whatever the input, the verdict is one of three, VALID keeps the root rule in
// it and in every item, nothing but keys is asked for where no signature holds, and what is
// VALID has a signer whom the trust knows.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	seeds(f, w)
	store := w.trust(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		for name, verify := range map[string]func(Trust) Verdict{
			"as a credential": func(trust Trust) Verdict { return Verify(t.Context(), input, trust, w.now) },
			"as a text":       func(trust Trust) Verdict { return VerifyText(t.Context(), input, trust, w.now) },
			"as asked for": func(trust Trust) Verdict {
				return VerifyWith(t.Context(), input, trust, w.now, Options{Challenge: "n-1", Domain: "https://employer.example"})
			},
		} {
			trust := &counting{Trust: store}
			v := verify(trust)
			sane(t, v)
			// A signature that holds is not enough where the holder's proof was asked for too.
			if trust.asked > 0 && name != "as asked for" && !holds(v) {
				t.Fatalf("%s: asked %d times for lists or records, and no signature holds", name, trust.asked)
			}
		}
	})
}

// counting counts what may only be asked for after a signature check.
type counting struct {
	Trust
	asked int
}

func (c *counting) StatusList(ctx context.Context, url string, age time.Duration) (*Fetched, error) {
	c.asked++
	return c.Trust.StatusList(ctx, url, age)
}

func (c *counting) Record(ctx context.Context, issuer, credential string) (Record, error) {
	c.asked++
	return c.Trust.Record(ctx, issuer, credential)
}

// holds says whether the signature on v or on anything in it holds.
func holds(v Verdict) bool {
	return v.Lines.Integrity.Answer == True || slices.ContainsFunc(v.Items, holds)
}

func sane(t *testing.T, v Verdict) {
	t.Helper()
	l := v.Lines
	switch v.Overall {
	case Valid:
		if l.Integrity.Answer != True || l.IssuerKey.Answer != True || l.Time.Answer != True || v.Reason != "" || v.Format == "" {
			t.Fatalf("VALID with %+v", v)
		}
		if v.Credential == nil && v.Holder == "" {
			t.Fatal("VALID, and nobody knows what")
		}
	case NotValid, CannotConfirm:
		if v.Reason == "" || len(v.Reasons) == 0 {
			t.Fatalf("%s without a reason", v.Overall)
		}
	default:
		t.Fatalf("overall is %q", v.Overall)
	}
	for _, item := range v.Items {
		if badness[item.Overall] > badness[v.Overall] {
			t.Fatalf("%s around %s", v.Overall, item.Overall)
		}
		sane(t, item)
	}
}

// asking fails when a list or a record is asked for, or an issuer, while no signature can hold.
type asking struct {
	Trust
	t *testing.T
}

func (a asking) StatusList(context.Context, string, time.Duration) (*Fetched, error) {
	a.t.Error("asked for a status list")
	return nil, ErrUnknown
}

func (a asking) Record(context.Context, string, string) (Record, error) {
	a.t.Error("asked for a record")
	return Record{}, ErrUnknown
}

func (a asking) Issuer(context.Context, string) (Issuer, error) {
	a.t.Error("asked for an issuer")
	return Issuer{}, ErrUnknown
}

func TestNothingIsAskedForBeforeTheSignatureHolds(t *testing.T) {
	w := newWorld(t)
	trust := asking{w.trust(t), t}
	tokens := w.joseTokens(t)
	tokens[credential.FormatEdDSA2022] = w.embedded(t, 7)
	for format, token := range tokens {
		end := len(token) // of the issuer's JWS
		if tilde := bytes.IndexByte(token, '~'); tilde > 0 {
			end = tilde
		}
		broken := bytes.Clone(token)
		if i := bytes.LastIndexByte(token[:end], '.') + 2; format != credential.FormatEdDSA2022 {
			broken[i] = map[bool]byte{true: 'B', false: 'A'}[token[i] == 'A']
		} else {
			broken = bytes.Replace(token, []byte("Licence"), []byte("Doctorat"), 1)
		}
		if v := Verify(t.Context(), broken, trust, w.now); v.Overall != NotValid || v.Reason != credential.BadSignature {
			t.Errorf("%s: %s %v", format, v.Overall, v.Reasons)
		}
	}
}
