package pgembed

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the server runs as when we are root, which PostgreSQL refuses to be.
type account struct {
	name     string
	uid, gid uint32
}

// prepareDir makes the data directory and says who the server runs as: nil for this
// process's own user.
func prepareDir(dir string) (*account, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil, nil
	}
	a, err := serverAccount(filepath.Join(dir, "pg"))
	if err != nil {
		return nil, err
	}
	// The directory is ours, and what is in it has modes of its own: letting the server's
	// account through, not look around, is safe.
	if fi, err := os.Stat(dir); err == nil && ownerOf(fi) == 0 && !a.canEnter(fi) {
		if err := os.Chmod(dir, fi.Mode().Perm()|0o011); err != nil {
			return nil, fmt.Errorf("letting %s into the data directory: %w", a.name, err)
		}
	}
	for d := dir; ; d = filepath.Dir(d) {
		fi, err := os.Stat(d)
		if err != nil {
			return nil, fmt.Errorf("looking at the data directory: %w", err)
		}
		if !a.canEnter(fi) {
			return nil, &UnreachableError{Dir: dir, Blocked: d, Account: a.name}
		}
		if d == filepath.Dir(d) {
			return a, nil
		}
	}
}

// UnreachableError: we are root, and the account that PostgreSQL runs as cannot enter
// the data directory.
type UnreachableError struct {
	Dir, Blocked, Account string
}

// Error names the directory that blocks and the cure.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("PostgreSQL runs as %s, which may not enter %s and so cannot use %s: choose a data directory below /var/tmp or /var/lib, or run as an ordinary user",
		e.Account, e.Blocked, e.Dir)
}

// serverAccount is who root runs the server as: the owner of the cluster in pg if there
// is one, else postgres, else nobody. initdb wants an account of /etc/passwd.
func serverAccount(pg string) (*account, error) {
	if fi, err := os.Stat(filepath.Join(pg, "PG_VERSION")); err == nil && ownerOf(fi) != 0 {
		st := fi.Sys().(*syscall.Stat_t)
		a := &account{strconv.Itoa(int(st.Uid)), st.Uid, st.Gid}
		if u, err := user.LookupId(a.name); err == nil {
			a.name = u.Username
		}
		return a, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the user id of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the group id of %s: %w", name, err)
		}
		return &account{name, uint32(uid), uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")
}

// canEnter reports whether the permission bits let a into the directory.
func (a *account) canEnter(fi os.FileInfo) bool {
	bits := fi.Mode().Perm()
	if st := fi.Sys().(*syscall.Stat_t); st.Uid == a.uid {
		bits >>= 6
	} else if st.Gid == a.gid {
		bits >>= 3
	}
	return bits&1 != 0
}

// give hands a file to the account; nil keeps it.
func (a *account) give(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// id is the user id the server runs under.
func (a *account) id() uint32 {
	if a == nil {
		return uint32(os.Geteuid())
	}
	return a.uid
}

// process makes a command run as the account, in a session of its own: a Ctrl-C in our
// terminal is for us, and who runs the server shall stop it in order.
func (a *account) process() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

func ownerOf(fi os.FileInfo) uint32 { return fi.Sys().(*syscall.Stat_t).Uid }
