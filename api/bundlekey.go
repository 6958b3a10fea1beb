package api

import (
	"context"
	"net/http"
)

// registerBundleKey publishes what verifiers pin to take this ledger's offline bundles.
func (s *Server) registerBundleKey() {
	publish(s, op{
		ID: "read-bundle-keys", Method: http.MethodGet, Path: "/.well-known/bundle-jwks.json", Scope: public, Tag: "verification",
		Summary:     "The key that signs this ledger's offline bundles (JWKS)",
		Description: "Get it once, by a way that you trust, and give it to `sijil verify --bundle-key`. It signs no credential and no list.",
	}, jwksType, func(context.Context, *rootInput) ([]byte, error) {
		if len(s.cfg.BundleKeys) == 0 {
			return nil, newProblem(http.StatusNotFound, "not_found", "")
		}
		return s.cfg.BundleKeys, nil
	})
}
