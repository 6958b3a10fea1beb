package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

const revoked = "0236-status--revoked"

// because is a verifier whose bundle says why the revoked diploma of the corpus is revoked.
func because(t *testing.T, reason, successor string) http.Handler {
	t.Helper()
	b, err := bundle.Open(corpus, true)
	if err != nil {
		t.Fatal(err)
	}
	b.Unsigned = false
	parsed, refusal := credential.ParseToken([]byte(strings.TrimSpace(token(t, revoked))), credential.MaxToken)
	if refusal != nil {
		t.Fatal(refusal)
	}
	var signed struct {
		ID     string
		Issuer any
	}
	if err := json.Unmarshal(parsed.Payload, &signed); err != nil {
		t.Fatal(err)
	}
	if of, ok := signed.Issuer.(map[string]any); ok {
		signed.Issuer = of["id"]
	}
	sum := sha256.Sum256(parsed.Payload)
	b.Records = append(b.Records, did.Record{
		ID: signed.ID, Issuer: signed.Issuer.(string), PayloadSHA256: hex.EncodeToString(sum[:]),
		RecordedAt: did.Instant{Time: corpusNow.Add(-time.Hour)}, Reason: reason, Successor: successor,
	})
	c := config(t, io.Discard)
	if c.Trust, err = verifier.NewStore("bundle", b); err != nil {
		t.Fatal(err)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestThePageSaysWhyItWasRevokedAndWhatToDo(t *testing.T) {
	p, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	if err := m.WriteField("credential", token(t, revoked)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	next := did.HashID("urn:uuid:another")
	for name, c := range map[string]struct {
		reason, successor string
		says, silent      []string // keys of texts
	}{
		"nobody says why":                  {says: []string{"revoked.why", "revoked.do"}, silent: []string{"cause.fraud", "cause.superseded.why"}},
		"fraud":                            {reason: "fraud", says: []string{"revoked.why", "cause.fraud", "revoked.do"}, silent: []string{"cause.superseded.why"}},
		"no longer true":                   {reason: "no_longer_true", says: []string{"revoked.why", "cause.no_longer_true"}},
		"a newer edition is there":         {reason: "superseded", successor: next, says: []string{"cause.superseded.why", "cause.superseded.do"}, silent: []string{"revoked.why", "cause.superseded.soon"}},
		"a newer edition is not there yet": {reason: "superseded", says: []string{"cause.superseded.why", "cause.superseded.soon"}, silent: []string{"revoked.why"}},
		"a class of its own making":        {reason: "fraud<b>", says: []string{"revoked.why"}, silent: []string{"cause.fraud"}},
	} {
		h := because(t, c.reason, c.successor)
		for lang, texts := range p.texts {
			page := html.UnescapeString(do(h, "POST", "/?lang="+lang, m.FormDataContentType(), form.String()).Body.String())
			for _, key := range c.says {
				if !strings.Contains(page, texts[key]) {
					t.Errorf("%s: the page in %s does not say %s", name, lang, key)
				}
			}
			for _, key := range c.silent {
				if strings.Contains(page, texts[key]) {
					t.Errorf("%s: the page in %s says %s", name, lang, key)
				}
			}
		}
	}
}

func TestProgramsAndReceiptsGetTheCause(t *testing.T) {
	next := did.HashID("urn:uuid:another")
	h := because(t, "superseded", next)
	w := do(h, "POST", "/v1/verify", "application/json", `{"receipt":true,"credential":`+quote(token(t, revoked))+`}`)
	var v oneAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	if v.Overall != verifier.NotValid || v.Reason != verifier.Revoked {
		t.Fatalf("%s %v", v.Overall, v.Reasons)
	}
	pub, err := keyfile.NewPublic(receiptKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := ReadReceipt([]byte(v.Receipt), []keyfile.Public{pub})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]*verifier.Cause{"the answer": v.Lines.Status.Cause, "its receipt": receipt.Verdict.Lines.Status.Cause} {
		if got == nil || got.Class != verifier.Superseded || got.Successor != next || got.Source != "bundle" || got.AsOf == nil {
			t.Errorf("%s says %+v", name, got)
		}
	}
}
