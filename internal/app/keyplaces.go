package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"sijil/domain/institution"
	"sijil/internal/hsm"
	"sijil/internal/issuer"
)

// KeyPlaces say where institutions' signing keys of each purpose lie: "file:DIR" or a PKCS #11
// URI ([hsm.ParseURI]). Empty means files in the data directory.
type KeyPlaces struct{ Credential, Status, Authentication string }

// openKeyPlaces opens every place once.
func (a *App) openKeyPlaces() error {
	opened := map[string]issuer.Keys{}
	a.signing = issuer.Places{}
	for purpose, text := range map[institution.Purpose]string{
		institution.ForCredentials: a.cfg.KeyPlaces.Credential, institution.ForStatus: a.cfg.KeyPlaces.Status,
		institution.ForAuthentication: a.cfg.KeyPlaces.Authentication,
	} {
		keys, ok := opened[text]
		if !ok {
			var err error
			if keys, err = a.openKeyPlace(text); err != nil {
				return fmt.Errorf("opening the place of %s keys: %w", purpose, err)
			}
			opened[text] = keys
		}
		a.signing[purpose] = keys
	}
	return nil
}

func (a *App) openKeyPlace(text string) (issuer.Keys, error) {
	if dir, ok := strings.CutPrefix(text, "file:"); ok && filepath.IsAbs(dir) {
		return issuer.NewFileKeys(dir), nil
	}
	if text == "" {
		return a.SigningKeys(), nil
	}
	if !strings.HasPrefix(text, "pkcs11:") {
		return nil, errors.New(`it is written file:/absolute/directory or pkcs11:token=…`)
	}
	uri, err := hsm.ParseURI(text)
	if err != nil {
		return nil, err
	}
	keys, err := hsm.Open(uri)
	if err != nil {
		return nil, err
	}
	a.tokens = append(a.tokens, keys.Close)
	return keys, nil
}

// closeKeyPlaces logs out of tokens.
func (a *App) closeKeyPlaces() error {
	var errs []error
	for _, closeToken := range a.tokens {
		errs = append(errs, closeToken())
	}
	a.tokens = nil
	return errors.Join(errs...)
}
