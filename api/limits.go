package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"sijil/internal/text"
)

// The limits of a body (security.md 9).
const (
	maxBody    = 1 << 20
	maxDepth   = 32
	maxMembers = 20_000
)

// framed reads a body and checks its frame before anything looks at its content. The
// bytes stay in c for the idempotency check and in r for the parser.
func framed(r *http.Request, w http.ResponseWriter, c *call, o *huma.Operation, limit int64) *Problem {
	c.body = []byte{}
	if o.Method == http.MethodGet || o.Method == http.MethodHead {
		return nil
	}
	if len(r.Header.Values("Content-Encoding")) > 0 {
		return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "a request body is not compressed")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return newProblem(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than this operation takes")
		}
		return newProblem(http.StatusRequestTimeout, "request_timeout", "the body did not arrive whole")
	}
	if o.RequestBody == nil {
		if len(raw) > 0 {
			return newProblem(http.StatusBadRequest, "invalid_json", "this operation takes no body")
		}
		return nil
	}
	kind, p := mediaType(r, o)
	if p != nil {
		return p
	}
	if kind == "application/json" {
		if p := scan(raw); p != nil {
			return p
		}
	}
	c.body, r.Body = raw, io.NopCloser(bytes.NewReader(raw))
	return nil
}

func mediaType(r *http.Request, o *huma.Operation) (string, *Problem) {
	list := r.Header.Values("Content-Type")
	if len(list) != 1 {
		return "", wrongType()
	}
	if o.RequestBody.Content[list[0]] != nil { // the usual spelling needs no parsing
		return list[0], nil
	}
	kind, params, err := mime.ParseMediaType(list[0])
	if err != nil || o.RequestBody.Content[kind] == nil {
		return "", wrongType()
	}
	if cs, ok := params["charset"]; ok && !strings.EqualFold(cs, "utf-8") {
		return "", wrongType()
	}
	return kind, nil
}

func wrongType() *Problem {
	return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "the Content-Type is not one that this operation takes")
}

// scan reads JSON once from end to end without keeping it: one value, valid UTF-8, no
// duplicate member, within depth and number, and no character that does not show or turns
// what is shown around (U+0000 among them, which PostgreSQL's text does not hold).
// encoding/json alone lets the first three pass.
func scan(raw []byte) *Problem {
	no := func(detail string) *Problem { return newProblem(http.StatusBadRequest, "invalid_json", detail) }
	suspect := bytes.ContainsFunc(raw, func(r rune) bool { return r == '\\' || r >= utf8.RuneSelf })
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	for members, odd := 0, false; ; {
		t, err := d.ReadToken()
		if err != nil {
			return no("the body is not one JSON value in UTF-8 without duplicate members")
		}
		if d.StackDepth() > maxDepth {
			return no("the body is nested too deeply")
		}
		if !isName(d, t) {
			members++
		}
		if members > maxMembers {
			return no("the body has too many members")
		}
		odd = odd || suspect && t.Kind() == '"' && !text.Shows(t.String())
		if d.StackDepth() > 0 {
			continue
		}
		if _, err := d.ReadToken(); err != io.EOF {
			return no("there is text after the JSON value")
		}
		if odd {
			return newProblem(http.StatusUnprocessableEntity, "invalid_field", "a text has control, direction-override, invisible or unassigned characters")
		}
		return nil
	}
}

// isName reports whether t, just read, names a member or ends a value begun earlier.
func isName(d *jsontext.Decoder, t jsontext.Token) bool {
	if t.Kind() == '}' || t.Kind() == ']' {
		return true
	}
	in, n := d.StackIndex(d.StackDepth())
	return t.Kind() == '"' && in == '{' && n%2 == 1
}
