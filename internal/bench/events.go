package bench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
)

// EventSize is the bytes of data, metadata and type of the events that are compared: an
// ordinary one of the record.
const EventSize = 467

// eventType is a type name of ordinary length.
const eventType = "academicRecord.GradeRecorded.v1"

// createRawSQL makes a table of the shape of the log's, with a sequence for positions.
const createRawSQL = `
create table bench_raw (
	pos bigserial primary key, stream_id bigint not null, rev bigint not null, id uuid not null,
	type text collate "C" not null, data bytea not null, meta bytea not null, created timestamptz not null default now(),
	unique (stream_id, rev)
);
create index on bench_raw (stream_id, id)`

const insertRawSQL = `insert into bench_raw (stream_id, rev, id, type, data, meta) values ($1, 0, $2, $3, $4, $5)`

// RawInsert is one INSERT and one commit for each event, to a stream of its own, through
// pool; no stream table, no expected revision, no order that a follower could rely on.
// It makes its table in pool's database.
func RawInsert(ctx context.Context, pool *pgxpool.Pool) (Subject, error) {
	if _, err := pool.Exec(ctx, createRawSQL); err != nil {
		return Subject{}, fmt.Errorf("making the table for plain inserts: %w", err)
	}
	run := newRun()
	return Subject{"raw INSERT", func(ctx context.Context, _ int, serial int64) error {
		d := run.draft(serial)
		_, err := pool.Exec(ctx, insertRawSQL, serial, [16]byte(d.ID), d.Type, d.Data, d.Meta)
		return err
	}}, nil
}

// Append is one append for each event, to a stream of its own, through l.
func Append(name string, l eventlog.Log) Subject {
	run := newRun()
	return Subject{name, func(ctx context.Context, _ int, serial int64) error {
		d := run.draft(serial)
		_, err := l.Append(ctx, "academicRecord-"+d.ID.String(), eventlog.NoStream, d)
		return err
	}}
}

// Draft is an event of [EventSize] bytes.
func Draft() eventlog.Draft { return newRun().draft(1) }

// run makes events that no other run makes.
type run struct {
	id      eventlog.UUID
	payload []byte
	meta    []byte
}

func newRun() *run {
	r := &run{}
	_, _ = rand.Read(r.id[:]) // never fails since Go 1.24
	r.meta = eventlog.Meta{Actor: r.id.String(), Tenant: r.id.String(), EffectiveAt: "2026-09-01"}.Encode()
	r.payload = make([]byte, EventSize-len(r.meta)-len(eventType))
	_, _ = rand.Read(r.payload)
	hex.Encode(r.payload, r.payload[:len(r.payload)/2])
	return r
}

// draft is the event with this number. Its id is spread as a hash is, and differs from
// every other.
func (r *run) draft(serial int64) eventlog.Draft {
	id := r.id
	h := uint64(serial) * 0x9e3779b97f4a7c15
	binary.BigEndian.PutUint64(id[:8], h^binary.BigEndian.Uint64(r.id[:8]))
	return eventlog.Draft{ID: id, Type: eventType, Data: r.payload, Meta: r.meta}
}
