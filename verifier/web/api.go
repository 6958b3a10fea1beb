package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// maxMany is how many credentials one request may carry, maxLinks how many of them may be
// links to shared diplomas, each of which is fetched.
const (
	maxMany  = 1000
	maxLinks = 20
)

// verify is POST /v1/verify: {"credential": …} → a verdict, {"credentials": […]} →
// {"verdicts": […]} in the same order. A credential is a text (token, JSON, what a QR code
// holds), a JSON object, or {"base64": …} with a file's bytes. "at" asks for another time than
// now, "receipt": true for a signed receipt with each. Any credential gets 200 and a
// verdict; problems are about the request itself.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		if kind, _, err := mime.ParseMediaType(kind); err != nil || kind != "application/json" {
			answer(w, problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "the body is application/json"})
			return
		}
	}
	body, err := readBody(r)
	if err != nil {
		answer(w, bodyProblem(err))
		return
	}
	req, p := s.readRequest(body)
	if p != nil {
		answer(w, *p)
		return
	}
	onlyReceipt := r.Header.Get("Accept") == "application/jwt"
	if onlyReceipt && (req.many || s.receipts == nil) {
		answer(w, problem{Status: http.StatusNotAcceptable, Code: "not_acceptable", Detail: "a receipt alone is for one credential, from a verifier that makes receipts"})
		return
	}
	if more := req.cost() / 50; more > 0 && !s.limit.allow(s.caller(r), more) {
		s.busy(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), judging)
	defer cancel()
	answers := make([]oneAnswer, 0, len(req.items))
	for _, item := range req.items {
		if ctx.Err() != nil { // nobody waits for the rest, or nobody should have to
			s.busy(w, r)
			return
		}
		j := s.item(ctx, item, r.Host, req.at)
		a := oneAnswer{Verdict: j.Verdict}
		if req.receipt || onlyReceipt {
			if a.Receipt, err = s.receipts.sign(j, s.Now()); err != nil {
				s.Log.ErrorContext(r.Context(), "receipt could not be signed: see that the receipt key can be used", "err", err)
				answer(w, problem{Status: http.StatusInternalServerError, Code: "internal"})
				return
			}
		}
		answers = append(answers, a)
	}
	if onlyReceipt {
		w.Header().Set("Content-Type", "application/jwt")
		io.WriteString(w, answers[0].Receipt) // the reader may be gone; there is nobody else to tell
		return
	}
	out, err := appendAnswers(make([]byte, 0, 2048*len(answers)), answers, req.many)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "answer could not be written: a defect of the verifier, please report it", "err", err)
		answer(w, problem{Status: http.StatusInternalServerError, Code: "internal"})
		return
	}
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = jsonType, []string{length(out)}
	w.Write(out)
}

// jsonType is shared, as the headers in [headers] are.
var jsonType = []string{"application/json"}

type oneAnswer struct {
	verifier.Verdict
	Receipt string `json:"receipt,omitempty"`
}

// readBody reads what the length promises in one piece.
func readBody(r *http.Request) ([]byte, error) {
	if n := r.ContentLength; n > 0 && n <= 64<<10 {
		b := make([]byte, n)
		_, err := io.ReadFull(r.Body, b)
		return b, err
	}
	return io.ReadAll(r.Body)
}

func bodyProblem(err error) problem {
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		detail := "a request has up to 4 MB"
		if tooBig.Limit == maxForm {
			detail = "a form has up to 1 MB"
		}
		return problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: detail}
	}
	return problem{Status: http.StatusBadRequest, Code: "bad_request", Detail: "the body could not be read"}
}

type request struct {
	items   []item
	many    bool
	receipt bool
	at      time.Time
}

// cost is what judging takes, counted in tokens. A document is made canonical first, which takes
// ten times as long, and made to be hard, a hundred times; a picture is unpacked.
func (r request) cost() (n int) {
	for _, i := range r.items {
		if n++; i.file || bytes.HasPrefix(trim(i.content), []byte("{")) {
			n += 9
		}
	}
	return n
}

// item is one credential of a request: a text, or a file.
type item struct {
	content []byte
	file    bool
}

func (s *server) item(ctx context.Context, i item, own string, at time.Time) judged {
	if i.file {
		return s.file(ctx, "", i.content, at)
	}
	return s.text(ctx, i.content, own, at)
}

func invalid(detail string) *problem {
	return &problem{Status: http.StatusUnprocessableEntity, Code: "invalid_field", Detail: detail}
}

// readRequest reads the body strictly: an unknown member is a spelling mistake that would
// otherwise change the question unnoticed.
func (s *server) readRequest(body []byte) (request, *problem) {
	root, refusal := credential.ParseJSON(body)
	if refusal != nil || !root.IsObject() {
		return request{}, &problem{Status: http.StatusBadRequest, Code: "invalid_json", Detail: "the body is not one well-formed JSON object"}
	}
	for _, name := range root.Names() {
		switch name {
		case "credential", "credentials", "at", "receipt":
		default:
			return request{}, &problem{Status: http.StatusUnprocessableEntity, Code: "unknown_member", Detail: "the members are credential or credentials, at and receipt"}
		}
	}
	req := request{at: s.Now(), many: root.Has("credentials")}
	if at := root.Get("at"); root.Has("at") {
		text, _ := at.Text()
		var err error
		if req.at, err = credential.ParseStamp(text); err != nil {
			return req, invalid("at is a time with its zone, as 2031-07-01T12:00:00Z")
		}
	}
	if root.Has("receipt") {
		if req.receipt = string(root.Get("receipt").Raw()) == "true"; !req.receipt && string(root.Get("receipt").Raw()) != "false" {
			return req, invalid("receipt is true or false")
		}
		if req.receipt && s.receipts == nil {
			return req, invalid("this verifier makes no receipts")
		}
	}
	items := []credential.Value{root.Get("credential")}
	if req.many {
		items = root.Get("credentials").Items()
	}
	if req.many == root.Has("credential") || len(items) == 0 || len(items) > maxMany {
		return req, invalid("give either credential or credentials, a list of 1 to 1000")
	}
	links := 0
	for _, v := range items {
		i, p := readItem(v)
		if p != nil {
			return req, p
		}
		if !i.file && s.Shares != nil && s.Shares.Shares(string(trim(i.content))) {
			links++
		}
		req.items = append(req.items, i)
	}
	if links > maxLinks {
		return req, invalid("up to 20 of the credentials may be links to shared diplomas")
	}
	return req, nil
}

func readItem(v credential.Value) (item, *problem) {
	if text, ok := v.Text(); ok {
		return item{content: []byte(text)}, nil
	}
	if !v.IsObject() {
		return item{}, invalid("a credential is a string, a JSON object, or a file as {\"base64\": …}")
	}
	if text, ok := v.Get("base64").Text(); ok && len(v.Names()) == 1 {
		content, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return item{}, invalid("base64 is a file's bytes in standard base64 with padding")
		}
		return item{content: content, file: true}, nil
	}
	return item{content: v.Raw()}, nil
}
