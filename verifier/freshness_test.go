package verifier

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// TestABundleVouchesForNoLongerThanItSays: whatever is revoked or suspended before or after a
// bundle is made, and whenever somebody judges by it, nothing is VALID beyond the term of the
// bundle or of the lists in it, and nothing that they show to be revoked.
func TestABundleVouchesForNoLongerThanItSays(t *testing.T) {
	l := newLedger(t)
	l.issuer.SuspensionSuffix = "-s"
	token, base := l.issue(t, 7), l.bundle(t)
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		hours := func(name string, from ...int) time.Time {
			return l.now.Add(time.Duration(rapid.SampledFrom(from).Draw(t, name)) * time.Hour)
		}
		made := l.now
		listEnds, suspensionsEnd, term := hours("list's end", 1, 24, 72), hours("suspensions' end", 1, 24, 72), hours("term", 1, 24, 72, 96)
		revoked, suspended := hours("revoked", -48, -1, 0, 1, 23, 24, 25, 96, 999), hours("suspended", -48, -1, 0, 1, 23, 24, 25, 96, 999)
		at := hours("judged", 0, 0, 1, 2, 23, 24, 25, 71, 72, 73, 99)

		listed := func(url, purpose string, since, until time.Time) []byte {
			bits := status.NewBits(0)
			if since.Before(made) {
				bits.Set(7)
			}
			list, err := status.New(url, l.issuer.ID, purpose, bits, made, until, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			payload, err := credential.Payload(list)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := l.lister.Sign(payload)
			if err != nil {
				t.Fatal(err)
			}
			return []byte(signed)
		}
		b := base
		b.Manifest.Expires = did.Instant{Time: term}
		b.Lists = map[string][]byte{
			l.list:        listed(l.list, status.Revocation, revoked, listEnds),
			l.list + "-s": listed(l.list+"-s", status.Suspension, suspended, suspensionsEnd),
		}
		trust, err := NewStore("bundle", b)
		if err != nil {
			t.Fatal(err)
		}
		v := Verify(t.Context(), token, trust, at)
		seen[fmt.Sprintf("%s %s", v.Overall, v.Reason)]++
		ends := earliest(listEnds, suspensionsEnd, term)
		switch {
		case revoked.Before(made) && (v.Overall != NotValid || v.Reason != Revoked):
			t.Fatalf("%s %v of what the bundle shows to be revoked", v.Overall, v.Reasons)
		case suspended.Before(made) && v.Overall == Valid:
			t.Fatal("VALID although the bundle shows that it is suspended")
		case v.Overall == Valid && !at.Before(ends):
			t.Fatalf("VALID at %s by what ended at %s", at, ends)
		case v.Overall == Valid && at.Sub(revoked) >= ends.Sub(made) && revoked.Before(at):
			t.Fatalf("VALID %s after the revocation", at.Sub(revoked))
		case v.Overall == NotValid && !revoked.Before(made) && !suspended.Before(made):
			t.Fatalf("%s %v of what the bundle shows to stand", v.Overall, v.Reasons)
		case v.Lines.Status.AsOf == nil || !v.Lines.Status.AsOf.Equal(made):
			t.Fatalf("it does not say how old it is: %+v", v.Lines.Status)
		}
	})
	for _, answer := range []string{"VALID ", "NOT VALID revoked", "NOT VALID suspended", "CANNOT CONFIRM status_stale"} {
		if seen[answer] == 0 {
			t.Errorf("no history led to %q: %v", answer, seen)
		}
	}
}

func earliest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if t.Before(first) {
			first = t
		}
	}
	return first
}
