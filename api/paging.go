package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
)

// Paged is embedded in the input of a listing.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"The most items to answer"`
	Cursor string `query:"cursor" maxLength:"2048" doc:"The next of the page before; only good for the same listing and filters"`
}

// page is the body of a listing.
type page[T any] struct {
	Items []T    `json:"items" doc:"In the listing's order"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
}

// from gives the sort key of the last item seen, for a query that goes on after it; nil on
// the first page. filters are the listing's other parameters: a cursor of another listing,
// other filters or another caller's institution is refused with invalid_cursor.
func (s *Server) from(ctx context.Context, q Paged, filters ...string) ([]string, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	key, err := s.cursors.open(q.Cursor, cursorScope(ctx, filters))
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "invalid_cursor", "the cursor is not one that this listing gave for these parameters")
	}
	return key, nil
}

// pageOf cuts items to the limit and makes the cursor of the next page from the last
// one's sort key. Query one more than q.Limit, so that the last page is known as such.
func pageOf[T any](s *Server, ctx context.Context, q Paged, items []T, key func(T) []string, filters ...string) (page[T], error) {
	p := page[T]{Items: items}
	if p.Items == nil {
		p.Items = []T{}
	}
	if len(items) <= q.Limit {
		return p, nil
	}
	p.Items = items[:q.Limit]
	next, err := s.cursors.seal(key(p.Items[q.Limit-1]), cursorScope(ctx, filters))
	p.Next = next
	return p, err
}

// cursorScope is what a cursor is bound to.
func cursorScope(ctx context.Context, filters []string) []byte {
	c := callOf(ctx)
	b, err := json.Marshal(append([]string{c.route, string(c.principal.Tenant), string(c.principal.Institution)}, filters...))
	if err != nil { // query parameters that were not UTF-8 never got here
		return nil
	}
	return b
}

// cursors seals sort keys: a cursor shows nothing and cannot be made up.
type cursors struct{ aead cipher.AEAD }

func newCursors(secret []byte) (*cursors, error) {
	if len(secret) < 32 {
		return nil, errors.New("the cursor key has fewer than 32 bytes")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "sijil/cursor/v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &cursors{aead}, err
}

func (c *cursors) seal(key []string, scope []byte) (string, error) {
	plain, err := json.Marshal(key)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, plain, scope)), nil
}

func (c *cursors) open(cursor string, scope []byte) (key []string, err error) {
	box, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return nil, err
	}
	plain, err := c.aead.Open(nil, nil, box, scope)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(plain, &key)
	return key, err
}
