package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sijil/verifier"
	"sijil/verifier/keyfile"
)

func published(t *testing.T, h http.Handler) []keyfile.Public {
	w := do(h, "GET", "/.well-known/jwks.json", "", "")
	keys, err := keyfile.Parse(w.Body.Bytes())
	if err != nil || w.Header().Get("Content-Type") != "application/jwk-set+json" {
		t.Fatal(err, w.Header())
	}
	return keys
}

func TestAReceiptSaysWhatWasAnsweredAndNamesNobody(t *testing.T) {
	h := handler(t)
	keys := published(t, h)
	credential := token(t, "0236-status--revoked")
	var answer struct {
		verifier.Verdict
		Receipt string
	}
	w := do(h, "POST", "/v1/verify", "application/json", `{"receipt":true,"credential":`+quote(credential+"\n")+`}`)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err, w.Body)
	}
	alone := do(h, "POST", "/v1/verify", "application/json", `{"credential":`+quote(credential)+`}`, "Accept", "application/jwt")
	if alone.Header().Get("Content-Type") != "application/jwt" || alone.Body.String() != answer.Receipt {
		t.Errorf("alone: %s %s", alone.Header(), alone.Body)
	}
	page := post(t, h, "/?lang=en", credential, "", "").Body.String()
	link := regexp.MustCompile(`href="data:application/jwt,([^"]+)"`).FindStringSubmatch(page)
	if len(link) != 2 || link[1] != answer.Receipt {
		t.Error("the page has another receipt, or none")
	}
	r, err := ReadReceipt([]byte(answer.Receipt), keys)
	if err != nil {
		t.Fatal(err)
	}
	if r.Issuer != "https://verify.example" || r.IssuedAt != corpusNow.Unix() || r.Verdict.Overall != verifier.NotValid || r.Verdict.Reasons[0] != verifier.Revoked ||
		r.Verdict.Lines != answer.Lines && r.Verdict.Lines.Status.Reason != verifier.Revoked || len(r.Verdict.Warnings) != 1 {
		t.Errorf("%+v", r)
	}
	if !r.Of([]byte(credential)) || !r.Of([]byte(credential+"\n")) || r.Of([]byte(credential[1:])) {
		t.Error("it is not about the credential, or about another")
	}
	plain, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{answer.Credential.Holder, answer.Credential.ID, answer.Credential.Award} {
		if private == "" || strings.Contains(string(plain), private) {
			t.Errorf("%q is in the receipt", private)
		}
	}
}

func TestAReceiptIsBelievedOnlyAsItWasSigned(t *testing.T) {
	h := handler(t)
	keys := published(t, h)
	receipt := do(h, "POST", "/v1/verify", "application/json", `{"credential":`+quote(token(t, "0001-control--plain-0"))+`}`, "Accept", "application/jwt").Body.Bytes()
	for i := range receipt {
		receipt[i] ^= 1
		if _, err := ReadReceipt(receipt, keys); !errors.Is(err, ErrReceipt) {
			t.Fatalf("byte %d: %v", i, err)
		}
		receipt[i] ^= 1
	}
	if _, err := ReadReceipt(receipt, nil); !errors.Is(err, ErrReceipt) {
		t.Error("believed without a key")
	}
	if _, err := ReadReceipt([]byte(token(t, "0001-control--plain-0")), keys); !errors.Is(err, ErrReceipt) {
		t.Error("a credential is taken for a receipt")
	}
	if v := one(t, h, string(receipt)); v.Overall == verifier.Valid {
		t.Error("a receipt is taken for a credential")
	}
}

func TestAVerifierWithoutAKeyMakesNoReceipts(t *testing.T) {
	c := config(t, io.Discard)
	c.ReceiptKeys = nil
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if w := do(h, "GET", "/.well-known/jwks.json", "", ""); w.Code != 404 {
		t.Error("keys", w.Code)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", `{"credential":"x","receipt":true}`); w.Code != 422 {
		t.Error("asked for", w.Code)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", `{"credential":"x"}`, "Accept", "application/jwt"); w.Code != 406 {
		t.Error("accepted alone", w.Code)
	}
	if w := post(t, h, "/", token(t, "0001-control--plain-0"), "", ""); w.Code != 200 || strings.Contains(w.Body.String(), "data:") {
		t.Error("page", w.Code)
	}
}
