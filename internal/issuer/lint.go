package issuer

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"sijil/domain/award"
	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/lint"
	"sijil/verifier/status"
)

// linter has the verifier look at payloads that are not signed yet: it signs a copy with a
// key that nobody trusts and that dies with the process.
type linter struct {
	key ed25519.PrivateKey

	mu     sync.Mutex
	trusts map[lintFor]*lintTrust
}

type lintFor struct{ issuer, list string }

// lintTrust is a verifier's world in which the throwaway key is the issuer's.
type lintTrust struct {
	signer *credential.Signer
	store  *verifier.Store
	until  time.Time
}

// lintLife is how long a throwaway list is good for.
const lintLife = 24 * time.Hour

func newLinter() (*linter, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a throwaway key: %w", err)
	}
	return &linter{key: key, trusts: map[lintFor]*lintTrust{}}, nil
}

// check answers an error unless payload is an Open Badge without a fault and a copy of it,
// signed with the throwaway key, is VALID at now.
func (l *linter) check(ctx context.Context, payload []byte, issuer, list string, now time.Time) error {
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return fmt.Errorf("this credential is not well-formed: %w", refusal)
	}
	if found := lint.Lint(root, lint.Profile{Kind: lint.OpenBadge}); len(found) > 0 {
		return fmt.Errorf("this credential is not as the standard asks: %s at %s: %s", found[0].Reason, found[0].Path, found[0].Detail)
	}
	t, err := l.trust(lintFor{issuer, list}, now)
	if err != nil {
		return err
	}
	token, err := t.signer.Sign(payload)
	if err != nil {
		return err
	}
	v := verifier.Verify(ctx, []byte(token), t.store, now)
	if v.Overall != verifier.Valid {
		return fmt.Errorf("the verifier would not accept this credential: %s (%s) %s", v.Overall, v.Reason, v.Detail)
	}
	if len(v.Warnings) > 0 {
		return fmt.Errorf("the verifier warns about this credential: %v", v.Warnings)
	}
	return nil
}

// checkForm answers an error unless a form, signed with the throwaway key, is VALID at now
// without a warning. Of its payload, check has looked at what is to be said.
func (l *linter) checkForm(ctx context.Context, format string, c award.FormContent, f lintFor, signedAt, now time.Time) error {
	t, err := l.trust(f, now)
	if err != nil {
		return err
	}
	form, err := makeForm(format, c, l.key, t.signer.KeyID(), signedAt)
	if err != nil {
		return err
	}
	v := verifier.Verify(ctx, []byte(form), t.store, now)
	if v.Overall != verifier.Valid || len(v.Warnings) > 0 {
		return fmt.Errorf("the verifier would not accept this form: %s (%s) %s %v", v.Overall, v.Reason, v.Detail, v.Warnings)
	}
	return nil
}

func (l *linter) trust(f lintFor, now time.Time) (*lintTrust, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.trusts[f]; t != nil && now.Before(t.until) {
		return t, nil
	}
	t := &lintTrust{until: now.Add(lintLife / 2)}
	public := l.key.Public()
	kid, statusKid := did.KeyID(f.issuer, did.ForCredentials, "lint"), did.KeyID(f.issuer, did.ForStatus, "lint")
	key, err := did.NewKey(public, kid, did.ForCredentials, now.Add(-lintLife))
	if err != nil {
		return nil, err
	}
	statusKey, err := did.NewKey(public, statusKid, did.ForStatus, now.Add(-lintLife))
	if err != nil {
		return nil, err
	}
	doc, err := status.New(f.list, f.issuer, status.Revocation, status.NewBits(status.MinEntries), now.Add(-time.Minute), now.Add(lintLife), 0)
	if err != nil {
		return nil, fmt.Errorf("composing a throwaway status list: %w", err)
	}
	list, err := sign(l.key, statusKid, doc)
	if err != nil {
		return nil, err
	}
	t.store, err = verifier.NewStore("lint", bundle.Bundle{
		Now:     did.Instant{Time: now},
		Issuers: []did.Issuer{{ID: f.issuer, StatusRequired: true, Keys: []did.Key{key, statusKey}}},
		Lists:   map[string][]byte{f.list: []byte(list)},
	})
	if err != nil {
		return nil, err
	}
	if t.signer, err = credential.NewSigner(l.key, kid); err != nil {
		return nil, err
	}
	l.trusts[f] = t
	return t, nil
}
