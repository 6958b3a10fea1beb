package csvimport

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestADryRunPostsNothing(t *testing.T) {
	files := schoolFiles()
	files["marks.csv"] += "7,e99,12\n"
	cfg := importing(t, school, files, &fakeLedger{before: func(int, Request) (Answer, error) {
		t.Error("something was posted")
		return Answer{Status: 500}, nil
	}})
	cfg.DryRun = true
	r := mustRun(t, cfg)
	if !r.DryRun || r.Rows != schoolRows+1 || r.Commands != schoolCommands || !slices.Equal(said(r), []string{"marks.csv:602 exam not_found"}) {
		t.Errorf("the report is %+v", r)
	}
}

func TestAFileThatIsNoneHoldsUpNoOther(t *testing.T) {
	files := schoolFiles()
	files["marks.csv"] += "7,\"never closed\n"
	r := mustRun(t, importing(t, school, files, &fakeLedger{}))
	if got := said(r); !slices.Equal(got, []string{"marks.csv:602  bad_quoting"}) || r.Rows != 20 || r.Commands != 1+4*20 {
		t.Errorf("rejected %q, %+v", got, r)
	}
	files["students.csv"], files["marks.csv"] = "number\n1\n", "PK\x03\x04"
	ledger := &fakeLedger{}
	r, err := Run(t.Context(), importing(t, school, files, ledger), time.Now)
	if want := []string{"marks.csv:0  not_csv", "students.csv:1 result bad_header"}; !errors.Is(err, ErrNothing) || !slices.Equal(said(r), want) {
		t.Errorf("%v, rejected %q, want each file once", err, said(r))
	}
	if ledger.asked > 0 {
		t.Errorf("%d requests were made for nothing", ledger.asked)
	}
}

func TestAnImportStopsWhereGoingOnWouldBeWrong(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string // in the mapping
		file     string // is exams.csv
		refuse   func(Request) *Answer
		want     string
	}{
		"a lookup that is no CSV":     {file: "%PDF-1.7", want: "the lookup file exams.csv: not_csv"},
		"a lookup's row is wrong":     {file: "exam,course\ne1,c1\ne2\n", want: "the lookup file exams.csv, line 3: column_count"},
		"a lookup's key stands twice": {file: "exam,course\ne1,c1\ne1,c2\n", want: "the lookup file exams.csv, line 3: the exam of this row stands in an earlier one"},
		"preparing is refused": {file: "exam,course\n", refuse: func(q Request) *Answer {
			a := problem(403, "insufficient_scope", "no")
			return &a
		}, want: "preparing (/v1/institutions) was refused: insufficient_scope: no"},
		"an answer lacks what is saved": {old: `"student[number]": id`, new: `"student[number]": uniqueId`, file: "exam,course\n", want: "students.csv: line "},
	} {
		files := schoolFiles()
		files["exams.csv"] = c.file
		r, err := Run(t.Context(), importing(t, strings.Replace(school, c.old, c.new, 1), files, &fakeLedger{refuse: c.refuse}), time.Now)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if r.Rejected == nil || r.Refusals == nil {
			t.Errorf("%s: the report has no lists: %+v", name, r)
		}
	}
	files := schoolFiles()
	delete(files, "marks.csv")
	if _, err := Run(t.Context(), importing(t, school, files, &fakeLedger{}), time.Now); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "marks.csv") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestACellNamesNoOtherOperation: what stands in a path is one segment of it, whatever the
// cell holds, and a key that the API would not take is taken all the same.
func TestACellNamesNoOtherOperation(t *testing.T) {
	const mapping = `tenant: smallville
principals: {school: {role: school}}
files:
  - file: rows.csv
    columns: {id: {}, other: {}}
    steps:
      - {post: "/v1/students/{id}/voids", as: school, key: "void/{id}", body: {other: "{other|number}"}}
`
	ledger := &fakeLedger{}
	long := strings.Repeat("k", 124)
	r := mustRun(t, importing(t, mapping, map[string]string{"rows.csv": "id,other\n" +
		"a/../b?c=d#e,1\n" + "أمينة x,2\n" + ",3\n" + "z,\"1,\"\"actor\"\":2\"\n" + long + ",4\n"}, ledger))
	if want := []string{"rows.csv:4 id invalid_field", "rows.csv:5 other invalid_field"}; !slices.Equal(said(r), want) {
		t.Errorf("rejected %q, want %q", said(r), want)
	}
	var paths, keys []string
	for _, q := range ledger.order {
		paths = append(paths, q.Path)
		keys = append(keys, q.Key)
	}
	slices.Sort(paths)
	slices.Sort(keys)
	if want := []string{
		"/v1/students/%D8%A3%D9%85%D9%8A%D9%86%D8%A9%20x/voids", "/v1/students/a%2F..%2Fb%3Fc=d%23e/voids", "/v1/students/" + long + "/voids",
	}; !slices.Equal(paths, want) {
		t.Errorf("the paths are %q, want %q", paths, want)
	}
	if len(keys) != 3 || !strings.HasPrefix(keys[0], "sha256:") || len(keys[0]) != 71 || !strings.HasPrefix(keys[1], "sha256:") || keys[0] == keys[1] || keys[2] != "void/a/../b?c=d#e" {
		t.Errorf("the keys are %q", keys)
	}
}

// TestATableKeepsItsColumnsApart: "a,b" and "c" are not "a" and "b,c".
func TestATableKeepsItsColumnsApart(t *testing.T) {
	const mapping = `tenant: smallville
principals: {school: {role: school}}
files:
  - file: rows.csv
    columns: {a: {}, b: {}}
    steps:
      - {post: "/v1/things", as: school, key: "{a}|{b}", save: {"thing[a,b]": id}}
  - file: rows.csv
    columns: {a: {}, b: {}}
    steps:
      - {post: "/v1/uses", as: school, key: "use|{a}|{b}", body: {thing: "{thing[a,b]}"}}
`
	ledger := &fakeLedger{}
	mustRun(t, importing(t, mapping, map[string]string{"rows.csv": "a,b\nx/y,z\nx,y/z\n"}, ledger))
	for _, q := range ledger.order {
		if key, ok := strings.CutPrefix(q.Key, "use|"); ok && string(q.Body) != `{"thing":"id-`+key+`"}` {
			t.Errorf("%s uses %s", key, q.Body)
		}
	}
}
