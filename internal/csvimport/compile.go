package csvimport

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// place is what a template may name where it stands: nothing of rows when file is nil.
type place struct {
	mapping *Mapping
	file    *File
	// tables are what any step saves into, locals what earlier steps of the row save.
	tables, locals map[string]bool
}

func (m *Mapping) compile() error {
	if m.Tenant == "" {
		return errors.New("tenant is missing: the authority's slug")
	}
	if len(m.Files) == 0 {
		return errors.New("files is empty: nothing would be imported")
	}
	for name, l := range m.Lookups {
		if err := compileColumns(l.Columns); err != nil {
			return fmt.Errorf("lookup %s: %w", name, err)
		}
		if _, ok := l.Columns[l.Key]; !ok {
			return fmt.Errorf("lookup %s: key names the column %q, which is not listed", name, l.Key)
		}
	}
	at := place{mapping: m, tables: m.tables()}
	for name, p := range m.Principals {
		var err error
		if p.institution, err = parseTemplate(at, p.Institution); err != nil {
			return fmt.Errorf("principal %s: institution: %w", name, err)
		}
		m.Principals[name] = p
	}
	for i := range m.Prepare {
		s := &m.Prepare[i]
		if err := s.compile(at); err != nil {
			return fmt.Errorf("line %d: prepare, step %d: %w", s.line, i+1, err)
		}
	}
	for i := range m.Files {
		f := &m.Files[i]
		if err := f.compile(place{m, f, at.tables, map[string]bool{}}); err != nil {
			return err
		}
	}
	return nil
}

// tables are the names that steps save into.
func (m *Mapping) tables() map[string]bool {
	names := map[string]bool{}
	add := func(steps []Step) {
		for _, s := range steps {
			for target := range s.Save {
				if t := tableForm.FindStringSubmatch(target); t != nil {
					names[t[1]] = true
				}
			}
		}
	}
	add(m.Prepare)
	for _, f := range m.Files {
		add(f.Steps)
	}
	return names
}

func (f *File) compile(at place) error {
	fail := func(err error) error { return fmt.Errorf("line %d: file %s: %w", f.line, f.Name, err) }
	if f.Name == "" {
		return fail(errors.New("file is missing: the file's name"))
	}
	if err := compileColumns(f.Columns); err != nil {
		return fail(err)
	}
	for _, c := range f.Unique {
		if _, ok := f.Columns[c]; !ok {
			return fail(fmt.Errorf("unique names the column %s, which is not listed", c))
		}
	}
	var err error
	if f.order, err = parseTemplate(at, f.Order); err != nil {
		return fail(fmt.Errorf("order: %w", err))
	}
	if len(f.Steps) == 0 {
		return fail(errors.New("steps is empty: its rows would become nothing"))
	}
	for i := range f.Steps {
		s := &f.Steps[i]
		if err := s.compile(at); err != nil {
			return fmt.Errorf("line %d: file %s, step %d: %w", s.line, f.Name, i+1, err)
		}
	}
	return nil
}

func compileColumns(columns map[string]Column) error {
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		c := columns[name]
		if !slices.Contains([]string{"", "text", "integer", "decimal", "date"}, c.Type) {
			return fmt.Errorf("column %s has type %s; there are text, integer, decimal and date", name, c.Type)
		}
		if c.Pattern != "" {
			re, err := regexp.Compile(`^(?:` + c.Pattern + `)$`)
			if err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			c.pattern = re
			columns[name] = c
		}
	}
	return nil
}

func (s *Step) compile(at place) (err error) {
	if _, ok := at.mapping.Principals[s.As]; !ok {
		return fmt.Errorf("as: there is no principal %q", s.As)
	}
	if s.Refusals != "" && s.Refusals != "reject" && s.Refusals != "count" {
		return fmt.Errorf("refusals is %q; there are reject and count", s.Refusals)
	}
	if r := s.Require; r != nil && (r.Member == "" || r.Code == "") {
		return errors.New("require names a member and the code of the refusal")
	}
	for _, c := range slices.Sorted(maps.Keys(s.When)) {
		if at.file == nil {
			return errors.New("when: there is no row before the first one")
		}
		if _, ok := at.file.Columns[c]; !ok {
			return fmt.Errorf("when names the column %s, which is not listed", c)
		}
	}
	if !strings.HasPrefix(s.Post, "/") {
		return errors.New("post is the path of an operation, as /v1/students")
	}
	if s.post, err = parseTemplate(at, s.Post); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	if s.Key == "" {
		return errors.New("key is missing: the Idempotency-Key of each row's request")
	}
	if s.key, err = parseTemplate(at, s.Key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if at.file != nil && s.key.fixed() {
		return errors.New("key names no column: every row would repeat the first one's request")
	}
	if s.Body.Kind != 0 && s.Body.Tag != "!!null" {
		if s.body, err = (&bodyParser{at: at}).parse(&s.Body, 0); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	}
	for _, target := range slices.Sorted(maps.Keys(s.Save)) {
		v, err := parseSaving(at, target, s.Save[target])
		if err != nil {
			return fmt.Errorf("save: %w", err)
		}
		s.save = append(s.save, v)
	}
	for _, v := range s.save {
		if v.local != "" {
			at.locals[v.local] = true
		}
	}
	return nil
}
