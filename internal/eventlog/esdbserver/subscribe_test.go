package esdbserver_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"pgregory.net/rapid"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// say spells what a subscription sent: positions of events, checkpoints in parentheses.
func say(messages []*streams.ReadResp) string {
	var said []string
	for _, m := range messages {
		switch {
		case m.GetEvent() != nil:
			said = append(said, fmt.Sprint(m.GetEvent().GetEvent().GetCommitPosition()))
		case m.GetCheckpoint() != nil:
			said = append(said, fmt.Sprintf("(%d)", m.GetCheckpoint().GetCommitPosition()))
		case m.GetConfirmation() != nil:
			said = append(said, "confirmed")
		case m.GetCaughtUp() != nil:
			said = append(said, "caught up")
		default:
			said = append(said, m.String())
		}
	}
	return strings.Join(said, " ")
}

// next is what a subscription sends next.
func next(t testing.TB, sub streams.Streams_ReadClient, n int) (got []*streams.ReadResp) {
	t.Helper()
	for range n {
		m, err := sub.Recv()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	return got
}

func TestSubscriptions(t *testing.T) {
	for name, c := range map[string]struct {
		ask  *streams.ReadReq_Options
		want string // on the town
		then string // after events 11 (stream a), 12 (stream b), 13 (a new stream c)
	}{
		"to all":                                          {live(from(readAll(0, false), esdb.Start{})), "confirmed 1 2 3 4 5 6 7 8 9 10 caught up", "11 12 13"},
		"to all after a position":                         {live(readAll(8, false)), "confirmed 9 10 caught up", "11 12 13"},
		"to all after its last position":                  {live(readAll(10, false)), "confirmed caught up", "11 12 13"},
		"to all from the end":                             {live(from(readAll(0, false), esdb.End{})), "confirmed caught up", "11 12 13"},
		"to all from the greatest position":               {live(readAll(1<<64-1, false)), "confirmed caught up", "11 12 13"},
		"to a stream":                                     {live(readStream("a", esdb.Start{}, false, 0)), "confirmed 1 3 5 7 9 caught up", "11"},
		"to a stream after a revision":                    {live(readStream("b", 2, false, 0)), "confirmed 8 10 caught up", "12"},
		"to a stream from its end":                        {live(readStream("b", esdb.End{}, false, 0)), "confirmed caught up", "12"},
		"to a stream from the greatest revision":          {live(readStream("b", uint64(1<<64-1), false, 0)), "confirmed caught up", "12"},
		"to a stream from the last revision there can be": {live(readStream("b", uint64(math.MaxInt64), false, 0)), "confirmed caught up", "12"},
		"to a stream that does not exist":                 {live(readStream("c", esdb.Start{}, false, 0)), "confirmed caught up", "13"},
		"to a stream that does not exist, from its end":   {live(readStream("c", esdb.End{}, false, 0)), "confirmed caught up", "13"},
		"to types, with a window of two":                  {live(filtered(readAll(0, false), true, "", []string{"odd."}, 2, 1)), "confirmed 1 (2) 3 (4) 5 (6) 7 (8) 9 (10) caught up", "11 (12) 13"},
		"to types, a multiple of the window":              {live(filtered(readAll(0, false), true, "^odd", nil, 2, 2)), "confirmed 1 3 (4) 5 7 (8) 9 (10) caught up", "11 13 (14)"},
		"to a stream's prefix, without a window":          {live(filtered(readAll(0, false), false, "", []string{"b"}, 0, 1)), "confirmed 2 4 6 8 10 (10) caught up", "12"},
		"to what never comes, after a position":           {live(filtered(readAll(3, false), true, "", []string{"x"}, 5, 1)), "confirmed (8) (10) caught up", "(15)"},
		"to what never comes, after the last position":    {live(filtered(readAll(10, false), true, "", []string{"x"}, 5, 1)), "confirmed caught up", "(15)"},
		"to types, without saying how often it is told":   {live(filtered(readAll(0, false), true, "", []string{"even"}, 3, 0)), "confirmed 2 (3) 4 6 (6) 8 (9) 10 (10) caught up", "12 (13)"},
		"to all, in a log where nothing happened before":  {live(filtered(readAll(10, false), false, "c", nil, 1, 1)), "confirmed caught up", "(11) (12) 13 (13) (14)"},
	} {
		t.Run(name, func(t *testing.T) {
			l := town(t)
			sub := open(within(t), t, serve(t, esdbserver.Config{Log: l}).dial(t), c.ask)
			if got := say(next(t, sub, len(strings.Fields(strings.ReplaceAll(c.want, "caught up", "caught"))))); got != c.want {
				t.Fatalf("it began with %q, want %q", got, c.want)
			}
			for i, stream := range []string{"a", "b", "c", "d", "d"} {
				typ := []string{"odd", "even", "odd", "dull", "dull"}[i]
				at, err := l.Head(t.Context(), stream)
				if err == nil {
					_, err = l.Append(t.Context(), stream, at, eventlog.Draft{ID: eventlog.UUID(id(20 + i)), Type: typ + ".Happened.v1"})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := say(next(t, sub, len(strings.Fields(c.then)))); got != c.then {
				t.Errorf("it went on with %q, want %q", got, c.then)
			}
		})
	}
}

// Whatever the log holds and however the window is: every event that matches comes once and in order,
// checkpoints rise, none is further than a window from the one before, and who resumes from a
// checkpoint misses nothing.
func TestCheckpointLaws(t *testing.T) {
	l := memlog.New(time.Now)
	c := serve(t, esdbserver.Config{Log: l}).dial(t)
	types, revision := []string{""}, eventlog.NoStream // types[p] is that of the event at position p
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(0, 30).Draw(rt, "appended") {
			typ := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(rt, "type")
			if _, err := l.Append(t.Context(), "s", revision, eventlog.Draft{ID: eventlog.UUID(id(len(types))), Type: typ}); err != nil {
				rt.Fatal(err)
			}
			types, revision = append(types, typ), revision+1
		}
		after := uint64(rapid.IntRange(0, len(types)-1).Draw(rt, "after"))
		typ := rapid.SampledFrom([]string{"x", "y", "none"}).Draw(rt, "wanted")
		window, multiplier := rapid.Uint32Range(1, 9).Draw(rt, "window"), rapid.Uint32Range(1, 4).Draw(rt, "multiplier")

		sub := open(within(t), t, c, live(filtered(readAll(after, false), true, "", []string{typ}, window, multiplier)))
		at, checkpoint, sent := after, after, []uint64{}
		for _, m := range untilLive(t, sub) {
			if e := m.GetEvent(); e != nil {
				at = e.GetCommitPosition()
				sent = append(sent, at)
			}
			if p := m.GetCheckpoint(); p != nil {
				if p.GetCommitPosition() <= checkpoint || p.GetCommitPosition() < at {
					rt.Fatalf("checkpoint %d after event %d and checkpoint %d", p.GetCommitPosition(), at, checkpoint)
				}
				if p.GetCommitPosition()-checkpoint > uint64(window*multiplier) {
					rt.Fatalf("checkpoint %d after %d with a window of %d", p.GetCommitPosition(), checkpoint, window*multiplier)
				}
				checkpoint = p.GetCommitPosition()
			}
		}
		if checkpoint != uint64(len(types)-1) {
			rt.Fatalf("caught up with checkpoint %d at position %d", checkpoint, len(types)-1)
		}
		var want []uint64
		for p := after + 1; p < uint64(len(types)); p++ {
			if types[p] == typ {
				want = append(want, p)
			}
		}
		if !slices.Equal(sent, want) {
			rt.Fatalf("sent %v, want %v", sent, want)
		}
	})
}

func TestASubscriptionWithoutAnyMatchToldNothingImpossible(t *testing.T) {
	sub := open(within(t), t, serve(t, esdbserver.Config{}).dial(t), live(filtered(readAll(0, false), true, "x", nil, 1, 1)))
	if got := say(next(t, sub, 2)); got != "confirmed caught up" {
		t.Errorf("an empty log said %q", got)
	}
}
