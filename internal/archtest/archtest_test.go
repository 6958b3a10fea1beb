// Package archtest holds the rules of the house as tests: who may import whom, where
// clocks and contexts come from, how long a file may be, and what the public verifier must
// not link. docs/ARCHITECTURE.md gives the reasons.
package archtest

import (
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
)

var rules = map[string]func([]*file) []string{
	"imports go down only":                       checkImports,
	"test packages stay in tests":                checkTestOnly,
	"rules of the record are pure":               checkPure,
	"files are short":                            checkLength,
	"every package says what it is for":          checkDoc,
	"clocks and contexts are passed in":          checkAmbient,
	"a skipped test says why":                    checkSkips,
	"nothing is left unfinished behind a marker": checkMarkers,
}

func TestTheHouseKeepsItsRules(t *testing.T) {
	files := realTree(t)
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			for _, p := range rule(files) {
				t.Error(p)
			}
		})
	}
}

// The verifier runs at employers and universities: it needs neither our database nor our
// keys, and must not be able to use them.
func TestTheVerifierLinksNoDatabaseAndNoIssuer(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/sijil-verifier")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		for _, bad := range []string{
			"database/", "github.com/jackc/", "github.com/pressly/", "github.com/EventStore/", "github.com/lib/pq",
			"sijil/internal/", "sijil/domain", "sijil/api", "sijil/projections", "sijil/migrations",
		} {
			if strings.HasPrefix(dep, bad) {
				t.Errorf("cmd/sijil-verifier links %s", dep)
			}
		}
	}
	if len(deps) < 20 {
		t.Errorf("go list named %d packages only: it did not look", len(deps))
	}
}

// A rule that nothing breaks is no rule.
func TestEveryRuleCanBreak(t *testing.T) {
	long := "package ledger\n" + strings.Repeat("\n", maxLines)
	for name, c := range map[string]struct {
		rule  func([]*file) []string
		files map[string]string
		want  string
	}{
		"a projection opens the vault":       {checkImports, map[string]string{"projections/a.go": "package projections\nimport _ \"sijil/internal/vault\""}, "projections may not import internal/vault"},
		"an aggregate uses another":          {checkImports, map[string]string{"domain/award/a.go": "package award\nimport _ \"sijil/domain/student\""}, "domain/award may not import domain/student"},
		"the verifier uses the domain":       {checkImports, map[string]string{"verifier/did/a.go": "package did\nimport _ \"sijil/domain\""}, "verifier/did may not import domain"},
		"somebody imports cmd":               {checkImports, map[string]string{"internal/app/a.go": "package app\nimport _ \"sijil/cmd/sijil\""}, "internal/app may not import cmd/sijil"},
		"a package has no floor":             {checkImports, map[string]string{"internal/shed/a.go": "package shed"}, "internal/shed: the package is not in the import table"},
		"a program links a test database":    {checkTestOnly, map[string]string{"cmd/sijil/a.go": "package main\nimport _ \"sijil/internal/pgtest\""}, "internal/pgtest is for tests only"},
		"a rule reads a file":                {checkPure, map[string]string{"domain/award/a.go": "package award\nimport _ \"os\""}, "may not import os"},
		"a rule asks the network":            {checkPure, map[string]string{"domain/award/a.go": "package award\nimport _ \"net/http\""}, "may not import net/http"},
		"a file is too long":                 {checkLength, map[string]string{"internal/ledger/a.go": long}, "has 501 lines"},
		"a package says nothing":             {checkDoc, map[string]string{"api/a.go": "package api", "api/a_test.go": "// Package api.\npackage api"}, "api has no package comment"},
		"a rule looks at the clock":          {checkAmbient, map[string]string{"domain/award/a.go": "package award\nimport \"time\"\nvar x = time.Now"}, "time.Now"},
		"the clock is imported under a name": {checkAmbient, map[string]string{"api/a.go": "package api\nimport clock \"time\"\nvar x = clock.Now()"}, "clock.Now"},
		"a library makes a context":          {checkAmbient, map[string]string{"api/a.go": "package api\nimport \"context\"\nvar x = context.Background()"}, "context.Background"},
		"a test is skipped without a reason": {checkSkips, map[string]string{"api/a_test.go": "package api\nimport \"testing\"\nfunc TestX(t *testing.T) { t.SkipNow() }"}, "t.SkipNow"},
		"something is left for another day":  {checkMarkers, map[string]string{"api/a.go": "package api\n// " + "TO" + "DO: later\nvar x int"}, "api/a.go:2"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fstest.MapFS{}
			for p, src := range c.files {
				m[p] = &fstest.MapFile{Data: []byte(src)}
			}
			files, err := tree(m)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(c.rule(files), "\n")
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
