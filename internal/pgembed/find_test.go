package pgembed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFirstPlaceWithAUsablePostgreSQLWins(t *testing.T) {
	dir := t.TempDir()
	bin := func(name string, major int) string {
		d := filepath.Join(dir, name)
		fakeInstallation(t, d, fmt.Sprintf("postgres (PostgreSQL) %d.4 (Debian %d.4-1)", major, major))
		return d
	}
	tools := filepath.Join(dir, ".tools/pg")
	inTools := bin(".tools/pg/usr/lib/postgresql/16/bin", 16)
	old, v15, v17 := bin("old/14/bin", 14), bin("sys/15/bin", 15), bin("sys/17/bin", 17)
	onPath, configured, explicit := bin("path", 16), bin("configured", 16), bin("explicit", 16)
	broken := filepath.Join(dir, "broken")
	fakeInstallation(t, broken, "postgres (Something else)")
	sys := []string{filepath.Join(dir, "sys/*/bin")}
	cluster15 := filepath.Join(dir, "cluster15")
	write(t, filepath.Join(cluster15, "PG_VERSION"), "15\n", 0o600)

	for name, c := range map[string]struct {
		places places
		data   string
		want   string
	}{
		"what the program was told comes first":        {places{configured, explicit, onPath, []string{tools}, sys}, "", configured},
		"then PG_BINDIR":                               {places{"", explicit, onPath, []string{tools}, sys}, "", explicit},
		"then PATH":                                    {places{"", "", onPath, []string{tools}, sys}, "", onPath},
		"then .tools/pg":                               {places{"", "", "", []string{tools}, sys}, "", inTools},
		"PG_BINDIR may point below .tools/pg":          {places{pgBinDir: inTools}, "", inTools},
		"then the system, newest first":                {places{"", "", "", nil, sys}, "", v17},
		"one that is too old is passed over":           {places{"", "", old, nil, sys}, "", v17},
		"one that does not say its version as well":    {places{"", "", broken, nil, sys}, "", v17},
		"one that the data directory was not made by":  {places{"", "", onPath, nil, sys}, cluster15, v15},
		"a directory without a cluster takes anything": {places{"", "", onPath, nil, sys}, dir, onPath},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.places.find(c.data)
			if err != nil {
				t.Fatal(err)
			}
			if got.Bin != c.want {
				t.Errorf("got %s, want %s", got.Bin, c.want)
			}
			wantLib := ""
			if c.want == inTools {
				wantLib = filepath.Join(tools, "lib")
			}
			if got.Lib != wantLib {
				t.Errorf("library directory %q, want %q", got.Lib, wantLib)
			}
		})
	}
}

func TestNothingFoundSaysWhereItLookedAndWhatHelps(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "14/bin")
	fakeInstallation(t, old, "postgres (PostgreSQL) 14.1")
	p := places{globs: []string{filepath.Join(dir, "*/bin"), "/nowhere/*/bin"}}
	_, err := p.find("")
	if _, ok := errors.AsType[*NotFoundError](err); !ok {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"PG_BINDIR: not set", "PATH: no postgres", ".tools/pg", old + ": is version 14", "/nowhere/*/bin: nothing there", "make bootstrap", "SIJIL_DATABASE_URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	_, err = places{pgBinDir: dir}.find("")
	if err == nil || !strings.Contains(err.Error(), "PG_BINDIR: "+dir) {
		t.Errorf("a PG_BINDIR without PostgreSQL: %v", err)
	}
}

func TestAClusterOfAVersionThatIsNotHereIsRefused(t *testing.T) {
	dir := t.TempDir()
	fakeInstallation(t, filepath.Join(dir, "bin"), "postgres (PostgreSQL) 16.1")
	write(t, filepath.Join(dir, "pg/PG_VERSION"), "15\n", 0o600)
	_, err := places{configured: filepath.Join(dir, "bin")}.find(filepath.Join(dir, "pg"))
	e, ok := errors.AsType[*VersionError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if e.Made != 15 || len(e.Found) != 1 || e.Found[0] != 16 {
		t.Errorf("got %+v", e)
	}
}

func TestToolsAreFoundFromBelow(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, ".tools/pg"), 0o755); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "internal/deep")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	roots := toolRoots()
	if len(roots) == 0 || roots[0] != filepath.Join(dir, ".tools/pg") {
		t.Errorf("got %v", roots)
	}
}

// fakeInstallation makes executables that answer as PostgreSQL's do.
func fakeInstallation(t *testing.T, dir, version string) {
	t.Helper()
	write(t, filepath.Join(dir, "postgres"), "#!/bin/sh\necho '"+version+"'\n", 0o755)
	write(t, filepath.Join(dir, "initdb"), "#!/bin/sh\n", 0o755)
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
