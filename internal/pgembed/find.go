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
func Find() (Installation, error) { return usualPlaces("").find("") }

// systemGlobs are where packages put the binaries: Debian, Red Hat, Homebrew on both
// kinds of Mac, Alpine.
var systemGlobs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/libexec/postgresql*",
}

// places are where to look. What is set explicitly is the only place.
type places struct {
	configured string // Config.BinDir
	pgBinDir   string // PG_BINDIR
	path       string // directory of the postgres on PATH, links resolved
	tools      []string
	globs      []string
}

func usualPlaces(binDir string) places {
	p := places{configured: binDir, pgBinDir: os.Getenv("PG_BINDIR"), tools: toolRoots(), globs: systemGlobs}
	if bin, err := exec.LookPath("postgres"); err == nil {
		if bin, err = filepath.EvalSymlinks(bin); err == nil {
			p.path = filepath.Dir(bin)
		}
	}
	return p
}

// find takes the first installation that is new enough and, when dataDir holds a cluster,
// of the version that made it.
func (p places) find(dataDir string) (Installation, error) {
	l := lookup{made: madeBy(dataDir)}
	switch {
	case p.configured != "":
		l.try("the configured directory", p.configured)
	case p.pgBinDir != "":
		l.try("PG_BINDIR", p.pgBinDir)
	default:
		l.everywhere(p)
	}
	switch {
	case l.found.Bin != "":
		return l.found, nil
	case len(l.others) > 0:
		return Installation{}, &VersionError{dataDir, l.made, l.others}
	}
	return Installation{}, &NotFoundError{l.looked}
}

type lookup struct {
	made   int // major version of the data directory, 0 for none
	found  Installation
	others []int // usable, but not for this data directory
	looked []string
}

func (l *lookup) everywhere(p places) {
	l.looked = append(l.looked, "PG_BINDIR: not set")
	if p.path != "" {
		l.try("PATH", p.path)
	} else {
		l.looked = append(l.looked, "PATH: no postgres")
	}
	if len(p.tools) == 0 {
		l.looked = append(l.looked, toolsDir+": not there")
	}
	for _, root := range p.tools {
		l.glob(filepath.Join(root, "usr/lib/postgresql/*/bin"))
	}
	for _, g := range p.globs {
		l.glob(g)
	}
}

func (l *lookup) glob(pattern string) {
	dirs, _ := filepath.Glob(pattern) // the patterns are well formed
	if len(dirs) == 0 {
		l.looked = append(l.looked, pattern+": nothing there")
	}
	slices.SortFunc(dirs, func(a, b string) int { return lastNumber(b) - lastNumber(a) }) // newest first
	for _, d := range dirs {
		l.try(pattern, d)
	}
}

// try takes the installation in dir unless an earlier one was taken.
func (l *lookup) try(where, dir string) {
	if l.found.Bin != "" {
		return
	}
	inst, err := inspect(dir)
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
func inspect(dir string) (Installation, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Installation{}, err
	}
	inst := Installation{Bin: dir, Lib: privateLib(dir)}
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

// privateLib is where make bootstrap put the libraries of a PostgreSQL below .tools/pg,
// which has the layout of Debian's package; "" for any other.
func privateLib(bin string) string {
	root := filepath.Join(bin, "../../../../..")
	if !strings.HasSuffix(root, toolsDir) {
		return ""
	}
	return filepath.Join(root, "lib")
}

// toolsDir is where make bootstrap unpacks PostgreSQL for an ordinary user.
const toolsDir = ".tools/pg"

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
			root := filepath.Join(d, toolsDir)
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
	return lastNumber(string(b))
}

var digits = regexp.MustCompile(`\d+`)

// lastNumber is the last number in s, 0 for none.
func lastNumber(s string) int {
	all := digits.FindAllString(s, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1])
	return n
}
