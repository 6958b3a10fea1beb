package eventlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Meta is the envelope of a ledger event: who, when, for whom, why. It holds no personal
// data: actors, subjects and institutions are opaque ids.
type Meta struct {
	// RecordedAt is when the log took the event (UTC, microseconds). The log sets it, nobody
	// else, and it never decreases with position. See [Stamp].
	RecordedAt time.Time
	// EffectiveAt is when the fact holds in the world: a day or an instant (RFC 3339).
	EffectiveAt string
	// Actor is the token subject that decided; OnBehalfOf whom it named. The second is a
	// claim of the caller's and never counts as an approval.
	Actor, OnBehalfOf string
	// Tenant is the authority, Institution the one that recorded the fact.
	Tenant, Institution string
	// CorrelationID is the request, CausationID the event that made a process act.
	CorrelationID, CausationID string
	// CommandKey is the keyed hash of the idempotency key, BodyMAC of the request body.
	CommandKey, BodyMAC string
	// Inputs are the events of other streams the decision rests on.
	Inputs []Input
	// Subjects are the persons whose keys seal the payload.
	Subjects []string
}

// Input is the last event of another stream that a decision read.
type Input struct {
	Stream   string   `json:"stream"`
	Revision Revision `json:"revision"`
}

// metaJSON fixes the order of members: recordedAt is first, so that Stamp can find it.
type metaJSON struct {
	RecordedAt    string   `json:"recordedAt"`
	EffectiveAt   string   `json:"effectiveAt,omitempty"`
	Actor         string   `json:"actor,omitempty"`
	OnBehalfOf    string   `json:"onBehalfOf,omitempty"`
	Tenant        string   `json:"tenant,omitempty"`
	Institution   string   `json:"institution,omitempty"`
	CorrelationID string   `json:"correlationId,omitempty"`
	CausationID   string   `json:"causationId,omitempty"`
	CommandKey    string   `json:"commandKey,omitempty"`
	BodyMAC       string   `json:"bodyMAC,omitempty"`
	Inputs        []Input  `json:"inputs,omitempty"`
	Subjects      []string `json:"subjects,omitempty"`
}

// stampLayout has a fixed width and UTC, so that text order is time order.
const stampLayout = "2006-01-02T15:04:05.000000Z"

var unstamped = []byte(`{"recordedAt":""`)

// Encode gives the stored form. With a zero RecordedAt the log fills it in on append.
func (m Meta) Encode() []byte {
	at := ""
	if !m.RecordedAt.IsZero() {
		at = m.RecordedAt.UTC().Format(stampLayout)
	}
	b, err := json.Marshal(metaJSON{
		at, m.EffectiveAt, m.Actor, m.OnBehalfOf, m.Tenant, m.Institution,
		m.CorrelationID, m.CausationID, m.CommandKey, m.BodyMAC, m.Inputs, m.Subjects,
	})
	if err != nil { // strings and ints always marshal
		panic(err)
	}
	return b
}

// DecodeMeta reads the stored form. Members it does not know are ignored: a copied or
// foreign event may carry more.
func DecodeMeta(b []byte) (Meta, error) {
	var j metaJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Meta{}, fmt.Errorf("reading event metadata: %w", err)
	}
	m := Meta{
		EffectiveAt: j.EffectiveAt, Actor: j.Actor, OnBehalfOf: j.OnBehalfOf, Tenant: j.Tenant, Institution: j.Institution,
		CorrelationID: j.CorrelationID, CausationID: j.CausationID, CommandKey: j.CommandKey, BodyMAC: j.BodyMAC,
		Inputs: j.Inputs, Subjects: j.Subjects,
	}
	if j.RecordedAt != "" {
		at, err := time.Parse(stampLayout, j.RecordedAt)
		if err != nil {
			return Meta{}, fmt.Errorf("reading recordedAt: %w", err)
		}
		m.RecordedAt = at
	}
	return m, nil
}

// Stamp puts at into metadata that begins with an empty recordedAt, as [Meta.Encode]
// writes it, and returns other metadata unchanged (an event copied from another log
// keeps its recordedAt). Adapters call it when they know the event's place, so that
// recordedAt never decreases with position whatever the clocks of several writers say.
func Stamp(meta []byte, at time.Time) []byte {
	rest, ok := bytes.CutPrefix(meta, unstamped)
	if !ok {
		return meta
	}
	out := make([]byte, 0, len(meta)+len(stampLayout))
	out = append(out, unstamped[:len(unstamped)-1]...)
	out = at.UTC().AppendFormat(out, stampLayout)
	out = append(out, '"')
	return append(out, rest...)
}

// RecordedAt reads the stamp of stored metadata without decoding the rest; ok is
// false when there is none.
func RecordedAt(meta []byte) (at time.Time, ok bool) {
	rest, found := bytes.CutPrefix(meta, unstamped[:len(unstamped)-1])
	if !found || len(rest) < len(stampLayout) {
		return time.Time{}, false
	}
	at, err := time.Parse(stampLayout, string(rest[:len(stampLayout)]))
	return at, err == nil
}
