package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	service "sijil/internal/app"
)

// officerFlags are for verbs that act as one person: everything is asked of the API with that
// person's own client, also when the ledger lies in this machine's data directory. Who has
// the directory could write the database itself; this way is the one that leaves two names.
type officerFlags struct {
	dataFlags
	Ledger     string `placeholder:"URL" env:"SIJIL_LEDGER" help:"The ledger's API, as https://ledger.example. Default: the ledger in the data directory, asked in this process."`
	As         string `required:"" placeholder:"CLIENT_ID" env:"SIJIL_CLIENT_ID" help:"Your API client, as sijil client create printed it; also from SIJIL_CLIENT_ID."`
	SecretFile string `required:"" type:"existingfile" placeholder:"FILE" env:"SIJIL_CLIENT_SECRET_FILE" help:"A file with the client's secret; also from SIJIL_CLIENT_SECRET_FILE."`
}

// officer asks a ledger's API with one client's token.
type officer struct {
	http  *http.Client
	base  string
	token string
}

// officerPatience bounds one request of an officer's.
const officerPatience = time.Minute

// act runs f with the officer's token.
func (f *officerFlags) act(ctx context.Context, a *app, do func(context.Context, *officer) error) (err error) {
	secret, err := os.ReadFile(f.SecretFile)
	if err != nil {
		return fmt.Errorf("reading the client's secret: %w", err)
	}
	o := &officer{http: &http.Client{Timeout: officerPatience}, base: strings.TrimRight(f.Ledger, "/")}
	if f.Ledger == "" {
		l, base, err := f.local(ctx, a, o)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
		o.base = base
	} else if u, err := url.Parse(f.Ledger); err != nil || u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return fmt.Errorf("--ledger %s: a secret is sent over https only", f.Ledger)
	}
	if err := o.login(ctx, f.As, strings.TrimSpace(string(secret))); err != nil {
		return err
	}
	return do(ctx, o)
}

// local is the API of the ledger in the data directory, in this process.
func (f *officerFlags) local(ctx context.Context, a *app, o *officer) (*service.App, string, error) {
	if err := f.exists(); err != nil {
		return nil, "", err
	}
	quiet := *a
	quiet.log = slog.New(warnings{a.log.Handler()})
	l, err := f.openLedger(ctx, &quiet)
	if err != nil {
		return nil, "", err
	}
	name := importCmd{PublicURL: os.Getenv("SIJIL_PUBLIC_URL")}
	err = name.name(ctx, l)
	if err == nil {
		server, aerr := l.API(name.PublicURL, service.Limits{}, nil)
		if err = aerr; err == nil {
			o.http.Transport = inProcess{server.Handler()}
			return l, name.PublicURL, nil
		}
	}
	return nil, "", errors.Join(err, l.Close(context.WithoutCancel(ctx)))
}

// inProcess carries requests to a handler.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := recorded{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(&w, r)
	return &http.Response{
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// recorded is a ResponseWriter that keeps the answer.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorded) Header() http.Header         { return w.header }
func (w *recorded) WriteHeader(status int)      { w.status = status }
func (w *recorded) Write(b []byte) (int, error) { return w.body.Write(b) }

func (o *officer) login(ctx context.Context, client, secret string) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("asking for a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := o.do(r, &answer); err != nil {
		return fmt.Errorf("asking for a token as %s: %w", client, err)
	}
	o.token = answer.Token
	return nil
}

func (o *officer) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.base+path, nil)
	if err != nil {
		return fmt.Errorf("asking the ledger: %w", err)
	}
	return o.do(r, into)
}

func (o *officer) post(ctx context.Context, path string, body, into any) error {
	return o.postKeyed(ctx, path, uuid.NewString(), body, into)
}

// postKeyed sends a command under a key of its own, so that it can be repeated.
func (o *officer) postKeyed(ctx context.Context, path, key string, body, into any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("building a request: %w", err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("building a request: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Idempotency-Key", key)
	return o.do(r, into)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 8 << 20

// cures are for refusals that the API words for machines only.
var cures = map[string]string{
	"invalid_client": "the client's id and secret do not belong together, or it was revoked: see --as and --secret-file, and `sijil client list`",
	"not_found":      "the ledger has nothing of this id: `sijil keys list` shows what there is",
}

// do sends a request. What the ledger refuses comes back as the refusal it is.
func (o *officer) do(r *http.Request, into any) error {
	if o.token != "" {
		r.Header.Set("Authorization", "Bearer "+o.token)
	}
	res, err := o.http.Do(r)
	if err != nil {
		return fmt.Errorf("asking the ledger: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the ledger's answer: %w", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		var p struct {
			Code   string `json:"code"`
			Detail string `json:"detail"`
			// OAuth has names of its own.
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		_ = json.Unmarshal(b, &p) // another body leaves the status
		if p.Code == "" {
			p.Code, p.Detail = p.Error, p.Description
		}
		if p.Detail == "" {
			p.Detail = cmp.Or(cures[p.Code], http.StatusText(res.StatusCode))
		}
		return domain.Refuse(domain.Conflict, p.Code, "%s (the ledger answers %d)", p.Detail, res.StatusCode)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("reading the ledger's answer: %w", err)
	}
	return nil
}
