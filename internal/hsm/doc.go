// Package hsm keeps institutions' signing keys in a PKCS #11 token: a hardware security module,
// or SoftHSM where there is none. Keys are made in it and never leave it. The program speaks to
// tokens only when it is built with the tag pkcs11, since that needs a C compiler.
package hsm

import (
	"context"
	"crypto"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
)

// Keys are a token's, as [sijil/internal/issuer.Keys] and Maker want them.
type Keys interface {
	Signer(ctx context.Context, institution domain.ID, kid string) (crypto.Signer, error)
	Generate(ctx context.Context, institution domain.ID, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error)
	// Close logs out.
	Close() error
}

// URI is where a token is, as RFC 7512 writes it:
//
//	pkcs11:token=sijil?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/sijil/pin
//
// A key is the object labelled {institution}/{kid}.
type URI struct {
	// Token is the token's label.
	Token string
	// Module is the path of the vendor's library, PINFile of a file that holds the user's PIN.
	Module, PINFile string
}

// ParseURI reads a PKCS #11 URI. What it does not know is refused, since it may narrow what
// is meant; so is a PIN in the text, where it would be for all to see.
func ParseURI(text string) (URI, error) {
	bad := func(format string, args ...any) (URI, error) {
		return URI{}, fmt.Errorf("a place of keys in a token is written pkcs11:token=LABEL?module-path=FILE&pin-source=file:FILE: "+format, args...)
	}
	rest, ok := strings.CutPrefix(text, "pkcs11:")
	if !ok {
		return bad("this one begins otherwise")
	}
	path, query, _ := strings.Cut(rest, "?")
	var u URI
	fields := map[string]*string{"token": &u.Token, "module-path": &u.Module, "pin-source": &u.PINFile}
	for _, part := range append(strings.Split(path, ";"), strings.Split(query, "&")...) {
		name, value, _ := strings.Cut(part, "=")
		into := fields[name]
		if name == "pin-value" {
			return bad("the PIN stands in a file, not in the URI")
		} else if into == nil || *into != "" {
			return bad("%q is not an attribute that it may have", name)
		}
		var err error
		if *into, err = url.PathUnescape(value); err != nil {
			return bad("%s is not percent-encoded text", name)
		}
	}
	u.PINFile = strings.TrimPrefix(u.PINFile, "file:")
	for _, name := range []string{"token", "module-path", "pin-source"} {
		if *fields[name] == "" {
			return bad("%s is missing", name)
		}
	}
	return u, nil
}

// pin reads the user's PIN from its file, which others must not read.
func (u URI) pin() (string, error) {
	info, err := os.Stat(u.PINFile)
	if err != nil {
		return "", fmt.Errorf("reading the token's PIN: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the PIN file %s can be read by others: run chmod 0400 on it, and change the PIN if somebody did", u.PINFile)
	}
	b, err := os.ReadFile(u.PINFile)
	if err != nil {
		return "", fmt.Errorf("reading the token's PIN: %w", err)
	}
	pin := strings.TrimSpace(string(b))
	if pin == "" {
		return "", fmt.Errorf("the PIN file %s is empty", u.PINFile)
	}
	return pin, nil
}
