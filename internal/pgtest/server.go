package pgtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
)

// Server is a PostgreSQL server of one test's own, for tests that hurt it.
type Server struct {
	t        testing.TB
	dir      string
	settings map[string]string
	server   *pgembed.Server
}

// Setting is a server parameter, as in Setting{"synchronous_commit", "off"}. Without any,
// the server keeps its durable defaults.
type Setting struct{ Name, Value string }

// NewServer starts a server with one migrated database; both go when the test ends. A
// server that dies stays dead until Restart.
func NewServer(t testing.TB, settings ...Setting) *Server {
	t.Helper()
	s := &Server{t: t, dir: DataDir(t), settings: map[string]string{}}
	for _, x := range settings {
		s.settings[x.Name] = x.Value
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := plant(ctx, s.dir); err != nil {
		t.Fatalf("preparing the test's server: %v", err)
	}
	s.start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.server.Stop(ctx); err != nil {
			t.Errorf("stopping the test's server: %v", err)
		}
	})
	return s
}

// URL is the connection string of the migrated database, for the owner. It stays the same
// after Restart.
func (s *Server) URL() string { return s.server.URL() }

// Pool is a pool of connections as the owner; it closes when the test ends.
func (s *Server) Pool() *pgxpool.Pool { return open(s.t, s.URL()) }

// Kill ends the server and all its processes with SIGKILL, as a power cut would, but for
// what the kernel holds.
func (s *Server) Kill() {
	s.t.Helper()
	if !KillServer(s.dir) {
		s.t.Fatal("there is no server to kill")
	}
}

// Restart starts the server again after Kill, which includes recovery, or stops it in
// order and starts it.
func (s *Server) Restart() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.server.Stop(ctx); err != nil {
		s.t.Fatalf("stopping the test's server: %v", err)
	}
	s.start()
}

func (s *Server) start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	s.server, err = pgembed.Start(ctx, pgembed.Config{
		Dir: s.dir, Settings: s.settings, Unsupervised: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.t.Fatalf("starting the test's server: %v", err)
	}
}

// KillServer ends the server that runs on a data directory with SIGKILL, and reports whether there
// was one. The main process is stopped first, so that it starts no more children; they are
// sessions of their own, which a signal to its group does not reach.
func KillServer(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return false
	}
	for _, child := range childrenOf(pid) {
		_ = syscall.Kill(child, syscall.SIGKILL) // it may be gone by itself
	}
	if syscall.Kill(pid, syscall.SIGKILL) != nil {
		return false
	}
	for range 500 { // until its parent or init has taken note
		if st := parentOf(pid); st.parent == 0 || st.state == "Z" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}
