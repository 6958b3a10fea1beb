package csvimport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// results is a file of course results as schools send them.
func results() *File {
	return &File{
		Name: "results.csv", Unique: []string{"student_id", "course_code", "term"},
		Columns: map[string]Column{
			"student_id":  {Missing: "invalid_field", pattern: regexp.MustCompile(`^S\d{5}$`)},
			"family_name": {}, "given_name": {},
			"course_code": {Missing: "invalid_field"}, "term": {Missing: "invalid_field"},
			"grade":      {Type: "decimal", Missing: "score_missing", pattern: regexp.MustCompile(`^(\d|1\d|20)(\.\d+)?$`)},
			"awarded_on": {Type: "date", Missing: "invalid_field"},
		},
	}
}

// judged is what came of one file: the rows taken, and each rejection as "line column reason".
type judged struct {
	rows    []map[string]string
	lines   []int
	rejects []string
}

// judge reads bytes as an import does: all of them first, then row by row.
func judge(t testing.TB, b []byte, f *File) judged {
	t.Helper()
	var j judged
	reject := func(r *reject) {
		j.rejects = append(j.rejects, strings.TrimSpace(fmt.Sprintf("%d %s %s", r.line, r.column, r.reason)))
		if r.detail == "" {
			t.Errorf("%s is rejected without a word", j.rejects[len(j.rejects)-1])
		}
	}
	r, rej, err := newReader(bytes.NewReader(b), f.Columns)
	if err != nil {
		t.Fatal(err)
	}
	if rej != nil {
		reject(rej)
		return j
	}
	s, rej, err := r.survey(f.Unique)
	if err != nil {
		t.Fatal(err)
	}
	if rej != nil {
		if !rej.file {
			t.Errorf("a survey rejected a single row: %+v", rej)
		}
		reject(rej)
		return j
	}
	if r, _, err = newReader(bytes.NewReader(b), f.Columns); err != nil {
		t.Fatal(err)
	}
	for {
		line, values, rej, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if rej == nil {
			rej = s.rejects[line]
		}
		if rej != nil {
			reject(rej)
			continue
		}
		j.rows, j.lines = append(j.rows, values), append(j.lines, line)
	}
	if s.rows != len(j.rows)+len(j.rejects) {
		t.Errorf("%d rows were counted, and %d taken and %d rejected", s.rows, len(j.rows), len(j.rejects))
	}
	return j
}

// TestHostileFiles holds testdata/hostile against the verdicts of its manifest.
func TestHostileFiles(t *testing.T) {
	manifest, err := os.Open("testdata/hostile/manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	// The line in which each wrong row stands, or where a quote that never closes was opened.
	lines := map[string][]string{
		"row--bad-grade-in-the-middle": {"12 grade invalid_field"}, "row--invalid-utf8-row": {"3 family_name bad_encoding"},
		"row--latin1-file": {"3 family_name bad_encoding"}, "row--nul": {"3 family_name bad_encoding"},
		"row--ragged-short": {"3  column_count"}, "row--ragged-long": {"3  column_count"},
		"row--conflicting-duplicates": {"2  conflict", "3  conflict"}, "row--exact-duplicates": {"3  duplicate"},
		"row--excel-mangled-id": {"3 student_id invalid_field"}, "row--date-ambiguous": {"3 awarded_on invalid_field"},
		"row--decimal-comma": {"3 grade invalid_field"}, "file--unbalanced-quote": {"3  bad_quoting"},
		"file--empty": {"0  empty_file"}, "file--header-only": {"0  empty_file"}, "file--no-header": {"1  bad_header"},
		"file--duplicate-header": {"1 grade bad_header"}, "file--unknown-column": {"1  bad_header"}, "file--utf16le": {"0  bad_encoding"},
		"file--binary-xlsx": {"0  not_csv"}, "file--pdf": {"0  not_csv"}, "file--html": {"0  not_csv"},
	}
	seen := 0
	for d := json.NewDecoder(manifest); ; seen++ {
		var c struct {
			File, Verdict, Reason string
			RowsOK, RowsRejected  int
		}
		if err := d.Decode(&c); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join("testdata/hostile", c.File))
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(c.File, ".csv"), "-")
		f := results()
		if name == "row--bad-grade-in-the-middle" {
			f.Unique = nil // its good rows repeat students and courses, which is not the case's point
		}
		got := judge(t, b, f)
		if len(got.rows) != c.RowsOK {
			t.Errorf("%s: %d rows are taken, want %d (rejected: %q)", name, len(got.rows), c.RowsOK, got.rejects)
		}
		if want := lines[name]; !slices.Equal(got.rejects, want) {
			t.Errorf("%s: rejected %q, want %q", name, got.rejects, want)
		}
		if c.Verdict == "reject" && (len(lines[name]) == 0 || !strings.HasSuffix(lines[name][0], c.Reason)) {
			t.Errorf("%s: the manifest wants %s, the test %q", name, c.Reason, lines[name])
		}
	}
	if seen != 36 {
		t.Errorf("%d files were judged", seen)
	}
}

func TestValuesAreTakenAsTheyStand(t *testing.T) {
	read := func(name string) []byte {
		list, err := filepath.Glob("testdata/hostile/*--" + name + ".csv")
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v %v", name, list, err)
		}
		b, err := os.ReadFile(list[0])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for file, want := range map[string]map[string]string{
		"null-the-name":     {"family_name": "Null", "given_name": "True"},
		"bom":               {"student_id": "S00000", "grade": "8.5"},
		"semicolon":         {"family_name": "OConnor", "given_name": "محمد"},
		"reordered-columns": {"student_id": "S00001", "grade": "12", "family_name": "B"},
		"v00":               {"family_name": "=1+1"},
		"crlf":              {"awarded_on": "2026-06-20"},
	} {
		got := judge(t, read(file), results())
		if len(got.rows) == 0 {
			t.Errorf("%s: nothing is taken", file)
			continue
		}
		for column, v := range want {
			if got.rows[0][column] != v {
				t.Errorf("%s: %s is %q, want %q", file, column, got.rows[0][column], v)
			}
		}
	}
	if got := judge(t, read("quoted-newline"), results()); got.rows[1]["family_name"] != "Two\nLines" || !slices.Equal(got.lines, []int{2, 3}) {
		t.Errorf("a quoted line feed is read as %q in lines %v", got.rows, got.lines)
	}
}
