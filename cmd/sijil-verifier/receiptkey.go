package main

import (
	"crypto"
	"log/slog"
	"os"
	"path/filepath"

	"sijil/verifier/keyfile"
	"sijil/verifier/source"
)

// receiptKeys are the keys that --receipt-key names or, without any, one that is kept where the
// verifier keeps what it remembers: beside --state, else in the configuration directory. Where
// nothing can be kept there are no receipts: a key that is gone after the next start would sign
// what nobody can check.
func (c *serveCmd) receiptKeys(log *slog.Logger) ([]crypto.Signer, error) {
	paths := c.ReceiptKey
	if len(paths) == 0 && !c.NoReceipts {
		path, err := c.keptReceiptKey()
		if err != nil {
			log.Warn("answers carry no receipts, since a key for them cannot be kept: name a file with --receipt-key, or say --no-receipts", "err", err)
			return nil, nil
		}
		log.Info("receipts are signed with the key in this file: keep a copy, and let nobody read it", "file", path)
		paths = []string{path}
	}
	var keys []crypto.Signer
	for _, path := range paths {
		key, err := keyfile.Open(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// keptReceiptKey is the file of the key that nobody named; an error if it is not there and
// cannot be made. One that is there and cannot be used is left to who opens it: another key in
// its place would go unnoticed.
func (c *serveCmd) keptReceiptKey() (string, error) {
	state := c.State
	if state == "" {
		var err error
		if state, err = source.DefaultState(); err != nil {
			return "", err
		}
	}
	path := filepath.Join(filepath.Dir(state), "receipt.key")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	_, err := keyfile.Open(path)
	return path, err
}
