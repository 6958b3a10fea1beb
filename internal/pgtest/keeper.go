package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/pgembed"
)

// The shared server belongs to a keeper: this test binary, run once more in a session of its
// own with keeperEnv set. It starts the server through pgembed, says so on its
// standard output, and stops it when for idleSeconds no process has held users.lock, which
// every test process holds, shared, until the kernel takes it away, however it ended. The data directory goes with
// the server, so nothing grows.
//
// Lock files, all in home and never removed: keeper.lock is held by the keeper, users.lock by
// the users, spawn.lock by whoever looks whether there is a keeper and starts one.
// If the keeper is killed, the next user finds keeper.lock free and starts another, which
// adopts the server.
const (
	keeperEnv   = "SIJIL_PGTEST_KEEPER"
	idleSeconds = 15
)

// idleEnv makes another number of idleSeconds, for the keeper's own test.
const idleEnv = "SIJIL_PGTEST_IDLE"

func init() {
	if home := os.Getenv(keeperEnv); home != "" {
		idle := idleSeconds
		if n, err := strconv.Atoi(os.Getenv(idleEnv)); err == nil {
			idle = n
		}
		if err := keep(home, idle); err != nil {
			fmt.Print(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// sharedServer is this process's use of the shared server.
type sharedServer struct {
	url   string
	users *os.File // held until the process ends
}

var (
	sharedMu sync.Mutex
	theOne   *sharedServer
)

// shared returns the shared server, starting it if need be.
func shared(ctx context.Context) (*sharedServer, error) {
	sharedMu.Lock()
	defer sharedMu.Unlock()
	if theOne != nil {
		return theOne, nil
	}
	home, err := home()
	if err != nil {
		return nil, err
	}
	users, err := lock(ctx, filepath.Join(home, "users.lock"), syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	spawn, err := lock(ctx, filepath.Join(home, "spawn.lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, errors.Join(err, users.Close())
	}
	defer spawn.Close()
	if err := startKeeper(home); err != nil {
		return nil, errors.Join(err, users.Close())
	}
	u, err := os.ReadFile(filepath.Join(home, "url"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the test server's address: %w", err), users.Close())
	}
	theOne = &sharedServer{string(u), users}
	return theOne, nil
}

// home is the directory of the shared server's files.
func home() (string, error) {
	dir := filepath.Join(base(), fmt.Sprintf("sijil-pgtest-%d", os.Geteuid()))
	if err := os.Mkdir(dir, 0o711); err != nil && !os.IsExist(err) {
		return "", err
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !fi.IsDir() || int(fi.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s belongs to somebody else: remove it", dir)
	}
	return dir, nil
}

// startKeeper starts a keeper unless there is one, and waits until its server is up.
func startKeeper(home string) error {
	probe, ok, err := tryLock(filepath.Join(home, "keeper.lock"), syscall.LOCK_EX)
	if err != nil || !ok {
		return err // ok is false: there is a keeper, and it was ready before it let spawn.lock go
	}
	probe.Close()
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), keeperEnv+"="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the keeper: %w", err)
	}
	// It closes its output when it is ready, or writes why it is not.
	b, err := io.ReadAll(said)
	if err == nil && len(b) > 0 {
		err = fmt.Errorf("%s", b)
	}
	return errors.Join(err, said.Close(), cmd.Process.Release())
}

// keep is the keeper's life.
func keep(home string, patience int) (err error) {
	ctx := context.Background()
	mine, ok, err := tryLock(filepath.Join(home, "keeper.lock"), syscall.LOCK_EX)
	if err != nil || !ok {
		return errors.Join(err, errors.New("another keeper came first"))
	}
	defer mine.Close()
	logFile, err := os.OpenFile(filepath.Join(home, "keeper.log"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	data := filepath.Join(home, "data")
	server, err := pgembed.Start(ctx, pgembed.Config{
		Dir:      data,
		Settings: map[string]string{"max_connections": "500"},
		Logger:   slog.New(slog.NewTextHandler(logFile, nil)),
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "url"), []byte(server.URL()), 0o600); err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	os.Stdout.Close() // ready

	for idle := 0; ; {
		time.Sleep(time.Second)
		users, free, err := tryLock(filepath.Join(home, "users.lock"), syscall.LOCK_EX)
		if err != nil {
			return err
		}
		if !free {
			idle = 0
			continue
		}
		if idle++; idle < patience {
			users.Close()
			continue
		}
		// With users.lock held nobody comes in: who comes next finds no keeper.
		err = errors.Join(server.Stop(ctx), os.RemoveAll(data), removeSeeds(home), mine.Close())
		users.Close()
		return err
	}
}

// removeSeeds clears what [plant] keeps.
func removeSeeds(home string) error {
	seeds, err := filepath.Glob(filepath.Join(home, "seed-*"))
	for _, s := range seeds {
		err = errors.Join(err, os.RemoveAll(s))
	}
	return err
}

// do runs fn on a connection to the server's maintenance database.
func (s *sharedServer) do(ctx context.Context, fn func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, withDatabase(s.url, "postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	return fn(c)
}

// withDatabase is the connection string of another database of the same server.
func withDatabase(conn, database string) string {
	u, err := url.Parse(conn)
	if err != nil { // we made it
		panic(err)
	}
	u.Path = "/" + database
	return u.String()
}
