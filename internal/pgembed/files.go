package pgembed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// pidFile is what postmaster.pid says.
type pidFile struct {
	pid       int
	socketDir string
}

// readPidFile reads postmaster.pid: the process id is line 1, the socket directory line
// 5, which is missing for the first moments of a start.
func readPidFile(dataDir string) (pidFile, bool) {
	b, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}, false
	}
	lines := strings.Split(string(b), "\n")
	p := pidFile{}
	if p.pid, err = strconv.Atoi(strings.TrimSpace(lines[0])); err != nil || p.pid <= 1 {
		return pidFile{}, false
	}
	if len(lines) > 5 {
		p.socketDir = strings.TrimSpace(lines[4])
	}
	return p, true
}

// isPostmaster reports whether the process lives and is the server of dataDir. The number
// alone proves nothing after a crash: on Linux the server's working directory tells, which
// a zombie has no more; elsewhere a live process is taken for it.
func isPostmaster(pid int, dataDir string) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	if runtime.GOOS != "linux" {
		return true
	}
	proc := fmt.Sprintf("/proc/%d/", pid)
	switch cwd, err := os.Readlink(proc + "cwd"); {
	case err == nil:
		if cwd == dataDir {
			return true
		}
		// A child that has not come to its change of directory yet is ours as well.
		args, err := os.ReadFile(proc + "cmdline")
		return err == nil && strings.Contains(string(args), "\x00"+dataDir+"\x00")
	case errors.Is(err, os.ErrPermission):
		name, err := os.ReadFile(proc + "comm")
		return err == nil && strings.TrimSpace(string(name)) == "postgres"
	}
	return false
}

// socketDir makes the 0700 directory of the socket: below the data directory, or under
// /tmp when that path is too long for a socket. A file beside it remembers the latter, so
// that the connection string stays the same when the server is started again.
func (s *Server) socketDir() (string, error) {
	dir := filepath.Join(s.cfg.Dir, "run")
	if len(dir)+len("/.s.PGSQL.5432") > maxSocketPath {
		return s.shortSocketDir()
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", fmt.Errorf("making the socket directory: %w", err)
	}
	return dir, s.ownSocketDir(dir)
}

// socketNote is the file that remembers a socket directory under /tmp.
const socketNote = "socket-dir"

func (s *Server) shortSocketDir() (string, error) {
	note := filepath.Join(s.cfg.Dir, socketNote)
	if b, err := os.ReadFile(note); err == nil {
		fi, err := os.Lstat(string(b))
		// Anybody can make a directory under /tmp: only ours will do.
		if err == nil && fi.IsDir() && fi.Mode().Perm() == 0o700 && ownerOf(fi) == s.account.id() {
			return string(b), nil
		}
	}
	dir, err := os.MkdirTemp("/tmp", "sijil-")
	if err != nil {
		return "", fmt.Errorf("making the socket directory: %w", err)
	}
	if err := os.WriteFile(note, []byte(dir), 0o600); err != nil {
		return "", fmt.Errorf("remembering the socket directory: %w", err)
	}
	return dir, s.ownSocketDir(dir)
}

// removeShortSocketDir leaves nothing under /tmp once the server is down.
func (s *Server) removeShortSocketDir() error {
	note := filepath.Join(s.cfg.Dir, socketNote)
	dir, err := os.ReadFile(note)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finding the socket directory: %w", err)
	}
	if err := errors.Join(os.RemoveAll(string(dir)), os.Remove(note)); err != nil {
		return fmt.Errorf("removing the socket directory: %w", err)
	}
	return nil
}

func (s *Server) ownSocketDir(dir string) error {
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("closing the socket directory to others: %w", err)
	}
	if err := s.account.give(dir); err != nil {
		return fmt.Errorf("giving the socket directory to the server's account: %w", err)
	}
	return nil
}

// maxLog is the size in bytes from which the server's log is begun anew at a start.
const maxLog = 16 << 20

func openLog(path string) (*os.File, error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if fi, err := os.Stat(path); err == nil && fi.Size() > maxLog {
		mode |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening PostgreSQL's log: %w", err)
	}
	return f, nil
}

// tail is the end of a log, for an error message.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing a directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing a directory: %w", err)
	}
	return nil
}
