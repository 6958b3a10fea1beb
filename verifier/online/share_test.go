package online

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
)

const code = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00.abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE"

func TestASharedCredentialIsFetchedFromItsLedger(t *testing.T) {
	w := newWorld(t)
	trust, err := New(func() time.Time { return w.now }, w.URL)
	if err != nil {
		t.Fatal(err)
	}
	status, body := 200, map[string]any{"token": "a.b.c", "holder": map[string]string{"name": "x"}}
	w.fault["/v1/shares/"] = func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(status)
		json.NewEncoder(rw).Encode(body)
	}
	link, ok := trust.ShareLink(code)
	if !ok || link != w.URL+"/shares/"+code {
		t.Fatal(link)
	}
	for _, l := range []string{link, w.URL + "/v1/shares/" + code} {
		if b, err := trust.Share(t.Context(), l); err != nil || string(b) != "a.b.c" || !trust.Shares(l) {
			t.Errorf("%s: %q, %v", l, b, err)
		}
	}
	body["token"] = ""
	if _, err := trust.Share(t.Context(), link); !errors.Is(err, ErrShareView) {
		t.Errorf("a view: %v", err)
	}
	for code, want := range map[int]error{404: ErrNoShare, 410: ErrNoShare, 500: verifier.ErrUnreachable, 302: verifier.ErrUnreachable} {
		status = code
		if _, err := trust.Share(t.Context(), link); !errors.Is(err, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
	asked := len(w.requests)
	for _, l := range []string{
		"https://elsewhere.example/shares/" + code, w.URL + "/shares/short", w.URL + "/shares/" + code + "?x", w.URL + "/shares/../institutions/" + code,
		w.URL + "/shares/" + code + "/x", w.URL + "/holdings/" + code, w.URL + "@elsewhere.example/shares/" + code, "", w.URL + "/shares/" + strings.Repeat("a", 200),
	} {
		if _, err := trust.Share(t.Context(), l); !errors.Is(err, verifier.ErrUnknown) || trust.Shares(l) {
			t.Errorf("%s: %v", l, err)
		}
	}
	if len(w.requests) != asked {
		t.Errorf("asked for %v", w.requests[asked:])
	}
	if _, ok := trust.ShareLink("../" + code); ok {
		t.Error("a code with a path in it")
	}
}
