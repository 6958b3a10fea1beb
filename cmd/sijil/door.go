package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	service "sijil/internal/app"
	"sijil/internal/eventlog/esdbserver"
)

// door is the entrance for EventStoreDB clients; a nil one is shut.
type door struct {
	ctx      context.Context
	end      context.CancelFunc
	done     chan struct{}
	server   *esdbserver.Server
	listener net.Listener
}

// openDoor listens for subscribers when an address is given.
func (c *serveCmd) openDoor(ctx context.Context, ledger *service.App, public string, log *slog.Logger) (*door, error) {
	if c.EventstoreListen == "" {
		if c.EventstoreTLSCert != "" || c.EventstoreTLSKey != "" {
			return nil, errors.New("a certificate for the EventStoreDB protocol and no address: give --eventstore-listen too")
		}
		return nil, nil
	}
	if c.EventstoreTLSCert == "" || c.EventstoreTLSKey == "" {
		return nil, errors.New("subscribers show credentials, and those travel over TLS only: give --eventstore-tls-cert and --eventstore-tls-key (docs/operations.md shows how to make them for trying out)")
	}
	certificate, err := loadTLS(ctx, log, c.EventstoreTLSCert, c.EventstoreTLSKey)
	if err != nil {
		return nil, err
	}
	server, err := ledger.Subscribers(public, certificate)
	if err != nil {
		return nil, err
	}
	l, err := listenBounded(ctx, c.EventstoreListen)
	if err != nil {
		return nil, fmt.Errorf("listening for subscribers (choose another address with --eventstore-listen): %w", err)
	}
	d := &door{server: server, listener: l, done: make(chan struct{})}
	d.ctx, d.end = context.WithCancel(context.WithoutCancel(ctx))
	return d, nil
}

// serve returns when the door is closed.
func (d *door) serve() error {
	defer close(d.done)
	return d.server.Serve(d.ctx, d.listener)
}

// says is the door's part of the line that says what is ready.
func (d *door) says() string {
	if d == nil {
		return ""
	}
	return ", subscribers " + d.server.ConnectionString(d.listener.Addr())
}

// close ends subscriptions and waits for what was being answered.
func (d *door) close() {
	if d != nil {
		d.end()
		<-d.done
	}
}

// loadTLS reads a server's certificate and key.
func loadTLS(ctx context.Context, log *slog.Logger, cert, key string) (*tls.Config, error) {
	warnOfReaders(ctx, log, key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate and its key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// warnOfReaders says when everybody on the machine can read a file that holds a secret. A group may:
// that is how servers are given certificates.
func warnOfReaders(ctx context.Context, log *slog.Logger, file string) {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o004 != 0 {
		log.WarnContext(ctx, "everybody on this machine can read a file that holds a secret: chmod 0400 it and consider the secret known", "file", file)
	}
}
