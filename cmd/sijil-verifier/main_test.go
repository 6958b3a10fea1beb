package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	neturl "net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sijil/verifier/bundle"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

const corpus = "../../verifier/testdata/hostile"

// TestTheVerifierStandsAlone proves from what is linked that no database driver, nothing of
// the ledger and no log client is in it.
func TestTheVerifierStandsAlone(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 {
		t.Fatalf("only %d packages listed", len(deps))
	}
	ours := regexp.MustCompile(`^sijil/(verifier($|/)|cmd/sijil-verifier$)`)
	foreign := regexp.MustCompile(`(?i)^database/|jackc|/pgx|pq$|sqlite|eventstore|kurrent|grpc|goose|huma`)
	for _, d := range deps {
		if strings.HasPrefix(d, "sijil/") && !ours.MatchString(d) || foreign.MatchString(d) {
			t.Errorf("links %s", d)
		}
	}
}

// TestNothingIsKeptOfWhatWasAsked runs the whole program over every way of asking and looks
// for the credential, its names and its digests in everything it writes.
func TestNothingIsKeptOfWhatWasAsked(t *testing.T) {
	var out, log syncBuffer
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	c := &serveCmd{Listen: "127.0.0.1:0", PerSecond: 1e6, Bundle: corpus, InsecureBundle: true, ReceiptKey: []string{dir + "/receipt.key"}, PublicURL: "https://verify.example"}
	ended := make(chan error, 1)
	go func() { ended <- c.serve(ctx, &out, slog.New(slog.NewTextHandler(&log, nil))) }()
	var url string
	for url == "" {
		if _, after, ok := strings.Cut(out.String(), "http"); ok && strings.HasSuffix(after, "\n") {
			url = "http" + strings.TrimSpace(after)
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	secrets := []string{"Aïcha", "Trabelsi", "Amina"}
	for _, name := range []string{"0001-control--plain-0", "0021-control--retired-key-recorded-in-its-window", "0236-status--revoked"} {
		b, err := os.ReadFile(corpus + "/vc-jwt/" + name + ".jwt")
		if err != nil {
			t.Fatal(err)
		}
		token := strings.TrimSpace(string(b))
		payload := sha256.Sum256([]byte(token))
		secrets = append(secrets, token[len(token)-40:], token[40:80], hex.EncodeToString(payload[:8]))
		body, _ := json.Marshal(map[string]any{"credential": token, "receipt": true})
		for _, ask := range []func() (*http.Response, error){
			func() (*http.Response, error) {
				return http.Post(url+"/v1/verify", "application/json", bytes.NewReader(body))
			},
			func() (*http.Response, error) {
				return http.Post(url+"/v1/verify", "application/json", bytes.NewReader(body[:len(body)-9]))
			},
			func() (*http.Response, error) { return http.Get(url + "/v/" + token[:90]) },
			func() (*http.Response, error) { return http.Get(url + "/" + token[:90] + "?" + token) },
			func() (*http.Response, error) { return http.PostForm(url+"/", neturl.Values{"credential": {token}}) },
			func() (*http.Response, error) {
				var form bytes.Buffer
				m := multipart.NewWriter(&form)
				m.WriteField("credential", token)
				m.Close()
				return http.Post(url+"/", m.FormDataContentType(), &form)
			},
		} {
			res, err := ask()
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	written := out.String() + log.String()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v", files, err)
	}
	for _, s := range secrets {
		if strings.Contains(written, s) {
			t.Errorf("%q was written: %s", s, written)
		}
	}
	if lines := strings.Count(written, "\n"); lines != 1 {
		t.Errorf("%d lines were written: %s", lines, written)
	}
}

// syncBuffer is a buffer that a server writes to while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestAReceiptIsReadYearsLater(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	url, _ := start(t, ctx, &serveCmd{Bundle: corpus, InsecureBundle: true, ReceiptKey: []string{dir + "/receipt.key"}})
	fetch := func(path string, res *http.Response, err error) {
		t.Helper()
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		b, err := io.ReadAll(res.Body)
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	token := corpus + "/vc-jwt/0236-status--revoked.jwt"
	content, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(url + "/.well-known/jwks.json")
	fetch(dir+"/keys.json", res, err)
	body, _ := json.Marshal(map[string]string{"credential": string(content), "at": "2026-11-22T12:00:00Z"})
	req, _ := http.NewRequestWithContext(ctx, "POST", url+"/v1/verify", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/jwt")
	res, err = http.DefaultClient.Do(req)
	fetch(dir+"/receipt.jwt", res, err)
	for name, c := range map[string]struct {
		cmd        receiptCmd
		want, fail string
	}{
		"as it is":          {receiptCmd{Keys: dir + "/keys.json", Credential: token, Receipt: dir + "/receipt.jwt"}, "NOT VALID  revoked\nanswered ", ""},
		"as JSON":           {receiptCmd{Keys: dir + "/keys.json", Receipt: dir + "/receipt.jwt", JSON: true}, `"reasons":["revoked"]`, ""},
		"of another":        {receiptCmd{Keys: dir + "/keys.json", Credential: corpus + "/vc-jwt/0001-control--plain-0.jwt", Receipt: dir + "/receipt.jwt"}, "", "another credential"},
		"that is none":      {receiptCmd{Keys: dir + "/keys.json", Receipt: token}, "", "not a receipt"},
		"with other keys":   {receiptCmd{Keys: token, Receipt: dir + "/receipt.jwt"}, "", "not a JWK"},
		"that is not there": {receiptCmd{Keys: dir + "/keys.json", Receipt: dir + "/x"}, "", "no such file"},
	} {
		var out bytes.Buffer
		err := c.cmd.read(&out)
		if c.fail == "" && (err != nil || !strings.Contains(out.String(), c.want)) || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("a receipt %s: %v, %s", name, err, &out)
		}
	}
}

// start serves on a free port until the test ends, and gives the URL it prints.
func start(t *testing.T, ctx context.Context, c *serveCmd) (url string, ended chan error) {
	c.Listen = "127.0.0.1:0"
	if c.PerSecond == 0 {
		c.PerSecond = 1e6
	}
	r, w := io.Pipe()
	ended = make(chan error, 1)
	go func() {
		ended <- c.serve(ctx, w, slog.New(slog.DiscardHandler))
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err, <-ended)
	}
	return strings.TrimSpace(line[strings.Index(line, "http"):]), ended
}

func TestItServesUntilItIsAskedToStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	url, ended := start(t, ctx, &serveCmd{Bundle: corpus, InsecureBundle: true})
	if res, err := http.Get(url + "/healthz"); err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	token, err := os.ReadFile(corpus + "/vc-jwt/0236-status--revoked.jwt")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]string{"credential": string(token), "at": "2026-11-22T12:00:00Z"})
	res, err := http.Post(url+"/v1/verify", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(answer), `"overall":"NOT VALID","reason":"revoked"`) {
		t.Errorf("%s", answer)
	}
	// A request that has begun is answered although the end has been asked for.
	r, w := io.Pipe()
	got, reading := make(chan string, 1), make(chan struct{})
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reading) }})
	begun, err := http.NewRequestWithContext(trace, "POST", url+"/v1/verify", r)
	if err != nil {
		t.Fatal(err)
	}
	begun.Header.Set("Content-Type", "application/json")
	begun.Header.Set("Expect", "100-continue") // sent by the server when it reads the body
	go func() {
		res, err := http.DefaultClient.Do(begun)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- res.Status
	}()
	select {
	case <-reading:
	case status := <-got:
		t.Fatalf("answered before the body was read: %s", status)
	}
	fmt.Fprint(w, `{"credential":`)
	stop()
	fmt.Fprint(w, `"x"}`)
	w.Close()
	if status := <-got; status != "200 OK" {
		t.Errorf("the request under way: %s", status)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(drain):
		t.Error("does not stop")
	}
}

// TestANewBundleIsReadOnDemand replaces the bundle of a running verifier, first by a newer one
// and then by one that is refused.
func TestANewBundleIsReadOnDemand(t *testing.T) {
	dir := t.TempDir()
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	pub, err := keyfile.NewPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := keyfile.JWKS(pub)
	if err != nil {
		t.Fatal(err)
	}
	put := func(hour int) {
		t.Helper()
		now := did.Instant{Time: time.Date(2031, 7, 1, hour, 0, 0, 0, time.UTC)}
		err := bundle.WriteSigned(dir+"/new.zip", bundle.Bundle{Now: now}, bundle.Origin{LogID: "log", TreeSize: 1, Expires: did.Instant{Time: now.Add(time.Hour)}}, key)
		if err == nil {
			err = os.Rename(dir+"/new.zip", dir+"/trust.zip")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(9)
	ctx, stop := context.WithCancel(t.Context())
	var log syncBuffer
	r, w := io.Pipe()
	ended := make(chan error, 1)
	c := &serveCmd{Listen: "127.0.0.1:0", PerSecond: 1e6, Bundle: dir + "/trust.zip", BundleKey: string(set), State: dir + "/state.json"}
	go func() { ended <- c.serve(ctx, w, slog.New(slog.NewTextHandler(&log, nil))) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line[strings.Index(line, "http"):])
	token, err := os.ReadFile(corpus + "/vc-jwt/0001-control--plain-0.jwt")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]string{"credential": string(token)})
	asOf := func() string {
		res, err := http.Post(url+"/v1/verify", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var v struct {
			Lines struct{ IssuerKey struct{ AsOf string } }
		}
		if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v.Lines.IssuerKey.AsOf
	}
	for _, step := range []struct {
		hour         int
		logged, asOf string
	}{{11, "read again", "2031-07-01T11:00:00Z"}, {10, "bundle_older", "2031-07-01T11:00:00Z"}} {
		put(step.hour)
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(log.String(), step.logged) {
			time.Sleep(time.Millisecond)
		}
		if got := asOf(); got != step.asOf {
			t.Errorf("after the bundle of %d h the answers are as of %s", step.hour, got)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestItDoesNotStartWithoutKnowingWhomToTrust(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  serveCmd
		want string
	}{
		"nobody":             {serveCmd{}, "--ledger URL"},
		"an unsigned bundle": {serveCmd{Bundle: corpus}, "--insecure-bundle"},
		"no bundle there":    {serveCmd{Bundle: "missing", InsecureBundle: true}, "open bundle"},
		"a signed one's key": {serveCmd{Bundle: corpus, BundleKey: `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`}, "bundle_unsigned"},
		"no URL of its own":  {serveCmd{Bundle: corpus, InsecureBundle: true, PublicURL: "verify.example"}, "--public-url"},
		"both and neither":   {serveCmd{Bundle: corpus, InsecureBundle: true, NoReceipts: true, ReceiptKey: []string{"x"}}, "contradict"},
		"http far away":      {serveCmd{Ledger: []string{"http://ledger.example"}}, "only https"},
	} {
		if err := c.cmd.serve(t.Context(), io.Discard, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExitStatusesTellAWrongCommandLineFromAFailure(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for name, c := range map[string]struct {
		args   []string
		status int
		said   string
	}{
		"no verb":               {nil, 2, "Try: sijil-verifier --help"},
		"no such flag":          {[]string{"serve", "--nonsense"}, 2, "unknown flag --nonsense"},
		"no such file":          {[]string{"receipt", "--keys", "nowhere", "main.go"}, 2, "nowhere"},
		"nobody to be trusted":  {[]string{"serve"}, 1, "--ledger URL"},
		"a file that is no key": {[]string{"receipt", "--keys", "main.go", "main.go"}, 1, "not a JWK"},
	} {
		var said strings.Builder
		if got := run(c.args, &said); got != c.status || !strings.Contains(said.String(), c.said) || strings.Count(said.String(), "\n") > 2 {
			t.Errorf("%s: %d, %s", name, got, said.String())
		}
	}
}
