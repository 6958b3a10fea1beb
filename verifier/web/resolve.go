package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/online"
)

// judged is a verdict with the bytes that it is about: what a receipt is of.
type judged struct {
	verifier.Verdict
	content []byte
	// fetched: the content came from a ledger, so the reader does not have it yet.
	fetched bool
}

// text judges what somebody pasted or scanned: a credential, a link that carries one, or a
// link to a shared diploma of a ledger that is known here. own is the host that the request was
// made to: links to this very page carry a credential too.
func (s *server) text(ctx context.Context, text []byte, own string, at time.Time) judged {
	content := trim(text)
	if len(content) <= 2*credential.MaxToken && bytes.HasPrefix(content, []byte("http")) {
		link := string(content)
		if token, ok := s.carried(link, own); ok {
			content = []byte(token)
		} else if s.Shares != nil && s.Shares.Shares(link) {
			return s.shared(ctx, link, at)
		}
	}
	return judged{Verdict: verifier.VerifyText(ctx, content, s.Trust, at), content: content}
}

// carried is what a link to this page or a known ledger has after "#".
func (s *server) carried(link, own string) (string, bool) {
	u, err := url.Parse(link)
	if err != nil || u.User != nil || u.Opaque != "" || u.RawQuery != "" || !strings.HasPrefix(u.Fragment, "eyJ") {
		return "", false
	}
	origin := u.Scheme + "://" + strings.ToLower(u.Host)
	ours := strings.EqualFold(u.Host, own) || strings.HasPrefix(s.PublicURL+"/", origin+"/")
	return u.Fragment, ours || s.Trust.Knows(origin)
}

func (s *server) shared(ctx context.Context, link string, at time.Time) judged {
	token, err := s.Shares.Share(ctx, link)
	switch {
	case err == nil:
		return judged{Verdict: verifier.Verify(ctx, token, s.Trust, at), content: token, fetched: true}
	case errors.Is(err, online.ErrShareView):
		return judged{Verdict: verifier.Refused(verifier.ShareWithoutFile, "the link gives no signed file", at)}
	case errors.Is(err, online.ErrNoShare):
		return judged{Verdict: verifier.Refused(verifier.ShareEnded, "the link does not work", at)}
	}
	return judged{Verdict: verifier.Refused(verifier.ShareUnreachable, "the link's ledger could not be reached", at)}
}

func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

// file judges an uploaded file.
func (s *server) file(ctx context.Context, name string, content []byte, at time.Time) judged {
	return judged{Verdict: verifier.VerifyFile(ctx, name, content, s.Trust, at), content: content}
}

// code is GET /v/{code}: the short form of a share link of the first ledger, for print.
func (s *server) code(w http.ResponseWriter, r *http.Request) {
	if s.Shares == nil {
		s.elsewhere(w, r)
		return
	}
	link, ok := s.Shares.ShareLink(r.PathValue("code"))
	if !ok {
		s.elsewhere(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), judging)
	defer cancel()
	j := s.shared(ctx, link, s.Now())
	s.show(w, r, http.StatusOK, view{Judged: &j})
}
