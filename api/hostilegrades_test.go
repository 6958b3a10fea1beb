package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sijil/internal/access"
)

// TestHostileGrades sends what an odd or hostile client might send as a grade. Nothing that
// is refused leaves an event; the controls among them are recorded. The cases are those
// of a published corpus, in this API's words.
func TestHostileGrades(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	// attempt keeps the accepted ones apart from each other.
	n := 0
	grade := func(pairs ...string) string {
		n++
		return g.grade(append([]string{"attempt", fmt.Sprint(n)}, pairs...)...)
	}
	score := func(v string) string { return grade("numericGradeEarned", v) }
	good := g.grade("attempt", "99")
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for _, c := range []struct {
		name, body string
		headers    []string
		status     []int
		code       string
	}{
		{name: "control: a grade", body: grade(), status: []int{201}},
		{name: "control: an Arabic comment", body: grade("diagnosticStatement", `"ممتاز جدا"`), status: []int{201}},
		{name: "control: an apostrophe and SQL", body: grade("diagnosticStatement", `"L'élève O'Neil; DROP TABLE events;--"`), status: []int{201}},
		{name: "control: a number that is a JSON number", body: score(`15.5`), status: []int{201}},
		{name: "another school's student", body: grade("studentUniqueId", `"`+string(g.othersPupil)+`"`), status: []int{404}, code: "not_found"},
		{name: "a student who does not exist", body: grade("studentUniqueId", `"a6097f9b-28b3-4e6c-b9df-c85b0a49d348"`), status: []int{404}, code: "not_found"},
		{name: "a student who is not enrolled", body: grade("studentUniqueId", `"`+string(g.notEnrolled)+`"`), status: []int{409}, code: "not_enrolled"},
		{name: "a tenant of one's own choice", body: grade("tenantId", `"`+string(g.id("school B"))+`"`), status: []int{422}, code: "unknown_field"},
		{name: "actor, event id, time and version of one's own choice", body: grade("actor", `"ministry"`, "eventId", `"77f1b4a9-0afe-4508-ba02-a9e9fa2c97a6"`, "recordedAt", `"2020-01-01T00:00:00Z"`, "version", "0"), status: []int{422}, code: "unknown_field"},
		{name: "a day to come", body: grade("eventDate", `"2099-01-01"`), status: []int{422}, code: "date_in_future"},
		{name: "NaN", body: score(`"NaN"`), status: []int{422}, code: "invalid_field"},
		{name: "1e309", body: score(`"1e309"`), status: []int{422}, code: "invalid_field"},
		{name: "1e309 as a JSON number", body: score(`1e309`), status: []int{400, 422}},
		{name: "1e1 as a JSON number", body: score(`1e1`), status: []int{422}, code: "invalid_field"},
		{name: "below the scheme", body: score(`-1`), status: []int{422}, code: "invalid_field"},
		{name: "above the scheme", body: score(`"21"`), status: []int{422}, code: "invalid_field"},
		{name: "above it by the 24th decimal", body: score(`"20.000000000000000000000001"`), status: []int{422}, code: "invalid_field"},
		{name: "full-width digits", body: score(`"１５"`), status: []int{422}, code: "invalid_field"},
		{name: "Arabic digits", body: score(`"١٥"`), status: []int{422}, code: "invalid_field"},
		{name: "a decimal comma", body: score(`"15,5"`), status: []int{422}, code: "invalid_field"},
		{name: "a leading space", body: score(`" 15"`), status: []int{422}, code: "invalid_field"},
		{name: "a score that is true", body: score(`true`), status: []int{422}, code: "invalid_field"},
		{name: "a score that is null", body: score(`null`), status: []int{422}},
		{name: "U+0000 in a comment", body: grade("diagnosticStatement", `"A\u0000B"`), status: []int{422}, code: "invalid_field"},
		{name: "a right-to-left override in a comment", body: grade("diagnosticStatement", "\"A\u202eB\""), status: []int{422}, code: "invalid_field"},
		{name: "the score twice", body: strings.Replace(good, `"numericGradeEarned":"15.5"`, `"numericGradeEarned":"5","numericGradeEarned":"20"`, 1), status: []int{400, 422}, code: "invalid_json"},
		{name: "the score in another case", body: grade("NumericGradeEarned", `"20"`), status: []int{400, 422}, code: "unknown_field"},
		{name: "two objects", body: good + good, status: []int{400, 422}, code: "invalid_json"},
		{name: "invalid UTF-8", body: strings.Replace(good, "INF101", "INF\xff", 1), status: []int{400, 422}, code: "invalid_json"},
		{name: "20,000 levels", body: deep, status: []int{400, 413, 422}, code: "invalid_json"},
		{name: "text/plain", body: good, headers: []string{"Content-Type: text/plain"}, status: []int{415}, code: "unsupported_media_type"},
		{name: "a form", body: "grade=20", headers: []string{"Content-Type: application/x-www-form-urlencoded"}, status: []int{415}, code: "unsupported_media_type"},
		{name: "XML with an external entity", body: `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><g>&e;</g>`, headers: []string{"Content-Type: application/xml"}, status: []int{415}, code: "unsupported_media_type"},
		{name: "gzip", body: good, headers: []string{"Content-Encoding: gzip"}, status: []int{413, 415}, code: "unsupported_media_type"},
		{name: "no key", body: good, headers: []string{"Idempotency-Key:"}, status: []int{400}, code: "idempotency_key_required"},
		{name: "a huge key", body: good, headers: []string{"Idempotency-Key: " + strings.Repeat("k", 9000)}, status: []int{400, 422, 431}, code: "invalid_field"},
		{name: "no token", body: good, headers: []string{"Authorization:"}, status: []int{401}, code: "unauthenticated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := g.events()
			headers := c.headers
			if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Idempotency-Key:") }) {
				headers = append(headers, "Idempotency-Key: "+g.key())
			}
			r := g.send(http.MethodPost, "/v1/grades", c.body, headers...)
			if !slices.Contains(c.status, r.status) || c.code != "" && r.code() != c.code {
				t.Errorf("%d %s, want %v %s", r.status, r.body, c.status, c.code)
			}
			if wrote := g.events() - before; wrote != 0 && r.status != 201 || wrote != 1 && r.status == 201 {
				t.Errorf("%d left %d events", r.status, wrote)
			}
		})
	}
}

// TestHostileKeys: the same key is the same command, for one client of one tenant.
func TestHostileKeys(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	key := "Idempotency-Key: 7c9abcb1-349e-4049-9e24-3ca058875ffd"
	first := g.send(http.MethodPost, "/v1/grades", g.grade(), key).created()
	before := g.events()
	again := g.send(http.MethodPost, "/v1/grades", g.grade(), key)
	if again.status != first.status || again.body != first.body || again.header.Get("X-Sijil-Position") != first.header.Get("X-Sijil-Position") {
		t.Errorf("answered %d %s, first %d %s", again.status, again.body, first.status, first.body)
	}
	g.send(http.MethodPost, "/v1/grades", g.grade("numericGradeEarned", `"5"`), key).is(422, "idempotency_key_reused")
	g.send(http.MethodPost, "/v1/grades", g.grade("studentUniqueId", `"`+string(g.notEnrolled)+`"`), key).is(422, "idempotency_key_reused")
	g.as(g.tokenIn("elsewhere", g.school, access.RecordsWrite), func() { // keys are the tenant's own
		g.send(http.MethodPost, "/v1/grades", g.grade("courseCode", "", "course", `"`+string(g.course)+`"`), key).is(404, "not_found")
	})
	if g.events() != before {
		t.Errorf("%d events were written", g.events()-before)
	}
}
