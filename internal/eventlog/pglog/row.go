package pglog

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
)

// columns are what a decoder reads, of events e. All come in PostgreSQL's binary formats.
const columns = `e.pos, e.stream_id, e.rev, e.id, e.type, e.data, e.meta, e.created`

// binaryFormats asks for them, for every column of a query.
var binaryFormats = pgx.QueryResultFormats{1}

// decoder reads rows by hand: a replay reads millions, and this costs a third of scanning
// them. It keeps the names of types, of which there are few.
type decoder struct {
	types map[string]string
}

// pgEpoch is where timestamptz counts its microseconds from, in microseconds since 1970.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

var errForm = errors.New("the database sent an event in an unknown form")

// read gives the event of a row, but for its stream, which it gives by its id. What the query
// selects beside columns is left to the caller.
func (d *decoder) read(row [][]byte) (e eventlog.Recorded, stream int64, err error) {
	if len(row) < 8 || len(row[0]) != 8 || len(row[1]) != 8 || len(row[2]) != 8 || len(row[3]) != 16 || len(row[7]) != 8 {
		return e, 0, errForm
	}
	e.Position = eventlog.Position(binary.BigEndian.Uint64(row[0]))
	stream = int64(binary.BigEndian.Uint64(row[1]))
	e.Revision = eventlog.Revision(binary.BigEndian.Uint64(row[2]))
	e.ID = eventlog.UUID(row[3])
	t, ok := d.types[string(row[4])]
	if !ok {
		if d.types == nil {
			d.types = map[string]string{}
		}
		t = string(row[4])
		d.types[t] = t
	}
	e.Type = t
	both := make([]byte, 0, len(row[5])+len(row[6])) // the row's bytes are overwritten by the next
	both = append(append(both, row[5]...), row[6]...)
	e.Data, e.Meta = both[:len(row[5]):len(row[5])], both[len(row[5]):]
	e.Created = time.UnixMicro(pgEpoch + int64(binary.BigEndian.Uint64(row[7]))).UTC()
	return e, stream, nil
}

// readIn reads columns of events of one stream, all there are.
func readIn(rows pgx.Rows, stream string) (events []eventlog.Recorded, err error) {
	defer rows.Close()
	var d decoder
	for rows.Next() {
		e, _, err := d.read(rows.RawValues())
		if err != nil {
			return nil, err
		}
		e.Stream = stream
		events = append(events, e)
	}
	return events, rows.Err()
}
