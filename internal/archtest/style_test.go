package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strconv"
)

const (
	// maxLines is for every file; what is longer holds two ideas.
	maxLines = 500
	// maxMedian is for the files that programs are made of.
	maxMedian = 150
)

// checkLength reports files nobody finds their way in.
func checkLength(files []*file) (problems []string) {
	var lengths []int
	for _, f := range files {
		if f.generated {
			continue
		}
		if f.lines > maxLines {
			problems = append(problems, fmt.Sprintf("%s has %d lines, %d are the most: split it by idea", f.path, f.lines, maxLines))
		}
		if !f.test {
			lengths = append(lengths, f.lines)
		}
	}
	if slices.Sort(lengths); len(lengths) > 0 && lengths[len(lengths)/2] > maxMedian {
		problems = append(problems, fmt.Sprintf("the median file has %d lines, %d are the most", lengths[len(lengths)/2], maxMedian))
	}
	return problems
}

// checkDoc reports packages that do not say what they are for.
func checkDoc(files []*file) (problems []string) {
	documented := map[string]bool{}
	onlyTests := map[string]bool{}
	for _, f := range files {
		if _, seen := onlyTests[f.pkg]; !seen {
			onlyTests[f.pkg] = true
		}
		onlyTests[f.pkg] = onlyTests[f.pkg] && f.test
	}
	for _, f := range files {
		documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil && (!f.test || onlyTests[f.pkg])
	}
	for pkg, ok := range documented {
		if !ok {
			problems = append(problems, fmt.Sprintf("%s has no package comment: say its one responsibility", pkg))
		}
	}
	slices.Sort(problems)
	return problems
}

// ambient are functions whose result comes from nowhere; programs pass the clock and the
// context in. main packages are where they come from, and tests are programs.
var ambient = map[string][]string{
	"time":    {"Now", "Since", "Until"},
	"context": {"Background", "TODO"},
}

// checkAmbient reports clocks and contexts out of thin air.
func checkAmbient(files []*file) (problems []string) {
	for _, f := range files {
		if f.test || f.ast.Name.Name == "main" || matchesAny(testOnly, f.pkg) {
			continue
		}
		names := f.importNames()
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && slices.Contains(ambient[names[x.Name]], sel.Sel.Name) {
				problems = append(problems, fmt.Sprintf("%s: %s.%s: take it as a parameter", f.fset.Position(n.Pos()), x.Name, sel.Sel.Name))
			}
			return true
		})
	}
	return problems
}

// importNames maps the name by which the file knows a package to its path.
func (f *file) importNames() map[string]string {
	names := map[string]string{}
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if i.Name != nil {
			names[i.Name.Name] = p
		} else {
			names[path.Base(p)] = p
		}
	}
	return names
}

// checkSkips reports tests that skip themselves without saying why.
func checkSkips(files []*file) (problems []string) {
	for _, f := range files {
		if !f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "SkipNow" {
				problems = append(problems, fmt.Sprintf("%s: t.SkipNow: use t.Skip and say why", f.fset.Position(n.Pos())))
			}
			return true
		})
	}
	return problems
}

// marker finds the words by which unfinished work gives itself away. It is put together,
// so as not to find itself.
var marker = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

// checkMarkers reports comments that put work off: it is done, or it is an issue.
func checkMarkers(files []*file) (problems []string) {
	for _, f := range files {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if marker.MatchString(c.Text) {
					problems = append(problems, fmt.Sprintf("%s: %s", f.fset.Position(c.Pos()), c.Text))
				}
			}
		}
	}
	return problems
}
