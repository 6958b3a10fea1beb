package csvimport

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what to import.
type Config struct {
	Mapping *Mapping
	Dir     string
	Poster  Poster
	// DryRun reads, checks and builds every request, and posts none.
	DryRun bool
	// Workers is how many rows are under way at once; 0 means 96.
	Workers int
	// Progress hears of every row done; may be nil. It is called concurrently.
	Progress func(p Progress)
}

// row is one row under way.
type row struct {
	columns map[string]string
	locals  map[string]string
	lookups lookups
	saved   *saved
	line    int
}

// lookups are rows by the lookup's name and key.
type lookups map[string]map[string]map[string]string

type run struct {
	Config
	tally
	saved   *saved
	lookups lookups
	total   int
	done    atomic.Int64
}

// ErrNothing: no file could be read.
var ErrNothing = errors.New("nothing was imported")

// Run imports. Rows that are not taken are in the report; an error means that the import
// stopped: what was recorded until then stays, and running it again goes on from there.
func Run(ctx context.Context, cfg Config, now func() time.Time) (Report, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 96
	}
	began := now()
	r := &run{Config: cfg, saved: &saved{tables: map[string]map[string]string{}}, lookups: lookups{}}
	r.report = Report{Rejected: []Rejected{}, Refusals: map[string]int{}, DryRun: cfg.DryRun}
	err := r.all(ctx)
	report := r.finish()
	report.Seconds = now().Sub(began).Seconds()
	return report, err
}

func (r *run) all(ctx context.Context) error {
	for name, l := range r.Mapping.Lookups {
		if err := r.readLookup(name, l); err != nil {
			return err
		}
	}
	surveys, err := r.survey()
	if err != nil {
		return err
	}
	if r.total == 0 {
		return ErrNothing
	}
	for i := range r.Mapping.Prepare {
		s := &r.Mapping.Prepare[i]
		if rej, err := r.step(ctx, s, r.newRow(0, nil)); err != nil {
			return err
		} else if rej != nil {
			return fmt.Errorf("preparing (%s) was refused: %s: %s", s.Post, rej.reason, rej.detail)
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

// survey looks at every file before anything is posted; nil for one that is not taken.
func (r *run) survey() ([]*survey, error) {
	list := make([]*survey, len(r.Mapping.Files))
	for i := range r.Mapping.Files {
		f := &r.Mapping.Files[i]
		s, rej, err := look(filepath.Join(r.Dir, f.Name), f)
		if err != nil {
			return nil, err
		}
		if rej != nil {
			r.rejected(f.Name, rej)
			continue
		}
		list[i], r.total = &s, r.total+s.rows
		if !slices.ContainsFunc(r.Mapping.Files[:i], func(g File) bool { return g.Name == f.Name }) {
			r.report.Rows += s.rows // a file that is gone through twice has its rows once
		}
	}
	return list, nil
}

func (r *run) readLookup(name string, l Lookup) error {
	rd, done, rej, err := open(filepath.Join(r.Dir, l.File), l.Columns)
	if err != nil {
		return err
	}
	if rej != nil {
		return fmt.Errorf("the lookup file %s: %s: %s", l.File, rej.reason, rej.detail)
	}
	defer done()
	rows := map[string]map[string]string{}
	for {
		line, values, rej, err := rd.next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("the lookup file %s: %w", l.File, err)
		}
		if rej != nil {
			return fmt.Errorf("the lookup file %s, line %d: %s: %s", l.File, rej.line, rej.reason, rej.detail)
		}
		if _, twice := rows[values[l.Key]]; twice {
			return fmt.Errorf("the lookup file %s, line %d: the %s of this row stands in an earlier one", l.File, line, l.Key)
		}
		rows[values[l.Key]] = values
	}
	r.lookups[name] = rows
	return nil
}

func (r *run) newRow(line int, columns map[string]string) *row {
	return &row{columns: columns, locals: map[string]string{}, lookups: r.lookups, saved: r.saved, line: line}
}

// file posts the rows of one file: workers take them by their order value, so that rows that
// belong together stay in order.
func (r *run) file(ctx context.Context, f *File, s *survey) error {
	rd, done, rej, err := open(filepath.Join(r.Dir, f.Name), f.Columns)
	if err != nil {
		return err
	}
	if rej != nil {
		return fmt.Errorf("the file changed while it was read: %s", rej.detail)
	}
	defer done()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lanes := make([]chan *row, r.Workers)
	var wg sync.WaitGroup
	var fileDone atomic.Int64
	advance := func() { r.advance(f, int(fileDone.Add(1)), s.rows) }
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
				advance()
			}
		})
	}
	err = r.feed(ctx, f, s, rd, lanes, advance)
	for _, l := range lanes {
		close(l)
	}
	wg.Wait()
	return errors.Join(err, context.Cause(ctx))
}

func (r *run) feed(ctx context.Context, f *File, s *survey, rd *reader, lanes []chan *row, skipped func()) error {
	for n := 0; ; n++ {
		line, values, rej, err := rd.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if rej != nil && rej.file {
			return fmt.Errorf("the file changed while it was read: %s", rej.detail)
		}
		if rej == nil {
			rej = s.rejects[line]
		}
		one, lane := r.newRow(line, values), n%len(lanes)
		if rej == nil && f.Order != "" {
			var order string
			if order, _, rej = f.order.fill(one); rej != nil {
				rej.line = line
			}
			h := fnv.New32a()
			h.Write([]byte(order))
			lane = int(h.Sum32() % uint32(len(lanes)))
		}
		if rej != nil {
			r.rejected(f.Name, rej)
			skipped()
			continue
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
		switch {
		case rej == nil:
		case rej.answered && s.Refusals == "count":
			r.refused(rej.reason)
			return nil
		default:
			rej.line = one.line
			r.rejected(f.Name, rej)
			return nil
		}
	}
	return nil
}

func (r *run) advance(f *File, fileDone, fileTotal int) {
	n := int(r.done.Add(1))
	if r.Progress != nil {
		r.Progress(Progress{File: f.Name, FileRows: fileDone, Rows: n, FileTotal: fileTotal, Left: r.total - n})
	}
}
