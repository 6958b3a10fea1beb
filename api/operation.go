package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

// op is one operation as its resource's file states it.
type op struct {
	// ID is the operation id, kebab-case: "register-student".
	ID     string
	Method string
	Path   string
	// Scope is what the token must carry; [public] is spelled out where anybody may call.
	Scope access.Scope
	// Tag groups operations in the document: the resource's name.
	Tag     string
	Summary string
	// Description is Markdown, for what the summary cannot say.
	Description string
	// Status of success; 0 means 200.
	Status int
	// Media are the media types of success, where it is not the JSON of a Go value.
	Media []string
	// MaxBody is the largest body in bytes; 0 means 1 MB.
	MaxBody int64
	// KeyOptional lets a write come without an Idempotency-Key, for protocols of others that know
	// none: each such request is a command of its own.
	KeyOptional bool
}

// public marks an operation that takes no token. The list of them is held by a test.
const public access.Scope = "-"

// answer is a write's success: what was recorded, where, and how far reads must be to see it.
type answer[B any] struct {
	Position string `header:"X-Sijil-Position" doc:"The log position of what was recorded: send it with a read to see it"`
	Location string `header:"Location" doc:"Where what was recorded can be read"`
	Body     B
}

// written answers a write. location is a path of this API, or empty.
func written[B any](s *Server, pos eventlog.Position, location string, body B) *answer[B] {
	return &answer[B]{Position: s.position(pos), Location: location, Body: body}
}

// write registers an operation that records something: it demands an Idempotency-Key, and
// its handler gets its ledger.Act from s.act.
func write[I, B any](s *Server, o op, handle func(context.Context, *I) (*answer[B], error)) {
	h := s.operation(o, true)
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*answer[B], error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// body is a read's success.
type body[B any] struct {
	Body B
}

// read registers an operation that answers from a read model. A position that the request
// carries has been waited for before handle is called.
func read[I, B any](s *Server, o op, handle func(context.Context, *I) (B, error)) {
	h := s.operation(o, false)
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*body[B], error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &body[B]{Body: out}, nil
	})
}

// raw registers an operation that answers O as huma writes it: other content types,
// headers of its own, streams. Writing operations use write.
func raw[I, O any](s *Server, o op, handle func(context.Context, *I) (*O, error)) {
	h := s.operation(o, false)
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func (s *Server) operation(o op, writes bool) huma.Operation {
	if o.Scope == "" {
		panic("operation " + o.ID + " names no scope")
	}
	if o.MaxBody == 0 {
		o.MaxBody = maxBody
	}
	h := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: o.Path, Tags: []string{o.Tag},
		Summary: o.Summary, Description: o.Description, DefaultStatus: o.Status,
		MaxBodyBytes: o.MaxBody + 1, // huma refuses a body of exactly the limit; ours is checked before
		Errors:       []int{http.StatusBadRequest, http.StatusTooManyRequests},
	}
	if o.Status == 0 {
		h.DefaultStatus = http.StatusOK
	}
	if o.Scope != public {
		h.Security = []map[string][]string{{securityName: {string(o.Scope)}}}
		h.Errors = append(h.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
	}
	if len(o.Media) > 0 {
		h.Responses = map[string]*huma.Response{strconv.Itoa(h.DefaultStatus): {Content: mediaOf(o.Media)}}
	}
	if writes {
		key := *keyParam
		key.Required = !o.KeyOptional
		h.Parameters = append(h.Parameters, &key, behalfParam)
		h.Errors = append(h.Errors, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	}
	if o.Scope != public || writes {
		h.Parameters = append(h.Parameters, positionParam)
	}
	h.Middlewares = huma.Middlewares{s.guard(o, writes)}
	s.grants[o.ID] = o.Scope
	return h
}

// mediaOf describes contents that are not JSON of ours: documents that other standards define are
// objects, pictures are bytes, tokens are texts.
func mediaOf(types []string) map[string]*huma.MediaType {
	content := map[string]*huma.MediaType{}
	for _, name := range types {
		media := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		switch {
		case strings.HasPrefix(name, "image/"):
			media.Schema = &huma.Schema{}
		case name == vcType || strings.HasSuffix(name, "json"):
			media.Schema = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
		}
		content[name] = media
	}
	return content
}

// act begins the command that the request is: same client, method, path and
// Idempotency-Key, same command. Add About(person) and Effective(date) where they apply.
func (s *Server) act(ctx context.Context) (ledger.Act, error) {
	c := callOf(ctx)
	return s.cfg.Ledger.Begin(ctx, ledger.Request{
		Tenant: c.principal.Tenant, Institution: c.principal.Institution,
		Actor: string(c.principal.Subject), OnBehalfOf: c.behalf,
		Client: c.principal.Client, Route: c.route, Key: c.key, Body: c.body,
		CorrelationID: c.id, After: c.after,
	})
}

// principal is who calls.
func principal(ctx context.Context) access.Principal { return callOf(ctx).principal }
