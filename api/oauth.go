package api

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"sijil/internal/access"
)

// maxForm is the largest token request in bytes.
const maxForm = 8 << 10

// registerToken serves RFC 6749 section 4.4, client credentials. Its errors have that
// RFC's shape (section 5.2), not a problem document's: every OAuth library reads it.
func (s *Server) registerToken() {
	s.mux.HandleFunc("POST /oauth2/token", s.token)
	form := &huma.Schema{
		Type: "object", Required: []string{"grant_type"},
		Properties: map[string]*huma.Schema{
			"grant_type":    {Type: "string", Enum: []any{"client_credentials"}},
			"scope":         {Type: "string", Description: "Scopes apart by spaces; all that the client has when absent"},
			"client_id":     {Type: "string", Description: "With client_secret, instead of HTTP Basic authentication"},
			"client_secret": {Type: "string"},
		},
	}
	s.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "issue-token", Method: http.MethodPost, Path: "/oauth2/token", Tags: []string{"access"},
		Summary:     "Get an access token for client credentials",
		Description: "RFC 6749 section 4.4, with the client authenticated by HTTP Basic (`client_secret_basic`) or in the form (`client_secret_post`). The token is an `at+jwt` (RFC 9068) and is good for ten minutes.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/x-www-form-urlencoded": {Schema: form}}},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: s.schema(tokenAnswer{})}}},
			"400": {Description: "Bad Request", Content: map[string]*huma.MediaType{"application/json": {Schema: s.schema(tokenError{})}}},
			"401": {Description: "Unauthorized", Content: map[string]*huma.MediaType{"application/json": {Schema: s.schema(tokenError{})}}},
			"429": {Description: "Too Many Requests", Content: map[string]*huma.MediaType{"application/json": {Schema: s.schema(tokenError{})}}},
		},
	})
	s.grants["issue-token"] = public
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds"`
	Scope       string `json:"scope"`
}

type tokenError struct {
	Error       string `json:"error" doc:"RFC 6749 section 5.2"`
	Description string `json:"error_description,omitempty"`

	status int
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	a, no := s.grant(w, r)
	var out any = a
	if no != nil {
		out = no
		if no.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="sijil", charset="UTF-8"`)
		}
		w.WriteHeader(no.status)
	}
	b, err := json.Marshal(out)
	if err != nil { // strings and numbers always marshal
		return
	}
	_, _ = w.Write(b) // a caller who has left gets nothing
}

func (s *Server) grant(w http.ResponseWriter, r *http.Request) (*tokenAnswer, *tokenError) {
	if no := asked(w, s.askerAddresses, address(r)); no != nil {
		return nil, no
	}
	form, no := tokenForm(w, r)
	if no != nil {
		return nil, no
	}
	id, secret, no := credentials(r, form)
	if no != nil {
		return nil, no
	}
	// Client ids are no secrets, the record names them as actors: a stranger who sends somebody
	// else's must not use up the tokens of that client at its own address.
	if no := asked(w, s.askers, id+" "+address(r)); no != nil {
		return nil, no
	}
	client, err := s.cfg.Clients.Authenticate(r.Context(), id, secret)
	if errors.Is(err, access.ErrClient) {
		return nil, &tokenError{"invalid_client", "", http.StatusUnauthorized}
	} else if err != nil {
		s.cfg.Logger.ErrorContext(r.Context(), "a token request failed; is the database well?", "err", err, "correlation", correlation(r.Context()))
		return nil, &tokenError{"server_error", "", http.StatusInternalServerError}
	}
	callOf(r.Context()).principal.Client = client.ClientID()
	return s.issue(client, form.Get("scope"))
}

// IssueToken makes a token for a program that runs in the ledger's own process and needs
// no credentials; p is good for [access.TokenLife] from now.
func (s *Server) IssueToken(p access.Principal, now time.Time) (string, error) {
	return s.cfg.Tokens.Issue(p, now)
}

// address is where a request comes from: the connection's other end, and no header's word. An
// IPv6 caller owns a whole /64, and counts as one.
func address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	net, _ := ip.Prefix(64) // 64 bits fit, so there is no error
	return net.String()
}

func asked(w http.ResponseWriter, l *limiters, who string) *tokenError {
	if wait := l.take(who); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		return &tokenError{"temporarily_unavailable", "too many token requests: a token is good for ten minutes, keep it", http.StatusTooManyRequests}
	}
	return nil
}

func (s *Server) issue(client access.Client, asked string) (*tokenAnswer, *tokenError) {
	has, err := access.ParseScopes(strings.Join(client.Scopes, " "))
	if err != nil {
		return nil, &tokenError{"invalid_scope", "the client was made for scopes that no longer exist", http.StatusBadRequest}
	}
	scopes := has
	if asked != "" {
		scopes, err = access.ParseScopes(asked)
		if err != nil || slices.ContainsFunc(scopes, func(sc access.Scope) bool { return !slices.Contains(has, sc) }) {
			return nil, &tokenError{"invalid_scope", "the client may not have one of these scopes", http.StatusBadRequest}
		}
	}
	token, err := s.cfg.Tokens.Issue(client.Principal(scopes), s.cfg.Now())
	if err != nil {
		return nil, &tokenError{"server_error", "", http.StatusInternalServerError}
	}
	return &tokenAnswer{token, "Bearer", int(access.TokenLife.Seconds()), access.FormatScopes(scopes)}, nil
}

// tokenForm reads the body; parameters in the query are not looked at, since queries end
// up in logs, and a repeated one is refused (RFC 6749 section 3.2).
func tokenForm(w http.ResponseWriter, r *http.Request) (url.Values, *tokenError) {
	no := func(d string) (url.Values, *tokenError) {
		return nil, &tokenError{"invalid_request", d, http.StatusBadRequest}
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.Header.Get("Content-Encoding") != "" {
		return no("the body is application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return no("the form cannot be read")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return no("a parameter is repeated")
		}
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		return r.PostForm, nil
	case "":
		return no("grant_type is missing")
	}
	return nil, &tokenError{"unsupported_grant_type", "the grant is client_credentials", http.StatusBadRequest}
}

// credentials are the client's from exactly one of the two places (RFC 6749 section 2.3).
func credentials(r *http.Request, form url.Values) (id, secret string, no *tokenError) {
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if header := r.Header.Get("Authorization"); header != "" {
		basic, ok := strings.CutPrefix(header, "Basic ")
		raw, err := base64.StdEncoding.DecodeString(basic)
		u, p, colon := strings.Cut(string(raw), ":")
		u, errU := url.QueryUnescape(u)
		p, errP := url.QueryUnescape(p)
		if !ok || !colon || errors.Join(err, errU, errP) != nil {
			return "", "", &tokenError{"invalid_client", "", http.StatusUnauthorized}
		}
		if secret != "" || id != "" && id != u {
			return "", "", &tokenError{"invalid_request", "the client authenticates in one way at a time", http.StatusBadRequest}
		}
		id, secret = u, p
	}
	if id == "" || secret == "" || len(id) > 100 || len(secret) > 200 {
		return "", "", &tokenError{"invalid_client", "", http.StatusUnauthorized}
	}
	return id, secret, nil
}
