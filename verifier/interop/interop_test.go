// Package interop holds our formats against other people's implementations: the npm
// packages jose and @sd-jwt verify what we issue, and we verify what they issue. `make test`
// installs exactly what testdata/node/package-lock.json locks.
package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
)

const (
	issuerID = "did:web:ledger.example:institutions:7e57"
	audience = "https://employer.example"
	nonce    = "n-0S6_WzA2Mj"
)

// now is a real time, since @sd-jwt compares some dates with its own clock.
var now = time.Now().Truncate(time.Second)

// task is one call of testdata/node/worker.mjs.
type task map[string]any

// node runs the tasks in one process and gives an answer for each: a text, or an error.
func node(t *testing.T, tasks ...task) (values []string, errs []string) {
	t.Helper()
	dir := filepath.Join("testdata", "node")
	program, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is not installed, and CI=true demands this test")
		}
		t.Skip("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "jose")); err != nil {
		if _, npm := exec.LookPath("npm"); npm != nil && os.Getenv("CI") != "true" {
			t.Skip("npm is not installed")
		}
		t.Fatal("the Node packages are not installed: run scripts/bootstrap.sh --tests")
	}
	input, err := json.Marshal(tasks)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "worker.mjs")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("worker.mjs: %s\n%s", err, &stderr)
	}
	var answers []struct{ Value, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &answers); err != nil || len(answers) != len(tasks) {
		t.Fatalf("worker.mjs answered %q (%v)", &stdout, err)
	}
	for _, a := range answers {
		values, errs = append(values, a.Value), append(errs, a.Error)
	}
	return values, errs
}

// one runs a task that must succeed.
func one(t *testing.T, what task) string {
	t.Helper()
	values, errs := node(t, what)
	if errs[0] != "" {
		t.Fatalf("%s: %s", what["task"], errs[0])
	}
	return values[0]
}

// school is an issuer with a key for an algorithm.
type school struct {
	alg, kid string
	key      crypto.Signer
	trust    verifier.Trust
}

func newKey(t *testing.T, alg string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSchool(t *testing.T, alg string) *school {
	s := &school{alg: alg, kid: did.KeyID(issuerID, did.ForCredentials, strings.ToLower(alg)), key: newKey(t, alg)}
	key, err := did.NewKey(s.key.Public(), s.kid, did.ForCredentials, now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	s.trust, err = verifier.NewStore("test", bundle.Bundle{
		Now: did.Instant{Time: now}, Issuers: []did.Issuer{{ID: issuerID, Name: "Lycée de la Plage", Keys: []did.Key{key}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jwk is a key as JavaScript takes it.
func jwk(t *testing.T, key any, alg string) json.RawMessage {
	t.Helper()
	b, err := jose.JSONWebKey{Key: key, Algorithm: alg}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// diploma is a payload with two grades.
func diploma(t *testing.T) []byte {
	t.Helper()
	from := credential.Stamp(now.AddDate(0, 0, -1))
	result := func(n, value string) credential.Result {
		return credential.Result{Type: []string{"Result"}, ResultDescription: "urn:uuid:" + n, Value: value}
	}
	payload, err := credential.Payload(credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3}, Type: credential.AchievementTypes,
		ID: "urn:uuid:00000000-0000-4000-8000-000000000007", Name: "Licence", ValidFrom: from, AwardedDate: from,
		Issuer: credential.Profile{ID: issuerID, Type: []string{"Profile"}, Name: "Lycée de la Plage"},
		CredentialSubject: credential.AchievementSubject{
			ID: "urn:uuid:00000000-0000-4000-9000-000000000007", Type: []string{"AchievementSubject"}, Name: "أمينة بن صالح",
			Identifier: []credential.Identity{{Type: "IdentityObject", IdentityHash: "2009-02-03", IdentityType: "ext:birthDate"}},
			Achievement: credential.AwardedTitle{
				ID: "urn:uuid:1", Type: []string{"Achievement"}, Name: "Licence", Description: "Three years",
				Criteria: credential.Criteria{Narrative: "180 credits"},
			},
			Result: []credential.Result{result("2", "Très bien"), result("3", "16.5")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// changed is a token with one character in the middle of a part replaced.
func changed(token, separator string, part int) string {
	parts := strings.Split(token, separator)
	i, c := len(parts[part])/2, "A"
	if parts[part][i] == 'A' {
		c = "B"
	}
	parts[part] = parts[part][:i] + c + parts[part][i+1:]
	return strings.Join(parts, separator)
}

func valid(t *testing.T, s *school, token string, o verifier.Options) verifier.Verdict {
	t.Helper()
	v := verifier.VerifyWith(t.Context(), []byte(token), s.trust, now, o)
	if v.Overall != verifier.Valid {
		t.Fatalf("%s %v (%s), want VALID", v.Overall, v.Reasons, v.Detail)
	}
	return v
}

func refused(t *testing.T, s *school, what, token string, o verifier.Options) {
	t.Helper()
	if v := verifier.VerifyWith(t.Context(), []byte(token), s.trust, now, o); v.Overall == verifier.Valid {
		t.Errorf("%s is VALID", what)
	}
}

func TestJoseAndWeVerifyEachOthersCredentials(t *testing.T) {
	for _, alg := range []string{"EdDSA", "ES256", "ES384"} {
		t.Run(alg, func(t *testing.T) {
			s, payload := newSchool(t, alg), diploma(t)
			signer, err := credential.NewSigner(s.key, s.kid)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := signer.Sign(payload)
			if err != nil {
				t.Fatal(err)
			}
			public := jwk(t, s.key.Public(), alg)
			tasks := []task{{"task": "signJWS", "payload": string(payload), "jwk": jwk(t, s.key, alg), "header": task{"alg": alg, "typ": credential.Typ, "cty": credential.Cty, "kid": s.kid}}}
			for _, token := range []string{ours, changed(ours, ".", 0), changed(ours, ".", 1), changed(ours, ".", 2)} {
				tasks = append(tasks, task{"task": "verifyJWS", "token": token, "jwk": public, "typ": credential.Typ})
			}
			values, errs := node(t, tasks...)
			if values[1] != string(payload) {
				t.Errorf("jose reads %q (%s) in ours", values[1], errs[1])
			}
			for i, part := range []string{"header", "payload", "signature"} {
				if errs[2+i] == "" {
					t.Errorf("jose takes ours with another %s", part)
				}
			}
			theirs := values[0]
			valid(t, s, theirs, verifier.Options{})
			for i, part := range []string{"header", "payload", "signature"} {
				refused(t, s, "theirs with another "+part, changed(theirs, ".", i), verifier.Options{})
			}
		})
	}
}

func compare(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		text, no := strings.CutPrefix(w, "!")
		if strings.Contains(got, text) == no {
			t.Errorf("%s shows %q: %v", got, text, no)
		}
	}
}

// describe is what a reader sees of a diploma.
func describe(v verifier.Verdict) string {
	c := v.Credential
	return fmt.Sprint(c.Holder, " ", c.Award, " ", c.Born, " ", c.Results)
}
