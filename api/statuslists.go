package api

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// statusAge is how long a copy of a status list may be kept; the list's ttl says the same.
const statusAge = "public, max-age=30"

type statusListInput struct {
	List        string    `path:"list" maxLength:"64"`
	Timestamp   time.Time `query:"timestamp" doc:"RFC 3339, in the past"`
	IfNoneMatch string    `header:"If-None-Match" maxLength:"1024"`
}

type statusListOutput struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag"`
	AllowOrigin  string `header:"Access-Control-Allow-Origin"`
	Policy       string `header:"Cross-Origin-Resource-Policy"`
	Body         []byte `contentType:"application/vc+jwt"`
}

func (s *Server) readStatusList(ctx context.Context, in *statusListInput) (*statusListOutput, error) {
	if in.Timestamp.After(s.cfg.Now()) {
		return nil, newProblem(http.StatusUnprocessableEntity, "invalid_field", "timestamp is an instant in the past")
	}
	token, etag, err := s.cfg.Publisher.StatusList(ctx, in.List, in.Timestamp)
	if err != nil {
		return nil, err
	}
	out := &statusListOutput{
		Status: http.StatusOK, ContentType: "application/vc+jwt", CacheControl: statusAge, ETag: etag,
		AllowOrigin: "*", Policy: "cross-origin", Body: token,
	}
	if matches(in.IfNoneMatch, etag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// matches compares weakly, as RFC 9110 section 13.1.2 asks for If-None-Match.
func matches(header, etag string) bool {
	for _, tag := range strings.Split(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}
