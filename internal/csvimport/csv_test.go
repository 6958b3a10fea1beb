package csvimport

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func two() *File {
	return &File{Columns: map[string]Column{"a": {}, "b": {}}, Unique: []string{"a"}}
}

func TestFilesAreReadAsTheyCome(t *testing.T) {
	long := strings.Repeat("x", maxRecord+8192)
	for name, c := range map[string]struct {
		file    string
		rows    []string // values of a and b with a bar between
		rejects []string
	}{
		"tabs between":                               {"a\tb\n1\t2,3\n", []string{"1|2,3"}, nil},
		"semicolons between":                         {"a;b\n1;2,5\n", []string{"1|2,5"}, nil},
		"a header of quoted names":                   {"\"a\";\"b\"\n1;2\n", []string{"1|2"}, nil},
		"space around the header's names":            {" a , b\n1,2\n", []string{"1|2"}, nil},
		"space in values stays":                      {"a,b\n 1,2 \n", []string{" 1|2 "}, nil},
		"a byte order mark and quotes":               {"\ufeff\"a\",b\n1,2\n", []string{"1|2"}, nil},
		"no line feed at the end":                    {"a,b\n1,2", []string{"1|2"}, nil},
		"carriage returns and line feeds":            {"a,b\r\n1,2\r\n3,4\r\n", []string{"1|2", "3|4"}, nil},
		"quotes in quotes":                           {"a,b\n\"1\"\"\",\"\"\n", []string{"1\"|"}, nil},
		"only a column of the two":                   {"a\n1\n", nil, []string{"1 b bad_header"}},
		"old Mac line ends":                          {"a,b\r1,2\r", nil, []string{"1  bad_header"}},
		"nothing but a byte order mark":              {"\ufeff", nil, []string{"0  empty_file"}},
		"nothing but empty lines":                    {"\n\r\n\n", nil, []string{"0  empty_file"}},
		"a header and empty lines":                   {"a,b\n\n\n", nil, []string{"0  empty_file"}},
		"empty lines are no rows, lines still count": {"a,b\n\n1\n\r\n3,4\n", []string{"3|4"}, []string{"3  column_count"}},
		"a row of separators only":                   {"a,b\n,\n", []string{"|"}, nil},
		"rows that are short and long":               {"a,b\n1\n1,2,3\n3,4\n", []string{"3|4"}, []string{"2  column_count", "3  column_count"}},
		"UTF-16 without a mark":                      {"a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", nil, []string{"1  bad_header"}},
		"big-endian UTF-16":                          {"\xfe\xff\x00a\x00,\x00b", nil, []string{"0  bad_encoding"}},
		"an old spreadsheet":                         {"\xd0\xcf\x11\xe0\xa1\xb1", nil, []string{"0  not_csv"}},
		"a gzip archive":                             {"\x1f\x8b\x08\x00\x00", nil, []string{"0  not_csv"}},
		"XML behind a byte order mark":               {"\ufeff <?xml version=\"1.0\"?>", nil, []string{"0  not_csv"}},
		"a quote never closed":                       {"a,b\n1,2\n3,\"4\n5,6\n", nil, []string{"3  bad_quoting"}},
		"a quote never closed behind a closed one":   {"a,b\n\"1\n1\",\"2\n3,4\n", nil, []string{"3  bad_quoting"}},
		"text behind a closing quote":                {"a,b\n1,2\n\n\r\n\"3\"x,4\n", nil, []string{"5  bad_quoting"}},
		"a quote in the middle of a value":           {"a,b\n1,2\n3,4\"5\n", nil, []string{"3  bad_quoting"}},
		"a quote in the header":                      {"a,\"b\n1,2\n", nil, []string{"1  bad_quoting"}},
		"a quote that swallows more than 1 MiB":      {"a,b\n1,2\n3,\"" + strings.Repeat("y\n", maxRecord/2+8192), nil, []string{"3  bad_quoting"}},
		"a row of more than 1 MiB without quotes":    {"a,b\n1,2\n\n3," + long + "\n", nil, []string{"4  bad_quoting"}},
		"a row of almost 1 MiB":                      {"a,b\n1," + long[:maxRecord-8192] + "\n", []string{"1|" + long[:maxRecord-8192]}, nil},
		"the same row again":                         {"a,b\n1,2\n3,4\n1,2\n1,2\n", []string{"1|2", "3|4"}, []string{"4  duplicate", "5  duplicate"}},
		"two rows that say different things":         {"a,b\n1,2\n3,4\n1,5\n", []string{"3|4"}, []string{"2  conflict", "4  conflict"}},
		"three, of which one says it again":          {"a,b\n1,2\n1,5\n1,2\n", nil, []string{"2  conflict", "3  conflict", "4  duplicate"}},
		"a bad row clashes with nothing":             {"a,b\n1,2\n1,\xff\n", []string{"1|2"}, []string{"3 b bad_encoding"}},
		"values that only look alike":                {"a,b\n1,2\n01,2\n", []string{"1|2", "01|2"}, nil},
	} {
		got := judge(t, []byte(c.file), two())
		var rows []string
		for _, r := range got.rows {
			rows = append(rows, r["a"]+"|"+r["b"])
		}
		if !slices.Equal(rows, c.rows) || !slices.Equal(got.rejects, c.rejects) {
			t.Errorf("%s: taken %.80q, rejected %q, want %.80q and %q", name, rows, got.rejects, c.rows, c.rejects)
		}
	}
}

func TestAColumnTakesWhatItsTypeIs(t *testing.T) {
	integer, decimal, date := Column{Type: "integer"}, Column{Type: "decimal"}, Column{Type: "date"}
	sex := Column{Missing: "sex_missing", pattern: regexp.MustCompile(`^(?:F|M)$`)}
	for name, c := range map[string]struct {
		column Column
		value  string
		want   string
	}{
		"text of any kind":            {Column{}, "محمد 🎓 \t=1+1", ""},
		"no text":                     {Column{}, "", ""},
		"no value where one must be":  {sex, "", "sex_missing"},
		"a value of the pattern":      {sex, "F", ""},
		"a value around the pattern":  {sex, "FF", "invalid_field"},
		"another line beside it":      {sex, "F\nM", "invalid_field"},
		"a whole number":              {integer, "-120", ""},
		"zero":                        {integer, "0", ""},
		"a number with zeros before":  {integer, "007", "invalid_field"},
		"a number with a plus":        {integer, "+7", "invalid_field"},
		"a number of 19 digits":       {integer, "1000000000000000000", "invalid_field"},
		"a spreadsheet's number":      {integer, "1.23E+05", "invalid_field"},
		"Arabic digits":               {integer, "١٢", "invalid_field"},
		"no number at all is nothing": {integer, "", ""},
		"a decimal":                   {decimal, "12.25", ""},
		"a decimal comma":             {decimal, "12,25", "invalid_field"},
		"a decimal exponent":          {decimal, "1e3", "invalid_field"},
		"a decimal with a space":      {decimal, "12 ", "invalid_field"},
		"a day":                       {date, "2026-02-28", ""},
		"a day that is none":          {date, "2026-02-30", "invalid_field"},
		"a day in another order":      {date, "06/07/2026", "invalid_field"},
		"a day without zeros":         {date, "2026-6-7", "invalid_field"},
		"a spreadsheet's day":         {date, "46180", "invalid_field"},
		"bytes that are not UTF-8":    {date, "\xe9", "bad_encoding"},
		"U+0000":                      {Column{}, "A\x00B", "bad_encoding"},
	} {
		got := ""
		if rej := c.column.check(c.value); rej != nil {
			got = rej.reason
			if strings.Contains(rej.detail, c.value) && c.value != "" {
				t.Errorf("%s: the detail repeats the value: %s", name, rej.detail)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q is answered %q, want %q", name, c.value, got, c.want)
		}
	}
}

// broken fails to read from some place on.
type broken struct {
	*bytes.Reader
	left int
}

var errDisk = errors.New("input/output error")

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errDisk
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func TestADiskThatFailsIsNoBadQuote(t *testing.T) {
	data := []byte("a,b\n" + strings.Repeat("1,2\n", 50_000))
	r, rej, err := newReader(&broken{bytes.NewReader(data), 64<<10 + 100_000}, two().Columns)
	if err != nil || rej != nil {
		t.Fatal(rej, err)
	}
	if _, rej, err := r.survey(nil); rej != nil || !errors.Is(err, errDisk) {
		t.Errorf("got %+v, %v, want the disk's error", rej, err)
	}
	if _, _, err := newReader(&broken{bytes.NewReader(data), 10}, two().Columns); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want the disk's error", err)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\ufeffa;b\r\n1;\"2\n3\"\r\n", "a\tb\n\n1\t\"\"\"\"\n", "a,b\n1,\"2\n3,4\n", "a,b\n1\n1,2,3\n", "a,b\n\xff,\x00\n",
		"PK\x03\x04", "\xff\xfea\x00", "<html>", "b,a\n1,2\n3,2\n1,2\n", "a,b\n\"1\"x,2\n", "\"a\",\"b\"\r\n\r\n\"1\",2",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := judge(t, b, two())
		if !slices.IsSorted(got.lines) {
			t.Errorf("the lines are %v", got.lines)
		}
		for _, r := range got.rows {
			if len(r) != 2 {
				t.Errorf("a row has the columns %v", r)
			}
		}
		feeds := bytes.Count(b, []byte("\n"))
		for _, rej := range got.rejects {
			if line, _, _ := strings.Cut(rej, " "); len(line) == 0 || line > "9999999" {
				t.Errorf("%s of %d lines", rej, feeds)
			}
		}
	})
}

var _ io.ReadSeeker = (*broken)(nil)
