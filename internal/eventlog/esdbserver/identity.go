package esdbserver

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/google/uuid"

	"sijil/internal/eventlog"
)

// IdentityStream and IdentityType are the stream and the event that hold a log's id.
const (
	IdentityStream = "sijil-log"
	IdentityType   = "sijil.LogCreated.v1"
)

// identityEvents is the namespace of the identity events' ids.
var identityEvents = uuid.MustParse("6e1d3b0a-95c5-5a3e-8f0b-0b6d3a7c2f11")

// identified is a log with its identity stream.
type identified struct{ eventlog.Log }

// identity is the event that names the log. It has no position: it is not part of $all.
func (l identified) identity(ctx context.Context) (eventlog.Recorded, error) {
	id, err := l.ID(ctx)
	if err != nil {
		return eventlog.Recorded{}, err
	}
	data, err := json.Marshal(map[string]string{"id": id})
	if err != nil {
		return eventlog.Recorded{}, err
	}
	return eventlog.Recorded{
		Draft: eventlog.Draft{
			ID:   eventlog.UUID(uuid.NewSHA1(identityEvents, []byte(id))),
			Type: IdentityType,
			Data: data,
		},
		Stream:  IdentityStream,
		Created: time.Unix(0, 0).UTC(), // a log does not say when it was made
	}, nil
}

// Head implements eventlog.Log.
func (l identified) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if stream == IdentityStream {
		return 0, ctx.Err()
	}
	return l.Log.Head(ctx, stream)
}

// Read implements eventlog.Log.
func (l identified) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	if stream != IdentityStream {
		return l.Log.Read(ctx, stream, from)
	}
	return func(yield func(eventlog.Recorded, error) bool) {
		if from <= 0 {
			yield(l.identity(ctx))
		}
	}
}
