package main

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	service "sijil/internal/app"
	"sijil/internal/database"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// eventstoreCmd is about the EventStoreDB protocol.
type eventstoreCmd struct {
	Serve       eventstoreServeCmd       `cmd:"" help:"Serve a log of its own, or the one in a data directory, to EventStoreDB clients."`
	Certificate eventstoreCertificateCmd `cmd:"" help:"Make a certificate for trying TLS out."`
}

// eventstoreServeCmd is a development server.
type eventstoreServeCmd struct {
	Listen       string `default:"127.0.0.1:2113" placeholder:"ADDR" help:"Address to listen on. Port 0 takes a free one. Default: ${default}."`
	Memory       bool   `xor:"log" help:"Keep the log in memory: it is gone when the server ends."`
	Data         string `xor:"log" type:"path" placeholder:"DIR" help:"Keep the log in the PostgreSQL of this data directory, or in the one that SIJIL_DATABASE_URL names."`
	TLSCert      string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate (PEM, leaf first); required unless ADDR is a loopback address."`
	TLSKey       string `name:"tls-key" type:"path" placeholder:"FILE" help:"Its private key (PEM)."`
	User         string `placeholder:"NAME" help:"The one user who may call, with the password in --password-file; required unless ADDR is a loopback address."`
	PasswordFile string `type:"path" placeholder:"FILE" help:"The user's password; white space around it does not count."`
	Advertise    string `placeholder:"HOST:PORT" help:"By which clients reach this server, if not by the address listened on."`
}

// Help is the part of the manual that the flags do not tell.
func (eventstoreServeCmd) Help() string {
	return `A development server: it speaks the gRPC protocol of EventStoreDB 24 and KurrentDB (appends, reads,
subscriptions with filters; no persistent subscriptions, nothing is ever deleted), so that their
clients and sijil itself with SIJIL_EVENTSTORE can be tried without a cluster. Whoever may
call may append, past every rule of the ledger: do not let it serve a log that a ledger
lives on.

When it is ready it prints its connection string, one line and nothing else, on standard output.
On a loopback address it needs neither certificate nor user, and with --tls-cert it takes
a user too. Elsewhere it needs both. SIGTERM or Ctrl-C ends it gracefully.`
}

// Validate refuses what would leave the door open.
func (c *eventstoreServeCmd) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen wants host:port: %w", err)
	}
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case !c.Memory && c.Data == "" && os.Getenv("SIJIL_DATABASE_URL") == "":
		return errors.New("where is the log to be kept? Give --memory or --data DIR")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case (c.User == "") != (c.PasswordFile == ""):
		return errors.New("--user and --password-file go together")
	case c.User != "" && c.TLSCert == "":
		return errors.New("a password travels over TLS only: give --tls-cert and --tls-key, or no user")
	case !loopback && (c.TLSCert == "" || c.User == ""):
		return fmt.Errorf("%s can be reached from elsewhere: give --tls-cert, --tls-key, --user and --password-file, or listen on 127.0.0.1", c.Listen)
	}
	return nil
}

// Run serves until ctx ends.
func (c *eventstoreServeCmd) Run(ctx context.Context, a *app) (err error) {
	if c.PasswordFile != "" {
		warnOfReaders(ctx, a.log, c.PasswordFile)
	}
	authenticate, err := c.authenticate()
	if err != nil {
		return err
	}
	var certificate *tls.Config
	if c.TLSCert != "" {
		if certificate, err = loadTLS(ctx, a.log, c.TLSCert, c.TLSKey); err != nil {
			return err
		}
	}
	log, closeLog, err := c.log(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	listener, err := listenBounded(ctx, c.Listen)
	if err != nil {
		return fmt.Errorf("listening (choose another address with --listen): %w", err)
	}
	server := esdbserver.New(esdbserver.Config{
		Log: log, TLS: certificate, Authenticate: authenticate, Logger: a.log, Advertise: c.Advertise,
	})
	if _, err := fmt.Fprintln(a.stdout, server.ConnectionString(listener.Addr())); err != nil {
		return errors.Join(fmt.Errorf("saying that the server is ready: %w", err), listener.Close())
	}
	return server.Serve(ctx, listener)
}

// log opens what is served, and gives what closes it.
func (c *eventstoreServeCmd) log(ctx context.Context, a *app) (service.Log, func() error, error) {
	if c.Memory {
		l := memlog.New(a.now)
		return l, func() error { l.Close(); return nil }, nil
	}
	db, err := dataFlags{Data: c.Data}.openWith(ctx, database.Config{Logger: a.log})
	if err != nil {
		return nil, nil, err
	}
	rest := context.WithoutCancel(ctx)
	l, err := service.OpenPostgres(ctx, db.Log, a.now, a.log)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close(rest))
	}
	return l, func() error { l.Close(); return db.Close(rest) }, nil
}

// authenticate knows the one user; nil when there is none, and everybody may call.
func (c *eventstoreServeCmd) authenticate() (func(context.Context, esdbserver.Credentials) (esdbserver.Caller, error), error) {
	if c.User == "" {
		return nil, nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	password := strings.TrimSpace(string(b))
	if len(password) < 12 {
		return nil, errors.New("the password has fewer than 12 bytes: anybody may try, so make it one that cannot be guessed, as with: openssl rand -base64 24")
	}
	return func(_ context.Context, given esdbserver.Credentials) (esdbserver.Caller, error) {
		user := subtle.ConstantTimeCompare([]byte(given.User), []byte(c.User))
		if user&subtle.ConstantTimeCompare([]byte(given.Password), []byte(password)) != 1 {
			return esdbserver.Caller{}, esdbserver.ErrDenied
		}
		return esdbserver.Caller{Name: c.User, MayAppend: true}, nil
	}, nil
}
