package csvimport

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// saved holds what answers gave, by table and key, for all rows.
type saved struct {
	mu     sync.RWMutex
	tables map[string]map[string]string
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

var tableForm = regexp.MustCompile(`^([a-zA-Z]+)\[([^\]]*)\]$`)

// parseTableKey reads what stands in a table's brackets: 'a fixed name', or columns and
// other sources. Their values are joined by a character that no value holds.
func parseTableKey(at place, s string) (source, string, error) {
	if text, ok := strings.CutPrefix(s, "'"); ok {
		name, closed := strings.CutSuffix(text, "'")
		if !closed || strings.Contains(name, "'") {
			return nil, "", fmt.Errorf("[%s] is no name between single quotes", s)
		}
		return func(*row) (string, *reject) { return name, nil }, "", nil
	}
	var sources []source
	var column string
	for i, k := range strings.Split(s, ",") {
		src, c, err := parseSource(at, strings.TrimSpace(k))
		if err != nil {
			return nil, "", err
		}
		if i == 0 {
			column = c
		}
		sources = append(sources, src)
	}
	return func(r *row) (string, *reject) {
		values := make([]string, len(sources))
		for i, src := range sources {
			v, rej := src(r)
			if rej != nil {
				return "", rej
			}
			values[i] = v
		}
		return strings.Join(values, "\x00"), nil
	}, column, nil
}

// saving is one entry of a step's save.
type saving struct {
	local  string
	table  string
	key    source
	member []string
	value  *template // instead of a member
}

func parseSaving(at place, target, member string) (saving, error) {
	v := saving{}
	var err error
	if text, ok := strings.CutPrefix(member, "="); ok {
		if v.value, err = parseTemplate(at, text); err != nil {
			return v, err
		}
	} else if v.member = strings.Split(member, "."); slices.Contains(v.member, "") {
		return v, fmt.Errorf("%q names no member of the answer", member)
	}
	if name, ok := strings.CutPrefix(target, "$"); ok {
		if at.file == nil {
			return v, fmt.Errorf("%s: there is no row before the first one; save it as table['name']", target)
		}
		if name == "" {
			return v, fmt.Errorf("%s has no name", target)
		}
		v.local = name
		return v, nil
	}
	t := tableForm.FindStringSubmatch(target)
	if t == nil {
		return v, fmt.Errorf("%q is neither table[key] nor $name", target)
	}
	v.table = t[1]
	v.key, _, err = parseTableKey(at, t[2])
	return v, err
}
