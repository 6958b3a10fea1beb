package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var mdLink = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// codeSpan is text that only looks like a link.
var codeSpan = regexp.MustCompile("`[^`\n]*`")

// Links between documents break silently when files move.
func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	fsys := os.DirFS(root)
	found := 0
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".md") {
			return nil
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		for _, m := range mdLink.FindAllSubmatch(codeSpan.ReplaceAll(b, nil), -1) {
			target := string(m[1])
			if strings.Contains(target, ":") {
				continue // elsewhere
			}
			found++
			if _, err := fs.Stat(fsys, path.Join(path.Dir(p), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", p, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no links found: the test did not look")
	}
}

var room = regexp.MustCompile("`([a-z][a-z0-9/*-]*)`")

// Whoever looks for a package, or wonders what one is for, finds it on the map.
func TestEveryPackageIsOnTheMapOfRooms(t *testing.T) {
	doc, err := os.ReadFile(path.Join(root, "docs/ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for line := range strings.Lines(string(doc)) {
		if cells := strings.Split(line, "|"); len(cells) == 5 {
			for _, m := range room.FindAllStringSubmatch(cells[2], -1) {
				rooms = append(rooms, m[1])
			}
		}
	}
	packages := map[string]bool{}
	for _, f := range realTree(t) {
		packages[f.pkg] = true
	}
	for p := range packages {
		if !matchesAny(rooms, p) {
			t.Errorf("docs/ARCHITECTURE.md has no room for %s", p)
		}
	}
	for _, r := range rooms {
		used := false
		for p := range packages {
			used = used || matches(r, p)
		}
		if !used {
			t.Errorf("docs/ARCHITECTURE.md has a room %s that is not there", r)
		}
	}
}

func TestEveryDecisionIsListedOnceUnderItsNumber(t *testing.T) {
	dir := os.DirFS(path.Join(root, "docs/decisions"))
	index, err := fs.ReadFile(dir, "README.md")
	if err != nil {
		t.Fatal(err)
	}
	records, err := fs.Glob(dir, "[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	byNumber := map[string]string{}
	for _, name := range records {
		number, _, _ := strings.Cut(name, "-")
		if other, taken := byNumber[number]; taken {
			t.Errorf("%s and %s have one number", other, name)
		}
		byNumber[number] = name
		link := "[" + strings.TrimLeft(number, "0") + "](" + name + ")"
		if strings.Count(string(index), link) != 1 {
			t.Errorf("docs/decisions/README.md needs one row with %s", link)
		}
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(b), "# "+strings.TrimLeft(number, "0")+". ") {
			t.Errorf("%s does not begin with its number, as in \"# 7. What was decided\"", name)
		}
	}
}
