package esdbserver

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// decodeUUID reads both forms in which clients send ids: two numbers, and the text of RFC
// 9562 section 4.
func decodeUUID(u *shared.UUID) (id eventlog.UUID, err error) {
	switch v := u.GetValue().(type) {
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(id[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(v.Structured.GetLeastSignificantBits()))
		return id, nil
	case *shared.UUID_String_:
		// uuid.Parse reads other spellings too, in which an id would not be found again.
		parsed, err := uuid.Parse(v.String_)
		if err != nil || len(v.String_) != 36 {
			return id, invalid("an id is not a UUID")
		}
		return eventlog.UUID(parsed), nil
	default:
		return id, invalid("an id is missing")
	}
}

func encodeUUID(id eventlog.UUID, text bool) *shared.UUID {
	if text {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// streamName reads the name of a stream.
func streamName(s *shared.StreamIdentifier) (string, error) {
	name := string(s.GetStreamName())
	switch {
	case !eventlog.ValidName(name):
		return "", invalid("a stream's name is empty, not UTF-8 or holds U+0000")
	case len(name) > eventlog.MaxStreamName:
		return "", invalid("a stream's name has at most %d bytes", eventlog.MaxStreamName)
	}
	return name, nil
}

func encodeStream(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

// ticks is t in units of 100 ns since 1970, as clients read it. One that is not a decimal number
// makes the Go client end its process.
func ticks(t time.Time) string {
	return strconv.FormatInt(t.Unix()*1e7+int64(t.Nanosecond()/100), 10)
}

// encodeEvent is an event as read. The log has one position per event, so commit and prepare are the same.
func encodeEvent(e eventlog.Recorded, textIDs bool) *streams.ReadResp {
	contentType := "application/octet-stream"
	if json.Valid(e.Data) {
		contentType = "application/json"
	}
	event := &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               encodeUUID(e.ID, textIDs),
			StreamIdentifier: encodeStream(e.Stream),
			StreamRevision:   uint64(e.Revision),
			CommitPosition:   uint64(e.Position),
			PreparePosition:  uint64(e.Position),
			Metadata: map[string]string{
				"type": e.Type, "content-type": contentType, "created": ticks(e.Created),
			},
			CustomMetadata: e.Meta,
			Data:           e.Data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(e.Position)},
	}
	if e.Position == 0 {
		event.Position = &streams.ReadResp_ReadEvent_NoPosition{NoPosition: &shared.Empty{}}
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: event}}
}
