package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sijil/api"
	service "sijil/internal/app"
	"sijil/verifier/tlsfile"
)

// serveCmd runs the ledger's API and everything that follows the log.
type serveCmd struct {
	dataFlags
	Listen            string  `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of the API. Port 0 takes a free one. Default: ${default}."`
	MetricsListen     string  `default:"127.0.0.1:0" placeholder:"ADDR" help:"Private address of /metrics; empty for none. Default: ${default}."`
	PublicURL         string  `name:"public-url" placeholder:"URL" env:"SIJIL_PUBLIC_URL" help:"Where callers find the API, as https://ledger.example. Tokens, links and signed credentials name it. Default: the address listened on, which is good for trying out."`
	TLSCert           string  `name:"tls-cert" type:"path" placeholder:"FILE" help:"Speak TLS with this certificate (PEM, leaf first). It is read again when it changes. Default: plain HTTP."`
	TLSKey            string  `name:"tls-key" type:"path" placeholder:"FILE" help:"Its private key (PEM)."`
	RateLimit         float64 `default:"0" placeholder:"N" help:"Most requests a second of one client; 0 means the API's default of 2,000."`
	EventstoreListen  string  `placeholder:"ADDR" help:"Address of the EventStoreDB protocol for subscribers, as 0.0.0.0:2113; needs a certificate. Default: not offered."`
	EventstoreTLSCert string  `name:"eventstore-tls-cert" type:"path" placeholder:"FILE" help:"Certificate (PEM, leaf first) for --eventstore-listen. It names the host and is signed by an authority, its own included."`
	EventstoreTLSKey  string  `name:"eventstore-tls-key" type:"path" placeholder:"FILE" help:"Its private key (PEM)."`
	PublicRateLimit   float64 `default:"0" placeholder:"N" help:"Most requests a second without a token from one address, which may be your proxy's; 0 means the API's default of 200."`
}

// Help is the part of the manual that the flags do not tell.
func (serveCmd) Help() string {
	return `Speaks TLS (1.2 and newer, HTTP/2) with --tls-cert and --tls-key, whose files are read again when they
change. Without them it speaks plain HTTP: put a proxy that ends TLS in front. Name the address
that callers use with --public-url. Several processes may serve one ledger; with a data directory they share
its PostgreSQL and its keys.

With --eventstore-listen, any EventStoreDB client can read and follow the log, read-only: a client
made with --role subscriber for the authority itself, with its id and secret or with an
access token. It sees its own tenant's events. Credentials are good over TLS only, on this
machine too; a subscription ends with its token, or seconds after its client is revoked.

Institutions' signing keys are files in the data directory. SIJIL_CREDENTIAL_KEYS, SIJIL_STATUS_KEYS and
SIJIL_AUTHENTICATION_KEYS name other places, as file:/DIR or as a PKCS #11 URI, for every verb: docs/keys.md

SIGTERM or Ctrl-C ends it gracefully: no new connection is accepted, what was accepted is
answered, for at most 30 seconds.`
}

// drainTime is how long a shutdown waits for requests that were accepted.
const drainTime = 30 * time.Second

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, a *app) (err error) {
	ledger, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	// The end of ctx must not cut what is still being answered.
	rest := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, ledger.Close(rest)) }()

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening for the API (choose another address with --listen): %w", err)
	}
	secure, err := c.secure(a)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	public := c.publicURL(ctx, a.log, listener.Addr())
	metrics := prometheus.NewRegistry()
	server, err := ledger.API(public, service.Limits{RequestsPerSecond: c.RateLimit, PublicPerSecond: c.PublicRateLimit}, metrics)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	private, privateURL, err := c.serveMetrics(ctx, metrics, a.log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	door, err := c.openDoor(ctx, ledger, public, a.log)
	if err != nil {
		return errors.Join(err, listener.Close(), closeServer(private))
	}

	followCtx, stopFollowing := context.WithCancel(rest)
	var following sync.WaitGroup
	following.Go(func() { ledger.Follow(followCtx) })
	httpServer := api.HTTPServer(server.Handler(), a.log)
	failed := make(chan error, 2)
	if httpServer.TLSConfig = secure; secure != nil {
		go func() { failed <- httpServer.ServeTLS(listener, "", "") }()
	} else {
		go func() { failed <- httpServer.Serve(listener) }()
	}
	if door != nil {
		go func() { failed <- door.serve() }()
	}
	fmt.Fprintf(a.stdout, "sijil is ready: API %s (documentation at /docs), listening on %s%s%s, data %s\n", public, listener.Addr(), privateURL, door.says(), c.Data)

	select {
	case err = <-failed:
		err = fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
		server.Drain()
		a.log.InfoContext(rest, "shutting down: finishing what was accepted", "at most", drainTime)
		err = drain(rest, httpServer)
	}
	door.close()
	stopFollowing()
	following.Wait()
	return errors.Join(err, closeServer(private))
}

// closeServer closes what may be nil.
func closeServer(s *http.Server) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

func drain(ctx context.Context, s *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests were not answered in %s; they may have been recorded, and their retries will be answered: %w", drainTime, err), s.Close())
	}
	return nil
}

// openLedger opens all of the ledger that the data flags name.
func (d dataFlags) openLedger(ctx context.Context, a *app) (*service.App, error) {
	return d.openOn(ctx, a, false)
}

// openOn opens the ledger; with anyLog also on a log that its database does not belong to.
func (d dataFlags) openOn(ctx context.Context, a *app, anyLog bool) (*service.App, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	store, err := d.eventStore()
	if err != nil {
		return nil, err
	}
	return service.Open(ctx, service.Config{
		DataDir: d.Data, DatabaseURL: os.Getenv("SIJIL_DATABASE_URL"), EventStore: store, AnyLog: anyLog, Now: a.now, Logger: a.log,
		KeyPlaces: service.KeyPlaces{
			Credential: os.Getenv("SIJIL_CREDENTIAL_KEYS"), Status: os.Getenv("SIJIL_STATUS_KEYS"), Authentication: os.Getenv("SIJIL_AUTHENTICATION_KEYS"),
		},
	})
}

// secure is how TLS is spoken, nil for not at all.
func (c *serveCmd) secure(a *app) (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	return tlsfile.Config(c.TLSCert, c.TLSKey, a.now, a.log)
}

// scheme is that of the listener's URLs.
func (c *serveCmd) scheme() string {
	if c.TLSCert != "" {
		return "https://"
	}
	return "http://"
}

func (c *serveCmd) publicURL(ctx context.Context, log *slog.Logger, addr net.Addr) string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return c.scheme() + addr.String()
	}
	switch ip := net.ParseIP(host); {
	case ip != nil && ip.IsLoopback():
		host = "localhost" // an issuer's DID names a host, never an address (did:web)
	case ip != nil && ip.IsUnspecified():
		host = "localhost"
		log.WarnContext(ctx, "listening on every address without --public-url: tokens and links name localhost, which nobody else can follow")
	}
	return c.scheme() + net.JoinHostPort(host, port)
}

// serveMetrics serves /metrics; nil without an address.
func (c *serveCmd) serveMetrics(ctx context.Context, r *prometheus.Registry, log *slog.Logger) (*http.Server, string, error) {
	if c.MetricsListen == "" {
		return nil, "", nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.MetricsListen)
	if err != nil {
		return nil, "", fmt.Errorf("listening for metrics (choose another address with --metrics-listen): %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	s := api.HTTPServer(mux, log)
	go func() {
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving metrics ended; the API goes on", "err", err)
		}
	}()
	return s, fmt.Sprintf(", metrics http://%s/metrics", l.Addr()), nil
}
