package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/internal/access"
)

func numbersAfter(after []string, n int) []int {
	first := 0
	if after != nil {
		last, err := strconv.Atoi(after[0])
		if err != nil {
			panic(err)
		}
		first = last + 1
	}
	var list []int
	for i := first; i < min(250, first+n); i++ {
		list = append(list, i)
	}
	return list
}

func decimalKey(i int) []string { return []string{strconv.Itoa(i)} }

func TestAWriteCarriesAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	good := `{` + anID + `}`
	f.send("POST", aProbe, good, "Idempotency-Key:").is(400, "idempotency_key_required")
	f.send("POST", aProbe+"/touch", "", "Idempotency-Key:").is(400, "idempotency_key_required")
	for name, key := range map[string]string{
		"129 characters": strings.Repeat("k", 129), "9,000 characters": strings.Repeat("k", 9000),
		"a space inside": "a b", "letters beyond ASCII": "clé",
	} {
		if f.send("POST", aProbe, good, "Idempotency-Key: "+key).is(400, "invalid_field"); t.Failed() {
			t.Fatalf("above: %s", name)
		}
	}
	f.send("POST", aProbe, good, "+Idempotency-Key: k2").is(400, "invalid_field")
	f.send("POST", aProbe, good, "X-Sijil-On-Behalf-Of: a@example.org").is(400, "invalid_field")
	if f.ran != 0 {
		t.Error("a write without a proper key reached its operation")
	}
	if r := f.send("POST", aProbe, good, "Idempotency-Key: "+strings.Repeat("k", 128), "X-Sijil-On-Behalf-Of: teacher-17"); r.status != 201 || f.call.behalf != "teacher-17" {
		t.Errorf("%d %s, on behalf of %q", r.status, r.body, f.call.behalf)
	}
	f.send("GET", "/v1/probes", "", "Idempotency-Key:").ok() // a read needs none
}

func TestHeadersBeyond16kBAreRefusedByTheServer(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	if r := f.send("GET", "/v1/probes", "", "X-Long: "+strings.Repeat("x", 17<<10)); r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", r.status)
	}
}

func TestAReadWaitsForThePositionItCarries(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	w := f.send("POST", aProbe, `{`+anID+`}`)
	if got := w.header.Get("X-Sijil-Position"); got != logID+":42" {
		t.Fatalf("the write answers position %q", got)
	}
	f.send("GET", "/v1/probes", "", "X-Sijil-Position: "+w.header.Get("X-Sijil-Position")).ok()
	f.send("GET", "/v1/probes", "", "X-Sijil-Position: "+logID+":100").ok()
	r := f.send("GET", "/v1/probes", "", "X-Sijil-Position: "+logID+":101")
	r.is(503, "read_behind")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// A write does not wait for read models: it tells the ledger.
	if r := f.send("POST", aProbe, `{`+anID+`}`, "X-Sijil-Position: "+logID+":101", "Idempotency-Key: k9"); r.status != 201 || f.call.after != 101 {
		t.Errorf("%d %s, after %d", r.status, r.body, f.call.after)
	}
	for _, h := range []string{logID, logID + ":", logID + ":-1", logID + ":+1", logID + ":1e3", "5", logID + ":9223372036854775808", logID + ":" + strings.Repeat("0", 99)} {
		if f.send("GET", "/v1/probes", "", "X-Sijil-Position: "+h).is(400, "invalid_position"); t.Failed() {
			t.Fatalf("above: %q", h)
		}
	}
	f.send("GET", "/v1/probes", "", "X-Sijil-Position: 7f9619ff-8b86-4d01-b42d-00cf4fc964ff:5").is(400, "foreign_position")
	f.send("GET", "/v1/probes", "", "X-Sijil-Position: "+logID+":5", "+X-Sijil-Position: "+logID+":6").is(400, "invalid_position")
}

func TestAListingIsReadToItsEndPageByPage(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	for _, limit := range []int{1, 7, 100, 249, 250, 251, 500} {
		var all []int
		cursor, pages := "", 0
		for {
			var p page[int]
			r := f.send("GET", fmt.Sprintf("/v1/probes?limit=%d&cursor=%s", limit, cursor), "").ok()
			if err := json.Unmarshal([]byte(r.body), &p); err != nil {
				t.Fatal(err)
			}
			all, pages = append(all, p.Items...), pages+1
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(all) != 250 || !slices.IsSorted(all) || pages != (250+limit-1)/limit {
			t.Errorf("limit %d: %d items on %d pages", limit, len(all), pages)
		}
	}
}

func TestACursorIsGoodForItsListingOnly(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	var p page[int]
	if err := json.Unmarshal([]byte(f.send("GET", "/v1/probes?limit=5&since=2026-01-01", "").ok().body), &p); err != nil || p.Next == "" {
		t.Fatal(err, p)
	}
	f.send("GET", "/v1/probes?limit=9&since=2026-01-01&cursor="+p.Next, "").ok() // another page size is fine
	f.send("GET", "/v1/probes?limit=5&since=2026-01-02&cursor="+p.Next, "").is(400, "invalid_cursor")
	f.send("GET", "/v1/probes?limit=5&cursor="+p.Next, "").is(400, "invalid_cursor")
	f.send("GET", "/v1/probes?since=2026-01-01&cursor="+p.Next[1:], "").is(400, "invalid_cursor")
	f.send("GET", "/v1/probes?since=2026-01-01&cursor="+p.Next[:len(p.Next)-2]+"AA", "").is(400, "invalid_cursor")
	f.send("GET", "/v1/probes?since=2026-01-01&cursor=W10", "").is(400, "invalid_cursor")
	f.token = f.tokenIn("testland", "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", access.RecordsRead)
	f.send("GET", "/v1/probes?since=2026-01-01&cursor="+p.Next, "").is(400, "invalid_cursor")
	f.token = f.tokenIn("elsewhere", "", access.RecordsRead)
	f.send("GET", "/v1/probes?since=2026-01-01&cursor="+p.Next, "").is(400, "invalid_cursor")
}

func TestEveryErrorPassesTheOneDoor(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	for kind, status := range map[domain.Kind]int{domain.Invalid: 422, domain.Missing: 404, domain.Forbidden: 403, domain.Conflict: 409, domain.Unready: 503} {
		f.fails = fmt.Errorf("enrolling: %w", domain.Refuse(kind, "not_found", "at %s", "school"))
		r := f.send("POST", aProbe, `{`+anID+`}`)
		r.is(status, "not_found")
		if !strings.Contains(r.body, `"detail":"at school"`) || !strings.Contains(r.body, `"type":"/problems/not_found"`) {
			t.Errorf("%s", r.body)
		}
		if strings.Contains(r.body, "enrolling") {
			t.Errorf("the answer says how we wrapped it: %s", r.body)
		}
	}
	f.fails = errors.New("connecting to 10.0.0.7 as sijil: password leaked-secret is wrong")
	for _, r := range []reply{f.send("POST", aProbe, `{`+anID+`}`), f.send("GET", "/v1/probes", "")} {
		r.is(500, "internal")
		if strings.Contains(r.body, "leaked-secret") || strings.Contains(r.body, "10.0.0.7") {
			t.Errorf("the answer holds the cause: %s", r.body)
		}
		if id := r.header.Get("X-Request-Id"); id == "" || !strings.Contains(r.body, "urn:uuid:"+id) || !strings.Contains(f.logged.String(), id) {
			t.Errorf("the answer %s and the log are not tied by %q", r.body, id)
		}
	}
	if !strings.Contains(f.logged.String(), "leaked-secret") {
		t.Error("the log does not hold the cause")
	}
	f.fails = nil
	f.send("GET", "/v1/panic", "").is(500, "internal")
	f.send("GET", "/v1/probes", "").ok()
}

func TestHalfAnAnswerIsNotTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	f.mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"items":[1,2,`)) // the test's own connection stands
		panic("in the middle")
	})
	resp, err := http.Get(f.http.URL + "/half")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("an answer that broke off reads as a whole one")
	}
	if !strings.Contains(f.logged.String(), "in the middle") {
		t.Error("the log does not say why")
	}
}

func TestNothingPersonalIsEchoedOrLogged(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	const name = "Amina-Ben-Salah"
	for _, body := range []string{
		`{"id":"` + name + `"}`, `{` + anID + `,"date":"` + name + `"}`, `{` + anID + `,"score":"` + name + `"}`, `{` + anID + `,"count":"` + name + `"}`,
		`{` + anID + `,"name":"` + name + `\u202e"}`, `{` + anID + `,"name":["` + name + `"]}`, `{` + anID + `,"sex":"` + name + `"}`, `"` + name + `"`, name,
		`{` + anID + `,"note":{"` + name + ` x":1}}`, `{` + anID + `,"` + name + ` is a person":1}`, `{` + anID + `,"localCode":"` + strings.Repeat(name, 9) + `"}`,
	} {
		r := f.send("POST", aProbe, body)
		if r.status < 400 || strings.Contains(r.body, name) {
			t.Errorf("%s is answered %d %s", body, r.status, r.body)
		}
	}
	f.send("GET", "/v1/probes?since="+name, "")
	f.send("GET", "/v1/"+name, "")
	f.send("GET", "/v1/probes?"+name+"=1", "")
	f.send("POST", "/v1/probes/"+name, `{`+anID+`}`)
	if strings.Contains(f.logged.String(), name) {
		t.Errorf("the log holds the name:\n%s", f.logged)
	}
	if !strings.Contains(f.logged.String(), `route="POST /v1/probes/{id}"`) {
		t.Errorf("the log does not hold the route's pattern:\n%s", f.logged)
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	for _, path := range []string{"/v1/probes", "/nothing", "/healthz", "/openapi.json", "/docs", "/problems/not_found", "/v1/panic"} {
		h := f.send("GET", path, "").header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			!strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "http:") || strings.Contains(h.Get("Content-Security-Policy"), "https:") {
			t.Errorf("%s lets in another host: %s", path, h.Get("Content-Security-Policy"))
		}
	}
	if got := f.send("GET", "/v1/probes", "").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a record may be cached: %q", got)
	}
}
