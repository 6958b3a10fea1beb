package api

import (
	"context"

	"sijil/internal/access"
	"sijil/internal/eventlog"
)

// call is what the layers learn of one request, each filling in its part.
type call struct {
	id        string // names the request in the log and in events
	route     string // method and path, without the query
	principal access.Principal
	key       string // Idempotency-Key
	behalf    string // X-Sijil-On-Behalf-Of
	body      []byte // as it came, never nil for a write
	after     eventlog.Position
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf is the request's call; outside a request an empty one.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

func correlation(ctx context.Context) string { return callOf(ctx).id }
