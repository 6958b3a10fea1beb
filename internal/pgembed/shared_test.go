package pgembed_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/pgembed"
	"sijil/internal/pgtest"
)

// holderEnv makes this test binary a process that uses the server on the directory it
// names until its standard input ends.
const holderEnv = "SIJIL_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderEnv); dir != "" {
		if err := hold(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func hold(dir string) error {
	ctx := context.Background()
	s, err := pgembed.Start(ctx, pgembed.Config{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println("ready", s.PID())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Stop(ctx)
}

func TestTheProcessThatStartedItMayLeaveFirst(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	a := holder(t, dir, nil)
	b := start(t, dir)
	if b.PID() != a.server {
		t.Fatalf("two servers: %d and %d", a.server, b.PID())
	}
	a.leave(t)
	if !reachable(t, b) {
		t.Fatal("the server ended with the process that started it")
	}
	stop(t, b)
	if lives(a.server) {
		t.Error("the server outlived its last user")
	}
}

func TestTheServerOfAKilledProcessIsAdopted(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	a := holder(t, dir, nil)
	a.kill(t)
	if !lives(a.server) {
		t.Fatal("the server died with its user")
	}
	b := start(t, dir)
	if b.PID() != a.server {
		t.Errorf("server %d was not adopted: %d runs", a.server, b.PID())
	}
	stop(t, b)
	if lives(a.server) {
		t.Error("the adopted server outlived its last user")
	}
}

func TestProcessAndServerKilledTogetherRecover(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	for range 3 {
		a := holder(t, dir, nil)
		a.kill(t)
		pgtest.KillServer(dir)
		s := start(t, dir)
		stop(t, s)
	}
}

// The initdb of a killed process works on for a while, and clears away what lies under its
// name when something gets in its way.
func TestAProcessKilledWhileItMakesTheClusterLeavesNothingInTheWay(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(exe)
	cmd.Env = append(os.Environ(), holderEnv+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	unfinished := func() bool {
		begun, err := filepath.Glob(filepath.Join(dir, "pg.new*", "PG_VERSION"))
		return err == nil && len(begun) > 0
	}
	eventually(t, unfinished, "the other process makes a cluster")
	(&process{cmd: cmd}).kill(t)
	s := start(t, dir)
	if !reachable(t, s) {
		t.Error("the server does not answer")
	}
	stop(t, s)
	stop(t, start(t, dir)) // what the killed one left goes with the next start
	if unfinished() {
		t.Error("an unfinished cluster is left behind")
	}
}

func TestAServerWhoseStarterWasKilledBeforeItMadeTheDatabaseGetsOne(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	a := holder(t, dir, nil)
	b := start(t, dir)
	maintenance, err := pgx.Connect(t.Context(), strings.Replace(b.URL(), "/"+pgembed.Database+"?", "/postgres?", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := maintenance.Exec(t.Context(), `drop database `+pgembed.Database); err != nil {
		t.Fatal(err)
	}
	if err := maintenance.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop(t, b) // the server stays, for the other one
	a.kill(t)
	s := start(t, dir)
	if !reachable(t, s) {
		t.Error("the adopted server has no database")
	}
	stop(t, s)
}

func TestAUserThatStaysTakesOverAServerThatDies(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	a := holder(t, dir, nil)
	b := start(t, dir)
	defer stop(t, b)
	a.kill(t)
	pgtest.KillServer(dir)
	eventually(t, func() bool { return reachable(t, b) }, "the server comes back")
}

func TestAnOrdinaryUserNeedsNobody(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	var cred *syscall.Credential
	if os.Geteuid() == 0 { // else every test here is that test
		cred = &syscall.Credential{Uid: 65534, Gid: 65534}
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	a := holder(t, dir, cred)
	fi, err := os.Stat(filepath.Join(dir, "pg", "PG_VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	want := uint32(os.Geteuid())
	if cred != nil {
		want = cred.Uid
	}
	if got := fi.Sys().(*syscall.Stat_t).Uid; got != want {
		t.Errorf("the cluster belongs to %d, not to %d", got, want)
	}
	a.leave(t)

	// A cluster belongs to who made it, also when root comes later.
	s := start(t, dir)
	stop(t, s)
}

// process is another process that uses a server.
type process struct {
	cmd    *osexec.Cmd
	stdin  io.Closer
	server int
}

// holder starts one and waits until it has the server.
func holder(t *testing.T, dir string, cred *syscall.Credential) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(exe)
	if cred != nil {
		cmd = osexec.Command(readableCopy(t, exe))
		cmd.Dir = "/" // ours may be closed to that user
	}
	cmd.Env = append(os.Environ(), holderEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	p := &process{cmd: cmd, stdin: in}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the other process did not start: %v", err)
	}
	if _, err := fmt.Sscanf(said, "ready %d", &p.server); err != nil {
		t.Fatalf("the other process said %q", said)
	}
	return p
}

// readableCopy puts the test binary where another user may run it.
func readableCopy(t *testing.T, exe string) string {
	t.Helper()
	dir := pgtest.DataDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pgembed.test")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *process) leave(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the other process: %v", err)
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

func start(t *testing.T, dir string) *pgembed.Server {
	t.Helper()
	s, err := pgembed.Start(t.Context(), pgembed.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stop(t *testing.T, s *pgembed.Server) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, s *pgembed.Server) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func exec(t *testing.T, s *pgembed.Server, sql string) {
	t.Helper()
	if _, err := connect(t, s).Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask[T any](t *testing.T, s *pgembed.Server, sql string, args ...any) (v T) {
	t.Helper()
	if err := connect(t, s).QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func reachable(t *testing.T, s *pgembed.Server) bool {
	c, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		return false
	}
	return c.Close(t.Context()) == nil
}

// lives reports whether the process runs; a zombie does not.
func lives(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !exists("/proc/self")
	}
	return !strings.Contains(string(b), ") Z ")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for range 300 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("not within 15 s: %s", what)
}
