package esdbserver

import (
	"encoding/json"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"sijil/internal/eventlog"
)

// incoming is an append while its messages arrive. After the first bad one it keeps no more
// of them, and remembers why.
type incoming struct {
	stream  string
	want    expected
	drafts  []eventlog.Draft
	size    int
	refused error
}

// proposed is an event of Append or of BatchAppend.
type proposed interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

func (in *incoming) add(m proposed) {
	if in.refused != nil {
		return
	}
	d, err := decodeProposed(m)
	in.size += len(d.Data) + len(d.Meta) + len(d.Type)
	switch {
	case err != nil:
		in.refuse(err)
	case in.size > eventlog.MaxAppend:
		in.refuse(appendTooLarge())
	default:
		in.drafts = append(in.drafts, d)
	}
}

func (in *incoming) refuse(err error) {
	if in.refused == nil {
		in.refused, in.drafts = err, nil
	}
}

func decodeProposed(m proposed) (d eventlog.Draft, err error) {
	system := m.GetMetadata()
	for _, name := range []string{"type", "content-type"} {
		if _, ok := system[name]; !ok {
			return d, metadataMissing(name)
		}
	}
	if !eventlog.ValidName(system["type"]) {
		return d, invalid("an event's type is empty or holds U+0000")
	}
	id, err := decodeUUID(m.GetId())
	if err != nil {
		return d, err
	}
	return eventlog.Draft{ID: id, Type: system["type"], Data: m.GetData(), Meta: m.GetCustomMetadata()}, nil
}

// permitted says whether the append may be written. Names that begin with $ are EventStoreDB's own:
// of them, only a user stream's metadata can be written, and only what changes nothing.
func (in *incoming) permitted(c Caller) error {
	switch {
	case !c.MayAppend:
		return accessDenied()
	case in.stream == IdentityStream && (in.want.kind == anyRevision || in.want.kind == streamExists || in.want == expected{}):
		return accessDenied() // any other expectation is wrong, and is answered so
	case !strings.HasPrefix(in.stream, "$"):
		return nil
	}
	of, ok := strings.CutPrefix(in.stream, "$$")
	if !ok || of == "" || strings.HasPrefix(of, "$") || of == IdentityStream {
		return accessDenied()
	}
	for _, d := range in.drafts {
		if !inert(d.Data) {
			return accessDenied()
		}
	}
	return nil
}

// inert reports whether stream metadata has no effect in EventStoreDB: an object without the $ members
// that truncate a stream ($tb, $maxAge, $maxCount) or grant access to it ($acl), which would not be
// honoured here and would be on a log that this one is copied to.
func inert(metadata []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(metadata, &members) != nil || members == nil {
		return false
	}
	for name := range members {
		if strings.HasPrefix(name, "$") {
			return false
		}
	}
	return true
}
