// Command sijil-verifier is the public verifier: a page and an API that say whether a
// diploma holds. It needs no database, no key and nothing of the ledger but what the ledger
// publishes; it keeps no record of what it was asked.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"sijil/verifier/source"
	"sijil/verifier/tlsfile"
	"sijil/verifier/web"
)

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Serve the verifier's page and API."`
	Receipt receiptCmd `cmd:"" help:"Read a receipt that a verifier gave, and check that it is genuine."`
}

type serveCmd struct {
	Listen         string   `default:"127.0.0.1:8090" placeholder:"ADDR" help:"Address to listen on; port 0 picks a free one (default ${default})."`
	Ledger         []string `placeholder:"URL" help:"Trust this ledger, by its public https URL, and ask it for keys and status lists. http is taken for this machine only. May be repeated."`
	Bundle         string   `placeholder:"DIR|ZIP" help:"Trust what this offline bundle says; with --ledger it stands in for what cannot be reached."`
	BundleKey      string   `placeholder:"FILE|JWK" help:"The ledger's bundle key, as sijil bundle key prints it: only a bundle signed with it is taken."`
	State          string   `type:"path" placeholder:"FILE" help:"Remembers the newest bundle seen, so that an older one is refused. Default: sijil/bundles.json in your configuration directory."`
	InsecureBundle bool     `help:"Take a bundle without looking at its signature: you got it from the ledger yourself. Every answer says so."`
	PublicURL      string   `placeholder:"URL" help:"Where readers find this verifier, as https://verify.example: receipts name it, and links to it are read."`
	ReceiptKey     []string `placeholder:"FILE" help:"Sign receipts with the key in this file; it is made if it is missing. May be repeated: the first signs, all are published. Default: receipt.key beside the --state file."`
	NoReceipts     bool     `help:"Sign no receipts, and make no key for them."`
	TLSCert        string   `name:"tls-cert" type:"path" placeholder:"FILE" help:"Speak TLS (1.2 and newer, HTTP/2) with this certificate (PEM, leaf first). It is read again when it changes. Default: plain HTTP, for a proxy that ends TLS."`
	TLSKey         string   `name:"tls-key" type:"path" placeholder:"FILE" help:"Its private key (PEM)."`
	PerSecond      float64  `default:"20" placeholder:"N" help:"Requests a second that one address may make lastingly (default ${default})."`
	TrustedProxies int      `placeholder:"N" help:"How many proxies of yours stand before the verifier and add to X-Forwarded-For. Without any the header is not believed and the address of the connection counts."`
}

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// run ends with 0 when it is done, 1 when it failed and 2 when the command line is wrong, as sijil does.
func run(args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exited := -1
	parser, err := kong.New(&cli{}, kong.Name("sijil-verifier"),
		kong.Description("The public verifier of diplomas. It keeps no record of what it is asked.\n\nExit status: 0 it is done, 1 it failed and standard error says why, 2 the command line is wrong."),
		kong.Exit(func(code int) { exited = code }), // --help
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil { // a mistake in the structs
		panic(err)
	}
	k, err := parser.Parse(args)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		fmt.Fprintf(stderr, "sijil-verifier: %v\nTry: sijil-verifier --help\n", err)
		return 2
	}
	if err := k.Run(); err != nil {
		fmt.Fprintf(stderr, "sijil-verifier: %v\n", err)
		return 1
	}
	return 0
}

// Run is called by kong.
func (c *serveCmd) Run(ctx context.Context) error {
	return c.serve(ctx, os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

// drain is how long requests under way may take once the end has been asked for.
const drain = 15 * time.Second

func (c *serveCmd) serve(ctx context.Context, out io.Writer, log *slog.Logger) error {
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("--public-url is a URL as https://verify.example")
	}
	if len(c.Ledger) == 0 && c.Bundle == "" {
		return errors.New("nobody is trusted yet: name a ledger with --ledger URL, or a bundle with --bundle DIR")
	}
	if c.NoReceipts && len(c.ReceiptKey) > 0 {
		return errors.New("--receipt-key and --no-receipts contradict each other: give one of them")
	}
	handler, err := c.handler(log)
	if err != nil {
		return err
	}
	collectSeldom()
	var current atomic.Pointer[http.Handler]
	current.Store(&handler)
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	var secure *tls.Config
	if c.TLSCert != "" || c.TLSKey != "" {
		if secure, err = tlsfile.Config(c.TLSCert, c.TLSKey, time.Now, log); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w (is another program on that port? --listen 127.0.0.1:0 picks a free one)", err)
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load()).ServeHTTP(w, r) }),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    web.MaxHeader,
		// net/http logs addresses of clients with what went wrong on a connection.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	serve, scheme := func() error { return server.Serve(listener) }, "http"
	if server.TLSConfig = secure; secure != nil {
		serve, scheme = func() error { return server.ServeTLS(listener, "", "") }, "https"
	}
	fmt.Fprintf(out, "sijil-verifier is ready at %s://%s\n", scheme, listener.Addr())
	served := make(chan error, 1)
	go func() { served <- serve() }()
	for ctx.Err() == nil {
		select {
		case err := <-served:
			return fmt.Errorf("serve: %w", err)
		case <-again:
			// Requests under way end with what they began with.
			if fresh, err := c.handler(log); err != nil {
				log.ErrorContext(ctx, "nothing was read again: what was there before is still served", "err", err)
			} else {
				current.Store(&fresh)
				collectSeldom()
				log.InfoContext(ctx, "bundle and keys are read again")
			}
		case <-ctx.Done():
		}
	}
	// The signal has ended ctx, and what was accepted still gets its answer.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return fmt.Errorf("stop: requests were still under way after %s: %w", drain, err)
	}
	return nil
}

// smallHeap is up to how many bytes a verifier may hold for [web.GCPercent] to cost little memory:
// a bundle with the records of a whole country is larger.
const smallHeap = 48 << 20

// collectSeldom sets the garbage collector by what was loaded, unless GOGC does.
func collectSeldom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	runtime.GC() // what loading left behind is not what stays
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	percent := 100
	if memory.HeapAlloc <= smallHeap {
		percent = web.GCPercent
	}
	debug.SetGCPercent(percent)
}

// handler opens what the flags name and puts the service on it.
func (c *serveCmd) handler(log *slog.Logger) (http.Handler, error) {
	trust, err := source.Open(source.Config{Ledgers: c.Ledger, Bundle: c.Bundle, BundleKey: c.BundleKey, State: c.State, Insecure: c.InsecureBundle}, time.Now)
	if err != nil {
		return nil, err
	}
	config := web.Config{
		Trust: trust.Trust, Now: time.Now, Log: log, PerSecond: c.PerSecond, PublicURL: c.PublicURL, Proxies: c.TrustedProxies,
	}
	if trust.Online != nil {
		config.Shares = trust.Online
	}
	if config.ReceiptKeys, err = c.receiptKeys(log); err != nil {
		return nil, err
	}
	return web.New(config)
}
