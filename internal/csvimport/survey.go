package csvimport

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// survey is what a first pass over a file finds: how many rows, and which lines clash.
type survey struct {
	rows    int
	rejects map[int]*reject // duplicates and conflicts, by line
}

// look reads the whole file once, before anything is posted: a file that cannot be read to
// its end leaves nothing half imported.
func look(path string, f *File) (survey, *reject, error) {
	r, done, rej, err := open(path, f.Columns)
	if rej != nil || err != nil {
		return survey{}, rej, err
	}
	defer done()
	s, rej, err := r.survey(f.Unique)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, err)
	}
	return s, rej, err
}

// survey reads to the end. unique are the columns that no two rows share.
func (r *reader) survey(unique []string) (survey, *reject, error) {
	s := survey{rejects: map[int]*reject{}}
	type first struct {
		sum  uint64
		line int
	}
	seed, seen := maphash.MakeSeed(), map[uint64]first{}
	digest := func(values map[string]string, columns []string) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, c := range columns {
			h.WriteString(values[c] + "\x00")
		}
		return h.Sum64()
	}
	for {
		line, values, rej, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return s, nil, err
		}
		if rej != nil && rej.file {
			return s, rej, nil
		}
		s.rows++
		if rej != nil || len(unique) == 0 {
			continue
		}
		key, all := digest(values, unique), digest(values, r.header)
		was, again := seen[key]
		switch {
		case !again:
			seen[key] = first{all, line}
		case was.sum == all:
			s.rejects[line] = &reject{line: line, reason: "duplicate", detail: fmt.Sprintf("the same row stands in line %d", was.line)}
		default:
			s.conflict(line, was.line)
			s.conflict(was.line, line)
		}
	}
	if s.rows == 0 {
		return s, &reject{reason: "empty_file", detail: "the file has a header and no rows", file: true}, nil
	}
	return s, nil, nil
}

func (s survey) conflict(line, other int) {
	s.rejects[line] = &reject{
		line: line, reason: "conflict", detail: fmt.Sprintf("line %d says something else of the same thing; neither is taken", other),
	}
}
