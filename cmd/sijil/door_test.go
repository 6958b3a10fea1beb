package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/pgtest"
)

// TestSubscribersFollowAServedLedger: the real program with a real client of EventStoreDB, by
// secret and by nothing.
func TestSubscribersFollowAServedLedger(t *testing.T) {
	t.Parallel()
	data, certs := pgtest.DataDir(t), t.TempDir()
	env := []string{"SIJIL_DATABASE_URL=" + pgtest.URL(t)}
	self := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command("sijil", args...)
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("sijil %v: %v", args, err)
		}
		return out
	}
	self("eventstore", "certificate", "--dir", filepath.Join(certs, "tls"))
	s := serve(t, data, env, "--eventstore-listen", "127.0.0.1:0",
		"--eventstore-tls-cert", filepath.Join(certs, "tls", "tls.pem"), "--eventstore-tls-key", filepath.Join(certs, "tls", "tls.key"))
	at := regexp.MustCompile(`subscribers (esdb://[^,\s]+)`).FindStringSubmatch(s.said)
	if at == nil {
		t.Fatalf("no address for subscribers in %q", s.said)
	}
	var made struct{ ClientID, ClientSecret string }
	if err := json.Unmarshal(self("client", "create", "--data", data, "--tenant", "testland", "--role", "subscriber", "--json"), &made); err != nil {
		t.Fatal(err)
	}
	ministry := s.token("--tenant", "testland", "--role", "ministry")
	if status, body := do(t, s.request(t.Context(), "POST", "/v1/institutions", ministry, "k1", strings.NewReader(aCountry))); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}

	connect := func(user, password string) *esdb.Client {
		t.Helper()
		cfg, err := esdb.ParseConnectionString(at[1] + "?maxDiscoverAttempts=1&tlsCaFile=" + url.QueryEscape(filepath.Join(certs, "tls", "ca.pem")))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Username, cfg.Password = user, password
		cfg.Logger = func(esdb.LogLevel, string, ...any) {}
		c, err := esdb.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sub, err := connect(made.ClientID, made.ClientSecret).SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for !strings.Contains(strings.Join(types, " "), "institution.InstitutionRegistered.v1") {
		e := sub.Recv()
		if e.SubscriptionDropped != nil {
			t.Fatalf("dropped after %v: %v", types, e.SubscriptionDropped.Error)
		}
		if e.EventAppeared != nil {
			types = append(types, e.EventAppeared.OriginalEvent().EventType)
		}
	}
	_ = sub.Close()
	for _, wrong := range [][2]string{{"", ""}, {made.ClientID, "wrong"}, {"admin", "changeit"}} {
		r, err := connect(wrong[0], wrong[1]).ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, 10)
		if err == nil {
			_, err = r.Recv()
			r.Close()
		}
		if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
			t.Errorf("%q gets in: %v", wrong[0], err)
		}
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopping: %v\n%s", err, s.stderr)
	}
}

// TestNoDoorWithoutACertificate: what would let credentials travel unencrypted does not start.
func TestNoDoorWithoutACertificate(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--eventstore-listen=127.0.0.1:0":                          "those travel over TLS only: give --eventstore-tls-cert",
		"--eventstore-tls-cert=a --eventstore-tls-key=b":           "give --eventstore-listen too",
		"--eventstore-listen=127.0.0.1:0 --eventstore-tls-cert=/a": "over TLS only",
	} {
		cmd := exec.Command("sijil", append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, strings.Fields(args)...)...)
		cmd.Env = append(os.Environ(), "SIJIL_DATABASE_URL="+pgtest.URL(t))
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}

func TestAKeyForEverybodyIsWarnedOf(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tls.key")
	if err := os.WriteFile(file, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o400: false, 0o640: false, 0o644: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		warnOfReaders(t.Context(), slog.New(slog.NewTextHandler(&said, nil)), file)
		if got := strings.Contains(said.String(), file); got != want {
			t.Errorf("mode %o: %q", mode, said.String())
		}
	}
}
