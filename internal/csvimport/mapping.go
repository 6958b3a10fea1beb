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
	File string `yaml:"file"`
	// Key is the column by which rows reach it; those rows have a column of that name.
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

	order *template
	line  int
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
	// Post is a template for the path; values in it are percent-encoded.
	Post string `yaml:"post"`
	// As names a principal.
	As string `yaml:"as"`
	// Key is a template for the Idempotency-Key. What is no such key as it is filled, because
	// of spaces or its length, is posted as its SHA-256.
	Key string `yaml:"key"`
	// When lets the step happen only for rows whose columns have one of the values listed.
	When map[string][]string `yaml:"when"`
	// Body is a tree whose texts are templates. A member whose name ends in "?" is left out
	// when its value is empty.
	Body yaml.Node `yaml:"body"`
	// Save keeps parts of the answer: "table[columns]" → member of the answer, for all later
	// rows; "$name" → member, for later steps of this row. "=template" keeps what it gives.
	Save map[string]string `yaml:"save"`
	// Refusals: "reject" (default) reports the row; "count" counts the ledger's refusal by its
	// code and ends the row there, for steps that rules are expected to refuse.
	Refusals string `yaml:"refusals"`
	// Require ends the row as such a refusal when a member of the answer has another value:
	// {member, is, code}.
	Require *Require `yaml:"require"`

	key, post *template
	body      *node
	save      []saving
	line      int
}

// Require is a condition on an answer.
type Require struct {
	Member string `yaml:"member"`
	Is     string `yaml:"is"`
	Code   string `yaml:"code"`
}

// Load reads and checks a mapping file. Errors name what is wrong and where.
func Load(path string) (*Mapping, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	m, err := parseMapping(b)
	if err != nil {
		return nil, fmt.Errorf("the mapping %s: %w", path, err)
	}
	return m, nil
}

func parseMapping(b []byte) (*Mapping, error) {
	m := &Mapping{}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	m.locate(&doc)
	return m, m.compile()
}

// locate notes the lines where files and steps begin, for messages.
func (m *Mapping) locate(doc *yaml.Node) {
	if len(doc.Content) == 0 {
		return
	}
	for i, n := range items(field(doc.Content[0], "prepare", 0), len(m.Prepare)) {
		m.Prepare[i].line = n.Line
	}
	for i, n := range items(field(doc.Content[0], "files", 0), len(m.Files)) {
		m.Files[i].line = n.Line
		for j, s := range items(field(n, "steps", 0), len(m.Files[i].Steps)) {
			m.Files[i].Steps[j].line = s.Line
		}
	}
}

// items are a list's when it has as many as were decoded: empty ones are passed over there.
func items(n *yaml.Node, decoded int) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode || len(n.Content) != decoded {
		return nil
	}
	return n.Content
}

// field is a member of a mapping node, its own or merged in; nil for none.
func field(n *yaml.Node, name string, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode || depth > maxDepth {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			v := n.Content[i+1]
			if v.Kind == yaml.AliasNode {
				v = v.Alias
			}
			return v
		}
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			if v := field(n.Content[i+1], name, depth+1); v != nil {
				return v
			}
		}
	}
	return nil
}
