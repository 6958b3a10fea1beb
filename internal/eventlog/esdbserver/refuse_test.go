package esdbserver_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// wantRefused asserts a status and the trailers from which clients make their error class.
func wantRefused(t testing.TB, trailers metadata.MD, err error, code codes.Code, pairs ...string) {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("got %v, want %v", err, code)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := trailers.Get(pairs[i]); len(got) != 1 || got[0] != pairs[i+1] {
			t.Errorf("trailer %s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

func wantDenied(t testing.TB, trailers metadata.MD, err error) {
	t.Helper()
	wantRefused(t, trailers, err, codes.PermissionDenied, "exception", "access-denied")
}

func TestRefusals(t *testing.T) {
	big := proposed(1)
	big.Data = make([]byte, eventlog.MaxAppend)
	half := proposed(2)
	half.Data = make([]byte, eventlog.MaxAppend/2)
	without := func(name string) *streams.AppendReq_ProposedMessage {
		p := proposed(1)
		delete(p.Metadata, name)
		return p
	}
	metadataOf := func(data string) *streams.AppendReq_ProposedMessage {
		p := proposed(1)
		p.Data, p.Metadata["type"] = []byte(data), "$metadata"
		return p
	}
	many := make([]*streams.AppendReq_ProposedMessage, 200)
	for i := range many {
		many[i] = big
	}
	badType := proposed(1)
	badType.Metadata["type"] = "a\x00b"
	noID := proposed(1)
	noID.Id = nil
	badID := proposed(1)
	badID.Id = &shared.UUID{Value: &shared.UUID_String_{String_: "not a uuid"}}
	urn := proposed(1)
	urn.Id = &shared.UUID{Value: &shared.UUID_String_{String_: "urn:uuid:" + id(1).String()}}
	noWant := appendOptions("s", 0)
	noWant.GetOptions().ExpectedStreamRevision = nil
	denied := []string{"exception", "access-denied"}
	tooLarge := []string{"exception", "maximum-append-size-exceeded", "maximum-append-size", "1048576"}
	missing := []string{"exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"}

	c := serve(t, esdbserver.Config{}).dial(t)
	for name, r := range map[string]struct {
		first    *streams.AppendReq
		events   []*streams.AppendReq_ProposedMessage
		code     codes.Code
		trailers []string
	}{
		"an event that is too large":               {appendOptions("s", none), many[:1], codes.InvalidArgument, tooLarge},
		"events that are too large together":       {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{half, half}, codes.InvalidArgument, tooLarge},
		"far too many events, of which none is in": {appendOptions("s", none), many, codes.InvalidArgument, tooLarge},
		"no type":                               {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{without("type")}, codes.InvalidArgument, missing},
		"no content type":                       {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{without("content-type")}, codes.InvalidArgument, missing},
		"a type with U+0000":                    {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{badType}, codes.InvalidArgument, nil},
		"no id":                                 {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{noID}, codes.InvalidArgument, nil},
		"an id that is none":                    {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{badID}, codes.InvalidArgument, nil},
		"an id in another spelling":             {appendOptions("s", none), []*streams.AppendReq_ProposedMessage{urn}, codes.InvalidArgument, nil},
		"no stream":                             {appendOptions("", none), nil, codes.InvalidArgument, nil},
		"a stream whose name is not UTF-8":      {appendOptions("\xff", none), nil, codes.InvalidArgument, nil},
		"a stream whose name is too long":       {appendOptions(strings.Repeat("x", 401), none), nil, codes.InvalidArgument, nil},
		"no expectation":                        {noWant, many[:1], codes.InvalidArgument, nil},
		"no options":                            {nil, many[:1], codes.InvalidArgument, nil},
		"nothing at all":                        {nil, nil, codes.InvalidArgument, nil},
		"a system stream":                       {appendOptions("$settings", any_), []*streams.AppendReq_ProposedMessage{proposed(1)}, codes.PermissionDenied, denied},
		"the stream of everything":              {appendOptions("$all", any_), []*streams.AppendReq_ProposedMessage{proposed(1)}, codes.PermissionDenied, denied},
		"truncating by number":                  {appendOptions("$$s", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{"$tb":3}`)}, codes.PermissionDenied, denied},
		"truncating by age":                     {appendOptions("$$s", none), []*streams.AppendReq_ProposedMessage{metadataOf(`{"x":1,"$maxAge":3}`)}, codes.PermissionDenied, denied},
		"truncating by count":                   {appendOptions("$$s", 7), []*streams.AppendReq_ProposedMessage{metadataOf(`{"\u0024maxCount":3}`)}, codes.PermissionDenied, denied},
		"truncating in a second event":          {appendOptions("$$s", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{}`), metadataOf(`{"$tb":3}`)}, codes.PermissionDenied, denied},
		"access to a stream":                    {appendOptions("$$s", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{"$acl":{"$r":"$all"}}`)}, codes.PermissionDenied, denied},
		"metadata that is not an object":        {appendOptions("$$s", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`null`)}, codes.PermissionDenied, denied},
		"metadata of a system stream":           {appendOptions("$$$settings", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{}`)}, codes.PermissionDenied, denied},
		"metadata of metadata":                  {appendOptions("$$$$s", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{}`)}, codes.PermissionDenied, denied},
		"metadata of nothing":                   {appendOptions("$$", any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{}`)}, codes.PermissionDenied, denied},
		"metadata of the log's identity stream": {appendOptions("$$"+esdbserver.IdentityStream, any_), []*streams.AppendReq_ProposedMessage{metadataOf(`{}`)}, codes.PermissionDenied, denied},
	} {
		t.Run(name, func(t *testing.T) {
			_, trailers, err := appendRaw(within(t), c, r.first, r.events...)
			wantRefused(t, trailers, err, r.code, r.trailers...)
		})
	}
	t.Run("an append of the greatest size is taken", func(t *testing.T) {
		exact := proposed(3)
		exact.Data = make([]byte, eventlog.MaxAppend-len(exact.CustomMetadata)-len("test.Happened.v1"))
		if _, _, err := appendRaw(within(t), c, appendOptions("s-3", none), exact); err != nil {
			t.Error(err)
		}
	})
	t.Run("a client that is still sending sees the refusal", func(t *testing.T) {
		var events []esdb.EventData
		for i := range 40 {
			events = append(events, esdb.EventData{EventID: id(i), EventType: "a.A.v1", Data: make([]byte, 256<<10)})
		}
		client := connect(t, "esdb://"+c.Target()+"?tls=false", nil)
		_, err := client.AppendToStream(within(t), "s-4", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, events...)
		if err == nil || !strings.Contains(err.Error(), "InvalidArgument") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("metadata without effect is stored", func(t *testing.T) {
		_, _, err := appendRaw(within(t), c, appendOptions("$$s", none), metadataOf(`{"colour":"blue"}`))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := connect(t, "esdb://"+c.Target()+"?tls=false", nil).GetStreamMetadata(within(t), "s", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards})
		if err != nil || meta.CustomProperty("colour") != "blue" {
			t.Errorf("read back %v, %v", meta, err)
		}
	})
}

func TestReadsThatAreRefused(t *testing.T) {
	c := serve(t, esdbserver.Config{}).dial(t)
	noPlace := readStream("s", nil, false, 1)
	noStream := readAll(0, false)
	noStream.StreamOption = nil
	noCount := readAll(0, false)
	noCount.CountOption = nil
	noPosition := readAll(0, false)
	noPosition.GetAll().AllOption = nil
	filteredStream := filtered(readAll(0, false), true, "x", nil, 1, 1)
	filteredStream.StreamOption = readStream("s", esdb.Start{}, false, 1).StreamOption
	noFilter := filtered(readAll(0, false), true, "x", nil, 1, 1)
	noFilter.GetFilter().Filter = nil
	for name, ask := range map[string]*streams.ReadReq_Options{
		"nothing":                                 nil,
		"neither a stream nor all":                noStream,
		"no revision":                             noPlace,
		"no position":                             noPosition,
		"neither a count nor a subscription":      noCount,
		"a stream without a name":                 readStream("", esdb.Start{}, false, 1),
		"a subscription that goes backwards":      live(readAll(0, true)),
		"a filtered stream":                       filteredStream,
		"a filter by nothing":                     noFilter,
		"a filter without an expression":          filtered(readAll(0, false), true, "", nil, 1, 1),
		"a filter with two kinds of expression":   filtered(readAll(0, false), true, "x", []string{"x"}, 1, 1),
		"a regular expression that is not one":    filtered(readAll(0, false), true, "(", nil, 1, 1),
		"a regular expression that looks around":  live(filtered(readAll(0, false), true, "^(?!x)", nil, 1, 1)),
		"a regular expression that is too long":   filtered(readAll(0, false), true, strings.Repeat("x", 70<<10), nil, 1, 1),
		"a regular expression that is too costly": filtered(readAll(0, false), true, "((x{1000}){1000}){1000}", nil, 1, 1),
		"a regular expression of many steps":      filtered(readAll(0, false), true, "a{1000}b{1000}c{1000}d{1000}e{1000}f{1000}g{1000}h{1000}i{1000}j{1000}k{1000}", nil, 1, 1),
		"a regular expression of two kilobytes":   filtered(readAll(0, false), true, strings.Repeat("x", 2<<10), nil, 1, 1),
		"far too many prefixes":                   filtered(readAll(0, false), true, "", make([]string, 5000), 1, 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(within(t), t, c, ask).Recv()
			wantRefused(t, nil, err, codes.InvalidArgument)
		})
	}
}

func TestNothingIsDeleted(t *testing.T) {
	ctx := within(t)
	s := serve(t, esdbserver.Config{Log: town(t)})
	raw := streams.NewStreamsClient(s.dial(t))
	var trailers metadata.MD
	_, err := raw.Delete(ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{StreamIdentifier: named("a")}}, grpc.Trailer(&trailers))
	wantDenied(t, trailers, err)
	_, err = raw.Tombstone(ctx, &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{StreamIdentifier: named("a")}}, grpc.Trailer(&trailers))
	wantDenied(t, trailers, err)

	c := s.client(t)
	_, err = c.DeleteStream(ctx, "a", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	if code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("deleting: %v", err)
	}
	_, err = c.TombstoneStream(ctx, "a", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	if code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("burying: %v", err)
	}
	meta := esdb.StreamMetadata{}
	meta.SetTruncateBefore(3)
	if _, err = c.SetStreamMetadata(ctx, "a", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, meta); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("truncating: %v", err)
	}
	_, err = persistent.NewPersistentSubscriptionsClient(s.dial(t)).Create(ctx, &persistent.CreateReq{})
	wantRefused(t, nil, err, codes.Unimplemented)
	r, err := c.ReadStream(ctx, "a", esdb.ReadStreamOptions{From: esdb.Start{}}, 99)
	if got := drain(t, r, err); len(got) != 5 {
		t.Errorf("%d events are left", len(got))
	}
}

func TestAReadOnlyServerTakesNothing(t *testing.T) {
	s := serve(t, esdbserver.Config{Log: town(t), ReadOnly: true})
	c := s.dial(t)
	_, trailers, err := appendRaw(within(t), c, appendOptions("a", 4), proposed(99))
	wantDenied(t, trailers, err)
	huge := proposed(99) // not even held
	huge.Data = make([]byte, 200<<10)
	_, _, err = appendRaw(within(t), c, appendOptions("a", 4), huge)
	wantRefused(t, nil, err, codes.ResourceExhausted)
	b := openBatch(within(t), t, c)
	b.send(id(1), "a", 4, true, 99)
	b.detail(b.recv(), codes.PermissionDenied, &shared.AccessDenied{})
	if got := positions(everything(t, open(within(t), t, c, readAll(0, false)))); len(got) != 10 {
		t.Errorf("it has %d events", len(got))
	}
}

// What the log says about its failures is for the operator: it may name tables, hosts, or worse.
func TestAFailingLogIsUnavailableAndSaysNoMore(t *testing.T) {
	for name, secret := range map[string]error{
		"a database":     errors.New("dial tcp 10.1.2.3: password authentication failed for sijil"),
		"another server": fmt.Errorf("reading the log: %w", status.Error(codes.PermissionDenied, "10.1.2.3 denies it")),
	} {
		t.Run(name, func(t *testing.T) { failing(t, secret) })
	}
}

// failing has a log fail with an error that names 10.1.2.3.
func failing(t *testing.T, secret error) {
	var logged bytes.Buffer
	l := memlog.New(time.Now)
	l.FailRead = func(string) error { return secret }
	l.FailAppend = func(string, []eventlog.Draft) (bool, error) { return false, secret }
	s := serve(t, esdbserver.Config{Log: l, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	c := s.dial(t)
	_, _, appendErr := appendRaw(within(t), c, appendOptions("s", none), proposed(1))
	_, _, anyErr := appendRaw(within(t), c, appendOptions("s", any_), proposed(1))
	_, readErr := open(within(t), t, c, readAll(0, false)).Recv()
	_, backErr := open(within(t), t, c, readStream("s", esdb.End{}, true, 1)).Recv()
	_, subErr := open(within(t), t, c, live(readStream("s", esdb.Start{}, false, 1))).Recv()
	for _, err := range []error{appendErr, anyErr, readErr, backErr, subErr} {
		if status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "10.1.2.3") {
			t.Errorf("got %v", err)
		}
	}
	b := openBatch(within(t), t, c)
	b.send(id(1), "s", none, true, 1)
	got := b.recv()
	b.detail(got, codes.Unavailable, &shared.Unknown{})
	if strings.Contains(got.String(), "10.1.2.3") {
		t.Errorf("got %v", got)
	}
	s.stop()
	if n := strings.Count(logged.String(), "10.1.2.3"); n != 6 {
		t.Errorf("the operator was told %d times:\n%s", n, logged.String())
	}
}

// A log may take less than the port promises, as one behind another server can.
func TestALogThatTakesLessSaysSo(t *testing.T) {
	l := memlog.New(time.Now)
	l.FailAppend = func(string, []eventlog.Draft) (bool, error) {
		return false, fmt.Errorf("%w: by its own limit", eventlog.ErrTooLarge)
	}
	_, trailers, err := appendRaw(within(t), serve(t, esdbserver.Config{Log: l}).dial(t), appendOptions("s", none), proposed(1))
	wantRefused(t, trailers, err, codes.InvalidArgument, "exception", "maximum-append-size-exceeded")
}

func TestAPanicEndsOneCall(t *testing.T) {
	l := memlog.New(time.Now)
	l.FailRead = func(method string) error {
		if method == "Find" {
			panic("a bug")
		}
		return nil
	}
	c := serve(t, esdbserver.Config{Log: l}).dial(t)
	_, _, err := appendRaw(within(t), c, appendOptions("s", any_), proposed(1))
	wantRefused(t, nil, err, codes.Internal)
	b := openBatch(within(t), t, c)
	b.send(id(1), "s", any_, true, 1)
	if got := b.recv(); got.GetError() == nil {
		t.Errorf("got %v", got)
	}
	mustAppend(t, c, "s", none, 1)
}
