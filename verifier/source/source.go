// Package source makes a verifier's trust from what a command line says: ledgers to ask,
// a bundle to look into, or both.
package source

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/keyfile"
	"sijil/verifier/online"
)

// Config is the command line's part.
type Config struct {
	Ledgers []string // public URLs of ledgers that may be asked
	Bundle  string   // directory or ZIP; empty for none
	// BundleKey is the ledger's bundle key: a JWK or JWKS, or a file with one.
	BundleKey string
	// State is the file that remembers the newest bundle seen; empty for [DefaultState].
	State    string
	Insecure bool // take a bundle whose signature is not looked at
}

// Trust is what a command line says, opened.
type Trust struct {
	verifier.Trust
	// Bundle is the manifest of the bundle, nil without a signed one.
	Bundle *bundle.Manifest
	// Online are the ledgers, nil without any.
	Online *online.Trust
}

// Open is the trust that c describes. Ledgers come first, since they are fresher. Without
// either it knows nobody, and no credential can be confirmed with it. A bundle that may not
// be trusted is a [bundle.Refusal].
func Open(c Config, now func() time.Time) (*Trust, error) {
	out := &Trust{}
	var chain verifier.Chain
	if len(c.Ledgers) > 0 {
		t, err := online.New(now, c.Ledgers...)
		if err != nil {
			return nil, err
		}
		out.Online, chain = t, append(chain, t)
	}
	if c.Bundle != "" {
		b, err := c.open()
		if err != nil {
			return nil, err
		}
		name := "unsigned bundle"
		if !b.Unsigned {
			name, out.Bundle = "bundle", &b.Manifest
		}
		s, err := verifier.NewStore(name, b)
		if err != nil {
			return nil, err
		}
		chain = append(chain, s)
	}
	out.Trust = chain
	if len(chain) == 1 {
		out.Trust = chain[0]
	}
	return out, nil
}

func (c Config) open() (bundle.Bundle, error) {
	none := bundle.Bundle{}
	if c.BundleKey == "" {
		return bundle.Open(c.Bundle, c.Insecure)
	}
	if c.Insecure {
		return none, errors.New("--bundle-key and --insecure-bundle contradict each other: give one of them")
	}
	keys, err := readKeys(c.BundleKey)
	if err != nil {
		return none, err
	}
	b, err := bundle.OpenSigned(c.Bundle, keys)
	if err != nil {
		return none, err
	}
	state := c.State
	if state == "" {
		if state, err = DefaultState(); err != nil {
			return none, err
		}
	}
	return b, remember(state, b.Manifest)
}

// readKeys reads keys from the command line itself, where they begin with "{", or a file.
func readKeys(text string) ([]keyfile.Public, error) {
	b := []byte(text)
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		info, err := os.Stat(text)
		if err != nil {
			return nil, fmt.Errorf("read bundle key: %w", err)
		}
		if info.Size() > 64<<10 {
			return nil, fmt.Errorf("read bundle key: %s is larger than any key", text)
		}
		if b, err = os.ReadFile(text); err != nil {
			return nil, fmt.Errorf("read bundle key: %w", err)
		}
	}
	return keyfile.Parse(b)
}
