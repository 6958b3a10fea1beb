package online

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
)

const asked = "urn:uuid:a0b1c2d3-7c3e-8d4f-8a21-5b6c7d8e9f00"

// TestALedgerIsToldAPrefixOnly asks what a ledger recorded, in every way it may answer.
func TestALedgerIsToldAPrefixOnly(t *testing.T) {
	w := newWorld(t)
	w.issuer.Records = &did.RecordIndex{PrefixLength: 2}
	payload := sha256.Sum256([]byte("payload"))
	recorded := did.Instant{Time: w.now.AddDate(0, -1, 0)}
	line := did.NewRecordLine(asked, payload, recorded)
	var queries []string
	answer := did.Records{Issuer: w.issuer.ID, Prefix: "a0", Records: []did.RecordLine{line}}
	w.fault["/records"] = func(rw http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		json.NewEncoder(rw).Encode(answer)
	}
	now := w.now
	trust, err := New(func() time.Time { return now }, w.URL)
	if err != nil {
		t.Fatal(err)
	}
	record := func(id string) (verifier.Record, error) { return trust.Record(t.Context(), w.issuer.ID, id) }
	for range 3 { // an answer is kept
		if r, err := record(asked); err != nil || r.PayloadSHA256 != payload || !r.RecordedAt.Equal(recorded.Time) {
			t.Fatalf("recorded %+v, %v", r, err)
		}
	}
	if _, err := record(strings.Replace(asked, "c2d3", "c2d4", 1)); !errors.Is(err, verifier.ErrUnknown) {
		t.Errorf("what was not recorded: %v", err)
	}
	if fmt.Sprint(queries) != "[prefix=a0]" {
		t.Errorf("the ledger is told %v", queries)
	}

	// Whatever is wrong with an answer, nothing follows from it.
	for name, change := range map[string]func(*did.Records){
		"another institution's":  func(r *did.Records) { r.Issuer += "0" },
		"to another question":    func(r *did.Records) { r.Prefix = "a1" },
		"twice the same":         func(r *did.Records) { r.Records = append(r.Records, r.Records[0]) },
		"a damaged hash":         func(r *did.Records) { r.Records = []did.RecordLine{{ID: line.ID, Payload: "x", RecordedAt: recorded}} },
		"more than it may have":  func(r *did.Records) { r.Records = make([]did.RecordLine, did.MaxRecords+1) },
		"a record without a day": func(r *did.Records) { r.Records = []did.RecordLine{did.NewRecordLine(asked, payload, did.Instant{})} },
	} {
		good := answer
		change(&answer)
		now = now.Add(keepRecords + time.Second)
		if _, err := record(asked); !errors.Is(err, verifier.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
		answer = good
	}
	now = now.Add(keepRecords + time.Second)
	w.fault["/records"] = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusNotFound) }
	if _, err := record(asked); !errors.Is(err, verifier.ErrUnreachable) {
		t.Errorf("a ledger that has no such document: %v", err)
	}

	// What cannot be asked is not asked: other ids, other issuers, a ledger that wants to know more.
	before := w.asked("/records")
	if _, err := record("https://example.org/1"); !errors.Is(err, verifier.ErrNoLedger) {
		t.Errorf("an id that no ledger gives: %v", err)
	}
	if _, err := trust.Record(t.Context(), "did:web:elsewhere.example:institutions:7e57", asked); !errors.Is(err, verifier.ErrNoLedger) {
		t.Errorf("another ledger's: %v", err)
	}
	for _, index := range []*did.RecordIndex{nil, {PrefixLength: 5}, {PrefixLength: 36}} {
		w.mu.Lock()
		w.issuer.Records = index
		w.mu.Unlock()
		now = now.Add(keepIssuer + time.Second)
		if _, err := record(asked); !errors.Is(err, verifier.ErrNoLedger) {
			t.Errorf("a ledger with the index %+v: %v", index, err)
		}
	}
	if n := w.asked("/records"); n != before {
		t.Errorf("%d questions too many", n-before)
	}
}

// TestNobodyIsAskedWhileTheKeyIsInUse: what a ledger could learn it is not told without need.
func TestNobodyIsAskedWhileTheKeyIsInUse(t *testing.T) {
	w := newWorld(t)
	w.issuer.Records = &did.RecordIndex{}
	trust, err := New(func() time.Time { return w.now }, w.URL)
	if err != nil {
		t.Fatal(err)
	}
	if v := verifier.Verify(t.Context(), []byte(w.token(t, "/status/1")), trust, w.now); w.asked("/records") != 0 {
		t.Errorf("asked, for %s %v", v.Overall, v.Reasons)
	}
}

// TestWhyItWasRevokedIsAskedOnce: of a credential that counts the ledger hears nothing; of one
// that does not, the beginning of its id.
func TestWhyItWasRevokedIsAskedOnce(t *testing.T) {
	w := newWorld(t)
	w.issuer.Records = &did.RecordIndex{PrefixLength: 2}
	token := []byte(strings.TrimSpace(w.credential(t, asked, w.URL+"/status/1")))
	parsed, refusal := credential.ParseToken(token, credential.MaxToken)
	if refusal != nil {
		t.Fatal(refusal)
	}
	line := did.NewRecordLine(asked, sha256.Sum256(parsed.Payload), did.Instant{Time: w.now.AddDate(0, -1, 0)})
	line.Reason, line.Successor = "superseded", did.HashID("urn:uuid:another")
	down := false
	w.fault["/records"] = func(rw http.ResponseWriter, r *http.Request) {
		if down {
			http.Error(rw, "down", http.StatusServiceUnavailable)
			return
		}
		json.NewEncoder(rw).Encode(did.Records{Issuer: w.issuer.ID, Prefix: r.URL.Query().Get("prefix"), Records: []did.RecordLine{line}})
	}
	tr, seconds := w.trust(t)
	verdict := func() verifier.Verdict {
		return verifier.Verify(t.Context(), token, tr, w.now.Add(time.Duration(seconds.Load())*time.Second))
	}
	if v := verdict(); v.Overall != verifier.Valid || v.Lines.Status.Cause != nil || w.asked("/records") != 0 {
		t.Fatalf("%s %v, asked %d times", v.Overall, v.Reasons, w.asked("/records"))
	}
	w.mu.Lock()
	w.bits.Set(4)
	w.mu.Unlock()
	seconds.Store(61)
	for range 3 {
		v := verdict()
		if got := v.Lines.Status.Cause; v.Reason != verifier.Revoked || got == nil || got.Class != verifier.Superseded || got.Successor != line.Successor || got.Source != w.URL || !got.AsOf.Equal(w.now.Add(61*time.Second)) {
			t.Errorf("%s %v: %+v", v.Overall, v.Reasons, got)
		}
	}
	if n := w.asked("/records"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.mu.Lock()
	down = true
	w.mu.Unlock()
	seconds.Store(200)
	if v := verdict(); v.Reason != verifier.Revoked || v.Lines.Status.Cause != nil {
		t.Errorf("with nobody to ask: %s %v, %+v", v.Overall, v.Reasons, v.Lines.Status.Cause)
	}
}
