package subscribers_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/subscribers"
)

// gate is a gate to log, and a client's id and secret.
func gate(t *testing.T, log func(eventlog.Log) eventlog.Log) (w *town, g *subscribers.Gate, good esdbserver.Credentials) {
	w = newTown(t, subscribers.Config{})
	g = subscribers.NewGate(subscribers.Config{
		Log: log(w.log), Tokens: w.tokens, Clients: w.clients, Now: w.clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	_, basic, _ := w.client("tunisia", access.LogSubscribe)
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(basic, "Basic "))
	if err != nil {
		t.Fatal(err)
	}
	good.User, good.Password, _ = strings.Cut(string(plain), ":")
	return w, g, good
}

func plain(l eventlog.Log) eventlog.Log { return l }

// at is a call from an address.
func at(t *testing.T, address string) context.Context {
	return peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(address), Port: 4711}})
}

// TestWhoGuessesKeepsNobodyElseOut: the limit of look-ups is by network, below the one of all.
func TestWhoGuessesKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	_, g, good := gate(t, plain)
	limited := false
	for i := range 200 {
		from := fmt.Sprintf("2001:db8::%x", i+1) // all theirs
		_, err := g.Authenticate(at(t, from), esdbserver.Credentials{User: good.User, Password: fmt.Sprint("guess ", i)})
		limited = limited || status.Code(err) == codes.ResourceExhausted
	}
	if !limited {
		t.Error("two hundred guesses a second are looked up")
	}
	if _, err := g.Authenticate(at(t, "192.0.2.7"), good); err != nil {
		t.Errorf("somebody else, meanwhile: %v", err)
	}
}

// TestARevokedClientIsOutWithinSeconds, though it was known when it called again just before.
func TestARevokedClientIsOutWithinSeconds(t *testing.T) {
	t.Parallel()
	w, g, good := gate(t, plain)
	if _, err := g.Authenticate(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(4 * time.Second)
	if err := w.clients.Revoke(t.Context(), good.User); err != nil {
		t.Fatal(err)
	}
	c, err := g.Authenticate(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.advance(2 * time.Second)
	for _, err := range c.Log.All(t.Context(), 0) {
		if status.Code(err) == codes.Unauthenticated {
			return
		}
	}
	t.Error("six seconds after it was looked up it may still look on")
}

// TestAnotherTenantsStreamTakesAsLongAsNone: it is asked for as one that never was, and not read through.
func TestAnotherTenantsStreamTakesAsLongAsNone(t *testing.T) {
	t.Parallel()
	seen := &watched{}
	w, g, good := gate(t, func(l eventlog.Log) eventlog.Log { seen.Log = l; return seen })
	for range 20 {
		w.append("theirs-1", "bosnia", "tunisia")
	}
	c, err := g.Authenticate(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	var asked [][]string
	for _, stream := range []string{"theirs-1", "never-was"} {
		seen.asked, seen.events = nil, 0
		if head, err := c.Log.Head(t.Context(), stream); err != nil || head != eventlog.NoStream {
			t.Errorf("the head of %s is %d, %v", stream, head, err)
		}
		for e, err := range c.Log.Read(t.Context(), stream, 0) {
			t.Errorf("reading %s gives %v, %v", stream, e, err)
		}
		asked = append(asked, seen.asked)
		if seen.events > 2 {
			t.Errorf("%d events of another tenant's were read", seen.events)
		}
	}
	if !slices.Equal(asked[0], asked[1]) {
		t.Errorf("another tenant's stream takes %v, none %v", asked[0], asked[1])
	}
}

// watched notes what is asked of a log.
type watched struct {
	eventlog.Log
	asked  []string
	events int
}

func (w *watched) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	w.asked = append(w.asked, "Head")
	return w.Log.Head(ctx, stream)
}

func (w *watched) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	w.asked = append(w.asked, "Read")
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range w.Log.Read(ctx, stream, from) {
			if w.events++; !yield(e, err) {
				return
			}
		}
	}
}
