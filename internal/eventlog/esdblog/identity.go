package esdblog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// The log's name is the one event of a stream of its own, which is no part of the ledger.
const (
	identityStream = "sijil-log"
	identityType   = "sijil.LogCreated.v1"
)

// created is that event's data.
type created struct {
	ID string `json:"id"`
}

// identity reads the log's id, and gives the log one where it has none. Of two processes
// that do so at once one is refused and reads what the other wrote.
func identity(ctx context.Context, c *esdb.Client) (string, error) {
	for range 2 {
		id, err := readIdentity(ctx, c)
		if err == nil || !missing(err) {
			return id, err
		}
		if err := writeIdentity(ctx, c); err != nil && !refused(err) {
			return "", err
		}
	}
	return readIdentity(ctx, c)
}

func readIdentity(ctx context.Context, c *esdb.Client) (string, error) {
	s, err := c.ReadStream(ctx, identityStream, esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
	if err != nil {
		return "", err
	}
	defer s.Close()
	e, err := s.Recv()
	if err != nil {
		return "", err
	}
	r := e.OriginalEvent()
	var told created
	if r == nil || r.EventType != identityType || json.Unmarshal(r.Data, &told) != nil || told.ID == "" {
		return "", &wrongServerError{"the event store's stream " + identityStream + " does not begin with an event " + identityType + " that names the log"}
	}
	return told.ID, nil
}

func writeIdentity(ctx context.Context, c *esdb.Client) error {
	log, event := randomID(), randomID()
	data, err := json.Marshal(created{ID: log.String()})
	if err != nil {
		return err
	}
	_, err = c.AppendToStream(ctx, identityStream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, esdb.EventData{
		EventID: [16]byte(event), EventType: identityType, ContentType: esdb.ContentTypeJson, Data: data,
	})
	var e *esdb.Error
	if errors.As(err, &e) && e.Code() == esdb.ErrorCodeAccessDenied {
		return fmt.Errorf("the event store has no ledger yet and does not let this user begin one; open it once with a user who may append: %w", err)
	}
	return err
}

// randomID is a version-4 UUID.
func randomID() (u eventlog.UUID) {
	_, _ = rand.Read(u[:]) // never fails since Go 1.24
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}
