package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// row lets the packages that match pkg import those of ours that match one of may.
// "x/*" matches every package below x, not x itself.
type row struct {
	pkg string
	may []string
}

// imports is docs/ARCHITECTURE.md's table, bottom to top; the first row that matches counts.
// Nothing is allowed by default: a new package gets its row with its first commit.
var imports = []row{
	// Floor 0
	{"domain", nil},
	{"internal/eventlog", nil},
	{"migrations", nil},
	{"internal/pgembed", nil},
	// Floor 1
	{"domain/schema", []string{"domain", "domain/*"}},
	{"domain/*", []string{"domain"}},
	{"verifier/edkey", nil},
	{"verifier/credential", []string{"verifier/edkey"}},
	{"verifier/did", []string{"verifier/credential"}},
	{"verifier/status", []string{"verifier/credential"}},
	{"verifier/sdjwt", []string{"verifier/credential"}},
	{"verifier/jsonld", []string{"verifier/credential"}},
	{"verifier/dataintegrity", []string{"verifier/credential", "verifier/jsonld"}},
	{"verifier/baking", []string{"verifier/credential"}},
	{"verifier/secretfile", nil},
	{"verifier/keyfile", []string{"verifier/credential", "verifier/secretfile"}},
	{"verifier/bundle", []string{"verifier/credential", "verifier/did", "verifier/keyfile"}},
	{"verifier", []string{"verifier/credential", "verifier/did", "verifier/status", "verifier/bundle", "verifier/sdjwt", "verifier/dataintegrity", "verifier/baking"}},
	{"verifier/*", []string{"verifier", "verifier/*"}},
	// Floor 2
	{"internal/eventlog/adapter", []string{"internal/eventlog"}},
	{"internal/eventlog/*", []string{"internal/eventlog", "internal/eventlog/adapter"}},
	{"internal/follower", []string{"internal/eventlog"}},
	{"internal/text", []string{"domain"}},
	{"internal/vault", []string{"domain", "verifier/secretfile"}},
	{"internal/access", []string{"domain", "verifier/secretfile"}},
	{"internal/database", []string{"internal/pgembed", "migrations"}},
	// Floor 3
	{"internal/ledger", []string{"domain", "domain/*", "internal/eventlog", "internal/follower", "internal/vault", "internal/text"}},
	// Floor 4: read models never open what is sealed.
	{"projections", []string{"domain", "domain/*", "internal/eventlog"}},
	{"internal/process", []string{"domain", "domain/*", "internal/eventlog", "internal/ledger"}},
	{"internal/integrity", []string{"domain", "domain/*", "internal/eventlog"}},
	{"internal/logcopy", []string{"internal/eventlog"}},
	{"internal/issuer", []string{
		"domain", "domain/*", "internal/eventlog", "internal/follower", "internal/ledger", "internal/vault",
		"verifier", "verifier/*",
	}},
	{"internal/hsm", []string{"domain", "domain/institution", "internal/issuer"}},
	// Floor 5
	{"api", []string{
		"domain", "domain/*", "internal/eventlog", "internal/ledger", "projections", "internal/vault",
		"internal/access", "internal/text",
	}},
	{"internal/subscribers", []string{"domain", "internal/access", "internal/eventlog", "internal/eventlog/*"}},
	// What speaks HTTP to the ledger as its users do.
	{"internal/csvimport", []string{"domain", "internal/ledger"}},
	{"internal/demo", nil},
	// Floor 6: wiring. cmd/sijil-verifier stands on the verifier alone.
	{"internal/app", []string{
		"domain", "domain/*", "internal/*", "migrations", "projections", "api", "verifier", "verifier/*",
	}},
	{"cmd/sijil-verifier", []string{"verifier", "verifier/*"}},
	{"cmd/sijil", []string{
		"domain", "domain/*", "internal/*", "migrations", "projections", "api", "verifier", "verifier/*",
	}},
	{"scripts/pgfind", []string{"internal/pgembed"}},
	// Measuring.
	{"internal/bench", []string{"internal/eventlog"}},
	{"internal/bench/*", []string{"domain", "domain/*", "internal/*", "migrations", "projections", "api", "verifier", "verifier/*"}},
	// For tests: see testOnly.
	{"internal/pgtest", []string{"internal/pgembed", "migrations"}},
	{"internal/scenario", []string{"domain"}},
	{"internal/simtest", []string{"domain", "domain/*", "internal/*", "projections", "api", "verifier", "verifier/*"}},
	{"internal/apitest", []string{"domain", "domain/*", "internal/*", "projections", "api", "verifier", "verifier/*"}},
}

// testOnly are packages that no program links: only tests and one another import them.
var testOnly = []string{
	"internal/pgtest", "internal/eventlog/logtest", "internal/simtest", "internal/apitest", "internal/scenario",
}

// pure are the packages whose code is a function of its arguments.
var pure = []string{"domain", "domain/*"}

// impure are what pure packages do not import, with everything below.
var impure = []string{"context", "os", "net", "database", "log", "math/rand", "crypto/rand"}

// checkImports reports imports of ours that the table does not allow.
func checkImports(files []*file) (problems []string) {
	missing := map[string]bool{}
	for _, f := range files {
		if f.test {
			continue
		}
		i := slices.IndexFunc(imports, func(r row) bool { return matches(r.pkg, f.pkg) })
		if i < 0 {
			if !missing[f.pkg] {
				problems = append(problems, fmt.Sprintf("%s: the package is not in the import table: give it a row and a floor", f.pkg))
			}
			missing[f.pkg] = true
			continue
		}
		for _, imp := range f.imports() {
			ours, ok := strings.CutPrefix(imp, module+"/")
			if ok && !matchesAny(imports[i].may, ours) {
				problems = append(problems, fmt.Sprintf("%s: %s may not import %s", f.path, f.pkg, ours))
			}
		}
	}
	return problems
}

// checkTestOnly reports programs that link what is for tests.
func checkTestOnly(files []*file) (problems []string) {
	for _, f := range files {
		if f.test || matchesAny(testOnly, f.pkg) {
			continue
		}
		for _, imp := range f.imports() {
			if ours, ok := strings.CutPrefix(imp, module+"/"); ok && matchesAny(testOnly, ours) {
				problems = append(problems, fmt.Sprintf("%s: %s is for tests only", f.path, ours))
			}
		}
	}
	return problems
}

// checkPure reports what would make a rule depend on more than its arguments.
func checkPure(files []*file) (problems []string) {
	for _, f := range files {
		if f.test || !matchesAny(pure, f.pkg) {
			continue
		}
		for _, imp := range f.imports() {
			// log/slog's LogValue keeps private data out of logs; it writes none itself.
			if imp == "log/slog" {
				continue
			}
			for _, bad := range impure {
				if imp == bad || strings.HasPrefix(imp, bad+"/") {
					problems = append(problems, fmt.Sprintf("%s: rules are pure and may not import %s", f.path, imp))
				}
			}
		}
	}
	return problems
}

func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, below+"/")
	}
	return path.Clean(pattern) == pkg
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}
