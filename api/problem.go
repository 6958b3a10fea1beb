package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sijil/domain"
	"sijil/projections"
)

// Problem is an RFC 9457 problem document, the only shape in which the API says no.
type Problem struct {
	Type   string `json:"type" format:"uri-reference" doc:"Where the problem is explained" example:"/problems/already_enrolled"`
	Title  string `json:"title" doc:"The problem in a few words" example:"Already enrolled"`
	Status int    `json:"status" doc:"The HTTP status" example:"409"`
	Code   string `json:"code" doc:"A stable name to branch on, listed in docs/problems.md" example:"already_enrolled"`
	Detail string `json:"detail,omitempty" doc:"What is wrong this time, without personal data"`
	// Fields are never echoed values: what was sent may be personal.
	Fields []FieldProblem `json:"errors,omitempty" doc:"The members that are wrong"`
	// Instance names the request, for whoever asks an operator about it.
	Instance string `json:"instance,omitempty" format:"uri" doc:"The request, as it stands in the server's log"`

	header http.Header
}

// FieldProblem is one member that is wrong.
type FieldProblem struct {
	Location string `json:"location,omitempty" doc:"The member" example:"body.entryDate"`
	Message  string `json:"message" doc:"What the member takes" example:"expected string to be RFC 3339 date"`
}

// Error is the code.
func (p *Problem) Error() string { return p.Code }

// GetStatus, GetHeaders and ContentType are how huma writes it.
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) GetHeaders() http.Header   { return p.header }
func (p *Problem) ContentType(string) string { return "application/problem+json" }
func (p *Problem) with(k, v string) *Problem { p.header = http.Header{k: {v}}; return p }

// statusOf maps a refusal's kind to HTTP.
var statusOf = map[domain.Kind]int{
	domain.Invalid:   http.StatusUnprocessableEntity,
	domain.Missing:   http.StatusNotFound,
	domain.Gone:      http.StatusGone,
	domain.Forbidden: http.StatusForbidden,
	domain.Conflict:  http.StatusConflict,
	domain.Unready:   http.StatusServiceUnavailable,
}

func newProblem(status int, code, detail string) *Problem {
	p := &Problem{Type: "/problems/" + code, Title: titleOf(code), Status: status, Code: code, Detail: detail}
	if status == http.StatusServiceUnavailable {
		p.with("Retry-After", "1")
	}
	return p
}

// problem is the one door from errors to answers: a refusal says what it says, anything
// else is logged whole and answered bare.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if r, ok := errors.AsType[*domain.Refusal](err); ok {
		return newProblem(statusOf[r.Kind], r.Code, r.Detail)
	}
	if errors.Is(err, projections.ErrBehind) {
		return newProblem(http.StatusServiceUnavailable, "read_behind", "the read models have not reached the position yet")
	}
	if ctx.Err() != nil { // the caller left or the request took too long
		return newProblem(http.StatusServiceUnavailable, "outcome_unknown",
			"the request ended before its outcome was known; repeat it with the same Idempotency-Key")
	}
	s.cfg.Logger.ErrorContext(ctx, "a request failed; the cause is in err, the request in correlation", "err", err, "correlation", correlation(ctx))
	p := newProblem(http.StatusInternalServerError, "internal", "")
	p.Instance = "urn:uuid:" + correlation(ctx)
	return p
}

func titleOf(code string) string {
	t := abbreviations.Replace(strings.ReplaceAll(code, "_", " "))
	return strings.ToUpper(t[:1]) + t[1:]
}

var abbreviations = strings.NewReplacer("json", "JSON", "uri ", "URI ")

// huma's own errors (validation, parsing) pass the same door. Its defaults echo the
// values sent and the text of Go errors; both may hold personal data.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return validationProblem(status, msg, errs)
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return validationProblem(status, msg, errs)
	}
}

func validationProblem(status int, msg string, errs []error) *Problem {
	if p := asProblem(errs); p != nil {
		return p
	}
	fields, path, unknown := fieldProblems(errs)
	switch {
	case status == http.StatusUnprocessableEntity && path:
		// An id that cannot be one is as absent as any other.
		return newProblem(http.StatusNotFound, "not_found", "")
	case status == http.StatusUnprocessableEntity && unknown:
		p := newProblem(status, "unknown_field", "a member is sent that this operation does not take")
		p.Fields = fields
		return p
	case status == http.StatusUnprocessableEntity:
		p := newProblem(status, "invalid_field", "a member is missing or does not have the form it takes")
		p.Fields = fields
		return p
	case status == http.StatusBadRequest:
		return newProblem(status, "invalid_json", "the body is not the JSON this operation takes")
	case status == http.StatusRequestEntityTooLarge:
		return newProblem(status, "too_large", "the body is larger than this operation takes")
	case status == http.StatusUnsupportedMediaType:
		return newProblem(status, "unsupported_media_type", "")
	case status == http.StatusRequestTimeout:
		return newProblem(status, "request_timeout", "the body did not arrive in time")
	case status == http.StatusNotAcceptable:
		return newProblem(status, "not_acceptable", "this operation answers JSON")
	case status == 0: // huma asks for the shape only
		return &Problem{}
	}
	return newProblem(http.StatusInternalServerError, "internal", "")
}

// asProblem is the first error that is a problem or refusal already, as decoding may give.
func asProblem(errs []error) *Problem {
	for _, err := range errs {
		if p, ok := errors.AsType[*Problem](err); ok {
			return p
		}
		if r, ok := errors.AsType[*domain.Refusal](err); ok {
			return newProblem(statusOf[r.Kind], r.Code, r.Detail)
		}
	}
	return nil
}

// maxFields bounds how many wrong members an answer names.
const maxFields = 20

func fieldProblems(errs []error) (fields []FieldProblem, path, unknown bool) {
	for _, err := range errs {
		f := FieldProblem{Message: "this member does not have the form it takes"}
		if d, ok := err.(huma.ErrorDetailer); ok {
			message, member, marked := strings.Cut(d.ErrorDetail().Message, memberMark)
			if !marked {
				member = d.ErrorDetail().Location
			}
			f.Location, f.Message = safeLocation(member), safeMessage(message)
		}
		path = path || strings.HasPrefix(f.Location, "path.")
		unknown = unknown || strings.HasPrefix(f.Message, "unexpected property") || strings.HasPrefix(f.Message, "unknown query")
		if len(fields) < maxFields && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	return fields, path, unknown
}

var locationForm = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.\[\]-]{0,119}$`)

// safeLocation drops a location that the caller made up freely.
func safeLocation(l string) string {
	if locationForm.MatchString(l) {
		return l
	}
	before, _, _ := strings.Cut(l, ".")
	if locationForm.MatchString(before) {
		return before
	}
	return ""
}

// safeMessage keeps huma's fixed sentences, without the part after a colon that quotes
// the value, and drops every other text.
func safeMessage(m string) string {
	if u, err := strconv.Unquote(m); err == nil {
		m = u
	}
	switch {
	case strings.HasPrefix(m, "invalid date/time"): // and Go's way to write a format
		return "expected a moment written YYYY-MM-DDThh:mm:ssZ"
	case strings.HasPrefix(m, "expected value to match exactly one schema"): // decimals alone have two
		return "expected a decimal, as a number or as a string"
	}
	for _, start := range []string{"expected ", "unexpected property", "unknown query parameter", "required ", "write only", "invalid "} {
		if strings.HasPrefix(m, start) {
			if strings.HasPrefix(m, "expected string to be RFC") || strings.HasPrefix(m, "expected duration") || strings.HasPrefix(m, "invalid ") {
				m, _, _ = strings.Cut(m, ":")
			}
			return m
		}
	}
	return "this member does not have the form it takes"
}
