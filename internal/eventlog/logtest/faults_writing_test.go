package logtest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// writingFaults are about what Append stores and answers.
var writingFaults = []fault{
	{
		name: "an acknowledged event is lost", noticed: "a stream grows by exact revisions",
		seed: func(b *broken, l *memlog.Log) {
			n := 0
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if n++; n%3 == 0 {
					var out []eventlog.Recorded
					end, _ := l.End(ctx)
					for i, d := range ds {
						out = append(out, eventlog.Recorded{
							Draft: d, Stream: stream, Created: instant(),
							Revision: want + 1 + eventlog.Revision(i), Position: end + 1 + eventlog.Position(i),
						})
					}
					return out, nil
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "an event is stored twice", noticed: "an append answers places and times",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, append(ds, ds...)...)
				return got[:min(len(got), len(ds))], err
			}
		},
	},
	{
		name: "the log yields an event twice", noticed: "all resumes after a position, excluded",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.All(ctx, after))
				return yields(append(got, got[:min(1, len(got))]...))
			}
		},
	},
	{
		name: "revisions begin at 1", noticed: "an append answers places and times",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				for i := range got {
					got[i].Revision++
				}
				return got, err
			}
		},
	},
	{
		name: "a batch is stored event by event", noticed: "a batch becomes visible as a whole",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) (out []eventlog.Recorded, err error) {
				for i := range ds {
					got, err := l.Append(ctx, stream, want+eventlog.Revision(i), ds[i])
					if err != nil {
						return nil, err
					}
					out = append(out, got...)
					time.Sleep(20 * time.Microsecond)
				}
				return out, nil
			}
		},
	},
	{
		name: "half of a batch that is too large is stored", noticed: "an append has at most MaxAppend bytes",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				if errors.Is(err, eventlog.ErrTooLarge) && len(ds) > 1 {
					_, _ = l.Append(ctx, stream, want, ds[:1]...)
				}
				return got, err
			}
		},
	},
	{
		name: "all resumes at a position, included", noticed: "all resumes after a position, excluded",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				return l.All(ctx, max(after, 1)-1)
			}
		},
	},
	{
		name: "the log yields two neighbours in the wrong order", noticed: "all resumes after a position, excluded",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.All(ctx, after))
				if len(got) > 3 {
					got[2], got[3] = got[3], got[2]
				}
				return yields(got)
			}
		},
	},
	{
		// As a sequence does whose numbers become visible at commit: p after p+1.
		name: "a lower position becomes visible late", noticed: "a live subscriber sees every event of many writers once, in order",
		seed: func(b *broken, l *memlog.Log) {
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, err := collect(l.All(ctx, after))
				if n := len(got); n > 1 && err == nil && after > 0 {
					got = slices.Delete(got, n-2, n-1)
				}
				return yields(got)
			}
		},
	},
	{
		name: "find forgets", noticed: "find gives what append stored, and nothing else",
		seed: func(b *broken, l *memlog.Log) {
			b.find = func(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
				e, ok, err := l.Find(ctx, stream, id)
				if head, _ := l.Head(ctx, stream); ok && e.Revision < head-32 {
					return eventlog.Recorded{}, false, nil
				}
				return e, ok, err
			}
		},
	},
	{
		name: "find remembers the last of two", noticed: "at the head an append is always written",
		seed: func(b *broken, l *memlog.Log) {
			known := map[eventlog.UUID]eventlog.Recorded{}
			b.find = func(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
				if e, ok := known[id]; ok {
					return e, true, nil
				}
				for e := range l.Read(ctx, stream, 0) {
					known[e.ID] = e
				}
				return l.Find(ctx, stream, id)
			}
		},
	},
	{
		name: "find looks in every stream", noticed: "find gives what append stored, and nothing else",
		seed: func(b *broken, l *memlog.Log) {
			b.find = func(ctx context.Context, _ string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
				for e := range l.All(ctx, 0) {
					if e.ID == id {
						return e, true, nil
					}
				}
				return eventlog.Recorded{}, false, nil
			}
		},
	},
	{
		name: "a retry is a conflict", noticed: "a retry is answered with the first append",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if head, _ := l.Head(ctx, stream); head != want {
					return nil, errors.Join(&eventlog.ConflictError{Stream: stream, Want: want, Actual: head}, eventlog.Check(stream, want, ds))
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "a retry is known by its first id only", noticed: "a retry that differs in one id is a conflict",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if stored, _ := collect(l.Read(ctx, stream, want+1)); len(stored) >= len(ds) && len(ds) > 0 && stored[0].ID == ds[0].ID {
					return stored[:len(ds)], nil
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "an id that the stream has is never stored again", noticed: "at the head an append is always written",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if e, ok, _ := l.Find(ctx, stream, ds[0].ID); ok {
					return []eventlog.Recorded{e}, nil
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "an id is unique in the whole log", noticed: "an id is unique per stream only",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				for e := range l.All(ctx, 0) {
					if e.ID == ds[0].ID {
						return []eventlog.Recorded{e}, nil
					}
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "the expected revision is ignored", noticed: "another revision is a conflict and stores nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, _ eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				head, _ := l.Head(ctx, stream)
				return l.Append(ctx, stream, head, ds...)
			}
		},
	},
	{
		name: "a revision above the head is taken", noticed: "another revision is a conflict and stores nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				head, _ := l.Head(ctx, stream)
				return l.Append(ctx, stream, min(want, head), ds...)
			}
		},
	},
	{
		name: "a conflict does not say where the stream is", noticed: "another revision is a conflict and stores nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				if errors.Is(err, eventlog.ErrConflict) {
					err = eventlog.ErrConflict
				}
				return got, err
			}
		},
	},
	{
		name: "the head is read before it is written without a lock", noticed: "of two appends to one stream in the same moment one is stored",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				head, _ := l.Head(ctx, stream)
				if head != want {
					return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: head}
				}
				time.Sleep(100 * time.Microsecond)
				for {
					got, err := l.Append(ctx, stream, head, ds...)
					if err == nil {
						return got, nil
					}
					head, _ = l.Head(ctx, stream)
				}
			}
		},
	},
	{
		name: "an append may have a byte too many", noticed: "an append has at most MaxAppend bytes",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if eventlog.Size(ds) == eventlog.MaxAppend+1 {
					ds = slices.Clone(ds)
					ds[2].Data = ds[2].Data[1:]
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "an empty append succeeds", noticed: "an append that is wrong in itself is refused and stores nothing",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				if len(ds) == 0 {
					return nil, nil
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "payloads pass through a text type", noticed: "bytes come back as they went in",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				ds = slices.Clone(ds)
				for i := range ds {
					ds[i].Data = bytes.ToValidUTF8(ds[i].Data, []byte("\ufffd"))
				}
				return l.Append(ctx, stream, want, ds...)
			}
		},
	},
	{
		name: "the log keeps the caller's bytes", noticed: "what the caller does to its bytes afterwards changes nothing",
		seed: func(b *broken, l *memlog.Log) {
			kept := map[eventlog.Position][]byte{}
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				got, err := l.Append(ctx, stream, want, ds...)
				for i := range got {
					kept[got[i].Position] = ds[i].Data
				}
				return got, err
			}
			b.all = func(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
				got, _ := collect(l.All(ctx, after))
				for i := range got {
					got[i].Data = kept[got[i].Position]
				}
				return yields(got)
			}
		},
	},
	{
		name: "names are compared without case", noticed: "a name may be any text",
		seed: func(b *broken, l *memlog.Log) {
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				return l.Append(ctx, string(bytes.ToLower([]byte(stream))), want, ds...)
			}
		},
	},
}
