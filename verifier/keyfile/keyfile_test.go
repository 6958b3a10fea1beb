package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sijil/verifier/credential"
)

func TestAKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "bundle.key")
	var keys [8]ed25519.PrivateKey
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = Open(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !bytes.Equal(k, keys[0]) {
			t.Error("two processes have two keys")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files, %v", len(left), err)
	}
}

func TestAKeyFileThatIsNotInOrderIsNotUsed(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"readable by others": {"x", 0o440, "chmod 0400"},
		"not PEM":            {"x", 0o400, "not PEM"},
		"damaged":            {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o400, "damaged"},
	} {
		path := filepath.Join(t.TempDir(), "k")
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPublicKeyIsReadAsItWasPublished(t *testing.T) {
	want, err := NewPublic(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := JWKS(want, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(set)
	if err != nil || len(got) != 2 || got[0].ID != want.ID || got[0].Alg != "EdDSA" {
		t.Errorf("%+v, %v", got, err)
	}
	// RFC 8037 appendix A.3 has this thumbprint.
	one, err := Parse([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil || one[0].ID != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("%+v, %v", one, err)
	}
	for name, bad := range map[string]string{
		"a private key": strings.Replace(string(set), `"kty"`, `"d":"AAAA","kty"`, 1), "no key": `{"keys":[]}`, "no JSON": "x", "a list": "[]",
		"a member twice": `{"kty":"OKP","kty":"OKP"}`, "too many": `{"keys":[` + strings.Repeat(`{},`, 16) + `{}]}`, "half a key": `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`,
		"a shared secret": `{"kty":"oct","k":"AAAA"}`,
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestOneOfTheKeysHasSigned(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	mine, _ := NewPublic(key.Public())
	other, _ := NewPublic(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)).Public())
	s, err := credential.NewTypedSigner(key, "", credential.Type{Typ: "x+jwt"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Sign([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	token, refusal := credential.ParseJWS([]byte(text), 1000, credential.Type{Typ: "x+jwt"})
	if refusal != nil {
		t.Fatal(refusal)
	}
	if k, ok := Verify(token, []Public{other, mine}); !ok || k.ID != mine.ID {
		t.Error("not found")
	}
	if _, ok := Verify(token, []Public{other}); ok {
		t.Error("another key's signature is taken")
	}
}
