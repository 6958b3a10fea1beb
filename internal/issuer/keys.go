package issuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/credential"
	"sijil/verifier/secretfile"
)

// ErrNoKey: this place does not hold the private half of the key.
var ErrNoKey = errors.New("the private key is not here")

// Keys hold the private halves of institutions' signing keys. Files do it in the embedded
// default; an HSM or a key management service does it behind the same method.
type Keys interface {
	// Signer signs with the key that institution calls kid; [ErrNoKey] when it is not here.
	// Whether the key may be used is not its business: only the ledger's history says so.
	Signer(ctx context.Context, institution domain.ID, kid string) (crypto.Signer, error)
}

// Maker is a Keys that can make keys, for the algorithms EdDSA, ES256 and, in files, ES384.
type Maker interface {
	// Generate makes the key that the institution calls kid and gives what a proposal to authorize
	// it says. One that is there already is taken as it is, so that a repeated command ends with
	// one key; kid_taken when that is one of another algorithm.
	Generate(ctx context.Context, institution domain.ID, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error)
}

var errKeyName = errors.New("a key belongs to an institution and has a name of letters, digits, dots, dashes and underscores")

// Asked is what a proposal to authorize a key that a [Maker] made says.
func Asked(public crypto.PublicKey, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error) {
	jwk, err := credential.NewJWK(public, kid)
	if err != nil {
		return institution.AuthorizeKey{}, err
	}
	if jwk.Alg != alg {
		return institution.AuthorizeKey{}, domain.Refuse(domain.Conflict, "kid_taken", "there is a key of this name already, for %s", jwk.Alg)
	}
	return institution.AuthorizeKey{
		Kid: kid, Alg: jwk.Alg, Purpose: purpose,
		PublicKeyJwk: institution.PublicKey{Kty: jwk.Kty, Crv: jwk.Crv, X: jwk.X, Y: jwk.Y},
		ValidFrom:    now.UTC().Truncate(time.Second),
	}, nil
}

// FileKeys keeps one key a file, DIR/{institution}/{kid}.key, PKCS #8 in PEM, mode
// 0400 in directories of mode 0700. A file alone signs nothing: the institution's history
// has to authorize its public half. Losing a file ends signing with that key and nothing
// else; who steals one can sign until the key is reported compromised.
type FileKeys struct{ dir string }

// NewFileKeys keeps keys below dir, which is made when the first key is.
func NewFileKeys(dir string) *FileKeys { return &FileKeys{dir} }

// Dir is where the keys lie.
func (k *FileKeys) Dir() string { return k.dir }

func (k *FileKeys) path(inst domain.ID, kid string) string {
	return filepath.Join(k.dir, string(inst), kid+".key")
}

// Signer implements [Keys]. It refuses a file that others can read, or anybody write.
func (k *FileKeys) Signer(_ context.Context, inst domain.ID, kid string) (crypto.Signer, error) {
	if !inst.Valid() || !plainName(kid) {
		return nil, ErrNoKey
	}
	path := k.path(inst, kid)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoKey
	} else if err != nil {
		return nil, fmt.Errorf("reading a signing key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the signing key %s can be read by others: run chmod 0400 on it, and report it compromised if somebody did", path)
	} else if mode&^0o400 != 0 {
		return nil, fmt.Errorf("the signing key %s has mode %04o: run chmod 0400 on it", path, mode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a signing key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("the signing key %s is not PEM: restore it from your backup, or retire it and authorize a new one", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the signing key %s is damaged: restore it from your backup, or retire it and authorize a new one", path)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the key %s cannot sign", path)
	}
	return signer, nil
}

// Generate implements [Maker]. The file is durable before it returns.
func (k *FileKeys) Generate(ctx context.Context, inst domain.ID, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error) {
	none := institution.AuthorizeKey{}
	if !inst.Valid() || !plainName(kid) {
		return none, errKeyName
	}
	signer, err := k.Signer(ctx, inst, kid)
	if errors.Is(err, ErrNoKey) {
		if err := k.make(inst, kid, alg); err != nil {
			return none, err
		}
		signer, err = k.Signer(ctx, inst, kid)
	}
	if err != nil {
		return none, err
	}
	return Asked(signer.Public(), kid, purpose, alg, now)
}

// plainName keeps a key's name from leading elsewhere in the file system.
func plainName(kid string) bool {
	return kid != "" && kid[0] != '.' && !strings.ContainsFunc(kid, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}

func (k *FileKeys) make(inst domain.ID, kid, alg string) error {
	private, err := newPrivate(alg)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("encoding a signing key: %w", err)
	}
	path := k.path(inst, kid)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the directory of signing keys: %w", err)
	}
	err = secretfile.Create(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil && !errors.Is(err, fs.ErrExist) { // else another process was quicker
		return fmt.Errorf("writing a signing key: %w", err)
	}
	return nil
}

func newPrivate(alg string) (private any, err error) {
	switch alg {
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "keys are made here for EdDSA, ES256 and ES384")
	}
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	return private, nil
}

// Found lists the keys that lie here: kids by institution.
func (k *FileKeys) Found() (map[domain.ID][]string, error) {
	files, err := filepath.Glob(filepath.Join(k.dir, "*", "*.key"))
	if err != nil {
		return nil, fmt.Errorf("listing signing keys: %w", err)
	}
	slices.Sort(files)
	found := map[domain.ID][]string{}
	for _, f := range files {
		if inst := domain.ID(filepath.Base(filepath.Dir(f))); inst.Valid() {
			found[inst] = append(found[inst], strings.TrimSuffix(filepath.Base(f), ".key"))
		}
	}
	return found, nil
}
