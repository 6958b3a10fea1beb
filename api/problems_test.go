package api

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// `go test ./api -update` writes docs/problems.md and testdata/openapi.json anew.
var update = flag.Bool("update", false, "write the generated documents anew")

// golden holds got against the file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says: run `go test ./api -update` and look at the difference", path)
	}
}

func TestProblemsAreDocumented(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString(`# Problem codes

Generated from api/*.go by ` + "`go test ./api -update`" + `; do not edit.

Every refusal is an RFC 9457 problem document (` + "`application/problem+json`" + `) with a stable
` + "`code`" + `: branch on it, never on the text. A running server explains each at ` + "`/problems/{code}`" + `.
Details never hold personal data. The token endpoint answers RFC 6749's errors instead.

| code | status | what happened | what to do |
|---|---|---|---|
`)
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", c.Code, c.Status, strings.ReplaceAll(c.Cause, "|", "\\|"), strings.ReplaceAll(c.Cure, "|", "\\|"))
	}
	golden(t, "../docs/problems.md", b.Bytes())
}

func TestEveryRefusalOfTheSourcesIsExplained(t *testing.T) {
	t.Parallel()
	found := refusals(t, "../domain", "../internal", "../projections", ".")
	if len(found) < 50 {
		t.Fatalf("only %d codes were found: the search is broken", len(found))
	}
	for code, r := range found {
		c, ok := codes[code]
		if !ok {
			t.Errorf("%s refuses with %q, which nothing explains: add it beside the operations that answer with it", r.where, code)
			continue
		}
		if c.Status != r.status && !slices.Contains(severalStatuses, code) {
			t.Errorf("%s refuses with %q as %d, the table says %d", r.where, code, r.status, c.Status)
		}
	}
}

// severalStatuses are codes whose status depends on where they come up.
var severalStatuses = []string{
	"too_large", // 413 for a body, 422 for an entry that the log does not take
}

func TestTheTableIsInOneStyle(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for _, c := range Codes() {
		if !form.MatchString(c.Code) || c.Status < 400 || c.Status > 599 {
			t.Errorf("%q, %d", c.Code, c.Status)
		}
		for _, s := range []string{c.Cause, c.Cure} {
			if s == "" || !strings.HasSuffix(s, ".") || strings.ContainsAny(s, "\n") {
				t.Errorf("%s: %q is no sentence on one line", c.Code, s)
			}
		}
	}
}

// composed are the codes of files that put theirs together.
var composed = map[string][]string{
	"enrollment/transfer.go": {"transfer_contested", "transfer_released"},
}

type refusal struct {
	where  string
	status int
}

// refusals are the codes of every refusal outside tests: the literals that domain.Refuse
// is called with, or a function of the same file that passes its code on to it.
func refusals(t *testing.T, roots ...string) map[string]refusal {
	t.Helper()
	found := map[string]refusal{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			refusers := map[string]refuser{"Refuse": {code: 1, kind: 0}}
			ast.Inspect(f, func(n ast.Node) bool { addRefuser(refusers, n); return true })
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				r, ok := refusers[lastName(call.Fun)]
				if !ok || len(call.Args) <= r.code {
					return true
				}
				where := set.Position(call.Pos()).String()
				lit, ok := call.Args[r.code].(*ast.BasicLit)
				if !ok {
					if _, isParam := call.Args[r.code].(*ast.Ident); len(refusers) == 1 || !isParam {
						for _, code := range composed[filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path)] {
							found[code] = refusal{where, statuses[lastName(call.Args[0])]}
						}
						if composed[filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path)] != nil {
							return true
						}
						t.Errorf("%s: the code is not a literal, so that nobody can look for it", where)
					}
					return true
				}
				code, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Errorf("%s: %v", where, err)
				}
				status := r.status
				if r.kind >= 0 {
					status = statuses[lastName(call.Args[r.kind])]
				}
				found[code] = refusal{where, status}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// refuser is where a refusing function takes its code, and its kind (-1: always status).
type refuser struct{ code, kind, status int }

var statuses = map[string]int{"Invalid": 422, "Missing": 404, "Gone": 410, "Forbidden": 403, "Conflict": 409, "Unready": 503}

// addRefuser adds the function that n declares if it passes a parameter on as a code.
func addRefuser(all map[string]refuser, n ast.Node) {
	name, params, body := "", (*ast.FieldList)(nil), (*ast.BlockStmt)(nil)
	switch n := n.(type) {
	case *ast.FuncDecl:
		name, params, body = n.Name.Name, n.Type.Params, n.Body
	case *ast.AssignStmt:
		lit, ok := n.Rhs[0].(*ast.FuncLit)
		if !ok {
			return
		}
		name, params, body = lastName(n.Lhs[0]), lit.Type.Params, lit.Body
	}
	if name == "" || body == nil {
		return
	}
	index, i := map[string]int{}, 0
	for _, p := range params.List {
		for _, id := range p.Names {
			index[id.Name] = i
			i++
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || lastName(call.Fun) != "Refuse" || len(call.Args) < 2 {
			return true
		}
		if at, ok := index[lastName(call.Args[1])]; ok {
			r := refuser{code: at, kind: -1, status: statuses[lastName(call.Args[0])]}
			if k, ok := index[lastName(call.Args[0])]; ok {
				r.kind = k
			}
			all[name] = r
		}
		return true
	})
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
