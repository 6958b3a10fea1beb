//go:build pkcs11

package hsm

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/pkcs11"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/issuer"
)

// maxSessions is how many signatures a token makes at once; the others wait.
const maxSessions = 8

// token is a logged-in token. Safe for concurrent use.
type token struct {
	ctx      *pkcs11.Ctx
	sessions chan pkcs11.SessionHandle

	mu   sync.Mutex
	keys map[string]*key // by label
}

// Open loads the vendor's library and logs in. One process opens a token once.
func Open(u URI) (Keys, error) {
	pin, err := u.pin()
	if err != nil {
		return nil, err
	}
	ctx := pkcs11.New(u.Module)
	if ctx == nil {
		return nil, fmt.Errorf("the PKCS #11 library %s cannot be loaded: is module-path right, and for this machine?", u.Module)
	}
	if err := ctx.Initialize(); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		ctx.Destroy()
		return nil, fmt.Errorf("starting the PKCS #11 library %s: %w", u.Module, err)
	}
	t := &token{ctx: ctx, sessions: make(chan pkcs11.SessionHandle, maxSessions), keys: map[string]*key{}}
	if err := t.login(u.Token, pin); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *token) login(name, pin string) error {
	slots, err := t.ctx.GetSlotList(true)
	if err != nil {
		return fmt.Errorf("listing tokens: %w", err)
	}
	slot := slices.IndexFunc(slots, func(s uint) bool {
		info, err := t.ctx.GetTokenInfo(s)
		return err == nil && info.Label == name
	})
	if slot < 0 {
		return fmt.Errorf("there is no token labelled %q: make it with the vendor's tool (softhsm2-util --init-token --free --label %s)", name, name)
	}
	for i := range maxSessions {
		s, err := t.ctx.OpenSession(slots[slot], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		if err != nil {
			return fmt.Errorf("opening a session with the token %q: %w", name, err)
		}
		t.sessions <- s
		if i > 0 {
			continue // a login is the token's, not the session's
		}
		if err := t.ctx.Login(s, pkcs11.CKU_USER, pin); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
			return fmt.Errorf("logging in to the token %q: %w", name, err)
		}
	}
	return nil
}

// Close implements [Keys].
func (t *token) Close() error {
	var errs []error
	for range len(t.sessions) {
		errs = append(errs, t.ctx.CloseSession(<-t.sessions))
	}
	errs = append(errs, t.ctx.Finalize())
	t.ctx.Destroy()
	return errors.Join(errs...)
}

// session lends f a session.
func (t *token) session(f func(pkcs11.SessionHandle) error) error {
	s := <-t.sessions
	defer func() { t.sessions <- s }()
	return f(s)
}

// Signer implements [Keys].
func (t *token) Signer(_ context.Context, inst domain.ID, kid string) (crypto.Signer, error) {
	name, err := label(inst, kid)
	if err != nil {
		return nil, issuer.ErrNoKey
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := t.keys[name]; k != nil {
		return k, nil
	}
	k := &key{token: t}
	if err := t.session(func(s pkcs11.SessionHandle) error { return k.find(s, name) }); err != nil {
		return nil, err
	}
	t.keys[name] = k
	return k, nil
}

// Generate implements [Keys]. The private half is made in the token and cannot be taken out.
func (t *token) Generate(ctx context.Context, inst domain.ID, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error) {
	none := institution.AuthorizeKey{}
	name, err := label(inst, kid)
	if err != nil {
		return none, err
	}
	signer, err := t.Signer(ctx, inst, kid)
	if errors.Is(err, issuer.ErrNoKey) {
		if err := t.session(func(s pkcs11.SessionHandle) error { return generate(t.ctx, s, name, alg) }); err != nil {
			return none, err
		}
		signer, err = t.Signer(ctx, inst, kid)
	}
	if err != nil {
		return none, err
	}
	return issuer.Asked(signer.Public(), kid, purpose, alg, now)
}

// label is what a key is called in the token.
func label(inst domain.ID, kid string) (string, error) {
	if !inst.Valid() || kid == "" || strings.ContainsFunc(kid, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !slices.Contains([]rune("._-"), r)
	}) {
		return "", errors.New("a key belongs to an institution and has a name of letters, digits, dots, dashes and underscores")
	}
	return string(inst) + "/" + kid, nil
}
