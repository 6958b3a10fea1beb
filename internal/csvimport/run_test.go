package csvimport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	schoolRows     = 20 + 600
	schoolCommands = 1 + 20*2 + 600 + 20*2
)

// inOrder fails unless every student's marks came as the file has them, behind the student.
func inOrder(t *testing.T, order []Request) {
	t.Helper()
	marks, begun := map[string]int{}, map[string]bool{}
	for _, q := range order {
		what, rest, _ := strings.Cut(q.Key, "/")
		switch what {
		case "student":
			begun[rest] = true
		case "grade":
			exam, number, _ := strings.Cut(rest, "/")
			if want := fmt.Sprintf("e%d", marks[number]); exam != want || !begun[number] {
				t.Fatalf("student %s, begun %v: mark %s came, want %s", number, begun[number], exam, want)
			}
			marks[number]++
		}
	}
}

func TestEachRowIsPostedOnceAndInOrder(t *testing.T) {
	ledger := &fakeLedger{}
	cfg := importing(t, school, schoolFiles(), ledger)
	var rows, left atomic.Int64
	cfg.Progress = func(p Progress) { rows.Add(1); left.Store(int64(p.Left)) }
	r := mustRun(t, cfg)
	if r.Rows != schoolRows || r.Commands != schoolCommands || r.Duplicates != 0 || len(r.Rejected) != 0 || len(r.Refusals) != 0 {
		t.Errorf("the report is %+v", r)
	}
	if len(ledger.order) != schoolCommands || rows.Load() != schoolRows+20 {
		t.Errorf("%d commands were executed, %d rows shown", len(ledger.order), rows.Load())
	}
	inOrder(t, ledger.order)
	for _, q := range ledger.order {
		if q.Key == "grade/e4/7" {
			if got := string(q.Body); got != `{"student":"id-student/7","course":"c1","score":4.5}` || q.Path != "/v1/grades" || q.Institution != "id-school" || q.Role != "school" {
				t.Errorf("a mark is posted as %+v %s", q, got)
			}
		}
	}
	again := mustRun(t, cfg)
	if again.Commands != schoolCommands || again.Duplicates != schoolCommands || len(ledger.order) != schoolCommands {
		t.Errorf("the second run's report is %+v, and %d commands were executed", again, len(ledger.order))
	}
}

// away answers nothing that helps for 5 s, from the 200th request on.
func away() *fakeLedger {
	var since time.Time
	return &fakeLedger{after: func(nth int, _ Request) (Answer, error) {
		if nth == 200 {
			since = time.Now()
		}
		if !since.IsZero() && time.Since(since) < 5*time.Second {
			return Answer{Status: 502, Body: []byte("<html>")}, nil
		}
		return Answer{}, nil
	}}
}

var errLost = errors.New("connection reset by peer")

func TestTroubleThatPassesIsWaitedFor(t *testing.T) {
	for name, ledger := range map[string]*fakeLedger{
		"a busy server": {before: func(nth int, _ Request) (Answer, error) {
			if nth%5 == 0 {
				return problem(503, "overloaded", ""), nil
			}
			return Answer{}, nil
		}},
		"a limit of requests": {before: func(nth int, _ Request) (Answer, error) {
			if nth%3 == 0 {
				return problem(429, "rate_limited", ""), nil
			}
			return Answer{}, nil
		}},
		"connections lost before": {before: func(nth int, _ Request) (Answer, error) {
			if nth%4 == 0 {
				return Answer{}, errLost
			}
			return Answer{}, nil
		}},
		"connections lost behind": {after: func(nth int, _ Request) (Answer, error) {
			if nth%4 == 0 {
				return Answer{}, errLost
			}
			return Answer{}, nil
		}},
		"a server that is away for 5 s": away(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := mustRun(t, importing(t, school, schoolFiles(), ledger))
				if r.Commands != schoolCommands || len(ledger.order) != schoolCommands || len(r.Rejected) != 0 {
					t.Errorf("the report is %+v, and %d commands were executed", r, len(ledger.order))
				}
				if ledger.after != nil && r.Duplicates == 0 {
					t.Error("no repetition was noticed")
				}
				inOrder(t, ledger.order)
			})
		})
	}
}

func TestAnImportThatWasCutGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		ledger := &fakeLedger{}
		ledger.before = func(int, Request) (Answer, error) {
			if down && len(ledger.order) >= 300 {
				return problem(503, "overloaded", ""), nil
			}
			return Answer{}, nil
		}
		cfg := importing(t, school, schoolFiles(), ledger)
		began := time.Now()
		r, err := Run(t.Context(), cfg, time.Now)
		if err == nil || !strings.Contains(err.Error(), "marks.csv: line ") || !strings.Contains(err.Error(), "answers 503 (overloaded)") {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took < 20*time.Second || took > time.Minute {
			t.Errorf("the import gave up after %s", took)
		}
		if r.Rows != schoolRows || r.Commands != 300 || len(ledger.order) != 300 {
			t.Errorf("the report is %+v, and %d commands were executed", r, len(ledger.order))
		}
		down = false
		r = mustRun(t, cfg)
		if r.Commands != schoolCommands || r.Duplicates != 300 || len(ledger.order) != schoolCommands {
			t.Errorf("the second report is %+v, and %d commands were executed", r, len(ledger.order))
		}
		inOrder(t, ledger.order)
	})
}

func TestAnImportStopsWhenItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		ledger := &fakeLedger{before: func(nth int, _ Request) (Answer, error) {
			if nth == 100 {
				stop()
			}
			return Answer{}, nil
		}}
		r, err := Run(ctx, importing(t, school, schoolFiles(), ledger), time.Now)
		if !errors.Is(err, context.Canceled) || r.Commands < 90 || r.Commands > 110 {
			t.Errorf("%v, with %d commands", err, r.Commands)
		}
	})
}

// said is the rejections as "file:line column reason".
func said(r Report) []string {
	list := []string{}
	for _, j := range r.Rejected {
		list = append(list, fmt.Sprintf("%s:%d %s %s", j.File, j.Line, j.Column, j.Reason))
	}
	return list
}

func TestRefusalsAreReportedOrCounted(t *testing.T) {
	files := schoolFiles()
	files["students.csv"] = "number,result\n1,pass\n2,fail\nx,pass\n4,pass\n5,pass\n1,pass\n,\n"
	files["marks.csv"] = "number,exam,score\n1,e1,12\n1,e2,\n1,e99,3\n2,e1,\"12,5\"\n4,e1,2\n9,e1,2\n5,e1,7\n"
	ledger := &fakeLedger{refuse: func(q Request) *Answer {
		var a Answer
		switch {
		case q.Key == "enrollment/4":
			a = problem(409, "already_enrolled", "elsewhere")
		case q.Key == "grade/e1/5":
			a = Answer{Status: 422, Body: []byte(`{"code":"invalid_field","errors":[{"location":"body.score","message":"expected number"}]}`)}
		case q.Key == "graduation/1":
			return nil
		case q.Key == "graduation/2":
			a = Answer{Status: 201, Body: []byte(`{"id":"x","outcome":"gaps"}`)}
		case q.Key == "graduation/5":
			a = Answer{Status: 404, Body: []byte(`not found`)}
		default:
			return nil
		}
		return &a
	}}
	r := mustRun(t, importing(t, school, files, ledger))
	want := []string{
		"marks.csv:3 score score_missing", "marks.csv:4 exam not_found", "marks.csv:5 score invalid_field", "marks.csv:7 number not_found", "marks.csv:8  invalid_field",
		"students.csv:4 number invalid_field", "students.csv:5  already_enrolled", "students.csv:7  duplicate", "students.csv:8 number invalid_field",
	}
	if got := said(r); !slices.Equal(got, want) {
		t.Errorf("rejected %q, want %q", got, want)
	}
	if len(r.Refusals) != 2 || r.Refusals["requirements_not_met"] != 1 || r.Refusals["http_404"] != 1 {
		t.Errorf("the refusals are %v", r.Refusals)
	}
	if r.Rows != 7+7 {
		t.Errorf("%d rows", r.Rows)
	}
	for _, j := range r.Rejected {
		if j.Reason == "invalid_field" && j.Line == 8 && j.File == "marks.csv" && j.Detail != "body.score: expected number" {
			t.Errorf("the ledger's words are reported as %q", j.Detail)
		}
	}
	for _, q := range ledger.order {
		if q.Key == "award/2" || q.Key == "award/5" {
			t.Errorf("%s was posted after a refusal", q.Key)
		}
	}
}

// TestARowThatCannotBePostedIsNotCountedAsRefused: the rules had no say in it.
func TestARowThatCannotBePostedIsNotCountedAsRefused(t *testing.T) {
	ledger := &fakeLedger{refuse: func(q Request) *Answer {
		if q.Key != "student/3" {
			return nil
		}
		a := problem(422, "name_missing", "")
		return &a
	}}
	r := mustRun(t, importing(t, school, map[string]string{
		"students.csv": "number,result\n3,pass\n4,pass\n", "exams.csv": "exam,course\n", "marks.csv": "number,exam,score\n1,e1,\n",
	}, ledger))
	want := []string{"marks.csv:2 score score_missing", "students.csv:2  name_missing", "students.csv:2 number not_found"}
	if got := said(r); !slices.Equal(got, want) || len(r.Refusals) != 0 {
		t.Errorf("rejected %q, refused %v, want %q and none", got, r.Refusals, want)
	}
}
