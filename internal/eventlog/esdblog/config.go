package esdblog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// settings are what a connection string may say after its question mark. The client
// ignores what it does not know: a misspelled tlsCaFile would go unnoticed.
var settings = []string{
	"tls", "tlscafile", "tlsverifycert", "usercertfile", "userkeyfile", "nodepreference",
	"discoveryinterval", "gossiptimeout", "maxdiscoverattempts",
	"keepaliveinterval", "keepalivetimeout", "defaultdeadline",
}

// configuration is what each client is made from.
func configuration(ctx context.Context, cfg Config) (*esdb.Configuration, error) {
	if err := known(cfg.ConnectionString); err != nil {
		return nil, err
	}
	c, err := esdb.ParseConnectionString(cfg.ConnectionString)
	if err != nil {
		return nil, unquoted(err, cfg.ConnectionString)
	}
	if err := account(c, cfg); err != nil {
		return nil, err
	}
	if err := certificates(c, cfg); err != nil {
		return nil, err
	}
	if c.Username != "" && c.DisableTLS {
		cfg.Logger.WarnContext(ctx, "the event store's user and password are not sent, since they would travel unencrypted; remove tls=false from the connection string, or the credentials")
	}
	if c.SkipCertificateVerification && !c.DisableTLS {
		cfg.Logger.WarnContext(ctx, "the event store's certificate is not verified: whoever is between can read the password and answer in its place; remove tlsVerifyCert=false and name the authority instead")
	}
	// The supervisor tries again, and it can be stopped while it does; the client cannot.
	c.MaxDiscoverAttempts, c.DiscoveryInterval = 1, 0
	c.GossipTimeout = max(1, min(c.GossipTimeout, int(cfg.Attempt/time.Second)))
	c.DefaultDeadline = &cfg.Attempt
	c.Logger = nil // each client gets its own, see dial
	return c, nil
}

// known refuses settings that the client would ignore.
func known(s string) error {
	_, query, _ := strings.Cut(s, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the part of the connection string behind the question mark is not understood")
	}
	for name := range values {
		if !slices.Contains(settings, strings.ToLower(name)) {
			return fmt.Errorf("the connection string has the unknown setting %q; known are %s", name, strings.Join(settings, ", "))
		}
	}
	return nil
}

// unquoted is err without the connection string, which may hold a password.
func unquoted(err error, s string) error {
	if strings.Contains(s, "@") {
		return errors.New("the connection string is not understood: expecting esdb://user:password@host:port?setting=value, with %40 for an @ in the password")
	}
	return fmt.Errorf("the connection string is not understood: %w", err)
}

func account(c *esdb.Configuration, cfg Config) error {
	if cfg.Username != "" {
		c.Username, c.Password = cfg.Username, cfg.Password
	}
	for _, f := range []struct {
		name, what string
		to         *string
	}{{cfg.UserFile, "user", &c.Username}, {cfg.PasswordFile, "password", &c.Password}} {
		if f.name == "" {
			continue
		}
		b, err := os.ReadFile(f.name)
		if err != nil {
			return fmt.Errorf("reading the event store's %s: %w", f.what, err)
		}
		*f.to = strings.TrimSpace(string(b))
		if *f.to == "" {
			return fmt.Errorf("the file for the event store's %s, %s, is empty", f.what, f.name)
		}
	}
	if (c.Username == "") != (c.Password == "") {
		return errors.New("the event store's user and password go together; one of them is missing")
	}
	return nil
}

func certificates(c *esdb.Configuration, cfg Config) error {
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return fmt.Errorf("reading the event store's certificate authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate in PEM form", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		c.UserCertFile = cfg.CertFile
	}
	if cfg.KeyFile != "" {
		c.UserKeyFile = cfg.KeyFile
	}
	if err := c.Validate(); err != nil {
		return errors.New("the certificate shown to the event store and its key go together; one of them is missing")
	}
	if c.UserCertFile != "" {
		// Read at each connection; found out now rather than at the first reconnection.
		if _, err := tls.LoadX509KeyPair(c.UserCertFile, c.UserKeyFile); err != nil {
			return fmt.Errorf("reading the certificate shown to the event store: %w", err)
		}
	}
	return nil
}

// bridge hands the client's own messages on, all for debugging: it calls an ended
// subscription and a refused append errors. What an operator has to know, the supervisor says.
func bridge(ctx context.Context, log *slog.Logger, level esdb.LogLevel, format string, args []any) {
	if log.Enabled(ctx, slog.LevelDebug) {
		log.DebugContext(ctx, "event store client: "+fmt.Sprintf(format, args...), "clientLevel", level)
	}
}
