package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sijil/internal/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sijil": func() { os.Exit(run(os.Args[1:])) },
	})
}

// The scripts are the manual that is always true. Each has a migrated database of its own in
// SIJIL_DATABASE_URL and an empty data directory in $DATA. Two commands besides
// testscript's, and those of withTokens and withServers:
//
//	embedded              use the PostgreSQL in $DATA instead
//	status N prog args…   run prog, and expect exit status N
//	keep NAME regexp      keep what the group matches in the last output, as $NAME
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SIJIL_DATABASE_URL", pgtest.URL(t))
			env.Setenv("DATA", pgtest.DataDir(t))
			env.Setenv("PG_BINDIR", os.Getenv("PG_BINDIR"))
			return nil
		},
		Cmds: withServers(t, withTokens(map[string]func(*testscript.TestScript, bool, []string){
			"embedded": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 0 {
					ts.Fatalf("usage: embedded")
				}
				ts.Setenv("SIJIL_DATABASE_URL", "")
			},
			"keep": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: keep NAME regexp")
				}
				found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
				if len(found) != 2 {
					ts.Fatalf("the output has nothing like %s", args[1])
				}
				ts.Setenv(args[0], found[1])
			},
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N prog args…")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					e, ok := errors.AsType[*exec.ExitError](err)
					if !ok {
						ts.Fatalf("%v", err)
					}
					got = e.ExitCode()
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
			},
		})),
	})
}
