package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/pglog"
)

var silent = slog.New(slog.DiscardHandler)

func openDirect(ctx context.Context, pool *pgxpool.Pool) (*pglog.Log, error) {
	return pglog.Open(ctx, pool, pglog.Config{Clock: time.Now, Logger: silent})
}

// remote is a log behind the EventStoreDB protocol: client and server speak gRPC over the
// loopback interface, in one process, whose processor time is measured as a whole.
type remote struct {
	*esdblog.Log
	server *esdbserver.Server
	served chan error
}

func openRemote(ctx context.Context, behind eventlog.Log) (*remote, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &remote{server: esdbserver.New(esdbserver.Config{Log: behind, Logger: silent}), served: make(chan error, 1)}
	go func() { r.served <- r.server.Serve(context.WithoutCancel(ctx), listener) }()
	r.Log, err = esdblog.Open(ctx, esdblog.Config{
		ConnectionString: r.server.ConnectionString(listener.Addr()), Clock: time.Now, Logger: silent,
	})
	if err != nil {
		r.server.Stop()
		return nil, errors.Join(err, <-r.served)
	}
	return r, nil
}

// Close ends the client, then the server. The log behind it stays open.
func (r *remote) Close() {
	r.Log.Close()
	r.server.Stop()
	<-r.served
}
