package csvimport

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// reject says why a row or a whole file is not taken.
type reject struct {
	line   int
	column string
	reason string
	detail string
	file   bool // the whole file
	// answered: the ledger said so, or its answer did not meet the step's require.
	answered bool
}

// maxRecord bounds one row, in bytes: an unbalanced quote must not swallow the file.
const maxRecord = 1 << 20

// content is a file, or bytes in its place.
type content interface {
	io.ReadSeeker
	io.ReaderAt
}

// reader yields the rows of one file, checked.
type reader struct {
	csv     *csv.Reader
	limit   *recordLimit
	from    content
	skipped int64 // bytes of a byte order mark
	end     int64 // of the last good record, as csv counts
	columns map[string]Column
	header  []string
}

// recordLimit fails a record that goes on for too long.
type recordLimit struct {
	r    io.Reader
	left int
}

var errRecordTooLong = errors.New("a row is longer than 1 MiB")

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

// open begins to read a file; close it, unless it was rejected.
func open(path string, columns map[string]Column) (r *reader, close func(), rej *reject, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err // it names the file
	}
	if r, rej, err = newReader(f, columns); rej != nil || err != nil {
		f.Close()
		if err != nil {
			err = fmt.Errorf("reading %s: %w", path, err)
		}
		return nil, nil, rej, err
	}
	return r, func() { f.Close() }, nil, nil
}

// newReader finds out what the bytes are, their separator and their header.
func newReader(f content, columns map[string]Column) (*reader, *reject, error) {
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	head, marked := bytes.CutPrefix(head[:n], []byte("\xef\xbb\xbf"))
	if rej := sniff(head); rej != nil {
		return nil, rej, nil
	}
	r := &reader{from: f, columns: columns, limit: &recordLimit{r: f, left: maxRecord}}
	if marked {
		r.skipped = 3
	}
	if _, err := f.Seek(r.skipped, io.SeekStart); err != nil {
		return nil, nil, err
	}
	r.csv = csv.NewReader(r.limit)
	r.csv.ReuseRecord = true
	r.csv.Comma = separator(head)
	r.csv.FieldsPerRecord = -1
	rej, err := r.readHeader()
	if rej != nil || err != nil {
		return nil, rej, err
	}
	return r, nil, nil
}

var magics = []struct {
	prefix string
	what   string
}{
	{"PK\x03\x04", "a spreadsheet or archive"},
	{"%PDF", "a PDF"},
	{"\x1f\x8b", "a gzip archive"},
	{"\xd0\xcf\x11\xe0", "an old spreadsheet"},
}

// sniff rejects a file that is none of ours by how it begins.
func sniff(head []byte) *reject {
	no := func(reason, detail string) *reject { return &reject{reason: reason, detail: detail, file: true} }
	begin := bytes.TrimSpace(head)
	if len(begin) == 0 {
		return no("empty_file", "the file is empty")
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return no("not_csv", "this is "+m.what+"; save it as CSV in UTF-8")
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return no("bad_encoding", "the file is in UTF-16; save it as CSV in UTF-8")
	}
	if bytes.HasPrefix(begin, []byte("<")) {
		return no("not_csv", "this is a web page or XML")
	}
	return nil
}

// separator is the one of comma, semicolon (Excel in French and Bosnian) and tab that the
// header has most of.
func separator(head []byte) rune {
	var n [128]int
	quoted := false
	for _, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			return most(n[','], n[';'], n['\t'])
		case !quoted && c < 128:
			n[c]++
		}
	}
	return most(n[','], n[';'], n['\t'])
}

func most(commas, semicolons, tabs int) rune {
	switch {
	case semicolons > commas && semicolons >= tabs:
		return ';'
	case tabs > commas:
		return '\t'
	}
	return ','
}

func (r *reader) readHeader() (*reject, error) {
	no := func(column, detail string) *reject {
		return &reject{line: 1, column: column, reason: "bad_header", detail: detail, file: true}
	}
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return &reject{reason: "empty_file", detail: "the file is empty", file: true}, nil
	} else if err != nil {
		return r.quoting(err)
	}
	r.end = r.csv.InputOffset()
	seen := map[string]bool{}
	for _, name := range record {
		name = strings.TrimSpace(strings.Clone(name))
		switch _, known := r.columns[name]; {
		case seen[name]:
			return no(name, "the column is there twice"), nil
		case !known: // not repeated: without a header it is a value
			return no("", "the first line holds a column that the mapping does not list"), nil
		}
		seen[name] = true
		r.header = append(r.header, name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.columns)) {
		if !seen[name] {
			return no(name, "the column is missing in the first line"), nil
		}
	}
	return nil, nil
}

// next is the next row's values by column, or why it is rejected; io.EOF at the end. The
// map is fresh, the values are copies.
func (r *reader) next() (line int, values map[string]string, rej *reject, err error) {
	r.limit.left = maxRecord
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return 0, nil, nil, io.EOF
	} else if err != nil {
		if rej, err = r.quoting(err); err != nil {
			return 0, nil, nil, err
		}
		return rej.line, nil, rej, nil
	}
	r.end = r.csv.InputOffset()
	line, _ = r.csv.FieldPos(0)
	if len(record) != len(r.header) {
		return line, nil, &reject{
			line: line, reason: "column_count", detail: fmt.Sprintf("the row has %d columns, the header %d", len(record), len(r.header)),
		}, nil
	}
	values = make(map[string]string, len(record))
	for i, v := range record {
		if rej := r.columns[r.header[i]].check(v); rej != nil {
			rej.line, rej.column = line, r.header[i]
			return line, nil, rej, nil
		}
		values[r.header[i]] = strings.Clone(v)
	}
	return line, values, nil, nil
}
