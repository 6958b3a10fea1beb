package vcapi

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
)

// TestNothingHostileGets200: of the hostile credentials none is taken, whatever checks are asked
// for, and of the good ones nothing is said but that they are not as the data model asks.
func TestNothingHostileGets200(t *testing.T) {
	t.Parallel()
	const corpus = "../testdata/hostile"
	b, err := bundle.Open(corpus, true)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := verifier.NewStore("unsigned bundle", b)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	Register(mux, Config{Trust: trust, Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }})
	server := httptest.NewServer(mux)
	defer server.Close()
	w := &world{TB: t, url: server.URL}
	f, err := os.Open(filepath.Join(corpus, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hostile, good := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c struct{ File, Kind, Verdict, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind != "vc-jwt" {
			continue
		}
		token, err := os.ReadFile(filepath.Join(corpus, c.File))
		if err != nil {
			t.Fatal(err)
		}
		code, p := w.post(Credentials, vc(string(token)))
		relaxed, _ := w.post(Credentials, vc(string(token), object{"checks": []string{"proof"}}))
		switch {
		case c.Verdict != "accept":
			hostile++
			unread := c.Reason == "status_unverifiable" || c.Reason == "status_stale" || c.Reason == "status_missing"
			if code == 200 || relaxed == 200 && !unread {
				t.Errorf("%s, %s, is answered %d, and %d without its status", c.File, c.Reason, code, relaxed)
			}
		// Their type has no meaning in their context: a verifier of diplomas overlooks it with a
		// warning, and this interface does not (decision 46). Nothing else is wrong with them.
		case code == 200 || p.Code == "unmapped_term" || p.Code == "unknown_member" || p.Code == "untyped_member":
			good++
		default:
			t.Errorf("%s is good and answered %d %s %s", c.File, code, p.Code, p.Detail)
		}
	}
	if hostile < 200 || good < 10 {
		t.Errorf("%d hostile credentials, %d good ones: the test did not look", hostile, good)
	}
}
