package main

import (
	"bytes"
	"crypto/ed25519"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain keeps what the tests' verifiers remember out of the tester's own configuration.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "verifier-*")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestReceiptsAreSignedUnlessThereIsNowhereToKeepAKey(t *testing.T) {
	home, away := t.TempDir(), t.TempDir()
	file := filepath.Join(t.TempDir(), "file")
	damaged := t.TempDir()
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.WriteFile(damaged+"/receipt.key", []byte("?"), 0o400)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		cmd    serveCmd
		config string // XDG_CONFIG_HOME; HOME is not there
		key    string // where the key is afterwards; empty for no receipts
		logged string
		err    string
	}{
		"nothing said":                       {config: home, key: home + "/sijil/receipt.key", logged: "level=INFO"},
		"a state file":                       {cmd: serveCmd{State: away + "/bundles.json"}, config: home, key: away + "/receipt.key", logged: "level=INFO"},
		"a key":                              {cmd: serveCmd{ReceiptKey: []string{away + "/named.key"}}, config: home, key: away + "/named.key"},
		"none wanted":                        {cmd: serveCmd{NoReceipts: true}, config: home},
		"nowhere":                            {logged: "level=WARN"},
		"a directory that cannot be made":    {config: file, logged: "level=WARN"},
		"a key that is there and is damaged": {cmd: serveCmd{State: damaged + "/bundles.json"}, err: "is not PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_CONFIG_HOME", c.config)
			t.Setenv("HOME", "")
			var log bytes.Buffer
			keys, err := c.cmd.receiptKeys(slog.New(slog.NewTextHandler(&log, nil)))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil || (len(keys) == 1) != (c.key != "") {
				t.Fatalf("%d keys, %v", len(keys), err)
			}
			if got := log.String(); !strings.Contains(got, c.logged) || c.logged == "" && got != "" {
				t.Errorf("logged %q", got)
			}
			if c.key == "" {
				return
			}
			if _, err := os.Stat(c.key); err != nil {
				t.Error(err)
			}
			again, err := c.cmd.receiptKeys(slog.New(slog.DiscardHandler))
			if err != nil || len(again) != 1 || !keys[0].Public().(ed25519.PublicKey).Equal(again[0].Public()) {
				t.Errorf("the next start has another key: %v", err)
			}
		})
	}
}
