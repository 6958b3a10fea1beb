package subscribers_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sijil/internal/access"
	"sijil/internal/subscribers"
)

// TestNobodySeesAnotherTenantsEvents: by no way of reading, whatever is asked for.
func TestNobodySeesAnotherTenantsEvents(t *testing.T) {
	t.Parallel()
	w := newTown(t, subscribers.Config{})
	const mine, theirs = 40, 60
	for i := range theirs {
		w.append("theirs-1", "bosnia", "tunisia")
		if i < mine {
			w.append("mine-1", "tunisia", "bosnia")
		}
	}
	stranger := w.append("stray", "bosnia", "tunisia")
	w.theirs = []string{"theirs-1", "bosnia's own", "stray"}
	_, basic, bearer := w.client("tunisia", access.LogSubscribe)
	caughtUp := func(got []*streams.ReadResp) bool { return got[len(got)-1].GetCaughtUp() != nil }
	for name, c := range map[string]struct {
		ask  func() *streams.ReadReq_Options
		want int
		live bool
	}{
		"everything":                              {ask: func() *streams.ReadReq_Options { return all(false, false, nil) }, want: mine},
		"everything backwards":                    {ask: func() *streams.ReadReq_Options { return all(true, false, "end") }, want: mine},
		"from a position of another tenant's":     {ask: func() *streams.ReadReq_Options { return all(false, false, uint64(stranger.Position)) }},
		"back from a position of another's":       {ask: func() *streams.ReadReq_Options { return all(true, false, uint64(stranger.Position)) }, want: mine},
		"my stream":                               {ask: func() *streams.ReadReq_Options { return one("mine-1", false, false) }, want: mine},
		"my stream backwards":                     {ask: func() *streams.ReadReq_Options { return one("mine-1", true, false) }, want: mine},
		"everything, live":                        {ask: func() *streams.ReadReq_Options { return all(false, true, nil) }, want: mine, live: true},
		"everything from the end, live":           {ask: func() *streams.ReadReq_Options { return all(false, true, "end") }, live: true},
		"everything by a filter for theirs, live": {ask: func() *streams.ReadReq_Options { return filtered(all(false, true, nil), "^(theirs|stray)") }, live: true},
		"everything by a filter for all":          {ask: func() *streams.ReadReq_Options { return filtered(all(false, false, nil), ".") }, want: mine},
		"my stream, live":                         {ask: func() *streams.ReadReq_Options { return one("mine-1", false, true) }, want: mine, live: true},
	} {
		for how, authorization := range map[string]string{"with a secret": basic, "with a token": bearer} {
			t.Run(name+" "+how, func(t *testing.T) {
				var enough func([]*streams.ReadResp) bool
				if c.live {
					enough = caughtUp
				}
				got, err := w.read(w.as(authorization), c.ask(), enough)
				if n := events(got); n != c.want {
					t.Errorf("%d events, want %d (%v)", n, c.want, err)
				}
			})
		}
	}
	for _, back := range []bool{false, true} {
		w.theirs = []string{"bosnia's own"} // the answer names the stream that was asked for
		for _, stream := range []string{"theirs-1", "stray", "never-was"} {
			got, _ := w.read(w.as(basic), one(stream, back, false), nil)
			// A stream of another tenant's and one that never was answer alike, but for the name.
			if len(got) != 1 || got[0].GetStreamNotFound() == nil {
				t.Errorf("reading %s: %v", stream, got)
			}
		}
	}
	t.Run("a subscription to a stream of another's stays silent", func(t *testing.T) {
		got, err := w.read(w.as(basic), one("theirs-1", false, true), caughtUp)
		if events(got) != 0 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("what another tenant records while one listens passes by", func(t *testing.T) {
		w.theirs = []string{"theirs-1", "bosnia's own", "stray"}
		listening := make(chan struct{})
		var once sync.Once
		done := make(chan int, 1)
		go func() {
			got, _ := w.read(w.as(bearer), all(false, true, "end"), func(got []*streams.ReadResp) bool {
				if got[len(got)-1].GetCaughtUp() != nil {
					once.Do(func() { close(listening) })
				}
				return events(got) == 2
			})
			done <- events(got)
		}()
		<-listening
		for range 2 {
			w.append("theirs-1", "bosnia", "tunisia")
			w.append("mine-1", "tunisia", "bosnia")
		}
		if n := <-done; n != 2 {
			t.Errorf("%d events", n)
		}
	})
	t.Run("nobody appends", func(t *testing.T) {
		stream, err := w.streams.Append(w.as(basic))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*streams.AppendReq{
			{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("mine-1")}, ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}},
			}}},
			{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
				Id: &shared.UUID{Value: &shared.UUID_String_{String_: "11111111-1111-4111-8111-111111111111"}}, Metadata: map[string]string{"type": "x", "content-type": "application/json"},
			}}},
		} {
			if err := stream.Send(m); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := stream.CloseAndRecv(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("appending: %v", err)
		}
	})
}

// TestOnlySubscribersGetIn: who has no credentials, wrong ones, or not the scope.
func TestOnlySubscribersGetIn(t *testing.T) {
	t.Parallel()
	w := newTown(t, subscribers.Config{})
	w.append("mine-1", "tunisia", "bosnia")
	_, basic, bearer := w.client("tunisia", access.LogSubscribe)
	_, reader, readerToken := w.client("tunisia", access.Roles["auditor"]...)
	gone, goneBasic, goneBearer := w.client("tunisia", access.LogSubscribe)
	if err := w.clients.Revoke(t.Context(), gone.ClientID()); err != nil {
		t.Fatal(err)
	}
	school, secret, err := w.clients.Create(t.Context(), access.NewClient{Slug: "tunisia", Institution: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", Scopes: []access.Scope{access.LogSubscribe}})
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forger, err := access.NewTokens(other, service)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := forger.Issue(school.Principal([]access.Scope{access.LogSubscribe}), w.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	old, err := w.tokens.Issue(school.Principal([]access.Scope{access.LogSubscribe}), w.clock.now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		shows string
		want  codes.Code
	}{
		"a secret":                          {basic, codes.OK},
		"a token":                           {bearer, codes.OK},
		"nothing":                           {"", codes.PermissionDenied},
		"a wrong secret":                    {basic[:len(basic)-6] + "AAAA==", codes.Unauthenticated},
		"a client without the scope":        {reader, codes.PermissionDenied},
		"a token without the scope":         {readerToken, codes.PermissionDenied},
		"a revoked client":                  {goneBasic, codes.Unauthenticated},
		"a revoked client's token":          {goneBearer, codes.Unauthenticated},
		"a school with the scope":           {"Basic " + base64.StdEncoding.EncodeToString([]byte(school.ClientID()+":"+secret)), codes.PermissionDenied},
		"a token of another key":            {"Bearer " + forged, codes.Unauthenticated},
		"a token that has expired":          {"Bearer " + old, codes.Unauthenticated},
		"EventStoreDB's first user":         {"Basic " + base64.StdEncoding.EncodeToString([]byte("admin:changeit")), codes.Unauthenticated},
		"an unknown way":                    {"Digest abc", codes.Unauthenticated},
		"the token in the password's place": {"Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+strings.TrimPrefix(bearer, "Bearer "))), codes.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.read(w.as(c.shows), all(false, false, nil), nil)
			if c.want == codes.OK {
				if events(got) != 1 {
					t.Errorf("%d events, %v", events(got), err)
				}
				return
			}
			if len(got) != 0 || status.Code(err) != c.want {
				t.Errorf("%d messages, %v", len(got), err)
			}
		})
	}
}

// TestASubscriptionEndsWithItsCredentials: with the token, and soon after a revocation.
func TestASubscriptionEndsWithItsCredentials(t *testing.T) {
	t.Parallel()
	w := newTown(t, subscribers.Config{})
	c, basic, bearer := w.client("tunisia", access.LogSubscribe)
	ended := map[string]chan error{"a secret": make(chan error, 1), "a token": make(chan error, 1)}
	listening := make(chan struct{}, 2)
	for name, authorization := range map[string]string{"a secret": basic, "a token": bearer} {
		go func() {
			_, err := w.read(w.as(authorization), all(false, true, nil), func(got []*streams.ReadResp) bool {
				if got[len(got)-1].GetCaughtUp() != nil {
					listening <- struct{}{}
				}
				return false
			})
			ended[name] <- err
		}()
	}
	<-listening
	<-listening
	if err := w.clients.Revoke(t.Context(), c.ClientID()); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Minute)
	w.append("theirs-1", "bosnia", "tunisia") // wakes them, as the next seconds would
	for name, end := range ended {
		if err := <-end; status.Code(err) != codes.Unauthenticated {
			t.Errorf("the subscription with %s ended with %v", name, err)
		}
	}
}

func TestOneClientHasSoManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t, subscribers.Config{CallsAtOnce: 2})
	_, basic, _ := w.client("tunisia", access.LogSubscribe)
	_, another, _ := w.client("tunisia", access.LogSubscribe)
	listening := make(chan struct{}, 2)
	ctx, cancel := context.WithCancel(w.as(basic))
	var all2 sync.WaitGroup
	for range 2 {
		all2.Go(func() {
			_, _ = w.read(ctx, all(false, true, nil), func(got []*streams.ReadResp) bool {
				if got[len(got)-1].GetCaughtUp() != nil {
					listening <- struct{}{}
				}
				return false
			})
		})
	}
	<-listening
	<-listening
	if _, err := w.read(w.as(basic), all(false, false, nil), nil); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a third call: %v", err)
	}
	if got, err := w.read(w.as(another), all(false, true, nil), func(got []*streams.ReadResp) bool { return len(got) > 1 }); err != nil {
		t.Errorf("another client's: %v, %v", got, err)
	}
	cancel()
	all2.Wait()
	for try := 0; ; try++ { // the server hears of the end a moment later
		_, err := w.read(w.as(basic), all(false, true, nil), func(got []*streams.ReadResp) bool { return len(got) > 1 })
		if err == nil {
			break
		}
		if status.Code(err) != codes.ResourceExhausted || try > 1000 {
			t.Fatalf("after both ended: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
