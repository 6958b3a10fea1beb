package api

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusAge is how long a copy of a status list may be kept; the list's ttl says the same.
const statusAge = "public, max-age=30"

type statusListInput struct {
	List        string    `path:"list" maxLength:"64"`
	Timestamp   time.Time `query:"timestamp" doc:"RFC 3339, in the past"`
	IfNoneMatch string    `header:"If-None-Match" maxLength:"1024"`
	Accept      string    `header:"Accept" maxLength:"1024"`
}

type statusListOutput struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag"`
	Vary         string `header:"Vary"`
	AllowOrigin  string `header:"Access-Control-Allow-Origin"`
	Policy       string `header:"Cross-Origin-Resource-Policy"`
	Body         []byte `contentType:"application/vc"`
}

func (s *Server) readStatusList(ctx context.Context, in *statusListInput) (*statusListOutput, error) {
	if in.Timestamp.After(s.cfg.Now()) {
		return nil, newProblem(http.StatusUnprocessableEntity, "invalid_field", "timestamp is an instant in the past")
	}
	mediaType, ok := preferred(in.Accept)
	if !ok {
		return nil, newProblem(http.StatusNotAcceptable, "not_acceptable", "")
	}
	var body []byte
	var etag string
	var err error
	if mediaType != tokenType {
		body, etag, err = s.cfg.Publisher.StatusListDocument(ctx, in.List, in.Timestamp)
	}
	if err == nil && body == nil { // a token is asked for, or is all there is
		mediaType = tokenType
		body, etag, err = s.cfg.Publisher.StatusList(ctx, in.List, in.Timestamp)
	}
	if err != nil {
		return nil, err
	}
	out := &statusListOutput{
		Status: http.StatusOK, ContentType: mediaType, CacheControl: statusAge, ETag: etag, Vary: "Accept",
		AllowOrigin: "*", Policy: "cross-origin", Body: body,
	}
	if matches(in.IfNoneMatch, etag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// tokenType is a list as a token; listTypes are those of a list as JSON, the one given to
// readers without a wish first.
const tokenType = "application/vc+jwt"

var listTypes = []string{"application/vc", "application/ld+json", "application/json"}

// preferred is the media type that a reader's Accept header weighs most (RFC 9110 section
// 12.5.1); not ok if it excludes all. Of equals the first one named wins, so that a reader who
// lists both forms has a say.
func preferred(accept string) (mediaType string, ok bool) {
	if strings.TrimSpace(accept) == "" {
		return listTypes[0], true
	}
	best := 0.0
	for _, one := range strings.Split(accept, ",") {
		name, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		q := 1.0
		if s, has := params["q"]; has {
			if q, err = strconv.ParseFloat(s, 64); err != nil {
				continue
			}
		}
		switch name {
		case "*/*", "application/*":
			name = listTypes[0]
		case tokenType:
		default:
			if !slices.Contains(listTypes, name) {
				continue
			}
		}
		if q > best {
			best, mediaType = q, name
		}
	}
	return mediaType, best > 0
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
