package online

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// Why a share link gives no credential; beside [verifier.ErrUnreachable].
var (
	// ErrNoShare: the link never worked, has ended or was withdrawn. The ledger says no more.
	ErrNoShare = errors.New("the share link does not work")
	// ErrShareView: its holder lets look at the diploma and does not give the signed file.
	ErrShareView = errors.New("the share link gives no signed file")
)

// linkChars are those of a share link's last part.
const linkChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// ShareLink is the address of a share: the first registered ledger's, from the code at the
// end of its links.
func (t *Trust) ShareLink(code string) (string, bool) {
	if len(t.ledgers) == 0 || !plainCode(code) {
		return "", false
	}
	return t.ledgers[0].base + "/shares/" + code, true
}

// Shares reports whether link is one that [Trust.Share] would open.
func (t *Trust) Shares(link string) bool {
	_, _, ok := t.share(link)
	return ok
}

func (t *Trust) share(link string) (l ledger, code string, ok bool) {
	for _, l := range t.ledgers {
		rest, ok := strings.CutPrefix(link, l.base+"/")
		if !ok {
			continue
		}
		code, ok = strings.CutPrefix(strings.TrimPrefix(rest, "v1/"), "shares/")
		if ok && plainCode(code) {
			return l, code, true
		}
	}
	return ledger{}, "", false
}

func plainCode(code string) bool {
	return len(code) >= 20 && len(code) <= 100 && strings.Trim(code, linkChars) == "" && !strings.Contains(code, "..")
}

// Share is the signed credential that a holder shares under link, an address below a
// registered ledger's /shares/; [verifier.ErrUnknown] for all others, which are not asked.
// The ledger learns that somebody looked, as it does when the link is opened.
func (t *Trust) Share(ctx context.Context, link string) ([]byte, error) {
	l, code, ok := t.share(link)
	if !ok {
		return nil, verifier.ErrUnknown
	}
	b, err := l.client.get(ctx, l.base+"/v1/shares/"+code, "application/json")
	if errors.Is(err, errNotFound) {
		return nil, ErrNoShare
	}
	if err != nil {
		return nil, err
	}
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return nil, fmt.Errorf("%w: the share is not JSON", verifier.ErrUnreachable)
	}
	token, _ := root.Get("token").Text()
	if token == "" {
		return nil, ErrShareView
	}
	return []byte(token), nil
}
