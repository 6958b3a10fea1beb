package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"sijil/api"
	"sijil/internal/access"
)

// API builds the API under publicURL. metrics may be nil.
func (a *App) API(publicURL string, limits Limits, metrics *prometheus.Registry) (*api.Server, error) {
	tokens, err := access.NewTokens(a.TokenKey, publicURL)
	if err != nil {
		return nil, err
	}
	issuing, err := a.Issuing(publicURL)
	if err != nil {
		return nil, err
	}
	a.followers, a.issuer = append(a.followers, issuing.follower()), issuing.Issuer
	bundleKeys, err := a.BundleKeySet()
	if err != nil {
		return nil, err
	}
	cfg := api.Config{
		Ledger: a.Ledger, Reader: a.Reader, Progress: a.Runner, Vault: a.Vault,
		Tokens: tokens, Clients: a.Clients, LogID: a.LogID, Publisher: issuing.Publisher, BundleKeys: bundleKeys,
		// The token key is the secret that servers of one ledger share; cursors get a key
		// derived from it.
		CursorKey: a.TokenKey.Seed(),
		PublicURL: publicURL, Now: a.cfg.Now, Logger: a.cfg.Logger, Ready: a.Checks(),
		RequestsPerSecond: limits.RequestsPerSecond, TokensPerSecond: limits.TokensPerSecond, PublicPerSecond: limits.PublicPerSecond,
	}
	if metrics != nil {
		if cfg.Metrics, err = api.NewMetrics(metrics); err != nil {
			return nil, err
		}
		if err := a.register(metrics); err != nil {
			return nil, err
		}
	}
	return api.New(cfg)
}

// Limits are the rates of [api.Config], 0 for the API's defaults.
type Limits struct{ RequestsPerSecond, TokensPerSecond, PublicPerSecond float64 }
