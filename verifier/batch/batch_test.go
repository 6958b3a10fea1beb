package batch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sijil/verifier"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nobody is trusted: what is tested here is the walk.
var nobody = verifier.Chain{}

func write(t *testing.T, files ...string) string {
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(dir string, results []Result) (out []string) {
	for _, r := range results {
		out = append(out, strings.TrimPrefix(r.File, dir+"/"))
	}
	return out
}

func TestResultsComeInTheOrderOfTheNames(t *testing.T) {
	var files []string
	for i := range 500 {
		files = append(files, fmt.Sprintf("%02d/%03d.jwt", i%7, i))
	}
	dir := write(t, append(files, ".hidden", ".git/config")...)
	results := slices.Collect(Verify(t.Context(), nobody, time.Time{}, []string{dir}))
	got := names(dir, results)
	if len(got) != 500 || !slices.IsSorted(got) {
		t.Errorf("%d results, sorted: %v", len(got), slices.IsSorted(got))
	}
}

func TestAFileThatCannotBeReadIsAResult(t *testing.T) {
	dir := write(t, "a.jwt")
	results := slices.Collect(Verify(t.Context(), nobody, time.Time{}, []string{filepath.Join(dir, "missing"), filepath.Join(dir, "a.jwt")}))
	if len(results) != 2 || results[0].Verdict.Overall != verifier.CannotConfirm || results[0].Verdict.Reason != verifier.FileUnreadable {
		t.Errorf("%+v", results)
	}
}

func TestLinksInADirectoryAreNotFollowed(t *testing.T) {
	dir, outside := write(t, "a.jwt"), write(t, "secret")
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := names(dir, slices.Collect(Verify(t.Context(), nobody, time.Time{}, []string{dir}))); !slices.Equal(got, []string{"a.jwt"}) {
		t.Errorf("judged %v", got)
	}
}

func TestStoppingEarlyEndsTheWork(t *testing.T) {
	var files []string
	for i := range 300 {
		files = append(files, fmt.Sprintf("%03d.jwt", i))
	}
	dir := write(t, files...)
	n := 0
	for range Verify(t.Context(), nobody, time.Time{}, []string{dir, dir}) {
		if n++; n == 10 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	for range Verify(ctx, nobody, time.Time{}, []string{dir}) {
		cancel() // goleak sees whatever stays behind
	}
	cancel()
}
