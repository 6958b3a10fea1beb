//go:build pkcs11

package hsm

import (
	"crypto"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/issuer"
	"sijil/verifier/credential"
)

const school = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11")

// modules are where Debian, Fedora and Homebrew put SoftHSM.
var modules = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	"/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so",
}

// softHSM makes a token of its own.
func softHSM(t *testing.T) URI {
	t.Helper()
	for _, module := range modules {
		if _, err := os.Stat(module); err != nil {
			continue
		}
		dir := t.TempDir()
		conf := filepath.Join(dir, "softhsm2.conf")
		write(t, conf, "directories.tokendir = "+dir+"\nobjectstore.backend = file\nlog.level = ERROR\n")
		t.Setenv("SOFTHSM2_CONF", conf)
		cmd := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "sijil", "--pin", "471100", "--so-pin", "471101")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("making a token: %v\n%s", err, out)
		}
		pin := filepath.Join(dir, "pin")
		write(t, pin, "471100\n")
		return URI{Token: "sijil", Module: module, PINFile: pin}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("SoftHSM is not installed: run scripts/bootstrap.sh --tests")
	}
	t.Skip("SoftHSM is not installed: run scripts/bootstrap.sh --tests")
	return URI{}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o400); err != nil {
		t.Fatal(err)
	}
}

// TestKeysInAToken makes keys in a token, signs credentials with them, and finds them again.
func TestKeysInAToken(t *testing.T) {
	u := softHSM(t)
	wrong := u
	wrong.Token = "other"
	if _, err := Open(wrong); err == nil || !strings.Contains(err.Error(), `no token labelled "other"`) {
		t.Errorf("a token that is not there: %v", err)
	}
	wrong = u
	wrong.PINFile = filepath.Join(t.TempDir(), "pin")
	write(t, wrong.PINFile, "000000")
	if _, err := Open(wrong); err == nil || !strings.Contains(err.Error(), "logging in") {
		t.Errorf("a wrong PIN: %v", err)
	}

	keys, err := Open(u)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if _, err := keys.Signer(t.Context(), school, "k1"); !errors.Is(err, issuer.ErrNoKey) {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := keys.Generate(t.Context(), school, "../k1", institution.ForCredentials, "EdDSA", now); err == nil {
		t.Error("a key gets a name that is a path")
	}
	if _, err := keys.Generate(t.Context(), school, "k1", institution.ForCredentials, "RS256", now); domain.CodeOf(err) != "invalid_field" {
		t.Errorf("a key for RS256: %v", err)
	}
	made := map[string]institution.AuthorizeKey{}
	for kid, alg := range map[string]string{"k1": "EdDSA", "k2": "ES256"} {
		if made[kid], err = keys.Generate(t.Context(), school, kid, institution.ForCredentials, alg, now); err != nil {
			t.Fatal(err)
		}
		if again, err := keys.Generate(t.Context(), school, kid, institution.ForCredentials, alg, now); err != nil || again != made[kid] {
			t.Errorf("%s made again is %+v, %v; was %+v", kid, again, err, made[kid])
		}
		signs(t, keys, made[kid])
	}
	if _, err := keys.Generate(t.Context(), school, "k1", institution.ForCredentials, "ES256", now); domain.CodeOf(err) != "kid_taken" {
		t.Errorf("one name for two keys: %v", err)
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}

	// Another process finds them.
	if keys, err = Open(u); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, k := range made {
		signs(t, keys, k)
	}
}

// signs has the token sign from many sides at once and checks what comes out as a verifier does.
func signs(t *testing.T, keys Keys, k institution.AuthorizeKey) {
	t.Helper()
	key, err := keys.Signer(t.Context(), school, k.Kid)
	if err != nil {
		t.Fatal(err)
	}
	if asked, err := issuer.Asked(key.Public(), k.Kid, k.Purpose, k.Alg, k.ValidFrom); err != nil || asked != k {
		t.Errorf("the public half is %+v, %v; was %+v", asked, err, k)
	}
	signer, err := credential.NewSigner(key, "did:web:ledger.example#"+k.Kid)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 * maxSessions {
		all.Go(func() {
			text, err := signer.Sign([]byte(`{"name":"أمينة"}`))
			if err != nil {
				t.Error(err)
				return
			}
			token, refusal := credential.ParseToken([]byte(text), credential.MaxToken)
			if refusal == nil {
				refusal = token.Verify(key.Public(), k.Alg)
			}
			if refusal != nil {
				t.Errorf("%s: %v", k.Alg, refusal)
			}
		})
	}
	all.Wait()
	wrong := crypto.SHA256
	if k.Alg == "ES256" {
		wrong = 0
	}
	if _, err := key.Sign(nil, make([]byte, 32), wrong); err == nil {
		t.Errorf("%s signs with hash %d", k.Alg, wrong)
	}
}
