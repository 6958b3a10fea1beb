package csvimport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Poster sends one request and gives the answer. It is called concurrently.
type Poster interface {
	Post(ctx context.Context, r Request) (Answer, error)
}

// Request is one POST.
type Request struct {
	// As is the principal's name in the mapping, Role its role, and Institution the one it acts
	// for, "" for the authority.
	As, Role, Institution string
	Path, Key             string
	Body                  []byte
}

// Answer is an HTTP answer.
type Answer struct {
	Status int
	Body   []byte
	// Replayed: the command had been executed before and nothing was appended.
	Replayed bool
}

// Config says what to import.
type Config struct {
	Mapping *Mapping
	Dir     string
	Poster  Poster
	// DryRun reads, checks and builds every request, and posts none.
	DryRun bool
	// Workers is how many rows are under way at once; 0 means 256.
	Workers int
	// Progress hears of every row done; may be nil. It is called concurrently.
	Progress func(p Progress)
}

// Progress is how far the import is.
type Progress struct {
	File            string
	FileRows, Rows  int // done
	FileTotal, Left int
}

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
	Certificates int            `json:"certificates"`
	Rejected     []Rejected     `json:"rejected"`
	Refusals     map[string]int `json:"refusals"`
	Seconds      float64        `json:"seconds"`
	DryRun       bool           `json:"dryRun,omitempty"`
}

// Rejected is one row, or one file, that was not taken. It never repeats a value.
type Rejected struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// row is one row under way.
type row struct {
	columns map[string]string
	locals  map[string]string
	lookups map[string]map[string]map[string]string
	saved   *saved
	line    int
}

type run struct {
	Config
	saved   *saved
	lookups map[string]map[string]map[string]string
	total   int
	done    atomic.Int64

	mu     sync.Mutex
	report Report
}

// ErrNothing: no file could be read.
var ErrNothing = errors.New("nothing was imported")

// Run imports. Rows that are not taken are in the report; an error means that the import
// stopped: what was recorded until then stays, and running it again goes on from there.
func Run(ctx context.Context, cfg Config, now func() time.Time) (Report, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 256
	}
	began := now()
	r := &run{
		Config: cfg, saved: &saved{tables: map[string]map[string]string{}, dry: cfg.DryRun},
		lookups: map[string]map[string]map[string]string{},
		report:  Report{Rejected: []Rejected{}, Refusals: map[string]int{}, DryRun: cfg.DryRun},
	}
	err := r.all(ctx)
	slices.SortStableFunc(r.report.Rejected, func(a, b Rejected) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	r.report.Seconds = now().Sub(began).Seconds()
	return r.report, err
}

func (r *run) all(ctx context.Context) error {
	for name, l := range r.Mapping.Lookups {
		if err := r.readLookup(name, l); err != nil {
			return err
		}
	}
	surveys := make([]*survey, len(r.Mapping.Files))
	for i := range r.Mapping.Files {
		f := &r.Mapping.Files[i]
		s, rej, err := look(filepath.Join(r.Dir, f.Name), f)
		if err != nil {
			return err
		}
		if rej != nil {
			r.rejected(f.Name, rej)
			continue
		}
		surveys[i], r.total = &s, r.total+s.rows
		if !slices.ContainsFunc(r.Mapping.Files[:i], func(g File) bool { return g.Name == f.Name }) {
			r.report.Rows += s.rows // a file that is gone through twice has its rows once
		}
	}
	if r.total == 0 {
		return ErrNothing
	}
	for i := range r.Mapping.Prepare {
		one := &row{locals: map[string]string{}, lookups: r.lookups, saved: r.saved}
		if rej, err := r.step(ctx, &r.Mapping.Prepare[i], one); err != nil {
			return err
		} else if rej != nil {
			return fmt.Errorf("preparing (%s) was refused: %s: %s", r.Mapping.Prepare[i].Post, rej.reason, rej.detail)
		}
	}
	for i, s := range surveys {
		if s == nil {
			continue
		}
		if err := r.file(ctx, &r.Mapping.Files[i], s); err != nil {
			return fmt.Errorf("%s: %w", r.Mapping.Files[i].Name, err)
		}
	}
	return nil
}

func (r *run) readLookup(name string, l Lookup) error {
	rd, rej, err := open(filepath.Join(r.Dir, l.File), l.Columns)
	if err != nil {
		return err
	}
	if rej != nil {
		return fmt.Errorf("the lookup file %s: %s: %s", l.File, rej.reason, rej.detail)
	}
	defer rd.close()
	rows := map[string]map[string]string{}
	for {
		_, values, rej, err := rd.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if rej != nil {
			return fmt.Errorf("the lookup file %s, line %d: %s: %s", l.File, rej.line, rej.reason, rej.detail)
		}
		rows[values[l.Key]] = values
	}
	r.lookups[name] = rows
	return nil
}

// file posts the rows of one file: workers take them by their order value, so that rows that
// belong together stay in order.
func (r *run) file(ctx context.Context, f *File, s *survey) error {
	rd, rej, err := open(filepath.Join(r.Dir, f.Name), f.Columns)
	if err != nil {
		return err
	}
	if rej != nil {
		return fmt.Errorf("the file changed while it was read: %s", rej.detail)
	}
	defer rd.close()
	order, err := parseTemplate(r.Mapping, f, f.Order)
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lanes := make([]chan *row, r.Workers)
	var wg sync.WaitGroup
	var fileDone atomic.Int64
	for i := range lanes {
		lanes[i] = make(chan *row, 4)
		wg.Go(func() {
			for one := range lanes[i] {
				if ctx.Err() != nil {
					continue
				}
				if err := r.row(ctx, f, one); err != nil {
					stop(err)
					continue
				}
				r.advance(f, int(fileDone.Add(1)), s.rows)
			}
		})
	}
	err = r.feed(ctx, f, s, rd, order, lanes, func() { r.advance(f, int(fileDone.Add(1)), s.rows) })
	for _, l := range lanes {
		close(l)
	}
	wg.Wait()
	return errors.Join(err, context.Cause(ctx))
}

func (r *run) feed(ctx context.Context, f *File, s *survey, rd *reader, order *template, lanes []chan *row, skipped func()) error {
	for n := 0; ; n++ {
		line, values, rej, err := rd.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if rej == nil {
			rej = s.rejects[line]
		}
		if rej != nil {
			r.rejected(f.Name, rej)
			skipped()
			continue
		}
		one := &row{columns: values, locals: map[string]string{}, lookups: r.lookups, saved: r.saved, line: line}
		lane := n % len(lanes)
		if f.Order != "" {
			v, _, rej := order.fill(one)
			if rej != nil {
				rej.line = line
				r.rejected(f.Name, rej)
				skipped()
				continue
			}
			h := fnv.New32a()
			h.Write([]byte(v))
			lane = int(h.Sum32() % uint32(len(lanes)))
		}
		select {
		case lanes[lane] <- one:
		case <-ctx.Done():
			return nil // the cause says why
		}
	}
}

func (r *run) row(ctx context.Context, f *File, one *row) error {
	for i := range f.Steps {
		s := &f.Steps[i]
		if !applies(s, one) {
			continue
		}
		rej, err := r.step(ctx, s, one)
		if err != nil {
			return fmt.Errorf("line %d: %w", one.line, err)
		}
		if rej != nil && s.Refusals == "count" {
			r.mu.Lock()
			r.report.Refusals[rej.reason]++
			r.mu.Unlock()
			return nil
		}
		if rej != nil {
			rej.line = one.line
			r.rejected(f.Name, rej)
			return nil
		}
	}
	return nil
}

func applies(s *Step, one *row) bool {
	for column, values := range s.When {
		if !slices.Contains(values, one.columns[column]) {
			return false
		}
	}
	return true
}

// step builds and posts one request, and keeps what the answer gives.
func (r *run) step(ctx context.Context, s *Step, one *row) (*reject, error) {
	key, _, rej := s.key.fill(one)
	if rej != nil {
		return rej, nil
	}
	path, _, rej := s.post.fill(one)
	if rej != nil {
		return rej, nil
	}
	var body bytes.Buffer
	if s.body != nil {
		if _, rej := s.body.write(&body, one); rej != nil {
			return rej, nil
		}
	}
	if r.DryRun {
		r.count(false)
		return nil, r.save(s, one, nil)
	}
	as := r.Mapping.Principals[s.As]
	institution, _, rej := as.institution.fill(one)
	if rej != nil {
		return rej, nil
	}
	a, err := r.post(ctx, Request{As: s.As, Role: as.Role, Institution: institution, Path: path, Key: key, Body: body.Bytes()})
	if err != nil {
		return nil, err
	}
	if a.Status/100 != 2 {
		return refusal(a), nil
	}
	r.count(a.Replayed)
	if q := s.Require; q != nil && memberOf(a.Body, strings.Split(q.Member, ".")) != q.Is {
		return &reject{reason: q.Code}, nil
	}
	return nil, r.save(s, one, a.Body)
}

func (r *run) count(replayed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Commands++
	if replayed {
		r.report.Duplicates++
	}
}

func (r *run) save(s *Step, one *row, answer []byte) error {
	for _, v := range s.save {
		value := "00000000-0000-4000-8000-000000000000"
		switch {
		case v.value != nil:
			text, _, rej := v.value.fill(one)
			if rej != nil {
				return fmt.Errorf("saving at %s: %s", s.Post, rej.detail)
			}
			value = text
		case !r.DryRun:
			value = memberOf(answer, v.member)
		}
		if value == "" {
			return fmt.Errorf("the answer of %s has no member %s", s.Post, strings.Join(v.member, "."))
		}
		if v.local != "" {
			one.locals[v.local] = value
			continue
		}
		key, _, rej := v.key.fill(one)
		if rej != nil {
			return fmt.Errorf("saving an answer of %s: %s", s.Post, rej.detail)
		}
		r.saved.set(v.table, key, value)
	}
	return nil
}

// refusal is a problem document (RFC 9457) as a reason.
func refusal(a Answer) *reject {
	code := memberOf(a.Body, []string{"code"})
	if code == "" {
		code = fmt.Sprintf("http_%d", a.Status)
	}
	var p struct {
		Detail string `json:"detail"`
		Errors []struct {
			Location string `json:"location"`
			Message  string `json:"message"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(a.Body, &p) // another body leaves the code
	for _, e := range p.Errors {
		p.Detail += "; " + e.Location + ": " + e.Message
	}
	return &reject{reason: code, detail: p.Detail}
}

const (
	maxPosts  = 8
	postPause = 200 * time.Millisecond
)

// post repeats, under the same key, what a busy or restarting server did not answer.
func (r *run) post(ctx context.Context, q Request) (a Answer, err error) {
	for try := range maxPosts {
		a, err = r.Poster.Post(ctx, q)
		if err == nil && a.Status != http.StatusTooManyRequests && a.Status < 500 {
			return a, nil
		}
		select {
		case <-time.After(postPause << try):
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
	if err != nil {
		return a, fmt.Errorf("posting %s: %w", q.Path, err)
	}
	return a, fmt.Errorf("posting %s: the ledger answers %d (%s): run the import again when it is well", q.Path, a.Status, refusal(a).reason)
}

func (r *run) rejected(file string, rej *reject) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Rejected = append(r.report.Rejected, Rejected{file, rej.line, rej.column, rej.reason, rej.detail})
}

func (r *run) advance(f *File, fileDone, fileTotal int) {
	n := int(r.done.Add(1))
	if r.Progress != nil {
		r.Progress(Progress{File: f.Name, FileRows: fileDone, Rows: n, FileTotal: fileTotal, Left: r.total - n})
	}
}
