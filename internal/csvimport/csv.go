package csvimport

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"sijil/domain"
)

// reject says why a row or a whole file is not taken.
type reject struct {
	line   int
	column string
	reason string
	detail string
	file   bool // the whole file
}

// maxRecord bounds one row, in bytes: an unbalanced quote must not swallow the file.
const maxRecord = 1 << 20

// reader yields the rows of one file, checked.
type reader struct {
	csv     *csv.Reader
	limit   *recordLimit
	file    *os.File
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

var magics = []struct {
	prefix string
	what   string
}{
	{"PK\x03\x04", "a spreadsheet or archive"},
	{"%PDF", "a PDF"},
	{"\x1f\x8b", "a gzip archive"},
	{"\xd0\xcf\x11\xe0", "an old spreadsheet"},
}

// open begins to read a file: what it is, its separator, its header.
func open(path string, columns map[string]Column) (*reader, *reject, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", path, err)
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	rej := sniff(head[:n])
	var skip int64
	if bytes.HasPrefix(head[:n], []byte("\xef\xbb\xbf")) {
		skip = 3
	}
	if _, err := f.Seek(skip, io.SeekStart); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	r := &reader{file: f, columns: columns, limit: &recordLimit{r: f, left: maxRecord}}
	r.csv = csv.NewReader(r.limit)
	r.csv.ReuseRecord = true
	r.csv.Comma = separator(head[skip:n])
	r.csv.FieldsPerRecord = -1
	if rej == nil {
		rej = r.readHeader()
	}
	if rej != nil {
		rej.file = true
		f.Close()
		return nil, rej, nil
	}
	return r, nil, nil
}

func sniff(head []byte) *reject {
	if len(bytes.TrimSpace(head)) == 0 {
		return &reject{reason: "empty_file", detail: "the file is empty"}
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return &reject{reason: "not_csv", detail: "this is " + m.what + "; save it as CSV in UTF-8"}
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return &reject{reason: "bad_encoding", detail: "the file is in UTF-16; save it as CSV in UTF-8"}
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		return &reject{reason: "not_csv", detail: "this is a web page or XML"}
	}
	return nil
}

// separator is the one of comma, semicolon (Excel in French and Bosnian) and tab that the
// header has most of.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func (r *reader) readHeader() *reject {
	record, err := r.csv.Read()
	if err != nil {
		return quoting(err)
	}
	seen := map[string]bool{}
	for _, name := range record {
		name = strings.TrimSpace(strings.Clone(name))
		switch _, known := r.columns[name]; {
		case seen[name]:
			return &reject{line: 1, column: name, reason: "bad_header", detail: "the column is there twice"}
		case !known:
			return &reject{line: 1, reason: "bad_header", detail: "the first line holds a column that the mapping does not list"}
		}
		seen[name] = true
		r.header = append(r.header, name)
	}
	for name := range r.columns {
		if !seen[name] {
			return &reject{line: 1, column: name, reason: "bad_header", detail: "the column is missing in the first line"}
		}
	}
	return nil
}

func quoting(err error) *reject {
	if pe, ok := errors.AsType[*csv.ParseError](err); ok && pe.Err != errRecordTooLong {
		return &reject{line: pe.StartLine, reason: "bad_quoting", detail: "a quote that opens in this row does not close as CSV has it", file: true}
	}
	return &reject{reason: "bad_quoting", detail: "a row is longer than 1 MiB; a quote is probably not closed", file: true}
}

// next is the next row's values by column, or why it is rejected; io.EOF at the end. The
// map is fresh, the values are copies.
func (r *reader) next() (line int, values map[string]string, rej *reject, err error) {
	r.limit.left = maxRecord
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return 0, nil, nil, io.EOF
	} else if err != nil {
		rej := quoting(err)
		return rej.line, nil, rej, nil
	}
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

func (r *reader) close() { r.file.Close() }

var integerForm = regexp.MustCompile(`^-?(0|[1-9]\d{0,17})$`)

// check judges one value. Details never repeat it: it may be a name.
func (c Column) check(v string) *reject {
	if !utf8.ValidString(v) {
		return &reject{reason: "bad_encoding", detail: "the value is not UTF-8; save the file as CSV in UTF-8"}
	}
	if strings.ContainsRune(v, 0) {
		return &reject{reason: "bad_encoding", detail: "the value holds a NUL character"}
	}
	if v == "" {
		if c.Missing != "" {
			return &reject{reason: c.Missing, detail: "the column has no value in this row"}
		}
		return nil
	}
	bad := func(what string) *reject { return &reject{reason: "invalid_field", detail: "the value is not " + what} }
	switch c.Type {
	case "integer":
		if !integerForm.MatchString(v) {
			return bad("a whole number")
		}
	case "decimal":
		if _, err := domain.ParseDecimal(v); err != nil {
			return bad("a number with a decimal point")
		}
	case "date":
		if !domain.Date(v).Valid() {
			return bad("a date as YYYY-MM-DD")
		}
	}
	if c.pattern != nil && !c.pattern.MatchString(v) {
		return bad("of the form this column has")
	}
	return nil
}

// survey is what a first pass over a file finds: how many rows, and which lines clash.
type survey struct {
	rows    int
	rejects map[int]*reject // duplicates and conflicts, by line
}

// look reads the whole file once, before anything is posted: a file that cannot be read to
// its end leaves nothing half imported.
func look(path string, f *File) (survey, *reject, error) {
	s := survey{rejects: map[int]*reject{}}
	r, rej, err := open(path, f.Columns)
	if rej != nil || err != nil {
		return s, rej, err
	}
	defer r.close()
	type first struct {
		sum  uint64
		line int
	}
	seed, seen := maphash.MakeSeed(), map[uint64]first{}
	for {
		line, values, rej, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if rej != nil && rej.file {
			return s, rej, nil
		}
		s.rows++
		if rej != nil || len(f.Unique) == 0 {
			continue
		}
		var key, all maphash.Hash
		key.SetSeed(seed)
		all.SetSeed(seed)
		for _, c := range f.Unique {
			key.WriteString(values[c] + "\x00")
		}
		for _, c := range r.header {
			all.WriteString(values[c] + "\x00")
		}
		was, again := seen[key.Sum64()]
		switch {
		case !again:
			seen[key.Sum64()] = first{all.Sum64(), line}
		case was.sum == all.Sum64():
			s.rejects[line] = &reject{line: line, reason: "duplicate", detail: fmt.Sprintf("the same row stands in line %d", was.line)}
		default:
			s.rejects[line] = &reject{line: line, reason: "conflict", detail: fmt.Sprintf("line %d says something else of the same thing; neither is taken", was.line)}
			s.rejects[was.line] = &reject{line: was.line, reason: "conflict", detail: fmt.Sprintf("line %d says something else of the same thing; neither is taken", line)}
		}
	}
	if s.rows == 0 {
		return s, &reject{reason: "empty_file", detail: "the file has a header and no rows", file: true}, nil
	}
	return s, nil, nil
}
