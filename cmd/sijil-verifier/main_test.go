package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
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
	got := make(chan string, 1)
	go func() {
		res, err := http.Post(url+"/v1/verify", "application/json", r)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- res.Status
	}()
	fmt.Fprint(w, `{"credential":`)
	time.Sleep(50 * time.Millisecond) // let it be accepted
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

func TestItDoesNotStartWithoutKnowingWhomToTrust(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  serveCmd
		want string
	}{
		"nobody":             {serveCmd{}, "--ledger URL"},
		"an unsigned bundle": {serveCmd{Bundle: corpus}, "--insecure-bundle"},
		"no bundle there":    {serveCmd{Bundle: "missing", InsecureBundle: true}, "open bundle"},
		"http far away":      {serveCmd{Ledger: []string{"http://ledger.example"}}, "only https"},
	} {
		if err := c.cmd.serve(t.Context(), io.Discard, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
