package online

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// wire is a network that does what a history says, without one.
type wire func(path string) (code int, body []byte, err error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	code, body, err := w(r.URL.Path)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: code, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

// history is one credential's, and the network's between its ledger and a verifier.
type history struct {
	*world
	keys      []byte
	seconds   atomic.Int64
	ttl, life time.Duration
	revoked   int64 // second of the revocation, -1 for none
	copies    [][]byte
	// fault is what the network does to paths that begin with where, "" for nothing.
	fault, where string
}

var faults = []string{"", "", "", "cut", "500", "404", "302", "page", "half", "large", "stranger", "diploma"}

func (h *history) at() time.Time { return h.now.Add(time.Duration(h.seconds.Load()) * time.Second) }

// list is what the ledger answers in this second.
func (h *history) list(signer *credential.Signer) ([]byte, error) {
	bits := status.NewBits(0)
	if h.revoked >= 0 {
		bits.Set(4)
	}
	doc, err := status.New(h.URL+"/status/1", h.issuer.ID, status.Revocation, bits, h.at(), h.at().Add(h.life), h.ttl)
	if err != nil {
		return nil, err
	}
	payload, err := credential.Payload(doc)
	if err != nil {
		return nil, err
	}
	token, err := signer.Sign(payload)
	return []byte(token), err
}

func (h *history) answer(path string) (int, []byte, error) {
	good := h.keys
	if strings.HasPrefix(path, "/status/") {
		signer := h.lister
		if h.fault == "diploma" { // signed by the issuer, with a key that is not for lists
			signer = h.signer
		}
		list, err := h.list(signer)
		if err != nil {
			return 0, nil, err
		}
		if good = list; h.fault == "" {
			h.copies = append(h.copies, list)
		}
	}
	if !strings.HasPrefix(path, h.where) {
		return http.StatusOK, good, nil
	}
	switch h.fault {
	case "cut":
		return 0, nil, errors.New("connection is cut")
	case "500":
		return http.StatusInternalServerError, good, nil
	case "404":
		return http.StatusNotFound, nil, nil
	case "302":
		return http.StatusFound, good, nil
	case "page":
		return http.StatusOK, []byte("<html>sign in</html>"), nil
	case "half":
		return http.StatusOK, good[:len(good)/2], nil
	case "large":
		return http.StatusOK, make([]byte, maxBody+1), nil
	case "stranger":
		return http.StatusOK, append(bytes.Clone(good[:len(good)-8]), "AAAAAAAA"...), nil
	}
	return http.StatusOK, good, nil
}

// TestNothingRevokedStaysValidBeyondTheLimit is the invariant under any order of revoking, asking
// and failing: a revocation is seen within the age that a copy may have, and what cannot be seen is
// not VALID. A network that plays old lists back gains no more than the time a list says it holds.
func TestNothingRevokedStaysValidBeyondTheLimit(t *testing.T) {
	w := newWorld(t)
	keys, err := json.Marshal(did.NewKeySet(w.issuer))
	if err != nil {
		t.Fatal(err)
	}
	token := []byte(w.token(t, w.URL+"/status/1"))
	answers := map[string]int{}
	for _, replays := range []bool{false, true} {
		rapid.Check(t, func(rt *rapid.T) {
			h := &history{
				world: w, keys: keys, revoked: -1,
				ttl:  rapid.SampledFrom([]time.Duration{10 * time.Second, 30 * time.Second, time.Hour}).Draw(rt, "ttl"),
				life: rapid.SampledFrom([]time.Duration{2 * time.Minute, time.Hour, 24 * time.Hour}).Draw(rt, "life"),
			}
			trust, err := New(h.at, w.URL)
			if err != nil {
				rt.Fatal(err)
			}
			trust.ledgers[0].client.http.Transport = wire(func(path string) (int, []byte, error) {
				if replays && strings.HasPrefix(path, "/status/") && len(h.copies) > 0 {
					return http.StatusOK, h.copies[0], nil
				}
				return h.answer(path)
			})
			freshness := min(verifier.MaxStatusAge, h.ttl)
			limit := freshness
			if replays {
				limit = h.life
			}
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				h.seconds.Add(rapid.SampledFrom([]int64{0, 1, 2, 3, 9, 11, 29, 31, 59, 60, 61, 119, 121, 3599, 3601, 86_401}).Draw(rt, "later"))
				switch rapid.SampledFrom([]string{"check", "check", "check", "revoke", "network"}).Draw(rt, "what") {
				case "revoke":
					if h.revoked < 0 {
						h.revoked = h.seconds.Load()
					}
					continue
				case "network":
					h.fault = rapid.SampledFrom(faults).Draw(rt, "fault")
					h.where = rapid.SampledFrom([]string{"/", "/status/"}).Draw(rt, "where")
					continue
				}
				v := verifier.Verify(t.Context(), token, trust, h.at())
				answers[fmt.Sprintf("%t %s %s", replays, v.Overall, v.Reason)]++
				age := time.Duration(h.seconds.Load()-h.revoked) * time.Second
				switch l := v.Lines.Status; {
				case v.Overall == verifier.Valid && h.revoked >= 0 && age > limit:
					rt.Fatalf("VALID %s after the revocation, may be so for %s", age, limit)
				case v.Overall == verifier.Valid && (l.AsOf == nil || h.at().Sub(*l.AsOf) > freshness):
					rt.Fatalf("VALID by a list received %v, at %s", l.AsOf, h.at())
				case v.Overall == verifier.NotValid && (h.revoked < 0 || v.Reason != verifier.Revoked):
					rt.Fatalf("%s %s of what is not revoked", v.Overall, v.Reason)
				case v.Overall == verifier.CannotConfirm && !replays && h.fault == "":
					// A failure is remembered for a moment, and nothing else is left of it.
					h.seconds.Add(int64(forget/time.Second) + 1)
					if v := verifier.Verify(t.Context(), token, trust, h.at()); v.Overall == verifier.CannotConfirm {
						rt.Fatalf("%s %v on a network that works", v.Overall, v.Reasons)
					}
				}
			}
		})
	}
	for _, seen := range []string{"false VALID ", "false NOT VALID revoked", "false CANNOT CONFIRM status_unverifiable", "false CANNOT CONFIRM issuer_unreachable", "true VALID ", "true CANNOT CONFIRM status_stale"} {
		if answers[seen] == 0 {
			t.Errorf("no history led to %q: %v", seen, answers)
		}
	}
}
