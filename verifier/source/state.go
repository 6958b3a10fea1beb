package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sijil/verifier/bundle"
	"sijil/verifier/did"
)

// seen is the newest bundle that was used under a key.
type seen struct {
	LogID       string      `json:"logId"`
	TreeSize    int64       `json:"treeSize"`
	GeneratedAt did.Instant `json:"generatedAt"`
}

// DefaultState is the state file in the user's configuration directory.
func DefaultState() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("nowhere to remember the newest bundle: %w; name a file with --state", err)
	}
	return filepath.Join(dir, "sijil", "bundles.json"), nil
}

// remember refuses a bundle that is older than one seen under the same key, or of another
// log ([bundle.Older], [bundle.OtherLog]), and notes it otherwise. Of two processes that note
// different bundles in the same moment one may win with the older: the next one is compared
// with that. What cannot be noted is an error, or an old bundle would be taken next time.
func remember(path string, m bundle.Manifest) error {
	all := map[string]seen{}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read the newest bundle seen: %w", err)
	default:
		if err := json.Unmarshal(b, &all); err != nil {
			return fmt.Errorf("read the newest bundle seen: %s is damaged: %w; remove it to begin anew", path, err)
		}
	}
	was, known := all[m.Key]
	switch {
	case known && was.LogID != m.LogID:
		return bundle.Refuse(bundle.OtherLog, "it is of the log %s, and until now this key's bundles were of %s (%s)", m.LogID, was.LogID, path)
	case known && (m.TreeSize < was.TreeSize || m.GeneratedAt.Before(was.GeneratedAt.Time)):
		return bundle.Refuse(bundle.Older, "it was made %s after %d events, and one made %s after %d was used here before (%s)",
			stamp(m.GeneratedAt), m.TreeSize, stamp(was.GeneratedAt), was.TreeSize, path)
	}
	now := seen{m.LogID, m.TreeSize, m.GeneratedAt}
	if known && was.TreeSize == now.TreeSize && was.GeneratedAt.Equal(now.GeneratedAt.Time) {
		return nil
	}
	all[m.Key] = now
	if err := replace(path, all); err != nil {
		return fmt.Errorf("note the newest bundle seen: %w; name another file with --state", err)
	}
	return nil
}

func stamp(i did.Instant) string { return i.UTC().Format("2006-01-02T15:04:05Z") }

// replace puts a whole file in path's place.
func replace(path string, content any) (err error) {
	b, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".bundles-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
