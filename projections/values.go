package projections

import (
	"encoding/hex"
	"encoding/json"
	"time"
)

// The types of this file write values in JSON as PostgreSQL's to_jsonb does, so that a slow
// fold's rows can be compared with a table's.

// stamp is a timestamptz in UTC.
type stamp time.Time

// MarshalJSON writes microseconds without trailing zeros and the zone as +00:00.
func (s stamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(s).UTC().Format("2006-01-02T15:04:05.999999-07:00"))
}

// blob is a bytea; nil is null.
type blob []byte

// MarshalJSON writes \x and hexadecimal digits.
func (b blob) MarshalJSON() ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	return json.Marshal(`\x` + hex.EncodeToString(b))
}

// orNull is nil for the zero value, which the tables keep as NULL.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
