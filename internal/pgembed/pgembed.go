// Package pgembed runs a private PostgreSQL in a data directory: no port, no
// configuration, no account to create. Several processes may use one directory at once;
// the first starts the server, the others attach, the last one stops it, and a process
// that is killed leaves a server behind which the next one adopts.
//
// How the sharing works: every user holds a shared flock on users.lock for as long as it
// lives, and the kernel gives it back however the process ends. Starting and stopping
// happen under an exclusive flock on start.lock. Who stops and gets users.lock exclusively
// was the last one, and only then is the server told to stop.
package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// User is the database superuser, the owner of the ledger's tables. Only who may enter
// the 0700 socket directory can connect, so it has no password.
const User = "sijil"

// Database is the database made with the data directory.
const Database = "sijil"

// Config says where and how. Only Dir is required.
type Config struct {
	// Dir is the data directory. Below it: pg (PostgreSQL's own), run (the socket),
	// postgres.log and two lock files. It is made when missing. As root it must lie where
	// the account that PostgreSQL runs as can reach it.
	Dir string
	// BinDir holds postgres and initdb; empty means looking them up, see [Find].
	BinDir string
	// Settings are server parameters for a server that this process starts, "fsync": "off".
	// None by default: the server keeps its durable defaults.
	Settings map[string]string
	// Unsupervised leaves a server that died down. By default it is started again.
	Unsupervised bool
	// Logger; slog.Default when nil.
	Logger *slog.Logger
}

// Server is one process's use of the server on a data directory.
type Server struct {
	cfg     Config
	account *account // nil: run as ourselves
	bin     Installation
	start   *flock
	users   *flock
	log     *slog.Logger
	cancel  context.CancelFunc
	done    chan struct{} // closed when supervision ended

	mu  sync.Mutex
	run running
}

// Start starts the server on cfg.Dir, or attaches to the live one, and returns when it
// answers. A directory without a database gets one. When ctx ends first, nothing that
// Start began is left behind except files.
//
// [*NotFoundError] when there is no PostgreSQL to run.
func Start(ctx context.Context, cfg Config) (_ *Server, err error) {
	if cfg.Dir == "" {
		return nil, errors.New("no data directory given")
	}
	if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
		return nil, fmt.Errorf("locating the data directory: %w", err)
	}
	s := &Server{cfg: cfg, log: cfg.Logger, done: make(chan struct{})}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.account, err = prepareDir(cfg.Dir); err != nil {
		return nil, err
	}
	// The server's working directory is how it is recognised, and that has no links in it.
	if s.cfg.Dir, err = filepath.EvalSymlinks(cfg.Dir); err != nil {
		return nil, fmt.Errorf("locating the data directory: %w", err)
	}
	if s.bin, err = usualPlaces(cfg.BinDir).find(s.dataDir()); err != nil {
		return nil, err
	}
	if s.start, err = openFlock(filepath.Join(s.cfg.Dir, "start.lock")); err != nil {
		return nil, err
	}
	if s.users, err = openFlock(filepath.Join(s.cfg.Dir, "users.lock")); err != nil {
		return nil, errors.Join(err, s.start.close())
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.users.close(), s.start.close())
	}
	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.supervise(watch)
	return s, nil
}

// begin makes the server run and this process its user.
func (s *Server) begin(ctx context.Context) error {
	if err := s.start.take(ctx, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("waiting for another process to start or stop the server: %w", err)
	}
	defer s.start.release()
	// Nobody holds it exclusively but under start.lock, so this never waits.
	if err := s.users.take(ctx, syscall.LOCK_SH); err != nil {
		return err
	}
	err := s.initdb(ctx)
	var r running
	if err == nil {
		r, err = s.ensure(ctx)
	}
	if err != nil {
		s.users.release()
		return err
	}
	s.mu.Lock()
	s.run = r
	s.mu.Unlock()
	return nil
}

// URL is the connection string of the ledger's database, for the owner.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connURL(s.run.socketDir, Database)
}

// PID is the process id of the server's main process.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run.pid
}

// LogFile is where the server writes its messages.
func (s *Server) LogFile() string { return filepath.Join(s.cfg.Dir, "postgres.log") }

// Stop ends this process's use. The last user stops the server: connections are cut,
// transactions under way are rolled back, and Stop returns when it is down. When ctx ends
// first the server goes on stopping by itself. A second Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.cancel()
	<-s.done
	if s.users.closed() {
		return nil
	}
	defer s.start.close()
	defer s.users.close()
	if err := s.start.take(ctx, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("waiting for another process to start or stop the server: %w", err)
	}
	s.users.release()
	last, err := s.users.try(syscall.LOCK_EX)
	if err != nil {
		return err
	}
	if !last {
		s.log.DebugContext(ctx, "PostgreSQL keeps running for another process", "dir", s.cfg.Dir)
		return nil
	}
	return s.shutdown(ctx)
}

func (s *Server) dataDir() string { return filepath.Join(s.cfg.Dir, "pg") }

func connURL(socketDir, database string) string {
	q := url.Values{"host": {socketDir}, "port": {"5432"}, "user": {User}}
	return "postgres:///" + url.PathEscape(database) + "?" + q.Encode()
}

// exists reports whether there is something at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
