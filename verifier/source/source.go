// Package source makes a verifier's trust from what a command line says: ledgers to ask,
// a bundle to look into, or both.
package source

import (
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/online"
)

// Config is the command line's part.
type Config struct {
	Ledgers  []string // public URLs of ledgers that may be asked
	Bundle   string   // directory or ZIP; empty for none
	Insecure bool     // take a bundle without a signature
}

// Open is the trust that c describes. Ledgers come first, since they are fresher. Without
// either it knows nobody, and no credential can be confirmed with it.
func Open(c Config, now func() time.Time) (verifier.Trust, error) {
	var chain verifier.Chain
	if len(c.Ledgers) > 0 {
		t, err := online.New(now, c.Ledgers...)
		if err != nil {
			return nil, err
		}
		chain = append(chain, t)
	}
	if c.Bundle != "" {
		b, err := bundle.Open(c.Bundle, c.Insecure)
		if err != nil {
			return nil, err
		}
		name := "bundle"
		if b.Unsigned {
			name = "unsigned bundle"
		}
		s, err := verifier.NewStore(name, b)
		if err != nil {
			return nil, err
		}
		chain = append(chain, s)
	}
	if len(chain) == 1 {
		return chain[0], nil
	}
	return chain, nil
}
