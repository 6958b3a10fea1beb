package csvimport

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A template is text with places in braces:
//
//	{column}                the row's column
//	{lookup.column}         a lookup's column, by the row's column of the lookup's key
//	{table[column,column]}  what an earlier answer saved under these columns
//	{table['text']}         the same under a fixed name
//	{$name}                 what an earlier step of this row saved
//
// and filters behind a bar:
//
//	|code:LIST    through a code list
//	|plus:N       a date so many days later; N is a number or a column
//	|date:LAYOUT  a date written in a Go layout, to YYYY-MM-DD
//	|default:TEXT when empty
//	|number       last, and alone in its text: as a JSON number
//	|bool         the same as a JSON boolean, of true and false
type template struct {
	parts []part
}

type part struct {
	text    string // literal when source is nil
	source  source
	column  string // for the report
	filters []filter
	raw     bool // a JSON number or boolean
}

// source gives a place's value in a row.
type source func(r *row) (string, *reject)

var placeForm = regexp.MustCompile(`\{([^{}]*)\}`)

func parseTemplate(at place, s string) (*template, error) {
	t := &template{}
	literal := func(text string) error {
		if strings.ContainsAny(text, "{}") {
			return fmt.Errorf("%q: a brace is not closed, or not opened", s)
		}
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		}
		return nil
	}
	end := 0
	for _, loc := range placeForm.FindAllStringIndex(s, -1) {
		if err := literal(s[end:loc[0]]); err != nil {
			return nil, err
		}
		p, err := parsePlace(at, s[loc[0]+1:loc[1]-1])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
		t.parts = append(t.parts, p)
		end = loc[1]
	}
	if err := literal(s[end:]); err != nil {
		return nil, err
	}
	for _, p := range t.parts {
		if p.raw && len(t.parts) > 1 {
			return nil, fmt.Errorf("%q: a number or bool stands alone", s)
		}
	}
	return t, nil
}

func parsePlace(at place, s string) (part, error) {
	words := strings.Split(s, "|")
	p := part{}
	var err error
	if p.source, p.column, err = parseSource(at, strings.TrimSpace(words[0])); err != nil {
		return p, err
	}
	for _, w := range words[1:] {
		if p.raw {
			return p, errors.New("number and bool are the last filter")
		}
		name, arg, _ := strings.Cut(strings.TrimSpace(w), ":")
		fl, err := parseFilter(at, name, arg)
		if err != nil {
			return p, err
		}
		p.raw = name == "number" || name == "bool"
		p.filters = append(p.filters, fl)
	}
	return p, nil
}

func parseSource(at place, s string) (source, string, error) {
	if name, ok := strings.CutPrefix(s, "$"); ok {
		if !at.locals[name] {
			return nil, "", fmt.Errorf("no earlier step of the row saves $%s", name)
		}
		return func(r *row) (string, *reject) {
			v, ok := r.locals[name]
			if !ok {
				return "", &reject{reason: "not_found", detail: "no earlier step of this row saved $" + name}
			}
			return v, nil
		}, "", nil
	}
	if t := tableForm.FindStringSubmatch(s); t != nil {
		table := t[1]
		if !at.tables[table] {
			return nil, "", fmt.Errorf("no step saves into the table %s", table)
		}
		key, column, err := parseTableKey(at, t[2])
		if err != nil {
			return nil, "", err
		}
		return func(r *row) (string, *reject) {
			k, rej := key(r)
			if rej != nil {
				return "", rej
			}
			return r.saved.get(table, k)
		}, column, nil
	}
	if name, column, ok := strings.Cut(s, "."); ok {
		return parseLookup(at, name, column)
	}
	if at.file == nil {
		return nil, "", fmt.Errorf("there is no column %s before the first row", s)
	}
	if _, ok := at.file.Columns[s]; !ok {
		return nil, "", fmt.Errorf("there is no column %s", s)
	}
	return func(r *row) (string, *reject) { return r.columns[s], nil }, s, nil
}

func parseLookup(at place, name, column string) (source, string, error) {
	l, known := at.mapping.Lookups[name]
	if _, has := l.Columns[column]; !known || !has {
		return nil, "", fmt.Errorf("there is no lookup column %s.%s", name, column)
	}
	if at.file == nil {
		return nil, "", fmt.Errorf("there is no row before the first one to look %s.%s up by", name, column)
	}
	if _, ok := at.file.Columns[l.Key]; !ok {
		return nil, "", fmt.Errorf("there is no column %s to look %s.%s up by", l.Key, name, column)
	}
	return func(r *row) (string, *reject) {
		found, ok := r.lookups[name][r.columns[l.Key]]
		if !ok {
			return "", &reject{column: l.Key, reason: "not_found", detail: "there is no such row in " + l.File}
		}
		return found[column], nil
	}, l.Key, nil
}

// fixed reports whether every row gives the same.
func (t *template) fixed() bool {
	for _, p := range t.parts {
		if p.source != nil {
			return false
		}
	}
	return true
}

// fill gives the text, and raw=true when it is a single place that is no JSON string.
func (t *template) fill(r *row) (s string, raw bool, rej *reject) {
	s, rej = t.each(r, func(v string) (string, *reject) { return v, nil })
	return s, len(t.parts) == 1 && t.parts[0].raw, rej
}

// each fills every place with what write makes of its value.
func (t *template) each(r *row, write func(string) (string, *reject)) (string, *reject) {
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
		if rej == nil {
			v, rej = write(v)
		}
		if rej != nil {
			if rej.column == "" {
				rej.column = p.column
			}
			return "", rej
		}
		b.WriteString(v)
	}
	return b.String(), nil
}
