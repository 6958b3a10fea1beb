package source

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/verifier/bundle"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))

func jwks(t *testing.T, k ed25519.PrivateKey) string {
	p, err := keyfile.NewPublic(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyfile.JWKS(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// made is a bundle of a log of that size, made n hours after the first.
func made(t *testing.T, log string, size int64, hours int) string {
	path := filepath.Join(t.TempDir(), "b.zip")
	now := time.Date(2031, 7, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
	err := bundle.WriteSigned(path, bundle.Bundle{Now: did.Instant{Time: now}, HasRecords: true},
		bundle.Origin{LogID: log, TreeSize: size, Expires: did.Instant{Time: now.Add(time.Hour)}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func code(err error) bundle.Code {
	if r, ok := errors.AsType[*bundle.Refusal](err); ok {
		return r.Code
	}
	return ""
}

func TestABundleOlderThanTheLastOneIsRefused(t *testing.T) {
	state := filepath.Join(t.TempDir(), "sub", "state.json")
	open := func(path string) error {
		_, err := Open(Config{Bundle: path, BundleKey: jwks(t, key), State: state}, time.Now)
		return err
	}
	for _, step := range []struct {
		name  string
		log   string
		size  int64
		hours int
		want  bundle.Code
	}{
		{"the first", "a", 10, 0, ""},
		{"the same again", "a", 10, 0, ""},
		{"a later one of the same size", "a", 10, 1, ""},
		{"an earlier one", "a", 10, 0, bundle.Older},
		{"a later one of a shorter log", "a", 9, 5, bundle.Older},
		{"an earlier one of a longer log", "a", 11, 0, bundle.Older},
		{"one of another log", "b", 20, 9, bundle.OtherLog},
		{"the next", "a", 12, 2, ""},
	} {
		if err := open(made(t, step.log, step.size, step.hours)); code(err) != step.want || step.want == "" && err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v, %v", info, err)
	}
	if err := os.WriteFile(state, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(made(t, "a", 12, 2)); err == nil || !strings.Contains(err.Error(), "remove it to begin anew") {
		t.Errorf("a damaged state file: %v", err)
	}
}

func TestWhatCannotBeRememberedIsNotTaken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Bundle: made(t, "a", 1, 0), BundleKey: jwks(t, key), State: filepath.Join(file, "state.json")}, time.Now); err == nil {
		t.Error("taken")
	}
}

func TestTheKeyOfABundleIsGivenByHand(t *testing.T) {
	path, state := made(t, "a", 1, 0), filepath.Join(t.TempDir(), "state.json")
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(jwks(t, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	trust, err := Open(Config{Bundle: path, BundleKey: file, State: state}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if s := trust.Source(); s.Unsigned || s.Name != "bundle" || trust.Bundle.LogID != "a" || trust.Online != nil {
		t.Errorf("%+v", s)
	}
	for name, c := range map[string]struct {
		config Config
		want   bundle.Code
	}{
		"without a key":       {Config{Bundle: path}, bundle.KeyMissing},
		"with another's":      {Config{Bundle: path, BundleKey: jwks(t, ed25519.NewKeyFromSeed(make([]byte, 32))), State: state}, bundle.BadSigner},
		"unsigned with a key": {Config{Bundle: "../testdata/hostile", BundleKey: file, State: state}, bundle.Unsigned},
		"unsigned":            {Config{Bundle: "../testdata/hostile"}, bundle.Unsigned},
		"key and insecure":    {Config{Bundle: path, BundleKey: file, Insecure: true}, ""},
		"a missing key file":  {Config{Bundle: path, BundleKey: file + "x"}, ""},
	} {
		if _, err := Open(c.config, time.Now); err == nil || code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if trust, err := Open(Config{Bundle: path, Insecure: true}, time.Now); err != nil || !trust.Source().Unsigned {
		t.Errorf("insecure: %v", err)
	}
}
