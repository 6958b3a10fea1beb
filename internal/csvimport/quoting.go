package csvimport

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// quoting makes a rejection of the whole file of what the CSV reader refused; what it could
// not read stays an error.
func (r *reader) quoting(err error) (*reject, error) {
	_, wrong := errors.AsType[*csv.ParseError](err)
	if !wrong && !errors.Is(err, errRecordTooLong) {
		return nil, fmt.Errorf("reading a row: %w", err)
	}
	line, lerr := r.openedAt()
	if lerr != nil {
		return nil, fmt.Errorf("reading a row again: %w", lerr)
	}
	detail := "a quote that opens in this line does not close as CSV has it"
	if errors.Is(err, errRecordTooLong) {
		detail = "the row that begins or has a quote opened in this line is longer than 1 MiB; is the quote closed?"
	}
	return &reject{line: line, reason: "bad_quoting", detail: detail, file: true}, nil
}

// openedAt is the line in which the last quote opened of the record behind the last good
// one, or in which that record begins when it has none: the reader itself knows only where
// it gave up.
func (r *reader) openedAt() (int, error) {
	line, err := r.lines(0, r.skipped+r.end)
	if err != nil {
		return 0, err
	}
	in := bufio.NewReader(io.NewSectionReader(r.from, r.skipped+r.end, maxRecord))
	line++
	opened, begun := line, false
	quoted, start := false, true // within quotes; at the start of a field
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return opened, nil
		} else if err != nil {
			return 0, err
		}
		switch {
		case c == '"' && quoted:
			next, err := in.Peek(1)
			if err != nil { // the end: it closes well
				return opened, nil
			}
			if next[0] == '"' {
				_, _ = in.Discard(1) // it was peeked at
				continue
			}
			quoted = false
			if next[0] != byte(r.csv.Comma) && next[0] != '\n' && next[0] != '\r' {
				return opened, nil
			}
		case c == '"' && start:
			quoted, opened, begun = true, line, true
		case c == '"': // in the middle of a field
			return line, nil
		}
		if c == '\n' {
			line++
		}
		if !begun && (c == '\n' || c == '\r') {
			opened = line // empty lines before the record
		}
		begun = begun || c != '\n' && c != '\r'
		start = !quoted && (c == byte(r.csv.Comma) || c == '\n')
	}
}

// lines counts the line feeds between two places.
func (r *reader) lines(from, to int64) (n int, err error) {
	in := bufio.NewReader(io.NewSectionReader(r.from, from, to-from))
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return 0, err
		}
		if c == '\n' {
			n++
		}
	}
}
