package web

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

// maxMany is how many credentials one request may carry.
const maxMany = 1000

// verify is POST /v1/verify: {"credential": "…"} → a verdict, {"credentials": […]} →
// {"verdicts": […]} in the same order. "at" asks for another time than now. Any credential
// gets 200 and a verdict; problems are about the request itself.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		answer(w, problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "the body is application/json"})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		answer(w, bodyProblem(err))
		return
	}
	req, p := s.readRequest(body)
	if p != nil {
		answer(w, *p)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), judging)
	defer cancel()
	verdicts := make([]verifier.Verdict, 0, len(req.texts))
	for _, text := range req.texts {
		verdicts = append(verdicts, verifier.VerifyText(ctx, text, s.Trust, req.at))
	}
	var out any = struct {
		Verdicts []verifier.Verdict `json:"verdicts"`
	}{verdicts}
	if !req.many {
		out = verdicts[0]
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(out) // the reader may be gone; there is nobody else to tell
}

func bodyProblem(err error) problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "a request has up to 1 MB"}
	}
	return problem{Status: http.StatusBadRequest, Code: "bad_request", Detail: "the body could not be read"}
}

type request struct {
	texts [][]byte
	many  bool
	at    time.Time
}

// readRequest reads the body strictly: an unknown member is a spelling mistake that would
// otherwise change the question unnoticed.
func (s *server) readRequest(body []byte) (request, *problem) {
	invalid := func(detail string) (request, *problem) {
		return request{}, &problem{Status: http.StatusUnprocessableEntity, Code: "invalid_field", Detail: detail}
	}
	root, refusal := credential.ParseJSON(body)
	if refusal != nil || !root.IsObject() {
		return request{}, &problem{Status: http.StatusBadRequest, Code: "invalid_json", Detail: "the body is not one well-formed JSON object"}
	}
	for _, name := range root.Names() {
		if name != "credential" && name != "credentials" && name != "at" {
			return request{}, &problem{Status: http.StatusUnprocessableEntity, Code: "unknown_member", Detail: "the members are credential or credentials, and at"}
		}
	}
	req := request{at: s.Now(), many: root.Has("credentials")}
	if at := root.Get("at"); root.Has("at") {
		text, _ := at.Text()
		var err error
		if req.at, err = credential.ParseStamp(text); err != nil {
			return invalid("at is a time with its zone, as 2031-07-01T12:00:00Z")
		}
	}
	items := []credential.Value{root.Get("credential")}
	if req.many {
		items = root.Get("credentials").Items()
	}
	if req.many == root.Has("credential") || len(items) == 0 || len(items) > maxMany {
		return invalid("give either credential or credentials, a list of 1 to 1000")
	}
	for _, v := range items {
		text, ok := v.Text()
		switch {
		case ok:
			req.texts = append(req.texts, []byte(text))
		case v.IsObject():
			req.texts = append(req.texts, v.Raw())
		default:
			return invalid("a credential is a string, or a JSON object")
		}
	}
	return req, nil
}
