package pglog

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/internal/eventlog"
)

// rowOf is a row as PostgreSQL sends it.
func rowOf(e eventlog.Recorded, stream int64) [][]byte {
	n := func(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	return [][]byte{
		n(int64(e.Position)), n(stream), n(int64(e.Revision)), e.ID[:], []byte(e.Type), e.Data, e.Meta,
		n(e.Created.UnixMicro() - time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()),
	}
}

func TestDecoderReadsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d decoder
		for range 3 {
			e := eventlog.Recorded{
				Draft: eventlog.Draft{
					ID: eventlog.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), Type: rapid.SampledFrom([]string{"a.B.v1", "سجل"}).Draw(t, "type"),
					Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data"), Meta: rapid.SliceOf(rapid.Byte()).Draw(t, "meta"),
				},
				Revision: eventlog.Revision(rapid.Int64Min(0).Draw(t, "revision")),
				Position: eventlog.Position(rapid.Int64Min(1).Draw(t, "position")),
				Created:  time.UnixMicro(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "created")).UTC(),
			}
			stream := rapid.Int64().Draw(t, "stream")
			data, meta, eid := string(e.Data), string(e.Meta), e.ID
			row := rowOf(e, stream)
			got, id, err := d.read(row)
			if err != nil || id != stream {
				t.Fatalf("stream %d, %v; want %d", id, err, stream)
			}
			for _, b := range row {
				for i := range b { // as the next row does
					b[i] ^= 0xff
				}
			}
			if got.ID != eid || string(got.Data) != data || string(got.Meta) != meta {
				t.Fatalf("got id %s, data %q, metadata %q; want %s, %q, %q", got.ID, got.Data, got.Meta, eid, data, meta)
			}
			if got.Position != e.Position || got.Revision != e.Revision || got.Type != e.Type || !got.Created.Equal(e.Created) {
				t.Fatalf("got %+v, want %+v", got, e)
			}
		}
	})
}

func TestDecoderKeepsItsOwnBytes(t *testing.T) {
	var d decoder
	data, meta := []byte("data"), []byte("meta")
	row := rowOf(eventlog.Recorded{Draft: eventlog.Draft{Type: "a.B.v1", Data: data, Meta: meta}}, 1)
	got, _, err := d.read(row)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	clear(meta)
	clear(row[4])
	got.Data = append(got.Data, '!')
	if string(got.Data) != "data!" || string(got.Meta) != "meta" || got.Type != "a.B.v1" {
		t.Fatalf("the event became %q %q %q", got.Data, got.Meta, got.Type)
	}
}

func TestDecoderRefusesOtherForms(t *testing.T) {
	var d decoder
	good := rowOf(eventlog.Recorded{Draft: eventlog.Draft{Type: "a.B.v1"}}, 1)
	for column := range good {
		if column == 4 || column == 5 || column == 6 {
			continue // of any length
		}
		row := append([][]byte(nil), good...)
		row[column] = []byte("12")
		if e, _, err := d.read(row); err == nil {
			t.Errorf("a row with text in column %d was read as %+v", column, e)
		}
	}
	if _, _, err := d.read(good[:7]); err == nil {
		t.Error("a row without a column was read")
	}
}
