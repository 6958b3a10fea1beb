package main

import (
	"bufio"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sijil/internal/pgtest"
)

// withServers adds to a script's other commands
//
//	database                use another database of the test's own
//	serving NAME prog args… start prog, and put the address its first line names into $NAME
//	halt NAME               end it with SIGTERM; it must end well, and what it said is in NAME.err
//	crash NAME              end it with SIGKILL
func withServers(t *testing.T, others map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	all := maps.Clone(others)
	all["database"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 0 {
			ts.Fatalf("usage: database")
		}
		ts.Setenv("SIJIL_DATABASE_URL", pgtest.URL(t))
	}
	all["serving"] = serving
	all["halt"] = func(ts *testscript.TestScript, _ bool, args []string) { end(ts, args, syscall.SIGTERM) }
	all["crash"] = func(ts *testscript.TestScript, _ bool, args []string) { end(ts, args, syscall.SIGKILL) }
	return all
}

// background is a program that a script started and has not ended yet.
type background struct {
	cmd    *exec.Cmd
	stderr *os.File
	ended  chan error
}

// address is what a first line says: the event store's, else the API's.
var address = regexp.MustCompile(`(?:subscribers )?((?:esdb|http)://[^\s,]+)`)

// started holds them by script and name.
var started sync.Map

type startedAs struct {
	ts   *testscript.TestScript
	name string
}

// serving starts a program and waits until it says that it is ready.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serving NAME prog args…")
	}
	name := args[0]
	b := &background{cmd: exec.Command(args[1], args[2:]...), ended: make(chan error, 1)}
	b.cmd.Dir = ts.MkAbs(".")
	// A script's variables are not listed anywhere: those that our programs look at.
	b.cmd.Env = os.Environ()
	for _, v := range []string{"SIJIL_DATABASE_URL", "SIJIL_EVENTSTORE", "SIJIL_EVENTSTORE_USER", "SIJIL_EVENTSTORE_PASSWORD_FILE", "SIJIL_EVENTSTORE_CA_FILE", "PG_BINDIR"} {
		b.cmd.Env = append(b.cmd.Env, v+"="+ts.Getenv(v))
	}
	var err error
	b.stderr, err = os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	b.cmd.Stderr = b.stderr
	out, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		b.ended <- b.cmd.Wait()
	}()
	ts.Defer(func() {
		_ = b.cmd.Process.Kill() // one that has ended already does not mind
	})
	found := address.FindAllStringSubmatch(line, -1)
	if err != nil || found == nil {
		said, _ := os.ReadFile(b.stderr.Name())
		ts.Fatalf("%s says %q\n%s", name, line, said)
	}
	ts.Logf("[%s] %s", name, line)
	ts.Setenv(name, found[len(found)-1][1])
	started.Store(startedAs{ts, name}, b)
}

// end ends a program with a signal; after SIGTERM it must end well.
func end(ts *testscript.TestScript, args []string, with syscall.Signal) {
	if len(args) != 1 {
		ts.Fatalf("usage: halt NAME, or crash NAME")
	}
	v, ok := started.LoadAndDelete(startedAs{ts, args[0]})
	if !ok {
		ts.Fatalf("%s was not started", args[0])
	}
	b := v.(*background)
	ts.Check(b.cmd.Process.Signal(with))
	if err := <-b.ended; with == syscall.SIGTERM {
		ts.Check(err)
	}
	ts.Check(b.stderr.Close())
}
