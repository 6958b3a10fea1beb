package esdblog

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// reserved reports whether a name of a stream or a type belongs to the server or to this
// package. What is under it is no part of the ledger.
func reserved(name string) bool {
	return strings.HasPrefix(name, "$") || name == identityStream
}

// readable reports whether a stream of this name can be one of the ledger's.
func readable(stream string) bool { return eventlog.ValidName(stream) && !reserved(stream) }

// check refuses what the server, or the client before it, would not store as it is.
func check(stream string, want eventlog.Revision, drafts []eventlog.Draft) error {
	if err := eventlog.Check(stream, want, drafts); err != nil {
		return err
	}
	if reserved(stream) {
		return fmt.Errorf("%w: streams that begin with $, and %s, belong to the event store", eventlog.ErrInvalid, identityStream)
	}
	for _, d := range drafts {
		switch {
		case reserved(d.Type):
			return fmt.Errorf("%w: types that begin with $ belong to the event store", eventlog.ErrInvalid)
		case d.ID == eventlog.UUID{}:
			// The client would put a random one in its place.
			return fmt.Errorf("%w: an event's id is all zeros", eventlog.ErrInvalid)
		}
	}
	return nil
}

// proposed is drafts as the client takes them.
func proposed(drafts []eventlog.Draft) []esdb.EventData {
	out := make([]esdb.EventData, len(drafts))
	for i, d := range drafts {
		out[i] = esdb.EventData{EventID: [16]byte(d.ID), EventType: d.Type, Data: d.Data, Metadata: d.Meta}
		if json.Valid(d.Data) {
			out[i].ContentType = esdb.ContentTypeJson
		}
	}
	return out
}

// contentType is how a server is told what data is. It keeps the bytes either way.
func contentType(data []byte) string {
	if json.Valid(data) {
		return "application/json"
	}
	return "application/octet-stream"
}

// expected is a revision as the client takes it.
func expected(want eventlog.Revision) esdb.ExpectedRevision {
	if want == eventlog.NoStream {
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(want))
}

// place is a position as the client takes it. Every event of a ledger is committed by the
// record that holds it, so both halves are one number.
func place(at eventlog.Position) esdb.Position {
	return esdb.Position{Commit: uint64(at), Prepare: uint64(at)}
}

// after is where a subscription begins that has seen everything up to at.
func after(at eventlog.Position) esdb.AllPosition {
	if at == 0 {
		return esdb.Start{}
	}
	return place(at)
}

// recorded is an event as the client gave it; ok is false when it is not one of the ledger's.
func recorded(r *esdb.ResolvedEvent) (e eventlog.Recorded, ok bool) {
	w := r.OriginalEvent()
	if w == nil || reserved(w.EventType) || reserved(w.StreamID) {
		return e, false
	}
	return eventlog.Recorded{
		Draft:  eventlog.Draft{ID: eventlog.UUID(w.EventID), Type: w.EventType, Data: w.Data, Meta: w.UserMetadata},
		Stream: w.StreamID, Revision: eventlog.Revision(w.EventNumber), Position: eventlog.Position(w.Position.Commit),
		Created: w.CreatedDate.UTC(),
	}, true
}

// own is e with bytes that nobody else holds.
func own(e eventlog.Recorded) eventlog.Recorded {
	e.Data, e.Meta = slices.Clone(e.Data), slices.Clone(e.Meta)
	return e
}

func weight(e eventlog.Recorded) int { return len(e.Data) + len(e.Meta) + len(e.Type) + len(e.Stream) }

// last is the greatest revision or position that a server can hold: it counts in int64. A
// checkpoint beyond it says that the end was reached before anything matched, and nothing
// about a place: stored, it would skip all that follows.
const last = math.MaxInt64
