package online

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/status"
)

// signedList is a list of the ledger's as change leaves it, signed by signer.
func (w *world) signedList(t *testing.T, signer *credential.Signer, change func(*status.ListCredential)) string {
	t.Helper()
	list, err := status.New(w.URL+"/status/1", w.issuer.ID, status.Revocation, w.bits, w.now, w.now.Add(24*time.Hour), w.ttl)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&list)
	}
	payload, err := credential.Payload(list)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestAListThatCannotBeBelievedIsCannotConfirm: what arrives whole and is not the list that was
// asked for, or not now.
func TestAListThatCannotBeBelievedIsCannotConfirm(t *testing.T) {
	w := newWorld(t)
	stranger, err := credential.NewSigner(ed25519.NewKeyFromSeed(append(make([]byte, 31), 9)), w.issuer.Keys[1].JWK.Kid)
	if err != nil {
		t.Fatal(err)
	}
	good := w.signedList(t, w.lister, nil)
	part := strings.Split(good, ".")
	for name, c := range map[string]struct {
		body, kind string
		reason     credential.Reason
		overall    verifier.Overall
	}{
		"as it should be":                     {body: good, overall: verifier.Valid},
		"under another media type":            {body: good, kind: "text/html", overall: verifier.Valid}, // what counts is who signed it
		"a page under the list's media type":  {body: "<html>sign in</html>"},
		"another document of the ledger's":    {body: `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}`},
		"signed by another key under the kid": {body: w.signedList(t, stranger, nil)},
		"signed by a key for diplomas":        {body: w.signedList(t, w.signer, nil)},
		"unsigned":                            {body: part[0] + "." + part[1] + "."},
		"half":                                {body: good[:len(good)/2]},
		"ended":                               {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.ValidUntil = credential.Stamp(w.now) }), reason: verifier.StatusStale},
		"with an end that is no time":         {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.ValidUntil = "" })},
		"of another place":                    {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.ID += "2" })},
		"of another institution":              {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.Issuer += "0" })},
		"of another purpose":                  {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.CredentialSubject.StatusPurpose = status.Suspension })},
		"of another encoding": {body: w.signedList(t, w.lister, func(l *status.ListCredential) {
			l.CredentialSubject.EncodedList = "x" + l.CredentialSubject.EncodedList[1:]
		})},
		"that unpacks to less than a list has": {body: w.signedList(t, w.lister, func(l *status.ListCredential) {
			l.CredentialSubject.EncodedList = "u" + base64.RawURLEncoding.EncodeToString([]byte("no gzip"))
		})},
		"from before its key was authorized": {body: w.signedList(t, w.lister, func(l *status.ListCredential) { l.ValidFrom = credential.Stamp(w.now.AddDate(-2, 0, 0)) })},
	} {
		tr, _ := w.trust(t)
		w.mu.Lock()
		w.fault["/status"] = func(rw http.ResponseWriter, _ *http.Request) {
			if c.kind == "" {
				c.kind = "application/vc+jwt"
			}
			rw.Header().Set("Content-Type", c.kind)
			fmt.Fprint(rw, c.body)
		}
		w.mu.Unlock()
		if c.overall == "" {
			c.overall = verifier.CannotConfirm
		}
		if c.reason == "" && c.overall != verifier.Valid {
			c.reason = verifier.StatusUnverifiable
		}
		v := verifier.Verify(t.Context(), []byte(w.token(t, w.URL+"/status/1")), tr, w.now)
		if v.Overall != c.overall || v.Reason != c.reason {
			t.Errorf("a list %s: %s %v, want %s %s", name, v.Overall, v.Reasons, c.overall, c.reason)
		}
		if c.overall == verifier.Valid && (v.Lines.Status.AsOf == nil || !v.Lines.Status.AsOf.Equal(w.now)) {
			t.Errorf("a list %s: its age is not told: %+v", name, v.Lines.Status)
		}
	}
}
