// Package vcapi is the verifier's side of the VC-API (https://www.w3.org/TR/vcalm/):
// POST /credentials/verify and POST /presentations/verify. It answers 200 for VALID and for nothing
// else, so that a caller who looks at the status alone is never told yes by mistake. It keeps
// nothing of what it was asked.
package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// The two routes.
const (
	Credentials   = "/credentials/verify"
	Presentations = "/presentations/verify"
)

const (
	// maxBody is the largest request, in bytes.
	maxBody = 1 << 20
	// judging bounds all fetches that one request can cause together.
	judging = 10 * time.Second
)

// Config is what the routes need; both are required.
type Config struct {
	Trust verifier.Trust
	Now   func() time.Time
}

// Register adds the routes to mux. Limits of rates and headers are its owner's.
func Register(mux *http.ServeMux, c Config) {
	mux.HandleFunc("POST "+Credentials, func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, false) })
	mux.HandleFunc("POST "+Presentations, func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, true) })
}

// Answer is what 200 says.
type Answer struct {
	// Verified is true: what is not gets a problem.
	Verified bool             `json:"verified"`
	Overall  verifier.Overall `json:"overall"`
	// Checks are those that were asked for.
	Checks []string `json:"checks"`
	// Verdict is all that was found, line by line.
	Verdict verifier.Verdict `json:"verdict"`
}

func (c Config) serve(w http.ResponseWriter, r *http.Request, presentation bool) {
	req, p := read(w, r, presentation)
	if p != nil {
		p.write(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), judging)
	defer cancel()
	v := c.judge(ctx, req)
	if v.Overall != verifier.Valid {
		notValid(v).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(Answer{Verified: true, Overall: v.Overall, Checks: req.checks, Verdict: v})
}

// judge is the verdict of the one function, under the checks asked for, and then what the
// standard says of the document itself.
func (c Config) judge(ctx context.Context, req request) verifier.Verdict {
	o := req.options
	// A did:key or did:jwk shows that its holder signed. Whether the signer is anybody is not what
	// the proof check of this interface is about; POST /v1/verify asks that.
	o.ProofOnly = true
	v := verifier.VerifyWith(ctx, req.input, c.Trust, c.Now(), o)
	if !req.status() {
		v = withoutStatus(v)
	}
	if v.Overall != verifier.Valid {
		return v
	}
	if (v.Credential == nil) != req.presentation {
		return refused(v, verifier.NotValid, credential.Refuse(credential.WrongType, "a presentation where a credential is asked for, or the other way round"))
	}
	if overall, refusal := conforms(req.input, req.presentation); refusal != nil {
		return refused(v, overall, refusal)
	}
	return v
}

// refused is the verdict v with another end.
func refused(v verifier.Verdict, overall verifier.Overall, r *credential.Refusal) verifier.Verdict {
	answer := verifier.False
	if overall == verifier.CannotConfirm {
		answer = verifier.Unchecked
	}
	v.Overall, v.Reason, v.Detail = overall, r.Reason, r.Detail
	v.Reasons = []credential.Reason{r.Reason}
	v.Lines.Integrity = verifier.Line{Answer: answer, Reason: r.Reason}
	return v
}

// withoutStatus lets a status that could not be had be. One that was had and says no still counts:
// nobody is told that a diploma is good of which we know that it is revoked.
func withoutStatus(v verifier.Verdict) verifier.Verdict {
	if v.Overall != verifier.CannotConfirm {
		return v
	}
	for _, r := range v.Reasons {
		switch r {
		case verifier.StatusMissing, verifier.StatusStale, verifier.StatusUnverifiable:
		default:
			return v
		}
	}
	v.Overall, v.Reason, v.Reasons = verifier.Valid, "", nil
	for i := range v.Items {
		v.Items[i] = withoutStatus(v.Items[i])
	}
	return v
}

// body reads a request's JSON.
func body(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" || params["charset"] != "" && params["charset"] != "utf-8" {
		return nil, malformed(http.StatusUnsupportedMediaType, "unsupported_media_type", "the body is application/json")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return nil, malformed(http.StatusRequestEntityTooLarge, "too_large", "a request has up to 1 MB")
	} else if err != nil {
		return nil, malformed(http.StatusBadRequest, "bad_request", "the body could not be read")
	}
	return b, nil
}
