package esdbserver

import (
	"regexp"
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

// maxExpression bounds what is held against every event.
const maxExpression = 64 << 10

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
		return invalid("a filter has at most %d bytes and %d prefixes", maxExpression, maxExpression/16)
	case regex == "":
		f.prefixes = prefixes
		return nil
	}
	var err error
	if f.regex, err = regexp.Compile(regex); err != nil {
		return invalid("the filter's regular expression is not one of RE2's syntax: look-around and back references are not offered")
	}
	return nil
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
