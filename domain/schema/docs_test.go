package schema

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/events.md anew")

const eventsDoc = "../../docs/events.md"

// TestEventsDocument holds docs/events.md to the facts: it is written from their types and
// comments, so that it cannot say something else.
func TestEventsDocument(t *testing.T) {
	want := eventsDocument(t)
	if *update {
		if err := os.WriteFile(eventsDoc, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(eventsDoc)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/events.md is not what the facts say (%v): run `go test ./domain/schema -update`", err)
	}
}

func eventsDocument(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString(`# Events

Written from the facts' Go types and comments by ` + "`go test ./domain/schema -update`" + `; a test keeps the two alike.

Type names live for ever. A payload is ` + "`{\"open\":{…},\"sealed\":{\"<person>\":\"<base64>\"}}`" + `: the members below in
clear, and the personal data sealed under the person's key of the retention class named. The envelope of every event
(who, when, for whom, why) is in ` + "[internal/eventlog/meta.go](../internal/eventlog/meta.go)" + `; the bytes of every type are pinned
under [domain/schema/testdata/golden](../domain/schema/testdata/golden).

Codes are URIs such as ` + "`uri://ed-fi.org/TermDescriptor#FirstTrimester`" + `; decimals are exact; a member marked ° is left out
when it is empty.
`)
	packages := map[string]*pkgDoc{}
	var last *pkgDoc
	category := ""
	for _, k := range Kinds() {
		typ := reflect.TypeOf(k.Fact)
		dir := path.Base(typ.PkgPath())
		p := packages[dir]
		if p == nil {
			p = readPackage(t, dir)
			packages[dir] = p
		}
		if k.Category() != category {
			last.writeShapes(&b)
			last, category = p, k.Category()
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", category, sentence(p.doc))
		}
		fmt.Fprintf(&b, "\n### %s\n\n", k.Type)
		if !k.Current {
			fmt.Fprintf(&b, "A former version; it reads as today's %s.\n", typ.Name())
			continue
		}
		p.writeFact(&b, typ.Name(), string(k.Class))
	}
	last.writeShapes(&b)
	return b.Bytes()
}

// pkgDoc is what the source of one aggregate says.
type pkgDoc struct {
	dir, doc string
	structs  map[string]*structDoc
	strings  map[string]*stringDoc
	// wanted are the shapes that facts point to, in the order they were met.
	wanted []string
}

type structDoc struct {
	doc    string
	fields []*ast.Field
}

// stringDoc is a named string with its values.
type stringDoc struct {
	doc    string
	values []string
}

func readPackage(t *testing.T, dir string) *pkgDoc {
	t.Helper()
	fset := token.NewFileSet()
	entries, err := os.ReadDir("../" + dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, "../"+dir+"/"+e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	d, err := doc.NewFromFiles(fset, files, "sijil/domain/"+dir, doc.PreserveAST)
	if err != nil {
		t.Fatal(err)
	}
	p := &pkgDoc{dir: dir, doc: d.Doc, structs: map[string]*structDoc{}, strings: map[string]*stringDoc{}}
	for _, typ := range d.Types {
		for _, spec := range typ.Decl.Specs {
			p.addType(typ, spec.(*ast.TypeSpec))
		}
	}
	return p
}

func (p *pkgDoc) addType(typ *doc.Type, spec *ast.TypeSpec) {
	switch x := spec.Type.(type) {
	case *ast.StructType:
		p.structs[spec.Name.Name] = &structDoc{typ.Doc, x.Fields.List}
	case *ast.Ident:
		if x.Name != "string" {
			return
		}
		s := &stringDoc{doc: typ.Doc}
		for _, c := range typ.Consts {
			for _, spec := range c.Decl.Specs {
				for _, v := range spec.(*ast.ValueSpec).Values {
					if lit, ok := v.(*ast.BasicLit); ok {
						s.values = append(s.values, lit.Value)
					}
				}
			}
		}
		p.strings[spec.Name.Name] = s
	}
}

func (p *pkgDoc) writeFact(b *bytes.Buffer, name, class string) {
	s := p.structs[name]
	fmt.Fprintf(b, "%s\n", sentence(s.doc))
	p.writeTable(b, s, class)
}

func (p *pkgDoc) writeTable(b *bytes.Buffer, s *structDoc, class string) {
	rows := p.rows(s, class)
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| member | type | |\n|---|---|---|\n")
	for _, r := range rows {
		b.WriteString(r)
	}
}

func (p *pkgDoc) rows(s *structDoc, class string) []string {
	var rows []string
	for _, f := range s.fields {
		comment := sentence(f.Doc.Text() + f.Comment.Text())
		if len(f.Names) == 0 {
			rows = append(rows, p.embedded(f, class)...)
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name == "-" {
			for _, m := range bracketed.FindAllStringSubmatch(f.Doc.Text(), -1) {
				if p.structs[m[1]] != nil {
					p.want(m[1]) // what is sealed
				}
			}
			rows = append(rows, fmt.Sprintf("| *sealed* | personal data, class *%s* | %s |\n", class, comment))
			continue
		}
		mark := ""
		if strings.HasPrefix(options, "omit") {
			mark = "°"
		}
		rows = append(rows, fmt.Sprintf("| `%s`%s | %s | %s |\n", name, mark, p.typeName(f.Type), comment))
	}
	return rows
}

// embedded are the rows of an embedded struct: one of the package, or a domain.Span.
func (p *pkgDoc) embedded(f *ast.Field, class string) []string {
	if e, ok := f.Type.(*ast.Ident); ok && p.structs[e.Name] != nil {
		return p.rows(p.structs[e.Name], class)
	}
	return []string{"| `from` | date | |\n", "| `until`° | date | the first day after |\n"}
}

var bracketed = regexp.MustCompile(`\[([A-Z]\w*)\]`)

// units are the domain's units in words.
var units = map[string]string{
	"domain.ID": "id", "domain.Date": "date", "domain.Text": "text by language", "domain.Descriptor": "code", "domain.Decimal": "decimal",
	"domain.Span": "`{from, until}` dates", "time.Time": "instant", "string": "text", "int": "number", "int64": "number", "bool": "true or false", "byte": "byte",
}

func (p *pkgDoc) typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.StarExpr:
		return p.typeName(x.X)
	case *ast.ArrayType:
		if n := p.typeName(x.Elt); n != "byte" {
			return "list of " + n
		}
		return "bytes in base64"
	case *ast.SelectorExpr:
		full := x.X.(*ast.Ident).Name + "." + x.Sel.Name
		if u, ok := units[full]; ok {
			return u
		}
		return "`" + full + "`"
	case *ast.Ident:
		if u, ok := units[x.Name]; ok {
			return u
		}
		if s := p.strings[x.Name]; s != nil {
			if len(s.values) == 0 {
				return "text"
			}
			return "one of `" + strings.Join(s.values, "` `") + "`"
		}
		p.want(x.Name)
		return "[" + x.Name + "](#" + strings.ToLower(p.dir+"-"+x.Name) + ")"
	}
	return fmt.Sprintf("%T", e)
}

func (p *pkgDoc) want(name string) {
	for _, w := range p.wanted {
		if w == name {
			return
		}
	}
	p.wanted = append(p.wanted, name)
}

// writeShapes describes what the facts of a package point to, and what that points to.
func (p *pkgDoc) writeShapes(b *bytes.Buffer) {
	if p == nil {
		return
	}
	for i := 0; i < len(p.wanted); i++ {
		s := p.structs[p.wanted[i]]
		if s == nil {
			continue
		}
		fmt.Fprintf(b, "\n#### %s %s\n\n%s\n", p.dir, p.wanted[i], sentence(s.doc))
		p.writeTable(b, s, "")
	}
	p.wanted = nil
}

// sentence is a comment on one line, without Go's brackets around names.
func sentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(s)
	return bracketed.ReplaceAllString(s, "$1")
}
