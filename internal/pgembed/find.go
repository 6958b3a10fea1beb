package pgembed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest PostgreSQL that will do: 15 brought security_invoker views and
// copying a template through the write-ahead log.
const MinMajor = 15

// Installation is a PostgreSQL on this machine.
type Installation struct {
	// Bin is the directory of postgres and initdb, links resolved.
	Bin string
	// Lib holds the shared libraries of a private installation (.tools/pg); empty when
	// the system's loader finds them.
	Lib string
	// Major is the version: 15.
	Major int
}

// NotFoundError: there is no PostgreSQL to run.
type NotFoundError struct {
	// Looked is where, in order, with what was wrong there.
	Looked []string
}

// Error says where it looked and what helps.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no PostgreSQL %d or newer on this machine\nlooked in:\n  %s\nrun `make bootstrap` to install one, set PG_BINDIR to the directory of postgres and initdb, or set SIJIL_DATABASE_URL to use a server that is running",
		MinMajor, strings.Join(e.Looked, "\n  "))
}

// VersionError: the data directory was made by another major version than any here.
type VersionError struct {
	Dir   string
	Made  int
	Found []int
}

// Error says which version is needed.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was made by PostgreSQL %d, and this machine has %v: install PostgreSQL %d, or convert the directory with pg_upgrade",
		e.Dir, e.Made, e.Found, e.Made)
}

// Find looks for PostgreSQL in this order: PG_BINDIR, PATH, .tools/pg above the working
// directory or the program, and the places where systems install it. [*NotFoundError] when
// there is none that is new enough.
func Find() (Installation, error) { return find("", "") }

// find prefers the version that made dataDir; without one, the first found wins.
func find(binDir, dataDir string) (Installation, error) {
	l := lookup{made: madeBy(dataDir)}
	switch explicit := os.Getenv("PG_BINDIR"); {
	case binDir != "":
		l.try("the configured directory", binDir, "")
	case explicit != "":
		l.try("PG_BINDIR", explicit, "")
	default:
		l.looked = append(l.looked, "PG_BINDIR: not set")
		l.system()
	}
	switch {
	case l.found.Bin != "":
		return l.found, nil
	case len(l.others) > 0:
		return Installation{}, &VersionError{dataDir, l.made, l.others}
	}
	return Installation{}, &NotFoundError{l.looked}
}

// systemGlobs are where packages put the binaries: Debian, Red Hat, Homebrew on both
// kinds of Mac, Alpine.
var systemGlobs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/libexec/postgresql*",
}

type lookup struct {
	made   int // major version of the data directory, 0 for none
	found  Installation
	others []int // usable, but not for this data directory
	looked []string
}

func (l *lookup) system() {
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			l.try("PATH", filepath.Dir(p), "")
		}
	} else {
		l.looked = append(l.looked, "PATH: no postgres")
	}
	for _, root := range toolRoots() {
		l.glob(filepath.Join(root, "usr/lib/postgresql/*/bin"), filepath.Join(root, "lib"))
	}
	for _, g := range systemGlobs {
		l.glob(g, "")
	}
}

func (l *lookup) glob(pattern, lib string) {
	dirs, _ := filepath.Glob(pattern) // the patterns are well formed
	if len(dirs) == 0 {
		l.looked = append(l.looked, pattern+": nothing there")
	}
	slices.SortFunc(dirs, func(a, b string) int { return numberIn(b) - numberIn(a) })
	for _, d := range dirs {
		l.try(pattern, d, lib)
	}
}

// try takes the installation in dir unless an earlier one was taken.
func (l *lookup) try(where, dir, lib string) {
	if l.found.Bin != "" {
		return
	}
	inst, err := inspect(dir, lib)
	switch {
	case err != nil:
		l.looked = append(l.looked, fmt.Sprintf("%s: %s: %v", where, dir, err))
	case inst.Major < MinMajor:
		l.looked = append(l.looked, fmt.Sprintf("%s: %s: is version %d", where, dir, inst.Major))
	case l.made != 0 && l.made != inst.Major:
		l.others = append(l.others, inst.Major)
	default:
		l.found = inst
	}
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect asks the binary in dir for its version.
func inspect(dir, lib string) (Installation, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Installation{}, err
	}
	inst := Installation{Bin: dir, Lib: lib}
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return Installation{}, fmt.Errorf("no initdb")
	}
	cmd := exec.Command(filepath.Join(dir, "postgres"), "--version")
	cmd.Env = inst.environ()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Installation{}, fmt.Errorf("postgres --version: %w: %s", err, strings.TrimSpace(string(out)))
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Installation{}, fmt.Errorf("postgres --version said %q", strings.TrimSpace(string(out)))
	}
	inst.Major, err = strconv.Atoi(string(m[1]))
	return inst, err
}

// environ is what the binaries run under: nothing of ours that could change what they do
// (PGDATA, PGPORT, LC_*).
func (i Installation) environ() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=GMT"}
	if i.Lib != "" {
		env = append(env, "LD_LIBRARY_PATH="+i.Lib, "DYLD_LIBRARY_PATH="+i.Lib)
	}
	return env
}

// toolRoots are the .tools/pg directories at or above the working directory and the
// program. One that belongs to somebody else is passed over: we would run their code.
func toolRoots() []string {
	var roots []string
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, d := range starts {
		for ; ; d = filepath.Dir(d) {
			root := filepath.Join(d, ".tools/pg")
			if fi, err := os.Stat(root); err == nil && int(ownerOf(fi)) == os.Geteuid() && !slices.Contains(roots, root) {
				roots = append(roots, root)
			}
			if d == filepath.Dir(d) {
				break
			}
		}
	}
	return roots
}

// madeBy is the major version that made the cluster in dir, 0 when there is none.
func madeBy(dir string) int {
	b, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		return 0
	}
	return numberIn(string(b))
}

var digits = regexp.MustCompile(`\d+`)

// numberIn is the first number in s, 0 for none.
func numberIn(s string) int {
	n, _ := strconv.Atoi(digits.FindString(s))
	return n
}
