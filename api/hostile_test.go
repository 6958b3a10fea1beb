package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sijil/internal/access"
)

// hostileCase is a line of testdata/hostile/manifest.jsonl: a raw request against a
// generic API of grades, and what must come of it.
type hostileCase struct {
	File, Verdict, Reason, Status string
	// Events it may leave behind; -1 when the corpus does not say.
	Events int
}

// TestHostileRequests sends raw requests as they lie in testdata/hostile, byte for byte but
// for the words of this API, and judges status, reason and effect.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	manifest, err := os.ReadFile("testdata/hostile/manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	words := g.translation()
	first := ""
	d := json.NewDecoder(bytes.NewReader(manifest))
	for n := 1; ; n++ {
		var c hostileCase
		if err := d.Decode(&c); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join("testdata/hostile", c.File))
		if err != nil {
			t.Fatal(err)
		}
		// Every case is a grade of its own; the corpus repeats one and the same.
		attempt := fmt.Sprintf(`"attempt":%d,`, 1+n%99)
		if strings.Contains(c.File, "idempotency--") {
			attempt = `"attempt":99,`
		}
		before, began := g.events(), time.Now()
		status, body := g.raw(t, translate(raw, words, attempt))
		took, wrote := time.Since(began), g.events()-before
		if c.Status == "same as first" {
			if body != first {
				t.Errorf("%s: answered %s, the first time %s", c.File, body, first)
			}
			c.Status = "2xx"
		}
		if strings.HasSuffix(c.File, "--first.http") {
			first = body
		}
		g.judge(t, c, status, body, wrote)
		if took > 5*time.Second { // the corpus says 250 ms on a quiet machine
			t.Errorf("%s: took %s", c.File, took)
		}
	}
}

func (g *gradebook) judge(t *testing.T, c hostileCase, status int, body string, wrote int) {
	t.Helper()
	code := reply{t: t, body: body}.code()
	switch {
	case c.Status == "" || strings.HasPrefix(c.Status, "2xx or"): // either: it had no other effect than what it plainly asks
		if wrote > 1 || wrote == 1 && status != 201 {
			t.Errorf("%s: %d %s left %d events", c.File, status, body, wrote)
		}
		return
	case c.Status == "2xx":
		if status/100 != 2 {
			t.Errorf("%s: %d %s, want success", c.File, status, body)
		}
	case !slices.Contains(strings.Split(c.Status, "|"), strconv.Itoa(status)):
		t.Errorf("%s: %d %s, want %s", c.File, status, body, c.Status)
	}
	// Two reasons that we tell apart more finely: a day to come, and a path too long to look up.
	finer := map[string]string{"rule_violation": "date_in_future", "not_found": "uri_too_long"}
	if c.Verdict == "reject" && code != c.Reason && code != finer[c.Reason] && !strings.HasPrefix(c.Reason, code+"|") {
		t.Errorf("%s: refused as %q, want %q", c.File, code, c.Reason)
	}
	if c.Events >= 0 && wrote != c.Events {
		t.Errorf("%s: %d left %d events, want %d", c.File, status, wrote, c.Events)
	}
}

// translation puts our words in place of the corpus's.
func (g *gradebook) translation() *strings.Replacer {
	issued := g.cfg.Now().Add(-time.Hour)
	expired, err := g.cfg.Tokens.Issue(principalOf(g.framework), issued)
	if err != nil {
		g.t.Fatal(err)
	}
	return strings.NewReplacer(
		`"awardedOn":`, `"eventDate":`, `"grade":`, `"numericGradeEarned":`, `"Grade":`, `"NumericGradeEarned":`, `"comment":`, `"diagnosticStatement":`,
		`"scale":"20"`, `"gradingScheme":"`+string(g.scheme)+`"`, `"studentId":`, `"studentUniqueId":`, `"term":"2026-S1"`, `"session":"`+string(g.session)+`"`,
		"{{SCHOOL_A}}", g.token, "{{SCHOOL_B}}", g.tokenIn("elsewhere", "", access.RecordsRead, access.RecordsWrite), "{{EXPIRED}}", expired,
		"{{STUDENT_A1}}", string(g.amina), "{{STUDENT_B1}}", string(g.othersPupil),
	)
}

var lengthHeader = regexp.MustCompile(`Content-Length: \d+`)

func translate(raw []byte, words *strings.Replacer, attempt string) []byte {
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	head, body = words.Replace(head), words.Replace(body)
	if strings.HasPrefix(body, `{"`) {
		body = "{" + attempt + body[1:]
		body = strings.ReplaceAll(body, `}{"`, `}{`+attempt+`"`)
	}
	head = lengthHeader.ReplaceAllString(head, "Content-Length: "+strconv.Itoa(len(body)))
	return []byte(head + "\r\nConnection: close\r\n\r\n" + body)
}

// raw sends bytes over a connection of their own.
func (f *framework) raw(t *testing.T, request []byte) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", f.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to %.80q: %v", request, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestABombIsRefusedUnopened(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 64 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.send("POST", aProbe, bomb.String(), "Content-Encoding: gzip").is(415, "unsupported_media_type")
	f.send("POST", aProbe, bomb.String()).is(400, "invalid_json")
}
