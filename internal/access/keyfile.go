package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sijil/verifier/secretfile"
)

// LoadTokenKey reads the key that signs access tokens from dir/token.key, and makes it
// when there is none. It is a key of its own: who steals it can call the API until it is
// replaced, and can sign no diploma. Deleting the file and restarting ends every token.
func LoadTokenKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, "token.key")
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := writeKey(path); err != nil {
		return nil, err
	}
	return readKey(path) // ours, or that of a process that was quicker
}

func readKey(path string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the token key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the token key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the token key %s can be read by others: run chmod 0400 on it", path)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("the token key %s is not PEM: delete it to have a new one made", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the token key %s is damaged, delete it to have a new one made: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the token key %s is not an Ed25519 key", path)
	}
	return key, nil
}

// writeKey makes the key. That another process was first is no error.
func writeKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making a token key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("making a token key: %w", err)
	}
	err = secretfile.Create(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("writing the token key: %w", err)
	}
	return nil
}
