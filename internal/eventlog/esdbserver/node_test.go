package esdbserver_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// nodeClients are the clients of the EventStoreDB protocol for Node, the old one and the one that is made around
// the client for Rust.
var nodeClients = []string{"@eventstore/db-client", "@kurrent/kurrentdb-client"}

// Other people's clients understand the server, without TLS and with it.
func TestNodeClients(t *testing.T) {
	dir := filepath.Join("testdata", "node")
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "node_modules", ".installed"))
	}
	if err != nil {
		message := "the Node clients are not installed: scripts/bootstrap.sh --tests does it: " + err.Error()
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	for _, client := range nodeClients {
		t.Run(client, func(t *testing.T) {
			t.Run("in plaintext", func(t *testing.T) {
				t.Parallel()
				s := serve(t, esdbserver.Config{})
				runNode(t, node, dir, client, s.ConnectionString(s.addr))
			})
			t.Run("over TLS, with credentials", func(t *testing.T) {
				t.Parallel()
				log := memlog.New(time.Now)
				cert, _, ca := authority(t)
				s := serve(t, esdbserver.Config{Log: log, TLS: cert, Authenticate: door(narrow{log, ""}, time.Time{})})
				as := func(user string) string {
					return strings.Replace(s.ConnectionString(s.addr), "esdb://", "esdb://"+user+":secret@", 1) + "?tlsCAFile=" + url.QueryEscape(ca)
				}
				runNode(t, node, dir, client, as("writer"), as("reader"))
			})
		})
	}
}

// runNode runs the test's program, which ends with "done" when everything held.
func runNode(t *testing.T, node, dir string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, append([]string{"clients.mjs"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "done") {
		t.Errorf("%v\n%s", err, out)
	}
}
