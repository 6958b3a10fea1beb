package online

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a ledger's public side on a loopback port, with faults to switch on.
type world struct {
	*httptest.Server
	issuer         did.Issuer
	signer, lister *credential.Signer
	now            time.Time

	mu       sync.Mutex
	bits     status.Bits
	requests []string
	fault    map[string]http.HandlerFunc // by a part of the path
	ttl      time.Duration
}

func newWorld(t *testing.T) *world {
	w := &world{now: time.Date(2031, 7, 1, 9, 0, 0, 0, time.UTC), bits: status.NewBits(0), fault: map[string]http.HandlerFunc{}, ttl: time.Minute}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	id, err := did.Web(w.URL, "7e57")
	if err != nil {
		t.Fatal(err)
	}
	w.issuer = did.Issuer{ID: id, Name: "Druga gimnazija", StatusRequired: true}
	add := func(purpose did.Purpose, seed byte) *credential.Signer {
		key := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
		k, err := did.NewKey(key.Public(), did.KeyID(id, purpose, "2031"), purpose, w.now.AddDate(-1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		w.issuer.Keys = append(w.issuer.Keys, k)
		s, err := credential.NewSigner(key, k.JWK.Kid)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.signer, w.lister = add(did.ForCredentials, 1), add(did.ForStatus, 2)
	return w
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r.URL.Path)
	for part, fault := range w.fault {
		if strings.Contains(r.URL.Path, part) {
			fault(rw, r)
			return
		}
	}
	switch {
	case r.URL.Path == "/institutions/7e57/jwks.json":
		json.NewEncoder(rw).Encode(did.NewKeySet(w.issuer))
	case r.URL.Path == "/institutions/7e57/did.json":
		json.NewEncoder(rw).Encode(did.NewDocument(w.issuer))
	case r.URL.Path == "/status/1":
		list, err := status.New(w.URL+"/status/1", w.issuer.ID, status.Revocation, w.bits, w.now, w.now.Add(24*time.Hour), w.ttl)
		if err != nil {
			panic(err)
		}
		payload, _ := credential.Payload(list)
		token, _ := w.lister.Sign(payload)
		fmt.Fprint(rw, token)
	default:
		http.NotFound(rw, r)
	}
}

func (w *world) asked(part string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.requests {
		if strings.Contains(path, part) {
			n++
		}
	}
	return n
}

func (w *world) token(t *testing.T, list string) string { return w.credential(t, "urn:uuid:1", list) }

// credential is a diploma of that id, with place 4 of the list.
func (w *world) credential(t *testing.T, id, list string) string {
	payload, err := credential.Payload(credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3}, ID: id, Type: credential.AchievementTypes,
		Issuer: credential.Profile{ID: w.issuer.ID, Type: []string{"Profile"}}, ValidFrom: credential.Stamp(w.now.AddDate(0, 0, -1)),
		CredentialSubject: credential.AchievementSubject{Type: []string{"AchievementSubject"}, Name: "Đorđe Šarić"},
		CredentialStatus:  status.NewEntry(list, status.Revocation, 4),
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// trust starts empty; its clock is moved by hand.
func (w *world) trust(t *testing.T) (*Trust, *atomic.Int64) {
	var seconds atomic.Int64
	tr, err := New(func() time.Time { return w.now.Add(time.Duration(seconds.Load()) * time.Second) }, w.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.ledgers[0].client.http.CloseIdleConnections)
	return tr, &seconds
}

func TestADiplomaOfARegisteredLedgerIsValid(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	v := verifier.Verify(t.Context(), []byte(w.token(t, w.URL+"/status/1")), tr, w.now)
	if v.Overall != verifier.Valid || v.Credential.IssuerName != "Druga gimnazija" {
		t.Fatalf("%s %s (%s), %+v", v.Overall, v.Reason, v.Detail, v.Credential)
	}
	if v.Lines.Status.Source != w.URL || !v.Lines.Status.AsOf.Equal(w.now) {
		t.Errorf("status line does not say where from and how fresh: %+v", v.Lines.Status)
	}
}

func TestNothingButKeysIsFetchedForABadSignature(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	token := []byte(w.token(t, w.URL+"/status/1"))
	token[len(token)-10] = map[bool]byte{true: 'B', false: 'A'}[token[len(token)-10] == 'A']
	if v := verifier.Verify(t.Context(), token, tr, w.now); v.Reason != credential.BadSignature {
		t.Fatalf("%s %s", v.Overall, v.Reason)
	}
	if w.asked("/status") != 0 || w.asked("") != 1 {
		t.Errorf("fetched %v", w.requests)
	}
}

func TestOnlyRegisteredPlacesAreAsked(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	for _, list := range []string{
		"http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://localhost:2113/status/1", w.URL + "@evil.example/status/1",
		w.URL + ".evil.example/status/1", w.URL + "/status/../admin", w.URL + "/status/1?x=y", w.URL + "/status/", w.URL + "/institutions/7e57/did.json",
		strings.Replace(w.URL, "http:", "https:", 1) + "/status/1", w.URL + "/status/%2e%2e/admin",
	} {
		if v := verifier.Verify(t.Context(), []byte(w.token(t, list)), tr, w.now); v.Overall != verifier.CannotConfirm || v.Reason != verifier.StatusUnverifiable {
			t.Errorf("%s: %s %s", list, v.Overall, v.Reason)
		}
	}
	if n := w.asked(""); n != 1 {
		t.Errorf("asked %d times, want once for the keys: %v", n, w.requests)
	}
	for _, kid := range []string{
		"did:web:evil.example:institutions:7e57#k", "did:web:169.254.169.254:institutions:7e57#k", "did:key:z6Mk#z6Mk", "key-1", "",
		strings.TrimSuffix(w.issuer.ID, "7e57") + "..#k", strings.TrimSuffix(w.issuer.ID, "7e57") + "#k", w.issuer.ID + ":more#k", w.issuer.ID + "%2f..#k",
	} {
		if _, err := tr.Keys(t.Context(), kid); err != verifier.ErrUnknown {
			t.Errorf("kid %q: %v, want unknown", kid, err)
		}
	}
	if n := w.asked(""); n != 1 {
		t.Errorf("kids of others were asked for: %v", w.requests)
	}
}

func TestEveryFetchFaultIsCannotConfirm(t *testing.T) {
	faults := map[string]http.HandlerFunc{
		"an error page":   func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "<html>", http.StatusBadGateway) },
		"a login page":    func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "<html>login</html>") },
		"nothing":         func(http.ResponseWriter, *http.Request) {},
		"gone":            func(rw http.ResponseWriter, r *http.Request) { http.NotFound(rw, r) },
		"a redirect":      func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) },
		"too much":        func(rw http.ResponseWriter, _ *http.Request) { rw.Write(make([]byte, maxBody+1)) },
		"a cut":           func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silence for 3 s": func(_ http.ResponseWriter, r *http.Request) { wait(r.Context(), 3*time.Second) },
	}
	for name, fault := range faults {
		for _, path := range []string{"/institutions", "/status"} {
			t.Run(name+" at "+path, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				tr, _ := w.trust(t)
				w.fault[path] = fault
				v := verifier.Verify(t.Context(), []byte(w.token(t, w.URL+"/status/1")), tr, w.now)
				if v.Overall != verifier.CannotConfirm {
					t.Errorf("%s %s", v.Overall, v.Reason)
				}
				if w.asked("/elsewhere") > 0 {
					t.Error("followed a redirect")
				}
			})
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func TestAnotherInstitutionsKeySetIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	w.fault["/jwks.json"] = func(rw http.ResponseWriter, _ *http.Request) {
		other := did.NewKeySet(w.issuer)
		other.Issuer += "0"
		json.NewEncoder(rw).Encode(other)
	}
	if v := verifier.Verify(t.Context(), []byte(w.token(t, w.URL+"/status/1")), tr, w.now); v.Overall != verifier.CannotConfirm || v.Reason != verifier.IssuerUnreachable {
		t.Errorf("%s %s", v.Overall, v.Reason)
	}
}

func TestWithoutAKeySetTheDIDDocumentServes(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	w.fault["/jwks.json"] = func(rw http.ResponseWriter, r *http.Request) { http.NotFound(rw, r) }
	if v := verifier.Verify(t.Context(), []byte(w.token(t, w.URL+"/status/1")), tr, w.now); v.Overall != verifier.Valid {
		t.Errorf("%s %s", v.Overall, v.Reason)
	}
}

func TestARevocationIsSeenWithinAMinute(t *testing.T) {
	for name, c := range map[string]struct {
		ttl   time.Duration
		after int64
	}{"as the verifier's limit says": {time.Hour, 61}, "as the list's ttl says": {10 * time.Second, 11}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ttl = c.ttl
			tr, seconds := w.trust(t)
			token := []byte(w.token(t, w.URL+"/status/1"))
			verdict := func() verifier.Overall {
				return verifier.Verify(t.Context(), token, tr, w.now.Add(time.Duration(seconds.Load())*time.Second)).Overall
			}
			if verdict() != verifier.Valid {
				t.Fatal("not valid to begin with")
			}
			w.mu.Lock()
			w.bits.Set(4)
			w.mu.Unlock()
			seconds.Store(9)
			if verdict() != verifier.Valid || w.asked("/status") != 1 {
				t.Errorf("asked %d times within the time a copy may be kept", w.asked("/status"))
			}
			seconds.Store(c.after)
			if v := verdict(); v != verifier.NotValid {
				t.Errorf("%s a minute after the revocation", v)
			}
		})
	}
}

func TestManyAtOnceAskOnce(t *testing.T) {
	w := newWorld(t)
	tr, _ := w.trust(t)
	token := []byte(w.token(t, w.URL+"/status/1"))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if v := verifier.Verify(t.Context(), token, tr, w.now); v.Overall != verifier.Valid {
				t.Errorf("%s %s", v.Overall, v.Reason)
			}
		})
	}
	wg.Wait()
	if n := w.asked(""); n != 2 {
		t.Errorf("asked %d times, want once each for keys and list", n)
	}
}

func TestACacheForgetsTheOldestWhenFull(t *testing.T) {
	var clock atomic.Int64
	c := newCache[string](func() time.Time { return time.Unix(clock.Add(1), 0) }, time.Hour, 2)
	fetches := map[string]int{}
	for _, key := range []string{"a", "b", "c", "b", "a"} {
		if _, _, err := c.get(t.Context(), key, time.Hour, func(context.Context) (string, error) { fetches[key]++; return key, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.kept) != 2 || fetches["a"] != 2 || fetches["b"] != 1 {
		t.Errorf("kept %d, fetched %v", len(c.kept), fetches)
	}
}

func TestALedgerOutsideThisMachineIsNotReachedAtAPrivateAddress(t *testing.T) {
	w := newWorld(t)
	tr, err := New(func() time.Time { return w.now }, "https://ledger.example")
	if err != nil {
		t.Fatal(err)
	}
	// The public ledger's client, sent to a loopback address as a name would that resolves there.
	if _, err := tr.ledgers[0].client.get(t.Context(), w.URL+"/status/1", ""); err == nil || w.asked("") > 0 {
		t.Errorf("connected to a loopback address: %v", err)
	}
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false, "::1": false, "::": false, "fe80::1": false,
		"fd00::1": false, "::ffff:127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if got := public(netip.MustParseAddr(address).Unmap()); got != want {
			t.Errorf("public(%s) = %v", address, got)
		}
	}
}

func TestALedgerMustBeNamedByHTTPS(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://ledger.example": true, "https://ledger.example:8443/base/": true, "http://localhost:8080": true, "http://127.0.0.1:8080": true,
		"http://ledger.example": false, "https://10.0.0.1": false, "https://user@ledger.example": false, "ftp://ledger.example": false, "ledger.example": false,
		"https://ledger.example/?x": false, "http://169.254.169.254": false,
	} {
		if _, err := New(time.Now, url); (err == nil) != ok {
			t.Errorf("New(%q): %v", url, err)
		}
	}
}

func TestMadeUpInstitutionsDoNotCrowdOutKnownOnes(t *testing.T) {
	w := newWorld(t)
	tr, seconds := w.trust(t)
	token := []byte(w.token(t, w.URL+"/status/1"))
	verdict := func() verifier.Overall {
		return verifier.Verify(t.Context(), token, tr, w.now.Add(time.Duration(seconds.Load())*time.Second)).Overall
	}
	if verdict() != verifier.Valid {
		t.Fatal("not valid to begin with")
	}
	for i := range 500 {
		kid := fmt.Sprintf("%s%d#k", strings.TrimSuffix(w.issuer.ID, "7e57"), i)
		if _, err := tr.Keys(t.Context(), kid); err == nil {
			t.Fatal("a made-up institution has keys")
		}
	}
	if n := w.asked("/institutions"); n > 210 { // a key set and a DID document each
		t.Errorf("500 made-up ids made %d fetches", n)
	}
	seconds.Store(61) // what is known is asked for again, however many strangers came
	tr.strangers.SetBurst(0)
	if v := verdict(); v != verifier.Valid {
		t.Errorf("a known institution's diploma is %s", v)
	}

	var clock atomic.Int64
	c := newCache[string](func() time.Time { return time.Unix(clock.Add(1), 0) }, time.Hour, 2)
	get := func(key string, fails error) {
		_, _, _ = c.get(t.Context(), key, time.Hour, func(context.Context) (string, error) { return key, fails })
	}
	get("good", nil)
	get("bad", verifier.ErrUnknown)
	get("worse", verifier.ErrUnknown)
	get("better", nil)
	get("worst", verifier.ErrUnknown)
	if len(c.kept) != 2 || !c.knows("good") || !c.knows("better") {
		t.Errorf("kept %v", c.kept)
	}
}
