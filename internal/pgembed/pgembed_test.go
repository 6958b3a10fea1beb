package pgembed_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sijil/internal/pgembed"
	"sijil/internal/pgtest"
)

func TestASecondStartFindsWhatTheFirstLeft(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s := start(t, dir)
	exec(t, s, `create table kept as select 42 as x`)
	url, pid := s.URL(), s.PID()
	stop(t, s)
	if lives(pid) {
		t.Fatal("the server outlived its only user")
	}
	s = start(t, dir)
	defer stop(t, s)
	if s.URL() != url {
		t.Errorf("the address changed from %s to %s", url, s.URL())
	}
	if ask[int](t, s, `select x from kept`) != 42 {
		t.Error("a row is lost")
	}
}

func TestTheClusterIsSafeByDefault(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s := start(t, dir)
	defer stop(t, s)
	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"server_encoding": "UTF8", "lc_collate": "C",
		"listen_addresses": "", "log_min_error_statement": "panic", "log_error_verbosity": "terse",
	} {
		if got := ask[string](t, s, `select current_setting($1)`, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if ask[int](t, s, `select count(*) from pg_collation where collname in ('ar-x-icu', 'bs-x-icu')`) != 2 {
		t.Error("the ICU collations are missing")
	}
	for _, d := range []string{"run", "pg"} {
		fi, err := os.Stat(filepath.Join(dir, d))
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %o", d, fi.Mode().Perm())
		}
	}
	fi, err := os.Stat("/proc/" + strconv.Itoa(s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	switch uid := int(fi.Sys().(*syscall.Stat_t).Uid); {
	case os.Geteuid() == 0 && uid == 0:
		t.Error("the server runs as root")
	case os.Geteuid() != 0 && uid != os.Geteuid():
		t.Errorf("the server runs as %d, not as us", uid)
	}
}

func TestAPathTooLongForASocketGetsAShortOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(pgtest.DataDir(t), strings.Repeat("long", 25))
	s := start(t, dir)
	url := s.URL()
	socket := ask[string](t, s, `show unix_socket_directories`)
	if len(socket) > 60 {
		t.Errorf("the socket is in %s", socket)
	}
	if !pgtest.KillServer(dir) {
		t.Fatal("no server to kill")
	}
	eventually(t, func() bool { return reachable(t, s) }, "the server comes back")
	if s.URL() != url {
		t.Errorf("the address changed from %s to %s", url, s.URL())
	}
	stop(t, s)
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", socket, err)
	}
}

func TestAKilledServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s := start(t, dir)
	defer stop(t, s)
	exec(t, s, `create table kept as select 42 as x`)
	for range 3 {
		if !pgtest.KillServer(dir) {
			t.Fatal("no server to kill")
		}
		eventually(t, func() bool { return reachable(t, s) }, "the server comes back")
	}
	if ask[int](t, s, `select x from kept`) != 42 {
		t.Error("a row is lost")
	}
}

func TestALostDataDirectoryIsNotReplacedByAnEmptyOne(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s, err := pgembed.Start(t.Context(), pgembed.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	away := pgtest.DataDir(t)
	if err := os.Rename(filepath.Join(dir, "pg"), filepath.Join(away, "pg")); err != nil {
		t.Fatal(err)
	}
	if !pgtest.KillServer(away) {
		t.Fatal("no server to kill")
	}
	time.Sleep(2 * time.Second)
	if exists(filepath.Join(dir, "pg")) {
		t.Error("there is a new cluster")
	}
	stop(t, s)
}

func TestAnUnsupervisedServerStaysDown(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s, err := pgembed.Start(t.Context(), pgembed.Config{Dir: dir, Unsupervised: true})
	if err != nil {
		t.Fatal(err)
	}
	if !pgtest.KillServer(dir) {
		t.Fatal("no server to kill")
	}
	time.Sleep(time.Second)
	if reachable(t, s) {
		t.Error("it runs again")
	}
	stop(t, s)
}

func TestAPidFileThatNamesAnotherProcessDoesNotStopTheStart(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	s, err := pgembed.Start(t.Context(), pgembed.Config{Dir: dir, Unsupervised: true})
	if err != nil {
		t.Fatal(err)
	}
	pgtest.KillServer(dir)
	stop(t, s)
	file := filepath.Join(dir, "pg", "postmaster.pid")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n")
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	stop(t, start(t, dir))
}

func TestAnUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "pg.new-1", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	stop(t, start(t, dir))
}

func TestStoppingDoesNotWaitForConnections(t *testing.T) {
	t.Parallel()
	s := start(t, pgtest.DataDir(t))
	conn := connect(t, s)
	if _, err := conn.Exec(t.Context(), `begin; create table t (x int)`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stop(t, s)
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("stopping took %v", d)
	}
	stop(t, s) // a second time does nothing
}

func TestUsersOfOneDirectoryInOneProcessShareTheServer(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	servers := make([]*pgembed.Server, 4)
	var wg sync.WaitGroup
	for i := range servers {
		wg.Go(func() { servers[i] = start(t, dir) })
	}
	wg.Wait()
	pid := servers[0].PID()
	for i, s := range servers {
		if s.PID() != pid {
			t.Errorf("user %d has server %d, user 0 has %d", i, s.PID(), pid)
		}
	}
	for i, s := range servers {
		if !reachable(t, s) {
			t.Errorf("after %d users left, the others lost the server", i)
		}
		stop(t, s)
	}
	if lives(pid) {
		t.Error("the server outlived its last user")
	}
}

func TestRootIsToldWhichDirectoryShutsTheServerOut(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as somebody else")
	}
	shut := filepath.Join(pgtest.DataDir(t), "shut")
	dir := filepath.Join(shut, "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := pgembed.Start(t.Context(), pgembed.Config{Dir: dir})
	e, ok := errors.AsType[*pgembed.UnreachableError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if e.Blocked != shut {
		t.Errorf("%s is said to block, not %s", e.Blocked, shut)
	}
}
