package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"sijil/verifier"
	"sijil/verifier/baking"
	"sijil/verifier/online"
)

// sharer is a ledger with shares.
type sharer map[string]any // by link: a token, or an error

func (s sharer) Shares(link string) bool { _, ok := s[link]; return ok }

func (s sharer) ShareLink(code string) (string, bool) {
	link := "https://ledger.example/shares/" + code
	return link, s.Shares(link)
}

func (s sharer) Share(_ context.Context, link string) ([]byte, error) {
	if err, ok := s[link].(error); ok {
		return nil, err
	}
	return []byte(s[link].(string)), nil
}

func sharing(t *testing.T) http.Handler {
	c := config(t, io.Discard)
	const base = "https://ledger.example/shares/"
	c.Shares = sharer{
		base + "file": token(t, "0001-control--plain-0"), base + "view": online.ErrShareView, base + "ended": online.ErrNoShare,
		base + "down": verifier.ErrUnreachable,
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func one(t *testing.T, h http.Handler, credential string) verifier.Verdict {
	t.Helper()
	w := do(h, "POST", "/v1/verify", "application/json", `{"credential":`+quote(credential)+`}`)
	var v verifier.Verdict
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	return v
}

func TestALinkToASharedDiplomaIsOpened(t *testing.T) {
	h := sharing(t)
	const base = "https://ledger.example/shares/"
	for name, want := range map[string]string{"file": "VALID ", "view": "CANNOT CONFIRM share_without_file", "ended": "CANNOT CONFIRM share_ended", "down": "CANNOT CONFIRM share_unreachable", "other": "NOT VALID not_a_credential"} {
		v := one(t, h, "\n "+base+name+" ")
		if got := fmt.Sprintf("%s %s", v.Overall, v.Reason); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	// Who has only the link gets the file from the page, also by the short address.
	for _, w := range []interface{ String() string }{
		post(t, h, "/?lang=en", base+"file", "", "").Body, do(h, "GET", "/v/file?lang=en", "", "").Body,
	} {
		if !strings.Contains(w.String(), `href="data:application/vc&#43;jwt,`+token(t, "0001-control--plain-0")+`"`) || !strings.Contains(w.String(), "verdict good") {
			t.Error("the signed file is not in the page")
		}
	}
	if w := do(h, "GET", "/v/other", "", "", "Accept", "text/html"); w.Code != 404 {
		t.Error("another code", w.Code)
	}
	body := `{"credentials":["` + strings.Repeat(base+`file","`, maxLinks) + base + `file"]}`
	if w := do(h, "POST", "/v1/verify", "application/json", body); w.Code != 422 {
		t.Errorf("%d links: %d", maxLinks+1, w.Code)
	}
}

func TestALinkCarriesACredential(t *testing.T) {
	h := sharing(t)
	good := token(t, "0001-control--plain-0")
	for link, want := range map[string]verifier.Overall{
		"https://verify.example/#" + good:    verifier.Valid, // ours by configuration
		"http://example.com/v#" + good:       verifier.Valid, // ours by the request's host
		"https://elsewhere.example/#" + good: verifier.NotValid, "https://verify.example.evil.example/#" + good: verifier.NotValid,
		"https://verify.example/?next=x#" + good: verifier.NotValid, "https://verify.example@evil.example/#" + good: verifier.NotValid,
		"https://verify.example/#x": verifier.NotValid,
	} {
		if v := one(t, h, link); v.Overall != want {
			t.Errorf("%.60s: %s %s", link, v.Overall, v.Reason)
		}
	}
}

func TestAFileIsSentAsBase64(t *testing.T) {
	h := handler(t)
	file := func(content string) string {
		return `{"credential":{"base64":"` + base64.StdEncoding.EncodeToString([]byte(content)) + `"}}`
	}
	if w := do(h, "POST", "/v1/verify", "application/json", file(token(t, "0001-control--plain-0")+"\n")); !strings.Contains(w.Body.String(), `"overall":"VALID"`) {
		t.Errorf("a token's file: %s", w.Body)
	}
	for kind, bake := range map[string]func() ([]byte, error){
		"a.png": func() ([]byte, error) {
			return baking.PNG(baking.PlainPNG(), []byte(token(t, "0001-control--plain-0")))
		},
		"a.svg": func() ([]byte, error) {
			return baking.SVG(baking.PlainSVG(), []byte(token(t, "0001-control--plain-0")))
		},
	} {
		picture, err := bake()
		if err != nil {
			t.Fatal(err)
		}
		if w := do(h, "POST", "/v1/verify", "application/json", file(string(picture))); !strings.Contains(w.Body.String(), `"overall":"VALID"`) {
			t.Errorf("%s: %s", kind, w.Body)
		}
		if w := post(t, h, "/?lang=en", "", kind, string(picture)); !strings.Contains(w.Body.String(), "verdict good") {
			t.Errorf("%s on the page: %d", kind, w.Code)
		}
	}
	if w := do(h, "POST", "/v1/verify", "application/json", file("%PDF-1.7")); !strings.Contains(w.Body.String(), `"unsupported_media_type"`) {
		t.Errorf("a document: %s", w.Body)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", `{"credential":{"base64":"!"}}`); w.Code != 422 {
		t.Errorf("no base64: %d", w.Code)
	}
}

// FuzzText: whatever a scanner reads or a person pastes gets an answer, VALID only if it is a
// token as it was signed, and the page shows it without making markup of it.
func FuzzText(f *testing.F) {
	s, err := New(config(f, io.Discard))
	if err != nil {
		f.Fatal(err)
	}
	good := token(f, "0001-control--plain-0")
	for _, seed := range []string{good, " " + good + "\n", "https://verify.example/#" + good, "{}", "eyJ.eyJ.x", "https://ledger.example/shares/x", "\x00", strings.Repeat("eyJ~", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := json.Marshal(map[string]string{"credential": text})
		if err != nil {
			return
		}
		w := do(s, "POST", "/v1/verify", "application/json", string(body))
		if w.Code != 200 && w.Code != 400 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), `"overall":"VALID"`) && !strings.HasSuffix(strings.Trim(text, " \t\r\n"), good) {
			t.Fatal("another text is VALID")
		}
		if w := post(t, s, "/", text+"<b-markup>", "", ""); strings.Contains(w.Body.String(), "<b-markup") {
			t.Fatal("the page made markup of it")
		}
	})
}
