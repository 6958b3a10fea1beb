package verifier

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// ledger is an issuer as small as one can be: two keys and a status list.
type ledger struct {
	issuer  did.Issuer
	signer  *credential.Signer
	lister  *credential.Signer
	list    string // URL of the status list
	bits    status.Bits
	records []did.Record
	now     time.Time
}

func newLedger(t testing.TB) *ledger {
	id, err := did.Web("https://ledger.example", "7e57")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2031, 7, 1, 9, 0, 0, 0, time.UTC)
	l := &ledger{issuer: did.Issuer{ID: id, Name: "Lycée de la Plage", StatusRequired: true}, now: now, list: "https://ledger.example/status/1", bits: status.NewBits(0)}
	add := func(purpose did.Purpose, seed byte) *credential.Signer {
		key := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
		kid := did.KeyID(id, purpose, "2031")
		s, err := credential.NewSigner(key, kid)
		if err != nil {
			t.Fatal(err)
		}
		k, err := did.NewKey(key.Public(), kid, purpose, now.AddDate(0, -1, 0))
		if err != nil {
			t.Fatal(err)
		}
		l.issuer.Keys = append(l.issuer.Keys, k)
		return s
	}
	l.signer, l.lister = add(did.ForCredentials, 1), add(did.ForStatus, 2)
	return l
}

// achievement is a diploma of the shape that the ledger issues.
func (l *ledger) achievement(n int) credential.Achievement {
	return credential.Achievement{
		Context:   []string{credential.ContextV2, credential.ContextOB3},
		ID:        fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n),
		Type:      credential.AchievementTypes,
		Name:      "Licence en informatique",
		Issuer:    credential.Profile{ID: l.issuer.ID, Type: []string{"Profile"}, Name: "as the issuer calls itself"},
		ValidFrom: credential.Stamp(l.now.AddDate(0, 0, -1)), AwardedDate: credential.Stamp(l.now.AddDate(0, 0, -1)),
		CredentialSubject: credential.AchievementSubject{
			ID: fmt.Sprintf("urn:uuid:00000000-0000-4000-9000-%012d", n), Type: []string{"AchievementSubject"}, Name: "أمينة بن صالح",
			Identifier: []credential.Identity{
				{Type: "IdentityObject", IdentityHash: "Amina Ben Salah", IdentityType: "name"},
				{Type: "IdentityObject", IdentityHash: "2009-02-03", IdentityType: "ext:birthDate"},
				{Type: "IdentityObject", Hashed: true, IdentityHash: "sha256$00", IdentityType: "name"},
			},
			Achievement: credential.AwardedTitle{
				ID: "urn:uuid:11111111-0000-4000-8000-000000000000", Type: []string{"Achievement"}, AchievementType: "Diploma",
				Name: "Licence en informatique", Description: "Three years", Criteria: credential.Criteria{Narrative: "180 credits"},
				ResultDescription: []credential.ResultDescription{{ID: "urn:uuid:2", Type: []string{"ResultDescription"}, Name: "Mention", ResultType: "Result"}},
			},
			Result: []credential.Result{{Type: []string{"Result"}, ResultDescription: "urn:uuid:2", Value: "Très bien"}},
		},
		CredentialStatus: status.NewEntry(l.list, status.Revocation, n),
	}
}

func (l *ledger) issue(t testing.TB, n int) []byte {
	payload, err := credential.Payload(l.achievement(n))
	if err != nil {
		t.Fatal(err)
	}
	return l.sign(t, payload)
}

func (l *ledger) sign(t testing.TB, payload []byte) []byte {
	token, err := l.signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token)
}

func (l *ledger) record(a credential.Achievement, payload []byte, at time.Time) {
	sum := sha256.Sum256(payload)
	l.records = append(l.records, did.Record{ID: a.ID, Issuer: l.issuer.ID, PayloadSHA256: hex.EncodeToString(sum[:]), RecordedAt: did.Instant{Time: at}})
}

func (l *ledger) listToken(t testing.TB, until time.Time) []byte {
	return l.listOf(t, l.list, status.Revocation, l.bits, until)
}

func (l *ledger) listOf(t testing.TB, url, purpose string, bits status.Bits, until time.Time) []byte {
	list, err := status.New(url, l.issuer.ID, purpose, bits, l.now, until, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := credential.Payload(list)
	if err != nil {
		t.Fatal(err)
	}
	token, err := l.lister.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token)
}

func (l *ledger) bundle(t testing.TB) bundle.Bundle {
	return bundle.Bundle{
		Now: did.Instant{Time: l.now}, Issuers: []did.Issuer{l.issuer},
		Lists:   map[string][]byte{l.list: l.listToken(t, l.now.AddDate(0, 0, 1))},
		Records: l.records, HasRecords: true,
	}
}

func (l *ledger) store(t testing.TB) *Store {
	s, err := NewStore("bundle", l.bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatTheBuildersMakeIsValid(t *testing.T) {
	l := newLedger(t)
	v := Verify(t.Context(), l.issue(t, 7), l.store(t), l.now)
	if v.Overall != Valid || len(v.Warnings) > 0 {
		t.Fatalf("%s %s (%s) %v", v.Overall, v.Reason, v.Detail, v.Warnings)
	}
	c := v.Credential
	if c.Holder != "أمينة بن صالح" || !slices.Equal(c.OtherNames, []string{"Amina Ben Salah"}) || c.Born != "2009-02-03" || c.Award != "Licence en informatique" || c.IssuerName != "Lycée de la Plage" ||
		len(c.Results) != 1 || c.Results[0] != (Result{"Mention", "Très bien"}) || !c.AwardedAt.Equal(l.now.AddDate(0, 0, -1)) {
		t.Errorf("content is %+v", c)
	}
	if v.Lines.Anchoring.Answer != Unchecked || v.Lines.Accreditation.Answer != Unchecked {
		t.Errorf("what nobody checked is shown as %s and %s", v.Lines.Anchoring.Answer, v.Lines.Accreditation.Answer)
	}
}

func TestEverySingleByteChangeIsRefused(t *testing.T) {
	l := newLedger(t)
	token, trust := l.issue(t, 7), l.store(t)
	changes, step := []byte{'A', '.', '=', '\n', 0}, 1
	if slowdown > 1 { // the race detector has seen enough then
		changes, step = changes[:1], 13
	}
	for i := 0; i < len(token); i += step {
		for _, c := range append(changes, token[i]^1, token[i]^0x20, token[i]+1) {
			if c == token[i] {
				continue
			}
			changed := append([]byte{}, token...)
			changed[i] = c
			if v := Verify(t.Context(), changed, trust, l.now); v.Overall == Valid {
				t.Fatalf("byte %d changed to %q is still valid", i, c)
			}
		}
		if v := Verify(t.Context(), append(append([]byte{}, token[:i]...), token[i+1:]...), trust, l.now); v.Overall == Valid {
			t.Fatalf("without byte %d it is still valid", i)
		}
	}
	if v := Verify(t.Context(), token, trust, l.now); v.Overall != Valid {
		t.Fatalf("unchanged it is %s", v.Overall)
	}
}

func TestNoChangeOfATokenIsEverValid(t *testing.T) {
	l := newLedger(t)
	token, trust := l.issue(t, 7), l.store(t)
	other := l.issue(t, 8)
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(token)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			i := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
			n := min(rapid.IntRange(0, 30).Draw(t, "length"), len(changed)-i)
			with := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 8), rapid.Custom(func(t *rapid.T) []byte {
				j := rapid.IntRange(0, len(other)-1).Draw(t, "from")
				return other[j:min(len(other), j+n)]
			})).Draw(t, "with")
			if changed = slices.Replace(changed, i, i+n, with...); len(changed) == 0 {
				return
			}
		}
		if bytes.Equal(bytes.TrimSpace(changed), token) {
			return // the changes undid one another
		}
		if v := Verify(t.Context(), changed, trust, l.now); v.Overall == Valid {
			t.Fatalf("%q is valid", changed)
		}
	})
}

// without is a Trust that lacks one of its sources.
type without struct {
	Trust
	issuer, list, record error
	keys                 error
}

func (w without) Keys(ctx context.Context, kid string) ([]OwnedKey, error) {
	if w.keys != nil {
		return nil, w.keys
	}
	return w.Trust.Keys(ctx, kid)
}

func (w without) Issuer(ctx context.Context, id string) (Issuer, error) {
	if w.issuer != nil {
		return Issuer{}, w.issuer
	}
	return w.Trust.Issuer(ctx, id)
}

func (w without) StatusList(ctx context.Context, url string, age time.Duration) (*Fetched, error) {
	if w.list != nil {
		return nil, w.list
	}
	return w.Trust.StatusList(ctx, url, age)
}

func (w without) Record(ctx context.Context, issuer, id string) (Record, error) {
	if w.record != nil {
		return Record{}, w.record
	}
	return w.Trust.Record(ctx, issuer, id)
}

func TestAMissingSourceIsNeverValidAndNeverFalse(t *testing.T) {
	l := newLedger(t)
	token := l.issue(t, 7)
	for name, c := range map[string]struct {
		trust  without
		reason credential.Reason
	}{
		"keys unreachable":        {without{keys: ErrUnreachable}, IssuerUnreachable},
		"issuer of the key gone":  {without{issuer: ErrUnknown}, UnknownIssuer},
		"issuer unreachable":      {without{issuer: ErrUnreachable}, IssuerUnreachable},
		"status list unreachable": {without{list: ErrUnreachable}, StatusUnverifiable},
		"another ledger's DID":    {without{keys: ErrUnknown}, UnknownIssuer},
	} {
		c.trust.Trust = l.store(t)
		if v := Verify(t.Context(), token, c.trust, l.now); v.Overall != CannotConfirm || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want CANNOT CONFIRM %s", name, v.Overall, v.Reason, c.reason)
		}
	}
}

func TestARevokedAndExpiredDiplomaSaysBoth(t *testing.T) {
	l := newLedger(t)
	a := l.achievement(7)
	a.ValidUntil = credential.Stamp(l.now)
	payload, _ := credential.Payload(a)
	token := l.sign(t, payload)
	l.bits.Set(7)
	v := Verify(t.Context(), token, l.store(t), l.now)
	if v.Overall != NotValid || len(v.Reasons) != 2 || v.Reasons[0] != Revoked || v.Reasons[1] != Expired {
		t.Errorf("%s %v, want NOT VALID for revoked and expired", v.Overall, v.Reasons)
	}
}

func TestARevocationIsSeenInAnOldListToo(t *testing.T) {
	l := newLedger(t)
	token := l.issue(t, 7)
	late := l.now.AddDate(1, 0, 0)
	if v := Verify(t.Context(), token, l.store(t), late); v.Overall != CannotConfirm || v.Reason != StatusStale {
		t.Errorf("clear bit in an old list: %s %s", v.Overall, v.Reason)
	}
	l.bits.Set(7)
	if v := Verify(t.Context(), token, l.store(t), late); v.Overall != NotValid || v.Reason != Revoked {
		t.Errorf("set bit in an old list: %s %s", v.Overall, v.Reason)
	}
}
