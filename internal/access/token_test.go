package access_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"sijil/domain"
	"sijil/internal/access"
)

const issuer = "https://ledger.example"

var (
	now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	who = access.Principal{
		Tenant: access.TenantID("tunisia"), Institution: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00",
		Subject: "1190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", Client: "tunisia.1190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00",
		Scopes: []access.Scope{access.RecordsRead, access.RecordsWrite},
	}
)

func newKey(t testing.TB) ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newTokens(t testing.TB, key ed25519.PrivateKey, issuer string) *access.Tokens {
	tokens, err := access.NewTokens(key, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestATokenSaysWhoCallsUntilItExpires(t *testing.T) {
	tokens := newTokens(t, newKey(t), issuer)
	token, err := tokens.Issue(who, now)
	if err != nil {
		t.Fatal(err)
	}
	want := who
	want.Expires = time.Unix(now.Add(access.TokenLife).Unix(), 0)
	for _, at := range []time.Time{now, now.Add(access.TokenLife - time.Second), now.Add(-30 * time.Second)} {
		got, err := tokens.Verify(token, at)
		if err != nil {
			t.Fatalf("at %s: %v", at, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("at %s: %s", at, d)
		}
	}
	for _, at := range []time.Time{now.Add(access.TokenLife), now.Add(24 * time.Hour), now.Add(-2 * time.Minute)} {
		if _, err := tokens.Verify(token, at); !errors.Is(err, access.ErrToken) {
			t.Errorf("at %s: %v, want ErrToken", at, err)
		}
	}
}

func TestOnlyOurOwnTokensAreTaken(t *testing.T) {
	key := newKey(t)
	tokens := newTokens(t, key, issuer)
	good, err := tokens.Issue(who, now)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	header := func(h string) string { return base64.RawURLEncoding.EncodeToString([]byte(h)) }
	signed := func(key any, alg jose.SignatureAlgorithm, typ string, claims map[string]any) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign(b)
		if err != nil {
			t.Fatal(err)
		}
		s, err := jws.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	foreign, err := newTokens(t, newKey(t), issuer).Issue(who, now)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := newTokens(t, key, "https://other.example").Issue(who, now)
	if err != nil {
		t.Fatal(err)
	}
	noTenant := who
	noTenant.Tenant = ""
	without, err := tokens.Issue(noTenant, now)
	if err != nil {
		t.Fatal(err)
	}
	odd := who
	odd.Scopes = []access.Scope{"everything"}
	unknown, err := tokens.Issue(odd, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"nothing":                        "",
		"a word":                         "null",
		"another key's token":            foreign,
		"another service's token":        elsewhere,
		"no tenant":                      without,
		"a scope that does not exist":    unknown,
		"no signature":                   parts[0] + "." + parts[1] + ".",
		"alg none":                       header(`{"alg":"none","typ":"at+jwt"}`) + "." + parts[1] + ".",
		"a credential signed by the key": signed(key, jose.EdDSA, "vc+jwt", claims),
		"another type":                   signed(key, jose.EdDSA, "JWT", claims),
		"the public key as HMAC secret":  signed([]byte(key.Public().(ed25519.PublicKey)), jose.HS256, "at+jwt", claims),
		"a white space behind":           good + " ",
		"a fourth part":                  good + ".e30",
		"JSON serialization":             `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"far too long":                   good + strings.Repeat("A", 5000),
	} {
		if _, err := tokens.Verify(token, now); !errors.Is(err, access.ErrToken) {
			t.Errorf("%s: %v, want ErrToken", name, err)
		}
	}
}

func TestEverySingleChangeOfATokenIsRefused(t *testing.T) {
	tokens := newTokens(t, newKey(t), issuer)
	good, err := tokens.Issue(who, now)
	if err != nil {
		t.Fatal(err)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\n"
	for i := range len(good) {
		others := "Az.="
		if i == len(good)-1 || good[i+1] == '.' { // the last character of a part has bits that mean nothing
			others = alphabet
		}
		for _, c := range []byte(others) {
			if good[i] == c {
				continue
			}
			bad := good[:i] + string(c) + good[i+1:]
			if _, err := tokens.Verify(bad, now); !errors.Is(err, access.ErrToken) {
				t.Fatalf("byte %d as %q is taken: %v", i, c, err)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	tokens := newTokens(f, newKey(f), issuer)
	good, err := tokens.Issue(who, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("a.b.c")
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Fuzz(func(t *testing.T, token string) {
		if p, err := tokens.Verify(token, now); err == nil && token != good {
			t.Errorf("a token we did not issue speaks for %s", p.Client)
		}
	})
}

func TestTheTokenKeyIsMadeOnceAndKeptPrivate(t *testing.T) {
	dir := t.TempDir()
	keys := make([]ed25519.PrivateKey, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			key, err := access.LoadTokenKey(dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	all.Wait()
	for _, k := range keys {
		if !k.Equal(keys[0]) {
			t.Fatal("two processes that start at once use different keys")
		}
	}
	path := filepath.Join(dir, "token.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Fatalf("the key's mode is %v, %v; want 0400", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".token*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	for name, break_ := range map[string]func() error{
		"readable by others": func() error { return os.Chmod(path, 0o444) },
		"not PEM":            func() error { return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("x"), 0o600)) },
	} {
		if err := break_(); err != nil {
			t.Fatal(err)
		}
		if _, err := access.LoadTokenKey(dir); err == nil {
			t.Errorf("a key file %s is taken", name)
		}
	}
}

func TestScopesAreReadInOneWay(t *testing.T) {
	got, err := access.ParseScopes("  records:write records:read  records:write ")
	if err != nil || access.FormatScopes(got) != "records:read records:write" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := access.ParseScopes("records:read records:everything"); domain.CodeOf(err) != "invalid_scope" {
		t.Errorf("an unknown scope: %v", err)
	}
	for role, scopes := range access.Roles {
		if _, err := access.ParseScopes(access.FormatScopes(scopes)); err != nil {
			t.Errorf("role %s has a scope that is not in the list: %v", role, err)
		}
	}
}
