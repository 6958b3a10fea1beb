package app

import (
	"crypto/tls"

	"sijil/internal/access"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/subscribers"
)

// Subscribers is a read-only EventStoreDB server for clients of this ledger under publicURL,
// which their access tokens name. It needs a certificate: credentials do not travel
// unencrypted, and without credentials nobody sees anything.
func (a *App) Subscribers(publicURL string, certificate *tls.Config) (*esdbserver.Server, error) {
	tokens, err := access.NewTokens(a.TokenKey, publicURL)
	if err != nil {
		return nil, err
	}
	gate := subscribers.NewGate(subscribers.Config{
		Log: a.Log, Tokens: tokens, Clients: a.Clients, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return esdbserver.New(esdbserver.Config{
		Log: a.Log, ReadOnly: true, TLS: certificate, Authenticate: gate.Authenticate, Logger: a.cfg.Logger,
	}), nil
}
