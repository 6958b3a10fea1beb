package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

// module is the path in go.mod.
const module = "sijil"

// file is one Go file of the module.
type file struct {
	path      string // from the root, with slashes
	pkg       string // directory of the package from the root
	test      bool   // _test.go
	generated bool
	lines     int
	fset      *token.FileSet
	ast       *ast.File
}

// tree reads every Go file of the module that fsys holds. What begins with a dot or an
// underscore, testdata, and nested modules are not part of it.
func tree(fsys fs.FS) ([]*file, error) {
	var files []*file
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			_, nested := fs.Stat(fsys, path.Join(p, "go.mod"))
			if p != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" || nested == nil) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parse(fsys, p)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

func parse(fsys fs.FS, p string) (*file, error) {
	src, err := fs.ReadFile(fsys, p)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	a, err := parser.ParseFile(fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	return &file{
		path: p, pkg: path.Dir(p), test: strings.HasSuffix(p, "_test.go"),
		generated: ast.IsGenerated(a), lines: bytes.Count(src, []byte("\n")), fset: fset, ast: a,
	}, nil
}

func (f *file) imports() (paths []string) {
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // it parsed
		paths = append(paths, p)
	}
	return paths
}

// root is the module's directory as the tests of this package see it.
const root = "../.."

func realTree(t *testing.T) []*file {
	t.Helper()
	files, err := tree(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
