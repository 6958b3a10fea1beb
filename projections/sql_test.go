package projections

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sijil/internal/pgtest"
)

// sources are the package's own files, without its tests.
func sources(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), []*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return set, files
}

// constants are the package's text constants by name, with those they are put together from.
func constants(t *testing.T) map[string]string {
	t.Helper()
	_, files := sources(t)
	raw := map[string]ast.Expr{}
	for _, f := range files {
		for _, d := range f.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				continue
			}
			for _, s := range d.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						raw[name.Name] = spec.Values[i]
					}
				}
			}
		}
	}
	texts := map[string]string{}
	for name, e := range raw {
		if s, ok := textOf(raw, e); ok {
			texts[name] = s
		}
	}
	return texts
}

func textOf(raw map[string]ast.Expr, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		return textOf(raw, raw[e.Name])
	case *ast.BinaryExpr:
		x, okX := textOf(raw, e.X)
		y, okY := textOf(raw, e.Y)
		return x + y, okX && okY
	}
	return "", false
}

// TestEveryStatementPreparesOnTheLiveSchema: a misspelled column is found here and not at the
// first event or reader that needs it.
func TestEveryStatementPreparesOnTheLiveSchema(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	r, _ := projecting(t, url, log)
	aClass(t, log, 0, 1)
	reached(t, r, log)
	conn, err := as(t, url, "sijil_projector").Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SELECT set_config('search_path', 'read', false)`); err != nil {
		t.Fatal(err)
	}
	texts := constants(t)
	prepared := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if !strings.HasSuffix(name, "SQL") {
			continue
		}
		prepared++
		if _, err := conn.Conn().Prepare(t.Context(), name, texts[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if prepared < 60 {
		t.Errorf("only %d statements were found: the search is broken", prepared)
	}
}

// TestStatementsAreConstants, so that the test above sees them: none stands where it is used.
func TestStatementsAreConstants(t *testing.T) {
	set, files := sources(t)
	calls := 0
	inspect := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Query", "QueryRow", "Exec", "Queue"}, fun.Sel.Name) || len(call.Args) == 0 {
			return true
		}
		at := 1 // behind the context
		if fun.Sel.Name == "Queue" {
			at = 0
		}
		calls++
		if lit, ok := call.Args[at].(*ast.BasicLit); ok {
			t.Errorf("%s: the statement %s… is no constant", set.Position(lit.Pos()), lit.Value[:min(40, len(lit.Value))])
		}
		return true
	}
	for _, f := range files {
		ast.Inspect(f, inspect)
	}
	if calls < 60 {
		t.Errorf("only %d calls were found: the search is broken", calls)
	}
}
