package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"sijil/verifier/secretfile"
)

// Wrapped is a key encrypted under the master key of an epoch.
type Wrapped struct {
	Epoch int
	Box   []byte
}

// Master wraps and unwraps keys; owner binds a box to whom it belongs. A file does it in
// the embedded default; a key management service or an HSM does it behind the same three methods.
type Master interface {
	Wrap(owner, key []byte) (Wrapped, error)
	Unwrap(owner []byte, w Wrapped) ([]byte, error)
	// Epoch is the one Wrap uses now.
	Epoch() int
}

// FileMaster holds one 32-byte key per epoch in files "master-N.key" (mode 0400) of a
// directory (mode 0700). Losing them loses every sealed value: back them up apart from
// the database.
type FileMaster struct {
	dir string

	mu    sync.RWMutex
	boxes map[int]cipher.AEAD
	epoch int
}

// OpenFileMaster reads the keys in dir. created is true when there were none and epoch 1 was
// made; the operator should hear of it. It refuses key files that others can read.
func OpenFileMaster(dir string) (m *FileMaster, created bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("making the key directory: %w", err)
	}
	m = &FileMaster{dir: dir, boxes: map[int]cipher.AEAD{}}
	files, err := filepath.Glob(filepath.Join(dir, "master-*.key"))
	if err != nil {
		return nil, false, fmt.Errorf("listing master keys: %w", err)
	}
	for _, f := range files {
		if err := m.load(f); err != nil {
			return nil, false, err
		}
	}
	if m.epoch > 0 {
		return m, false, nil
	}
	return m, true, m.NewEpoch()
}

func (m *FileMaster) load(file string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "master-"), ".key"))
	if err != nil || n < 1 {
		return fmt.Errorf("master key file %s: the name must be master-N.key", file)
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("reading a master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("master key file %s can be read by others (mode %o): chmod 0400 it and consider the key known", file, info.Mode().Perm())
	}
	key, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading a master key: %w", err)
	}
	if len(key) != 32 {
		return fmt.Errorf("master key file %s has %d bytes, not 32", file, len(key))
	}
	return m.add(n, key)
}

func (m *FileMaster) add(epoch int, key []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("preparing AES-256: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return fmt.Errorf("preparing GCM: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.boxes[epoch] = box
	m.epoch = max(m.epoch, epoch)
	return nil
}

// NewEpoch makes the next master key and wraps with it from now on. The file is on disk
// before the key is used; if two processes race, one of them reports that the file exists.
func (m *FileMaster) NewEpoch() error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("drawing a master key: %w", err)
	}
	n := m.Epoch() + 1
	path := m.path(n)
	if err := secretfile.Create(path, key); errors.Is(err, fs.ErrExist) {
		return m.load(path) // another process was first: its key is the epoch's
	} else if err != nil {
		return fmt.Errorf("writing a master key: %w", err)
	}
	return m.add(n, key)
}

// DestroyEpoch removes a former master key: boxes wrapped under it, in backups too, stay
// shut for ever. The current epoch is refused.
func (m *FileMaster) DestroyEpoch(epoch int) error {
	if epoch == m.Epoch() {
		return fmt.Errorf("master epoch %d is in use: make a new one and re-wrap first", epoch)
	}
	if err := os.Remove(m.path(epoch)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroying a master key: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.boxes, epoch)
	return nil
}

// Epoch is the newest one.
func (m *FileMaster) Epoch() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.epoch
}

// Wrap encrypts key under the newest epoch.
func (m *FileMaster) Wrap(owner, key []byte) (Wrapped, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	box := m.boxes[m.epoch]
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return Wrapped{}, fmt.Errorf("drawing a nonce: %w", err)
	}
	return Wrapped{m.epoch, box.Seal(nonce, nonce, key, owner)}, nil
}

// Unwrap decrypts w, which must have been wrapped for owner.
func (m *FileMaster) Unwrap(owner []byte, w Wrapped) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	box := m.boxes[w.Epoch]
	if box == nil {
		return nil, fmt.Errorf("master key of epoch %d is not here: restore %s", w.Epoch, m.path(w.Epoch))
	}
	if len(w.Box) < box.NonceSize() {
		return nil, ErrUnsealed
	}
	key, err := box.Open(nil, w.Box[:box.NonceSize()], w.Box[box.NonceSize():], owner)
	if err != nil {
		return nil, ErrUnsealed
	}
	return key, nil
}

func (m *FileMaster) path(epoch int) string {
	return filepath.Join(m.dir, fmt.Sprintf("master-%d.key", epoch))
}
