package csvimport

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// fakeLedger answers as the ledger does: a key is executed once, and answered alike ever
// after. before and after are asked around each request, to fail on purpose.
type fakeLedger struct {
	// before answers instead of the ledger when it returns something; after does once the
	// command is recorded, as when a connection is lost with the answer on its way.
	before, after func(nth int, q Request) (Answer, error)
	// refuse is what rules say; nil for yes.
	refuse func(q Request) *Answer

	mu       sync.Mutex
	asked    int
	executed map[string]string // body by path and key
	order    []Request
}

func (f *fakeLedger) Post(ctx context.Context, q Request) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.before != nil {
		if a, err := f.before(f.asked, q); err != nil || a.Status != 0 {
			return a, err
		}
	}
	a := f.execute(q)
	if f.after != nil {
		if other, err := f.after(f.asked, q); err != nil || other.Status != 0 {
			return other, err
		}
	}
	return a, nil
}

func (f *fakeLedger) execute(q Request) Answer {
	if f.executed == nil {
		f.executed = map[string]string{}
	}
	name := q.As + " " + q.Path + " " + q.Key
	body, again := f.executed[name]
	if again && body != string(q.Body) {
		return problem(422, "idempotency_key_reused", "")
	}
	if f.refuse != nil {
		if a := f.refuse(q); a != nil {
			return *a
		}
	}
	if !again {
		f.executed[name] = string(q.Body)
		f.order = append(f.order, q)
	}
	return Answer{Status: 201, Body: fmt.Appendf(nil, `{"id":%q,"outcome":"met"}`, "id-"+q.Key), Replayed: again}
}

func problem(status int, code, detail string) Answer {
	b, err := json.Marshal(map[string]any{"code": code, "detail": detail})
	if err != nil {
		panic(err)
	}
	return Answer{Status: status, Body: b}
}

// school is a small import: students, and marks that they have in order.
const school = `tenant: smallville
principals:
  ministry: {role: ministry}
  school: {role: school, institution: "{institution['S']}"}
lookups:
  exam: {file: exams.csv, key: exam, columns: {exam: {}, course: {}}}
prepare:
  - {post: /v1/institutions, as: ministry, key: school, save: {"institution['S']": id}}
files:
  - &students
    file: students.csv
    columns: &columns {number: {type: integer, missing: invalid_field}, result: {pattern: "pass|fail"}}
    unique: [number]
    order: "{number}"
    steps:
      - {post: /v1/students, as: school, key: "student/{number}", body: {number: "{number}"}, save: {"student[number]": id}}
      - {post: "/v1/students/{student[number]}/enrollments", as: school, key: "enrollment/{number}", save: {$enrollment: id}}
  - file: marks.csv
    columns: {number: {}, exam: {}, score: {type: decimal, missing: score_missing}}
    unique: [number, exam]
    order: "{number}"
    steps:
      - post: /v1/grades
        as: school
        key: "grade/{exam}/{number}"
        body: {student: "{student[number]}", course: "{exam.course}", score: "{score|number}"}
  - <<: *students
    columns: *columns
    steps:
      - post: /v1/graduations
        as: school
        key: "graduation/{number}"
        refusals: count
        require: {member: outcome, is: met, code: requirements_not_met}
        body: {student: "{student[number]}", result: "{result}"}
        save: {$event: id}
      - {post: /v1/awards, as: school, key: "award/{number}", refusals: count, body: {event: "{$event}"}}
`

// schoolFiles has 20 students with 30 marks each.
func schoolFiles() map[string]string {
	files := map[string]string{"students.csv": "number,result\n", "exams.csv": "exam,course\n", "marks.csv": "number,exam,score\n"}
	for e := range 30 {
		files["exams.csv"] += fmt.Sprintf("e%d,c%d\n", e, e%3)
	}
	for s := range 20 {
		files["students.csv"] += fmt.Sprintf("%d,pass\n", s)
	}
	for e := range 30 { // the marks of one student stand apart
		for s := range 20 {
			files["marks.csv"] += fmt.Sprintf("%d,e%d,%d.5\n", s, e, e%20)
		}
	}
	return files
}

func importing(t *testing.T, mapping string, files map[string]string, p Poster) Config {
	t.Helper()
	m, err := parseMapping([]byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Config{Mapping: m, Dir: dir, Poster: p, Workers: 8}
}

func mustRun(t *testing.T, cfg Config) Report {
	t.Helper()
	r, err := Run(t.Context(), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
