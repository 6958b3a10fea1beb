package csvimport

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sijil/domain"
)

// A template is text with places in braces:
//
//	{column}                the row's column
//	{lookup.column}         a lookup's column, by the row's column of the lookup's key
//	{table[column,column]}  what an earlier answer saved under these columns, joined by "/"
//	{table['text']}         the same under a fixed name
//	{$name}                 what an earlier step of this row saved
//
// and filters behind a bar:
//
//	|code:LIST    through a code list
//	|plus:N       a date so many days later; N is a number or a column
//	|date:LAYOUT  a date written in a Go layout, to YYYY-MM-DD
//	|number       as a JSON number; |bool as a JSON boolean
//	|default:TEXT when empty
type template struct {
	parts []part
}

type part struct {
	text    string // literal when source is nil
	source  func(r *row) (string, *reject)
	column  string // for the report
	filters []filter
	raw     bool // a JSON number or boolean
}

type filter func(r *row, v string) (string, *reject)

var place = regexp.MustCompile(`\{([^{}]*)\}`)

func parseTemplate(m *Mapping, f *File, s string) (*template, error) {
	t := &template{}
	at := 0
	for _, loc := range place.FindAllStringIndex(s, -1) {
		if loc[0] > at {
			t.parts = append(t.parts, part{text: s[at:loc[0]]})
		}
		p, err := parsePlace(m, f, s[loc[0]+1:loc[1]-1])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
		t.parts = append(t.parts, p)
		at = loc[1]
	}
	if at < len(s) {
		t.parts = append(t.parts, part{text: s[at:]})
	}
	return t, nil
}

func parsePlace(m *Mapping, f *File, s string) (part, error) {
	words := strings.Split(s, "|")
	p := part{}
	var err error
	if p.source, p.column, err = parseSource(m, f, strings.TrimSpace(words[0])); err != nil {
		return p, err
	}
	for _, w := range words[1:] {
		name, arg, _ := strings.Cut(strings.TrimSpace(w), ":")
		if name == "number" || name == "bool" {
			p.raw = true
			continue
		}
		fl, err := parseFilter(m, f, name, arg)
		if err != nil {
			return p, err
		}
		p.filters = append(p.filters, fl)
	}
	return p, nil
}

var tableForm = regexp.MustCompile(`^([a-zA-Z]+)\[([^\]]*)\]$`)

func parseSource(m *Mapping, f *File, s string) (func(*row) (string, *reject), string, error) {
	if name, ok := strings.CutPrefix(s, "$"); ok {
		return func(r *row) (string, *reject) { return r.locals[name], nil }, "", nil
	}
	if t := tableForm.FindStringSubmatch(s); t != nil {
		table, keys := t[1], strings.Split(t[2], ",")
		if text, ok := strings.CutPrefix(keys[0], "'"); ok {
			return func(r *row) (string, *reject) { return r.saved.get(table, strings.TrimSuffix(text, "'")) }, "", nil
		}
		var sources []func(*row) (string, *reject)
		for _, k := range keys {
			src, _, err := parseSource(m, f, strings.TrimSpace(k))
			if err != nil {
				return nil, "", err
			}
			sources = append(sources, src)
		}
		return func(r *row) (string, *reject) {
			vals := make([]string, len(sources))
			for i, src := range sources {
				v, rej := src(r)
				if rej != nil {
					return "", rej
				}
				vals[i] = v
			}
			return r.saved.get(table, strings.Join(vals, "/"))
		}, strings.TrimSpace(keys[0]), nil
	}
	if name, column, ok := strings.Cut(s, "."); ok {
		l, known := m.Lookups[name]
		if _, has := l.Columns[column]; !known || !has {
			return nil, "", fmt.Errorf("there is no lookup column %s", s)
		}
		key := l.Key
		return func(r *row) (string, *reject) {
			found, ok := r.lookups[name][r.columns[key]]
			if !ok {
				return "", &reject{column: key, reason: "not_found", detail: "there is no such row in " + l.File}
			}
			return found[column], nil
		}, key, nil
	}
	if f == nil {
		return nil, "", fmt.Errorf("there is no column %s before the first row", s)
	}
	if _, ok := f.Columns[s]; !ok {
		return nil, "", fmt.Errorf("there is no column %s", s)
	}
	return func(r *row) (string, *reject) { return r.columns[s], nil }, s, nil
}

func parseFilter(m *Mapping, f *File, name, arg string) (filter, error) {
	switch name {
	case "code":
		list, ok := m.Codes[arg]
		if !ok {
			return nil, fmt.Errorf("there is no code list %s", arg)
		}
		return func(_ *row, v string) (string, *reject) {
			c, ok := list[v]
			if !ok {
				return "", &reject{reason: "unknown_code", detail: "the value is not in the code list " + arg}
			}
			return c, nil
		}, nil
	case "default":
		return func(_ *row, v string) (string, *reject) {
			if v == "" {
				return arg, nil
			}
			return v, nil
		}, nil
	case "date":
		return func(_ *row, v string) (string, *reject) { return reformat(arg, v) }, nil
	case "plus":
		days := func(*row) (string, *reject) { return arg, nil }
		if _, err := strconv.Atoi(arg); err != nil {
			src, _, err := parseSource(m, f, arg)
			if err != nil {
				return nil, err
			}
			days = src
		}
		return func(r *row, v string) (string, *reject) {
			n, rej := days(r)
			if rej != nil {
				return "", rej
			}
			k, err := strconv.Atoi(n)
			if err != nil || !domain.Date(v).Valid() {
				return "", &reject{reason: "invalid_field", detail: "not a date and a number of days"}
			}
			return string(domain.Date(v).AddDays(k)), nil
		}, nil
	}
	return nil, fmt.Errorf("there is no filter %s", name)
}

// fill gives the text, and raw=true when it is a single place that is no JSON string.
func (t *template) fill(r *row) (s string, raw bool, rej *reject) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.source == nil {
			b.WriteString(p.text)
			continue
		}
		v, rej := p.source(r)
		for i := 0; rej == nil && i < len(p.filters); i++ {
			v, rej = p.filters[i](r, v)
		}
		if rej != nil {
			if rej.column == "" {
				rej.column = p.column
			}
			return "", false, rej
		}
		b.WriteString(v)
	}
	return b.String(), len(t.parts) == 1 && t.parts[0].raw, nil
}

// saved holds what answers gave, by table and key, for all rows.
type saved struct {
	mu     sync.RWMutex
	tables map[string]map[string]string
	// dry: nothing was posted, so every entry of a known table counts as there.
	dry bool
}

func (s *saved) get(table, key string) (string, *reject) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.tables[table][key]
	if !ok {
		return "", &reject{reason: "not_found", detail: "no earlier row made the " + table + " that this one names"}
	}
	return v, nil
}

func (s *saved) set(table, key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables[table] == nil {
		s.tables[table] = map[string]string{}
	}
	// Cloned: value may be a piece of a larger answer that would stay in memory with it.
	s.tables[table][strings.Clone(key)] = strings.Clone(value)
}

// saving is one entry of a step's save.
type saving struct {
	local  string
	table  string
	key    *template
	member []string
	value  *template // instead of a member
}

func parseSaving(m *Mapping, f *File, target, member string) (saving, error) {
	v := saving{}
	var err error
	if text, ok := strings.CutPrefix(member, "="); ok {
		if v.value, err = parseTemplate(m, f, text); err != nil {
			return v, err
		}
	} else if v.member = strings.Split(member, "."); slices.Contains(v.member, "") {
		return v, fmt.Errorf("%q names no member", member)
	}
	if name, ok := strings.CutPrefix(target, "$"); ok {
		v.local = name
		return v, nil
	}
	t := tableForm.FindStringSubmatch(target)
	if t == nil {
		return v, fmt.Errorf("%q is neither table[key] nor $name", target)
	}
	v.table = t[1]
	key := "{" + strings.ReplaceAll(t[2], ",", "}/{") + "}"
	if text, ok := strings.CutPrefix(t[2], "'"); ok {
		key = strings.TrimSuffix(text, "'")
	}
	v.key, err = parseTemplate(m, f, key)
	return v, err
}
