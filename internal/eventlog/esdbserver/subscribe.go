package esdbserver

import (
	"context"
	"iter"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// subscribe sends a confirmation, the history after the place that is asked for, caught_up, and then
// what is appended, until ctx ends. A subscription that begins at the end gets everything that is
// appended after its confirmation.
func subscribe(ctx context.Context, l identified, r request, send send) error {
	sub := &subscription{log: l, request: r, send: send}
	if r.stream == "" {
		return sub.followAll(ctx)
	}
	return sub.followStream(ctx)
}

type subscription struct {
	request
	log  identified
	send send

	considered uint64 // events since the last checkpoint
}

func (s *subscription) confirm() error {
	return s.send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: newUUID().String()},
	}})
}

func (s *subscription) caughtUp() error {
	return s.send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

func (s *subscription) followAll(ctx context.Context) error {
	after := eventlog.Position(s.from.at)
	if s.from.kind == atEnd {
		end, err := s.log.End(ctx)
		if err != nil {
			return err
		}
		after = end
	}
	if err := s.confirm(); err != nil {
		return err
	}
	at := after
	return follow(ctx, s.log.Log, after, func(e eventlog.Recorded) error {
		at = e.Position
		if s.filter.match(e) {
			if err := s.send(encodeEvent(e, s.textIDs)); err != nil {
				return err
			}
		}
		return s.consider(at)
	}, func() error {
		if err := s.checkpoint(at); err != nil {
			return err
		}
		return s.caughtUp()
	})
}

// consider counts an event at position at, sent or not.
func (s *subscription) consider(at eventlog.Position) error {
	s.considered++
	if s.filter == nil || s.considered < s.filter.every {
		return nil
	}
	return s.checkpoint(at)
}

// checkpoint tells a filtered subscriber how far it need not go back. It is never told the same
// twice, nor a place it gave itself.
func (s *subscription) checkpoint(at eventlog.Position) error {
	if s.filter == nil || s.considered == 0 {
		return nil
	}
	s.considered = 0
	return s.send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: uint64(at), PreparePosition: uint64(at)},
	}})
}

// followStream reads the stream's history, and then follows the log from where it ended before the
// history was read, leaving out what was read.
func (s *subscription) followStream(ctx context.Context) error {
	end, err := s.log.End(ctx)
	if err != nil {
		return err
	}
	var next eventlog.Revision
	switch s.from.kind {
	case atPlace:
		next = eventlog.Revision(s.from.at) + 1
	case atEnd:
		head, err := s.log.Head(ctx, s.stream)
		if err != nil {
			return err
		}
		next = head + 1
	}
	if err := s.confirm(); err != nil {
		return err
	}
	event := func(e eventlog.Recorded) error {
		if e.Stream != s.stream || e.Revision < next {
			return nil
		}
		next = e.Revision + 1
		return s.send(encodeEvent(e, s.textIDs))
	}
	for e, err := range s.log.Read(ctx, s.stream, next) {
		if err == nil {
			err = event(e)
		}
		if err != nil {
			return err
		}
	}
	return follow(ctx, s.log.Log, end, event, s.caughtUp)
}

// whole is everything after a position.
func whole(ctx context.Context, l eventlog.Log, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return l.All(ctx, after)
}

// follow hands over every event after position after, and whatever comes, until ctx ends or
// something fails. It calls caughtUp when it has been at the end for the first time.
func follow(ctx context.Context, l eventlog.Log, after eventlog.Position, event func(eventlog.Recorded) error, caughtUp func() error) error {
	live, partial := false, false
	for {
		var end eventlog.Position
		if partial {
			var err error
			if end, err = l.End(ctx); err != nil {
				return err
			}
		}
		before := after
		pass := eventlog.Since // what was appended just now
		if !live || partial {
			pass = whole // up to the end
		}
		for e, err := range pass(ctx, l, after) {
			if err == nil {
				err = event(e)
			}
			if err != nil {
				return err
			}
			after = e.Position
		}
		switch {
		case !live:
			live = true
			if err := caughtUp(); err != nil {
				return err
			}
		case after == before && !partial:
			// Woken by what this caller does not see. From now on the end is noted before each pass, so
			// that what was passed over wakes it once.
			partial = true
			continue
		}
		after = max(after, end)
		if err := l.Wait(ctx, after); err != nil {
			return err
		}
	}
}
