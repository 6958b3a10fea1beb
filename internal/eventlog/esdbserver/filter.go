package esdbserver

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// filter picks events of $all by their type or by their stream's name.
type filter struct {
	byType   bool
	prefixes []string
	regex    *regexp.Regexp // when there are no prefixes
	every    uint64         // considered events between two checkpoints
}

// defaultWindow is EventStoreDB's, for clients that do not say.
const defaultWindow = 32

// What is held against every event, and what it costs: a regular expression of a few kilobytes can take 100 MB
// and milliseconds for each name. Those that pick types and streams are a hundred bytes and steps.
const (
	maxExpression = 64 << 10 // bytes of prefixes
	maxRegex      = 1 << 10
	maxSteps      = 10_000 // of the program that a regular expression is compiled to
)

func parseFilter(o *streams.ReadReq_Options_FilterOptions) (*filter, error) {
	f := &filter{}
	var by *streams.ReadReq_Options_FilterOptions_Expression
	switch v := o.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_EventType:
		f.byType, by = true, v.EventType
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		by = v.StreamIdentifier
	default:
		return nil, invalid("a filter is by event type or by stream name")
	}
	if err := f.parseExpression(by.GetRegex(), by.GetPrefix()); err != nil {
		return nil, err
	}
	window := uint64(o.GetMax())
	if window == 0 {
		window = defaultWindow
	}
	f.every = window * max(1, uint64(o.GetCheckpointIntervalMultiplier()))
	return f, nil
}

func (f *filter) parseExpression(regex string, prefixes []string) error {
	size := len(regex)
	for _, p := range prefixes {
		size += len(p)
	}
	switch {
	case (regex == "") == (len(prefixes) == 0):
		return invalid("a filter is either a regular expression or prefixes")
	case size > maxExpression || len(prefixes) > maxExpression/16:
		return invalid("a filter's prefixes are at most %d bytes and %d in number", maxExpression, maxExpression/16)
	case regex == "":
		f.prefixes = prefixes
		return nil
	}
	var err error
	if len(regex) > maxRegex || costly(regex) {
		return invalid("the filter's regular expression is too long or takes too many steps: repeat less, or use prefixes")
	}
	if f.regex, err = regexp.Compile(regex); err != nil {
		return invalid("the filter's regular expression is not one of RE2's syntax: look-around and back references are not offered")
	}
	return nil
}

// costly reports whether a regular expression, if it is one, compiles to too large a program.
func costly(regex string) bool {
	parsed, err := syntax.Parse(regex, syntax.Perl)
	if err != nil {
		return false
	}
	program, err := syntax.Compile(parsed.Simplify())
	return err == nil && len(program.Inst) > maxSteps
}

// match reports whether e passes; everything passes without a filter.
func (f *filter) match(e eventlog.Recorded) bool {
	if f == nil {
		return true
	}
	name := e.Stream
	if f.byType {
		name = e.Type
	}
	if f.regex != nil {
		return f.regex.MatchString(name)
	}
	for _, p := range f.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
