package pglog

import (
	"context"
	"fmt"
	"slices"

	"sijil/internal/eventlog"
)

// request is one append on its way through the appender.
type request struct {
	ctx    context.Context // the caller's; the appender only asks whether it ended
	stream string
	want   eventlog.Revision
	drafts []eventlog.Draft // bytes of our own: the caller may be gone before they are stored
	size   int
	answer chan answer // takes one without blocking
}

// answer is what became of a request. With stored and err nil the stream was at head, not
// at want.
type answer struct {
	stored []eventlog.Recorded
	head   eventlog.Revision
	err    error
}

// Append implements eventlog.Log.
func (l *Log) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := eventlog.Check(stream, want, drafts); err != nil {
		return nil, err
	}
	r := &request{
		ctx: ctx, stream: stream, want: want, drafts: owned(drafts), size: eventlog.Size(drafts),
		answer: make(chan answer, 1),
	}
	select {
	case <-l.quit: // checked first, because select picks any case that is ready
		return nil, eventlog.ErrClosed
	default:
	}
	select {
	case l.queue <- r:
	case <-l.quit:
		return nil, eventlog.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a, err := l.await(ctx, r)
	if err != nil || a.stored != nil {
		return a.stored, err
	}
	if a.head > want {
		if earlier, err := l.earlier(ctx, stream, want, drafts); err != nil || earlier != nil {
			return earlier, err
		}
	}
	return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: a.head}
}

// await is the appender's answer, or why there is none.
func (l *Log) await(ctx context.Context, r *request) (answer, error) {
	select {
	case a := <-r.answer:
		return a, a.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-l.idle:
	}
	select {
	case a := <-r.answer: // answered last thing
		return a, a.err
	default:
		return answer{}, eventlog.ErrClosed // came too late
	}
}

// owned copies the drafts' bytes, all into one piece.
func owned(drafts []eventlog.Draft) []eventlog.Draft {
	n := 0
	for _, d := range drafts {
		n += len(d.Data) + len(d.Meta)
	}
	bytes := make([]byte, 0, n)
	keep := func(b []byte) []byte {
		from := len(bytes)
		bytes = append(bytes, b...)
		return bytes[from:len(bytes):len(bytes)]
	}
	out := slices.Clone(drafts)
	for i, d := range drafts {
		out[i].Data, out[i].Meta = keep(d.Data), keep(d.Meta)
	}
	return out
}

const rangeSQL = `
select ` + columns + `
from events e
where e.stream_id = (select id from streams where name = $1) and e.rev between $2 and $3
order by e.rev`

// earlier is what an append of these drafts at want stored before, nil when it did not. It
// needs no lock: what stands at a revision stands there for ever.
func (l *Log) earlier(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
	rows, err := l.pool.Query(ctx, rangeSQL, binaryFormats, stream, int64(want)+1, int64(want)+int64(len(drafts)))
	if err != nil {
		return nil, fmt.Errorf("looking for an earlier append: %w", err)
	}
	stored, err := readIn(rows, stream)
	if err != nil {
		return nil, fmt.Errorf("looking for an earlier append: %w", err)
	}
	same := func(e eventlog.Recorded, d eventlog.Draft) bool { return e.ID == d.ID }
	if !slices.EqualFunc(stored, drafts, same) {
		return nil, nil
	}
	return stored, nil
}
