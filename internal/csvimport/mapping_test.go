package csvimport

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheShippedMappingCompiles(t *testing.T) {
	m, err := Load("../../examples/oulad/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 4 {
		t.Errorf("%d files, want 4", len(m.Files))
	}
}

// small is a mapping that is as it should be; tests spoil a copy.
const small = `tenant: smallville
principals:
  ministry: {role: ministry}
  school: {role: school, institution: "{institution['S']}"}
codes:
  sex: {F: Female, M: Male}
lookups:
  module:
    file: modules.csv
    key: code
    columns: {code: {}, title: {}}
prepare:
  - post: /v1/institutions
    as: ministry
    key: school
    save: {"institution['S']": id}
files:
  - &students
    file: students.csv
    columns: {number: {type: integer}, code: {}, sex: {pattern: "[FM]"}}
    unique: [number]
    order: "{number}"
    steps:
      - post: /v1/students
        as: school
        key: "student/{number}"
        body:
          sex: "{sex|code:sex}"
        save: {"student[number]": id}
      - post: "/v1/students/{student[number]}/enrollments"
        as: school
        key: "enrollment/{number}"
        save: {"$enrollment": id}
      - post: "/v1/enrollments/{$enrollment}/titles"
        as: school
        when: {sex: [F]}
        key: "title/{number}"
        body: {title: "{module.title}"}
  - <<: *students
    steps:
      - {post: /v1/results, as: school, key: "result/{number}"}
`

func TestAMappingIsRefusedWithLineAndStep(t *testing.T) {
	if _, err := parseMapping([]byte(small)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no tenant":                          {"tenant: smallville", "", "tenant is missing"},
		"an empty file":                      {small, "", "tenant is missing"},
		"no files":                           {small, "tenant: smallville", "files is empty"},
		"a member that is none":              {"unique:", "uniqe:", "line 21: field uniqe not found"},
		"a step's member that is none":       {"when:", "if:", "line 36: field if not found"},
		"no YAML":                            {"tenant: smallville", "tenant: [", "yaml: "},
		"a list where members are":           {small, "- 1", "line 1: "},
		"a type that is none":                {"{type: integer}", "{type: number}", "line 18: file students.csv: column number has type number"},
		"a pattern that is none":             {`"[FM]"`, `"[FM"`, "line 18: file students.csv: column sex: error parsing regexp"},
		"unique names no column":             {"unique: [number]", "unique: [id]", "line 18: file students.csv: unique names the column id"},
		"order names no column":              {`order: "{number}"`, `order: "{id}"`, "line 18: file students.csv: order: \"{id}\": there is no column id"},
		"a file without a name":              {"file: students.csv", "file: ''", "line 18: file : file is missing"},
		"a file without steps":               {"    steps:\n      - {post: /v1/results, as: school, key: \"result/{number}\"}", "    steps: []", "line 39: file students.csv: steps is empty"},
		"a second file's step":               {`key: "result/{number}"`, `key: "result/{id}"`, "line 41: file students.csv, step 1: key: \"result/{id}\": there is no column id"},
		"nobody posts":                       {"        as: school\n        key: \"student/{number}\"", "        key: \"student/{number}\"", `line 24: file students.csv, step 1: as: there is no principal ""`},
		"somebody unheard of posts":          {"as: ministry", "as: minister", `line 13: prepare, step 1: as: there is no principal "minister"`},
		"a path that is none":                {"post: /v1/institutions", "post: v1/institutions", "line 13: prepare, step 1: post is the path"},
		"a path of an unknown table":         {"{student[number]}/enrollments", "{pupil[number]}/enrollments", "line 30: file students.csv, step 2: post: "},
		"no key":                             {"    key: school\n", "", "line 13: prepare, step 1: key is missing"},
		"a key that is the same in all":      {`key: "student/{number}"`, `key: student`, "line 24: file students.csv, step 1: key names no column"},
		"a body with an unknown code list":   {"|code:sex}", "|code:gender}", "line 24: file students.csv, step 1: body: line 28: \"{sex|code:gender}\": there is no code list gender"},
		"a condition on no column":           {"when: {sex: [F]}", "when: {gender: [F]}", "line 34: file students.csv, step 3: when names the column gender"},
		"a condition before the first row":   {"    key: school\n", "    key: school\n    when: {sex: [F]}\n", "line 13: prepare, step 1: when: "},
		"a column before the first row":      {"    key: school\n", "    key: \"school/{number}\"\n", "line 13: prepare, step 1: key: "},
		"a local before the first row":       {`save: {"institution['S']": id}`, `save: {"institution['S']": id, "$x": id}`, "line 13: prepare, step 1: save: $x: "},
		"a local before it is saved":         {`key: "student/{number}"`, `key: "student/{$enrollment}"`, "line 24: file students.csv, step 1: key: "},
		"a local without a name":             {`"$enrollment": id`, `"$": id, "$enrollment": id`, "step 2: save: $ has no name"},
		"saving into nothing":                {`"student[number]": id`, `"student": id, "student[number]": id`, `step 1: save: "student" is neither`},
		"saving no member":                   {`"$enrollment": id`, `"$enrollment": ""`, `step 2: save: "" names no member`},
		"saving what cannot be filled":       {`"$enrollment": id`, `"$enrollment": "={id}"`, "step 2: save: "},
		"refusals of another kind":           {"        when: {sex: [F]}", "        refusals: ignore", `step 3: refusals is "ignore"`},
		"a requirement without a code":       {"        when: {sex: [F]}", "        require: {member: outcome, is: met}", "step 3: require names"},
		"an institution of an unknown table": {"institution['S']}\"}", "school['S']}\"}", "principal school: institution: "},
		"a lookup without its key":           {"key: code\n", "key: number\n", `lookup module: key names the column "number"`},
		"a lookup of a wrong type":           {"{code: {}, title: {}}", "{code: {type: id}, title: {}}", "lookup module: column code has type id"},
		"a row that has not the lookup's":    {"{number: {type: integer}, code: {},", "{number: {type: integer},", "no column code to look module.title up by"},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Errorf("%s: nothing was replaced", name)
		}
		if _, err := parseMapping([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no file: %v", err)
	}
	for _, text := range []string{"tenant: x", "tenat: x", "{"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(small))
	for _, s := range []string{
		"tenant: x\nprincipals: {p: {role: r}}\nfiles: [{file: f, columns: {a: {}}, steps: [{post: /x, as: p, key: '{a}', body: &b {c: *b}}]}]",
		"tenant: x\nprincipals: {p: {role: r}}\nfiles:\n- &f {<<: *f, file: f}\n", "files: &a [*a]", "prepare: &p\n- <<: *p\n", "? {a: b}\n: c", "files: {file: x}",
		"tenant: &t x\nfiles: [null]", "tenant: x\nfiles: [&f {file: f}, *f]\nprepare: *f",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMapping(b)
		if err != nil {
			return
		}
		if m.Tenant == "" || len(m.Files) == 0 {
			t.Error("a mapping of nothing is taken")
		}
	})
}
