package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A keeper in a home of its own, with no patience.
func TestTheKeeperStaysWhileThereAreUsersAndClearsUpAfterThem(t *testing.T) {
	home := DataDir(t)
	data := filepath.Join(home, "data")
	t.Cleanup(func() { KillServer(data) })
	user, err := lock(t.Context(), filepath.Join(home, "users.lock"), syscall.LOCK_SH)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(idleEnv, "1")
	if err := startKeeper(home); err != nil {
		t.Fatal(err)
	}
	server := postmaster(t, data)
	time.Sleep(3 * time.Second)
	if postmaster(t, data) != server {
		t.Fatal("the server changed under its user")
	}

	// A killed keeper leaves the server to the next.
	keeper := parentOf(server).parent
	if err := syscall.Kill(keeper, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "keeper.lock is free", func() bool {
		f, ok, err := tryLock(filepath.Join(home, "keeper.lock"), syscall.LOCK_EX)
		if ok {
			f.Close()
		}
		return ok && err == nil
	})
	if err := startKeeper(home); err != nil {
		t.Fatal(err)
	}
	if postmaster(t, data) != server {
		t.Fatal("the next keeper did not adopt the server")
	}

	// As when the process is killed.
	user.Close()
	eventually(t, "the data directory is gone", func() bool {
		_, err := os.Stat(data)
		return os.IsNotExist(err)
	})
	if p := parentOf(server); p.parent != 0 && p.state != "Z" {
		t.Error("the server outlived its users")
	}
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("not within 30 s: %s", what)
}
