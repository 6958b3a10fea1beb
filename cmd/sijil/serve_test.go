package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sijil/internal/access"
	"sijil/internal/pgtest"
)

// served is the real program, serving.
type served struct {
	t       *testing.T
	cmd     *exec.Cmd
	env     []string
	data    string
	url     string
	metrics string
	said    string // the line that says it is ready
	stderr  *bytes.Buffer
}

var readyLine = regexp.MustCompile(`^sijil is ready: API (\S+) .*, metrics (\S+), (?:subscribers \S+, )?data `)

// serve starts the program and waits for the line that says it is ready.
func serve(t *testing.T, data string, env []string, more ...string) *served {
	t.Helper()
	s := &served{t: t, data: data, env: append(os.Environ(), env...), stderr: &bytes.Buffer{}}
	s.cmd = exec.Command("sijil", "serve", "--data", data, "--listen", "127.0.0.1:0")
	s.cmd.Args = append(s.cmd.Args, more...)
	s.cmd.Env, s.cmd.Stderr = s.env, s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill() // a test that failed before it stopped the program
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			t.Log(s.stderr.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	m := readyLine.FindStringSubmatch(line)
	if err != nil || m == nil {
		_ = s.cmd.Wait()
		t.Fatalf("the program says %q, %v\n%s", line, err, s.stderr)
	}
	s.url, s.metrics, s.said = m[1], m[2], line
	return s
}

// stop asks the program to end and gives its exit error.
func (s *served) stop() error {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	return s.cmd.Wait()
}

// token makes a client with the program's own verb and gets a token for it.
func (s *served) token(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("sijil", append([]string{"client", "create", "--data", s.data, "--json"}, args...)...)
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("client create: %v", err)
	}
	var c struct{ ClientID, ClientSecret string }
	if err := json.Unmarshal(out, &c); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.PostForm(s.url+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("token: %d %v", resp.StatusCode, err)
	}
	return a.Token
}

const aCountry = `{"identificationCode":"TN","nameOfInstitution":{"ar":"وزارة"},"tier":"country","countryCode":"TN","beginDate":"1990-01-01"}`

func (s *served) request(ctx context.Context, method, path, token, key string, body io.Reader) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeFromNothingAndAgain(t *testing.T) {
	t.Parallel()
	data := pgtest.DataDir(t)
	s := serve(t, data, []string{"SIJIL_DATABASE_URL="})
	token := s.token("--tenant", "testland", "--role", "ministry")
	status, first := do(t, s.request(t.Context(), "POST", "/v1/institutions", token, "k1", strings.NewReader(aCountry)))
	if status != 201 {
		t.Fatalf("%d %s", status, first)
	}
	if status, body := do(t, s.request(t.Context(), "GET", "/readyz", "", "", nil)); status != 200 {
		t.Errorf("readyz: %d %s", status, body)
	}
	resp, err := http.Get(s.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`route="POST /v1/institutions"`, "sijil_log_position 1\n", "sijil_projection_position", "go_goroutines"} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("the metrics do not have %s", want)
		}
	}
	if status, _ := do(t, s.request(t.Context(), "GET", "/metrics", "", "", nil)); status != 404 {
		t.Errorf("the public listener answers /metrics with %d", status)
	}
	if err := s.stop(); err != nil {
		t.Fatalf("stopping: %v", err)
	}
	if keys, err := filepath.Glob(filepath.Join(data, "keys", "*")); err != nil || len(keys) != 3 { // master, token, bundle
		t.Errorf("the keys are %v, %v", keys, err)
	}

	// Started again it is the same ledger, and the retry is answered as before.
	s = serve(t, data, []string{"SIJIL_DATABASE_URL="})
	token = s.token("--tenant", "testland", "--role", "ministry")
	client := s.token("--tenant", "testland", "--role", "school", "--institution", tenantOf(t, first))
	if client == "" {
		t.Error("no client for an institution that exists")
	}
	// Another client's key is its own: the same body is refused by the rules now.
	if status, body := do(t, s.request(t.Context(), "POST", "/v1/institutions", token, "k1", strings.NewReader(aCountry))); status != 409 {
		t.Errorf("%d %s", status, body)
	}
	if err := s.stop(); err != nil {
		t.Fatalf("stopping: %v", err)
	}
}

func tenantOf(t *testing.T, body string) string {
	t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// halfSent is a request whose body is held back after the server began to read it.
type halfSent struct {
	body   *io.PipeWriter
	rest   string
	answer chan string
}

func (s *served) sendHalf(token, key, body string) *halfSent {
	s.t.Helper()
	r, w := io.Pipe()
	h := &halfSent{w, body[20:], make(chan string, 1)}
	reading := make(chan struct{})
	ctx := httptrace.WithClientTrace(s.t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reading) }})
	req := s.request(ctx, "POST", "/v1/institutions", token, key, r)
	req.Header.Set("Expect", "100-continue") // sent by the server when it reads the body
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			h.answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		h.answer <- fmt.Sprint(resp.StatusCode, " ", string(b), err)
	}()
	select {
	case <-reading:
	case got := <-h.answer:
		s.t.Fatalf("answered before the body was read: %s", got)
	}
	if _, err := w.Write([]byte(body[:20])); err != nil {
		s.t.Error(err)
	}
	return h
}

func (h *halfSent) finish(t *testing.T) string {
	t.Helper()
	if _, err := h.body.Write([]byte(h.rest)); err != nil {
		t.Error(err)
	}
	if err := h.body.Close(); err != nil {
		t.Error(err)
	}
	return <-h.answer
}

func TestAShutdownFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), []string{"SIJIL_DATABASE_URL=" + pgtest.URL(t)})
	token := s.token("--tenant", "testland", "--role", "ministry")
	if status, body := do(t, s.request(t.Context(), "POST", "/v1/institutions", token, "k0", strings.NewReader(aCountry))); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	var all []*halfSent
	for i := range 20 {
		body := fmt.Sprintf(`{"identificationCode":"R%d","nameOfInstitution":{"ar":"جهة"},"tier":"region","countryCode":"TN","beginDate":"1990-01-01","parentOrganization":%q}`,
			i, access.TenantID("testland"))
		all = append(all, s.sendHalf(token, fmt.Sprint("slow-", i), body))
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	for i, h := range all {
		if got := h.finish(t); !strings.HasPrefix(got, "201 ") {
			t.Errorf("request %d, accepted before the signal, is answered %s", i, got)
		}
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), []string{"SIJIL_DATABASE_URL=" + pgtest.URL(t)})
	address := strings.TrimPrefix(s.url, "http://")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"the address is taken":        {[]string{"--listen", address}, "choose another address with --listen"},
		"the metrics' address is too": {[]string{"--listen", "127.0.0.1:0", "--metrics-listen", address}, "choose another address with --metrics-listen"},
		"the address is none":         {[]string{"--listen", "nowhere"}, "--listen"},
	} {
		cmd := exec.Command("sijil", append([]string{"serve", "--data", s.data}, c.args...)...)
		cmd.Env = s.env
		out, err := cmd.CombinedOutput()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	token := s.token("--tenant", "testland", "--role", "ministry")
	if status, body := do(t, s.request(t.Context(), "POST", "/v1/institutions", token, "k0", strings.NewReader(aCountry))); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	// Without its master keys the data would be lost: that is said, and no new key is made.
	key := filepath.Join(s.data, "keys", "master-1.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sijil", "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "restore the key files from their backup") {
		t.Errorf("without its keys: %v\n%s", err, out)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("a new master key was made over sealed data")
	}
}
