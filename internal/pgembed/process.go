package pgembed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// running is a live server.
type running struct {
	pid       int
	socketDir string
	exited    chan struct{} // closed when our child was reaped; nil when adopted
}

const (
	// startPatience is how long a start is tried again: the processes of a killed server take
	// a moment to go, and until then the new one is refused.
	startPatience = 5 * time.Second
	pollEvery     = 20 * time.Millisecond
	// maxSocketPath is the longest path of a socket in bytes (104 on macOS with its zero, 108 on Linux).
	maxSocketPath = 103
)

// ensure returns the live server, starting one when there is none. The caller holds
// start.lock.
func (s *Server) ensure(ctx context.Context) (running, error) {
	if r, ok, err := s.adopt(ctx); err != nil {
		return running{}, err
	} else if ok {
		// Who started it may have been killed before it made the database.
		return r, createDatabase(ctx, r.socketDir)
	}
	r, err := s.launch(ctx)
	if err != nil {
		return running{}, err
	}
	if err := createDatabase(ctx, r.socketDir); err != nil {
		return running{}, errors.Join(err, s.signalAndWait(context.WithoutCancel(ctx), r))
	}
	return r, nil
}

// adopt attaches to the server that postmaster.pid names, if it lives. While it is
// starting, recovering or stopping, adopt waits for one or the other.
func (s *Server) adopt(ctx context.Context) (running, bool, error) {
	for {
		p, ok := readPidFile(s.dataDir())
		if !ok {
			return running{}, false, nil
		}
		if !isPostmaster(p.pid, s.dataDir()) {
			// A pid file that outlived its server. Another process may have the number by now,
			// in which case postgres would refuse to start. That no server's memory is still in
			// use postgres checks for itself.
			s.log.InfoContext(ctx, "PostgreSQL had ended without cleaning up; it recovers on start", "dir", s.cfg.Dir)
			if err := os.Remove(filepath.Join(s.dataDir(), "postmaster.pid")); err != nil && !os.IsNotExist(err) {
				return running{}, false, fmt.Errorf("removing a stale postmaster.pid: %w", err)
			}
			return running{}, false, nil
		}
		if p.socketDir != "" && answers(ctx, p.socketDir) == nil {
			return running{pid: p.pid, socketDir: p.socketDir}, true, nil
		}
		if err := pause(ctx); err != nil {
			return running{}, false, fmt.Errorf("waiting for the PostgreSQL that runs on %s (pid %d): %w", s.cfg.Dir, p.pid, err)
		}
	}
}

// initdb makes the cluster if there is none, under another name until it is whole: a kill on
// the way leaves nothing that looks like one. Each attempt has a name of its own, because the
// initdb of a process that was killed works on for a while. The caller holds start.lock.
func (s *Server) initdb(ctx context.Context) error {
	s.clearUnfinished(ctx)
	if exists(s.dataDir()) {
		return nil
	}
	fresh, err := os.MkdirTemp(s.cfg.Dir, unfinished)
	if err != nil {
		return fmt.Errorf("making the cluster: %w", err)
	}
	if err := s.account.give(fresh); err != nil {
		return fmt.Errorf("making the cluster: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin.Bin, "initdb"), "-D", fresh, "-U", User,
		"-E", "UTF8", "--locale=C", "--data-checksums", "--auth-local=trust", "--auth-host=reject")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", s.bin.environ(), s.account.process()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running initdb: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(fresh, s.dataDir()); err != nil {
		return fmt.Errorf("putting the new cluster in place: %w", err)
	}
	return syncDir(s.cfg.Dir)
}

// unfinished is how the names of clusters in the making begin.
const unfinished = "pg.new-"

// clearUnfinished removes what killed processes left of their clusters. One whose initdb is
// still at work may stay for the next start; it is in nobody's way.
func (s *Server) clearUnfinished(ctx context.Context) {
	left, err := filepath.Glob(filepath.Join(s.cfg.Dir, unfinished+"*"))
	if err != nil { // the directory's name is no pattern
		return
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			s.log.DebugContext(ctx, "an unfinished cluster stays for now", "dir", dir, "err", err)
		}
	}
}

// launch starts postgres as our child and waits until it answers, however long recovery
// takes. When it ends at once it is tried again for a while.
func (s *Server) launch(ctx context.Context) (running, error) {
	socketDir, err := s.socketDir()
	if err != nil {
		return running{}, err
	}
	patience, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		r, err := s.spawn(ctx, socketDir)
		if err != nil {
			return running{}, err
		}
		err = s.awaitReady(ctx, r)
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return running{}, errors.Join(err, s.signalAndWait(context.WithoutCancel(ctx), r))
		}
		if pause(patience) != nil {
			return running{}, fmt.Errorf("starting PostgreSQL: %w\n%s", err, tail(s.LogFile()))
		}
	}
}

// spawn starts one postgres.
func (s *Server) spawn(ctx context.Context, socketDir string) (running, error) {
	logFile, err := openLog(s.LogFile())
	if err != nil {
		return running{}, err
	}
	defer logFile.Close() // the child has its own
	// Statements and row values may be about people: the server's log gets neither.
	args := []string{
		"-D", s.dataDir(),
		"-c", "listen_addresses=", "-c", "port=5432", "-c", "unix_socket_directories=" + socketDir, "-c", "unix_socket_permissions=0700",
		"-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse", "-c", "log_statement=none",
		"-c", "logging_collector=off", "-c", "log_destination=stderr",
		"-c", "max_connections=200", // six processes with all their pools
	}
	for k, v := range s.cfg.Settings {
		args = append(args, "-c", k+"="+v)
	}
	// Not CommandContext: the server's life is not the caller's.
	cmd := exec.Command(filepath.Join(s.bin.Bin, "postgres"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", s.bin.environ(), s.account.process()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if err := cmd.Start(); err != nil {
		return running{}, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	r := running{pid: cmd.Process.Pid, socketDir: socketDir, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(r.exited)
	}()
	return r, nil
}

func (s *Server) awaitReady(ctx context.Context, r running) error {
	for {
		select {
		case <-r.exited:
			return errors.New("it ended at once")
		default:
		}
		if answers(ctx, r.socketDir) == nil {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("waiting for PostgreSQL: %w", err)
		}
	}
}

// shutdown stops the server as its last user, whoever started it.
func (s *Server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	r := s.run
	s.mu.Unlock()
	if p, ok := readPidFile(s.dataDir()); ok && isPostmaster(p.pid, s.dataDir()) {
		if p.pid != r.pid { // somebody started it anew
			r = running{pid: p.pid, socketDir: p.socketDir}
		}
		if err := s.signalAndWait(ctx, r); err != nil {
			return err
		}
	}
	return s.removeShortSocketDir()
}

// signalAndWait asks for a fast shutdown and waits for its end.
func (s *Server) signalAndWait(ctx context.Context, r running) error {
	if err := syscall.Kill(r.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping PostgreSQL (pid %d): %w", r.pid, err)
	}
	for {
		select {
		case <-r.exited: // nil, and so never ready, for an adopted server
			return nil
		default:
		}
		if r.exited == nil && !isPostmaster(r.pid, s.dataDir()) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("waiting for PostgreSQL (pid %d) to stop: %w", r.pid, err)
		}
	}
}

// supervise starts the server again when it died without being asked to: what was
// acknowledged is safe, and a ledger that needs a person to restart its database is not.
func (s *Server) supervise(ctx context.Context) {
	defer close(s.done)
	if s.cfg.Unsupervised {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(10 * pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		r := s.run
		s.mu.Unlock()
		if alive(r, s.dataDir()) {
			continue
		}
		if err := s.revive(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "PostgreSQL died and does not start again; trying on", "err", err, "log", s.LogFile())
		}
	}
}

// revive is begin for a process that is a user already.
func (s *Server) revive(ctx context.Context) error {
	if err := s.start.take(ctx, syscall.LOCK_EX); err != nil {
		return err
	}
	defer s.start.release()
	if !exists(s.dataDir()) { // an empty ledger in its place would be worse than none
		return fmt.Errorf("%s is gone: stop this process and restore it", s.dataDir())
	}
	r, err := s.ensure(ctx)
	if err != nil {
		return err
	}
	s.log.WarnContext(ctx, "PostgreSQL had died and runs again", "pid", r.pid, "log", s.LogFile())
	s.mu.Lock()
	s.run = r
	s.mu.Unlock()
	return nil
}

func alive(r running, dataDir string) bool {
	if r.exited == nil {
		return isPostmaster(r.pid, dataDir)
	}
	select {
	case <-r.exited:
		return false
	default:
		return true
	}
}

// answers reports whether the server takes connections.
func answers(ctx context.Context, socketDir string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, connURL(socketDir, "postgres"))
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

// createDatabase makes the ledger's database if it is not there. A kill between initdb
// and here is mended by the next start.
func createDatabase(ctx context.Context, socketDir string) error {
	c, err := pgx.Connect(ctx, connURL(socketDir, "postgres"))
	if err != nil {
		return fmt.Errorf("connecting to the new server: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	for try := 1; ; try++ {
		var there bool
		if err := c.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, Database).Scan(&there); err != nil {
			return fmt.Errorf("looking for the database: %w", err)
		}
		if there {
			return nil
		}
		_, err := c.Exec(ctx, `create database `+pgx.Identifier{Database}.Sanitize())
		if err == nil {
			return nil
		}
		// The server may be at it still, for a client that was killed.
		if try == maxCreates || pause(ctx) != nil {
			return fmt.Errorf("creating the database: %w", err)
		}
	}
}

// maxCreates bounds how often the database is created: each try waits some seconds for
// another one to end.
const maxCreates = 3

// pause waits a moment, or returns why ctx ended.
func pause(ctx context.Context) error {
	t := time.NewTimer(pollEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
