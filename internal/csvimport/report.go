package csvimport

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Report is what an import did. The JSON is what `sijil import --json` prints.
type Report struct {
	// Rows read, whether taken or not.
	Rows int `json:"rows"`
	// Commands the ledger accepted, now or earlier.
	Commands int `json:"commands"`
	// Appended events of this run.
	Appended int `json:"appended"`
	// Duplicates are commands that had been executed before.
	Duplicates int `json:"duplicates"`
	// Certificates are signed credentials after the run.
	Certificates int `json:"certificates"`
	// Rejected rows and files, by file and line, each thing said once.
	Rejected []Rejected `json:"rejected"`
	// Refusals by code of the steps that rules are expected to refuse.
	Refusals map[string]int `json:"refusals"`
	Seconds  float64        `json:"seconds"`
	DryRun   bool           `json:"dryRun,omitempty"`
}

// Rejected is one row, or one file, that was not taken. It never repeats a value.
type Rejected struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Progress is how far the import is.
type Progress struct {
	File            string
	FileRows, Rows  int // done
	FileTotal, Left int
}

// tally is the report in the making.
type tally struct {
	mu     sync.Mutex
	report Report
}

func (t *tally) rejected(file string, rej *reject) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Rejected = append(t.report.Rejected, Rejected{file, rej.line, rej.column, rej.reason, rej.detail})
}

func (t *tally) refused(code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Refusals[code]++
}

func (t *tally) command(replayed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Commands++
	if replayed {
		t.report.Duplicates++
	}
}

// finish sorts what was rejected. A file that is gone through twice is judged twice.
func (t *tally) finish() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortFunc(t.report.Rejected, func(a, b Rejected) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Column, b.Column),
			strings.Compare(a.Reason, b.Reason), strings.Compare(a.Detail, b.Detail))
	})
	t.report.Rejected = slices.Compact(t.report.Rejected)
	return t.report
}
