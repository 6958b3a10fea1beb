package esdbserver

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// request is a read or a subscription as asked for.
type request struct {
	stream  string // empty means $all
	from    place
	back    bool
	live    bool    // a subscription
	count   uint64  // of a read
	filter  *filter // nil lets everything pass
	textIDs bool
}

// place is where to begin.
type place struct {
	kind placeKind
	at   uint64 // a revision or a position, of atPlace
}

type placeKind int

const (
	atStart placeKind = iota
	atEnd
	atPlace
)

// parsePlace reads a revision or a position. What no signed number holds is how clients write
// the end.
func parsePlace(at uint64) place {
	if at >= math.MaxInt64 {
		return place{kind: atEnd}
	}
	return place{atPlace, at}
}

func parseRead(o *streams.ReadReq_Options) (r request, err error) {
	switch v := o.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		if r.stream, err = streamName(v.Stream.GetStreamIdentifier()); err != nil {
			return r, err
		}
		switch at := v.Stream.GetRevisionOption().(type) {
		case *streams.ReadReq_Options_StreamOptions_Start:
		case *streams.ReadReq_Options_StreamOptions_End:
			r.from = place{kind: atEnd}
		case *streams.ReadReq_Options_StreamOptions_Revision:
			r.from = parsePlace(at.Revision)
		default:
			return r, invalid("a read says from which revision")
		}
	case *streams.ReadReq_Options_All:
		switch at := v.All.GetAllOption().(type) {
		case *streams.ReadReq_Options_AllOptions_Start:
		case *streams.ReadReq_Options_AllOptions_End:
			r.from = place{kind: atEnd}
		case *streams.ReadReq_Options_AllOptions_Position:
			r.from = parsePlace(at.Position.GetCommitPosition())
		default:
			return r, invalid("a read says from which position")
		}
	default:
		return r, invalid("a read is of a stream or of $all")
	}
	return r, r.parseRest(o)
}

func (r *request) parseRest(o *streams.ReadReq_Options) (err error) {
	r.back = o.GetReadDirection() == streams.ReadReq_Options_Backwards
	r.textIDs = o.GetUuidOption().GetString_() != nil
	switch v := o.GetCountOption().(type) {
	case *streams.ReadReq_Options_Count:
		r.count = v.Count
	case *streams.ReadReq_Options_Subscription:
		r.live = true
	default:
		return invalid("a read has a count or is a subscription")
	}
	if f := o.GetFilter(); f != nil {
		if r.filter, err = parseFilter(f); err != nil {
			return err
		}
	}
	switch {
	case r.live && r.back:
		return invalid("a subscription goes forwards")
	case r.filter != nil && r.stream != "":
		return invalid("only $all can be filtered")
	}
	return nil
}
