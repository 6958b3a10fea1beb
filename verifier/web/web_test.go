package web

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
)

const corpus = "../testdata/hostile"

var receiptKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))

var corpusNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func token(t testing.TB, name string) string {
	b, err := os.ReadFile(filepath.Join(corpus, "vc-jwt", name+".jwt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func config(t testing.TB, log io.Writer) Config {
	b, err := bundle.Open(corpus, true)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := verifier.NewStore("unsigned bundle", b)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Trust: trust, Now: func() time.Time { return corpusNow }, Log: slog.New(slog.NewTextHandler(log, nil)), PerSecond: 1e6,
		PublicURL: "https://verify.example", ReceiptKeys: []crypto.Signer{receiptKey},
	}
}

func handler(t testing.TB) http.Handler {
	h, err := New(config(t, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func do(h http.Handler, method, path, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestOneCredentialGetsOneVerdict(t *testing.T) {
	w := do(handler(t), "POST", "/v1/verify", "application/json; charset=utf-8", `{"credential":`+quote(token(t, "0236-status--revoked"))+`}`)
	var v verifier.Verdict
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		t.Fatal(w.Code, err, w.Body)
	}
	if v.Overall != verifier.NotValid || v.Reason != verifier.Revoked || v.Lines.Integrity.Answer != verifier.True || v.Credential.Holder == "" {
		t.Errorf("%+v", v)
	}
	if !slices.Contains(v.Warnings, "unsigned_bundle") {
		t.Error("nothing says that the bundle is unsigned")
	}
}

func TestManyCredentialsGetVerdictsInOrder(t *testing.T) {
	body := `{"credentials":[` + quote(token(t, "0001-control--plain-0")) + `,"",{"@context":[],"proof":{"type":"MerkleProof2019"}}],"at":"2026-11-22T12:00:00Z"}`
	w := do(handler(t), "POST", "/v1/verify", "application/json", body)
	var out struct{ Verdicts []verifier.Verdict }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || len(out.Verdicts) != 3 {
		t.Fatal(w.Code, err, w.Body)
	}
	for i, want := range []verifier.Overall{verifier.Valid, verifier.NotValid, verifier.CannotConfirm} {
		if out.Verdicts[i].Overall != want {
			t.Errorf("verdict %d is %s %s", i, out.Verdicts[i].Overall, out.Verdicts[i].Reason)
		}
	}
	if d := out.Verdicts[2]; d.Reason != "unsupported_format" || !strings.Contains(d.Detail, "MerkleProof2019") {
		t.Errorf("%s: %s", d.Reason, d.Detail)
	}
}

func TestTheTimeCanBeAskedFor(t *testing.T) {
	w := do(handler(t), "POST", "/v1/verify", "application/json", `{"credential":`+quote(token(t, "0001-control--plain-0"))+`,"at":"2026-06-30T23:59:59Z"}`)
	if !strings.Contains(w.Body.String(), `"reason":"not_yet_valid"`) {
		t.Error(w.Body)
	}
}

func TestABadRequestIsAProblem(t *testing.T) {
	h := handler(t)
	for name, c := range map[string]struct {
		kind, body, code string
		status           int
	}{
		"another media type":  {"text/plain", "x", "unsupported_media_type", 415},
		"no JSON":             {"application/json", "{", "invalid_json", 400},
		"a list":              {"application/json", "[]", "invalid_json", 400},
		"a member twice":      {"application/json", `{"credential":"x","credential":"y"}`, "invalid_json", 400},
		"an unknown member":   {"application/json", `{"credential":"x","when":"now"}`, "unknown_member", 422},
		"nothing":             {"application/json", `{}`, "invalid_field", 422},
		"both":                {"application/json", `{"credential":"x","credentials":["x"]}`, "invalid_field", 422},
		"none of many":        {"application/json", `{"credentials":[]}`, "invalid_field", 422},
		"too many":            {"application/json", `{"credentials":["x"` + strings.Repeat(`,"x"`, 1000) + `]}`, "invalid_field", 422},
		"a number":            {"application/json", `{"credential":1}`, "invalid_field", 422},
		"a time without zone": {"application/json", `{"credential":"x","at":"2026-11-22T12:00:00"}`, "invalid_field", 422},
		"too large":           {"application/json", `{"credential":"` + strings.Repeat("x", maxBody) + `"}`, "too_large", 413},
	} {
		w := do(h, "POST", "/v1/verify", c.kind, c.body)
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Code != c.code || p.Status != c.status ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := do(h, "GET", "/v1/verify", "", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Error("GET", w.Code)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", "x", "Content-Encoding", "gzip"); w.Code != 415 {
		t.Error("compressed", w.Code)
	}
	if w := do(h, "GET", "/v1/other", "", ""); w.Code != 404 || !strings.Contains(w.Body.String(), `"not_found"`) {
		t.Error("other path", w.Code)
	}
}

// post sends the page's form.
func post(t testing.TB, h http.Handler, path, text, fileName, file string) *httptest.ResponseRecorder {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if err := form.WriteField("credential", text); err != nil {
		t.Fatal(err)
	}
	part, err := form.CreateFormFile("file", fileName)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(part, file)
	form.Close()
	return do(h, "POST", path, form.FormDataContentType(), b.String())
}

func TestThePageSpeaksTheReadersLanguage(t *testing.T) {
	h := handler(t)
	for accept, want := range map[string]string{
		"": "en", "fr-TN,fr;q=0.9": "fr", "ar-TN": "ar", "bs": "bs", "hr-HR": "bs", "sr-Latn-BA": "bs", "de,en;q=0.5": "en", "zh": "en", "x;;q": "en",
	} {
		if w := do(h, "GET", "/", "", "", "Accept-Language", accept); w.Header().Get("Content-Language") != want {
			t.Errorf("%q gets %s", accept, w.Header().Get("Content-Language"))
		}
	}
	if w := do(h, "GET", "/?lang=ar", "", "", "Accept-Language", "fr"); !strings.Contains(w.Body.String(), `<html lang="ar" dir="rtl">`) {
		t.Error("?lang=ar does not win over the browser")
	}
	if w := do(h, "GET", "/?lang=%22%3E", "", ""); w.Header().Get("Content-Language") != "en" {
		t.Error("a made-up language is taken")
	}
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	p, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(p.texts["en"]))
	for lang, texts := range p.texts {
		if got := slices.Sorted(maps.Keys(texts)); !slices.Equal(got, want) {
			t.Errorf("%s has other texts than en", lang)
		}
		for _, e := range verifier.Reasons() {
			if texts[topic(e.Code)+".why"] == "" {
				t.Errorf("%s has no text for %s", lang, e.Code)
			}
		}
		for _, e := range verifier.Classes() {
			if texts["cause."+string(e.Class)] == "" && texts["cause."+string(e.Class)+".why"] == "" {
				t.Errorf("%s has no text for the class %s", lang, e.Class)
			}
		}
		if strings.Count(texts["months"], "|") != 11 || strings.Count(texts["units"], "|") != 3 {
			t.Errorf("%s has other months or units", lang)
		}
	}
}

func TestThePageIsSmallAndHasNothingInIt(t *testing.T) {
	var log bytes.Buffer
	h, err := New(config(t, &log))
	if err != nil {
		t.Fatal(err)
	}
	// jsQR is not counted: it is loaded only when a camera is used.
	style := do(h, "GET", "/style.css", "", "").Body.Len() + do(h, "GET", "/page.js", "", "").Body.Len()
	for _, lang := range languages {
		if size := do(h, "GET", "/?lang="+lang, "", "").Body.Len() + style; size > 30<<10 {
			t.Errorf("%s: %d bytes", lang, size)
		}
		for _, name := range []string{"0001-control--plain-0", "0236-status--revoked", "0054-signature--all-ff"} {
			w := post(t, h, "/?lang="+lang, token(t, name), "", "")
			if size := w.Body.Len() + style; w.Code != 200 || size > 30<<10 {
				t.Errorf("%s %s: %d, %d bytes", lang, name, w.Code, size)
			}
			if body := w.Body.String(); strings.Count(body, "<script") != 1 || strings.Contains(body, "http-equiv") || strings.Contains(body, token(t, name)) || strings.Contains(body, "style=") {
				t.Errorf("%s: the page has a script, a style or the token in it", lang)
			}
			for k, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
				if !strings.Contains(w.Header().Get(k), want) {
					t.Errorf("%s is %q", k, w.Header().Get(k))
				}
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
}

func TestWhatNoRouteTakesIsAnsweredInKind(t *testing.T) {
	h := handler(t)
	const html = "text/html,*/*;q=0.8"
	for _, c := range []struct {
		method, path, accept string
		code                 int
		want                 string
	}{
		{"GET", "/diplomas", html, 404, "There is no such page"},
		{"GET", "/v/0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00.x", html, 404, "There is no such page"}, // no ledger to ask
		{"GET", "/diplomas", "*/*", 404, `"code":"not_found"`},
		{"GET", "/v1/other", html, 404, `"code":"not_found"`},
		{"PUT", "/", html, 405, "not sent by the form"},
		{"DELETE", "/v1/verify", "", 405, `"code":"method_not_allowed"`},
		{"POST", "/style.css", "", 405, `"code":"method_not_allowed"`},
	} {
		w := do(h, c.method, c.path, "", "", "Accept", c.accept)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) || (c.code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
}

func TestUploadsThatAreNoCredential(t *testing.T) {
	h := handler(t)
	for file, want := range map[string]string{
		"0002-upload--png-claims-4g.png": "<main", "0005-upload--svg-script.svg": "<main",
		"0009-upload--pdf-javascript.pdf": "not read here", "0011-upload--empty.png": "no credential in what you entered",
	} {
		content, err := os.ReadFile(filepath.Join(corpus, "upload", file))
		if err != nil {
			t.Fatal(err)
		}
		if w := post(t, h, "/?lang=en", "", file, string(content)); w.Code != 200 || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "verdict good") {
			t.Errorf("%s: %d", file, w.Code)
		}
	}
	if w := post(t, h, "/?lang=en", "  ", "", ""); !strings.Contains(w.Body.String(), "nothing to check") {
		t.Error("an empty form does not say so")
	}
	if w := post(t, h, "/?lang=en", "", "big.jwt", strings.Repeat("x", maxForm)); w.Code != 413 || !strings.Contains(w.Body.String(), "more than this page takes") {
		t.Error("a large upload", w.Code)
	}
	if w := do(h, "POST", "/", "application/x-www-form-urlencoded", "credential=x"); w.Code != 415 || !strings.Contains(w.Body.String(), "not sent by the form of this page") {
		t.Error("another form", w.Code)
	}
}

func TestOneAddressCannotTakeAll(t *testing.T) {
	c := config(t, io.Discard)
	c.PerSecond = 1
	now := corpusNow
	c.Now = func() time.Time { return now }
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[int]int{}
	for range 10 {
		codes[do(h, "POST", "/v1/verify", "application/json", `{"credential":"x"}`).Code]++
	}
	if codes[200] != 4 || codes[429] != 6 {
		t.Errorf("answers: %v", codes)
	}
	if w := do(h, "GET", "/", "", ""); w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Too many requests") {
		t.Errorf("page: %d", w.Code)
	}
	if w := do(h, "GET", "/healthz", "", ""); w.Code != 200 {
		t.Error("health checks are limited")
	}
	now = now.Add(2 * time.Second)
	if w := do(h, "GET", "/", "", ""); w.Code != 200 {
		t.Error("never forgiven")
	}
	l := newLimiter(1, c.Now)
	for i := range maxVisitors + 10 {
		l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1)
	}
	if len(l.seen) > maxVisitors {
		t.Errorf("remembers %d addresses", len(l.seen))
	}
}

func TestADefectIsAnsweredBare(t *testing.T) {
	var log bytes.Buffer
	c := config(t, &log)
	c.Trust = nil // every verification panics
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w := do(h, "POST", "/v1/verify", "application/json", `{"credential":"eyJ.secret.x"}`)
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"internal"`) || strings.Contains(w.Body.String()+log.String(), "secret") || log.Len() == 0 {
		t.Errorf("%d %s, logged %s", w.Code, w.Body, &log)
	}
}
