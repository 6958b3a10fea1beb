// Package csvimport turns CSV files into API requests by a mapping file, as a school's own
// system would post them: the same checks, the same rules, the same answers. Every request
// carries an Idempotency-Key that derives from its row, so that an import can be killed and
// run again, and a second run of the same files records nothing.
package csvimport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// Mapping says which files there are, what their columns hold, and which requests a row becomes.
type Mapping struct {
	// Tenant is the authority's slug.
	Tenant string `yaml:"tenant"`
	// Principals are who posts: each is a client of its own, with the scopes of a role.
	Principals map[string]Principal `yaml:"principals"`
	// Codes are lists by name: the value in the file → the value in the request. A value that
	// is not listed rejects the row.
	Codes map[string]map[string]string `yaml:"codes"`
	// Lookups are small files held in memory, whose columns other rows reach by their key.
	Lookups map[string]Lookup `yaml:"lookups"`
	// Prepare are requests made once, before any row.
	Prepare []Step `yaml:"prepare"`
	// Files are imported in order; rows of one file that share Order stay in order.
	Files []File `yaml:"files"`
	// Certificates, if set, is a GET that lists signed credentials page by page, counted at
	// the end: {as, path}.
	Certificates *Count `yaml:"certificates"`
}

// Principal is one who posts.
type Principal struct {
	Role string `yaml:"role"`
	// Institution is a template without columns, "{institution['OU']}"; empty for the authority.
	Institution string `yaml:"institution"`

	institution *template
}

// Lookup is a file in memory.
type Lookup struct {
	File    string            `yaml:"file"`
	Key     string            `yaml:"key"`
	Columns map[string]Column `yaml:"columns"`
}

// File is one file and what its rows become.
type File struct {
	Name string `yaml:"file"`
	// Columns are all columns the header may have; one that is not there, or not listed, or
	// there twice refuses the file with bad_header. Their order is free.
	Columns map[string]Column `yaml:"columns"`
	// Unique names the columns that no two rows may share: the same row again is a
	// duplicate, another row a conflict, in which neither wins.
	Unique []string `yaml:"unique"`
	// Order is a template; rows with the same value are posted one after the other.
	Order string `yaml:"order"`
	Steps []Step `yaml:"steps"`
}

// Column is what a column holds.
type Column struct {
	// Type is text (default), integer, decimal (with a point) or date (YYYY-MM-DD).
	Type string `yaml:"type"`
	// Pattern is a regular expression that a value which is not empty matches whole.
	Pattern string `yaml:"pattern"`
	// Missing is the reason code a row without a value is rejected with; empty lets it pass.
	Missing string `yaml:"missing"`

	pattern *regexp.Regexp
}

// Step is one request.
type Step struct {
	Post string `yaml:"post"`
	// As names a principal.
	As string `yaml:"as"`
	// Key is a template for the Idempotency-Key.
	Key string `yaml:"key"`
	// When lets the step happen only for rows whose columns have one of the values listed.
	When map[string][]string `yaml:"when"`
	// Body is a tree whose texts are templates. A member whose name ends in "?" is left out
	// when its value is empty.
	Body yaml.Node `yaml:"body"`
	// Save keeps parts of the answer: "table[columns]" → member of the answer, for all later
	// rows; "$name" → member, for later steps of this row. "=template" keeps what it gives.
	Save map[string]string `yaml:"save"`
	// Refusals: "reject" (default) reports the row; "count" counts the refusal by its code
	// and ends the row there, for steps that rules are expected to refuse.
	Refusals string `yaml:"refusals"`
	// Require ends the row as such a refusal when a member of the answer has another value:
	// {member, is, code}.
	Require *Require `yaml:"require"`

	key, post *template
	body      *node
	save      []saving
}

// Require is a condition on an answer.
type Require struct {
	Member string `yaml:"member"`
	Is     string `yaml:"is"`
	Code   string `yaml:"code"`
}

// Count says how signed credentials are counted.
type Count struct {
	As   string `yaml:"as"`
	Path string `yaml:"path"`
}

// Load reads and checks a mapping file. Errors name what is wrong and where.
func Load(path string) (*Mapping, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	m := &Mapping{}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the mapping %s: %w", path, err)
	}
	if err := m.compile(); err != nil {
		return nil, fmt.Errorf("the mapping %s: %w", path, err)
	}
	return m, nil
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
	}
	for name, p := range m.Principals {
		var err error
		if p.institution, err = parseTemplate(m, nil, p.Institution); err != nil {
			return fmt.Errorf("principal %s: %w", name, err)
		}
		m.Principals[name] = p
	}
	for i := range m.Prepare {
		if err := m.Prepare[i].compile(m, nil); err != nil {
			return fmt.Errorf("prepare step %d: %w", i+1, err)
		}
	}
	for i := range m.Files {
		f := &m.Files[i]
		if err := compileColumns(f.Columns); err != nil {
			return fmt.Errorf("file %s: %w", f.Name, err)
		}
		for _, c := range f.Unique {
			if _, ok := f.Columns[c]; !ok {
				return fmt.Errorf("file %s: unique names the column %s, which is not listed", f.Name, c)
			}
		}
		for j := range f.Steps {
			if err := f.Steps[j].compile(m, f); err != nil {
				return fmt.Errorf("file %s, step %d: %w", f.Name, j+1, err)
			}
		}
	}
	return nil
}

func compileColumns(columns map[string]Column) error {
	for name, c := range columns {
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

func (s *Step) compile(m *Mapping, f *File) (err error) {
	if _, ok := m.Principals[s.As]; !ok {
		return fmt.Errorf("as: there is no principal %q", s.As)
	}
	if s.Refusals != "" && s.Refusals != "reject" && s.Refusals != "count" {
		return fmt.Errorf("refusals is %q; there are reject and count", s.Refusals)
	}
	if f != nil {
		for c := range s.When {
			if _, ok := f.Columns[c]; !ok {
				return fmt.Errorf("when names the column %s, which is not listed", c)
			}
		}
	}
	if s.post, err = parseTemplate(m, f, s.Post); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	if s.Key == "" {
		return errors.New("key is missing: the Idempotency-Key of each row's request")
	}
	if s.key, err = parseTemplate(m, f, s.Key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if s.body, err = parseNode(m, f, &s.Body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	for target, member := range s.Save {
		v, err := parseSaving(m, f, target, member)
		if err != nil {
			return fmt.Errorf("save: %w", err)
		}
		s.save = append(s.save, v)
	}
	return nil
}
