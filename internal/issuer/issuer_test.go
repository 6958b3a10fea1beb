package issuer_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/enrollment"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/did"
)

// noBits: nothing is revoked.
type bits map[string][]int

func (b bits) Bits(_ context.Context, _, inst domain.ID, n int, purpose string, _ time.Time) ([]int, int, string, bool, error) {
	set := b[purpose]
	return set, 131_072, purpose + strings.Repeat("+", len(set)), n == 1, nil
}

// trust is what a verifier knows from what is published, and nothing else.
func (w *world) trust(p *issuer.Publisher) *verifier.Store {
	w.t.Helper()
	ctx := w.t.Context()
	set, err := p.KeySet(ctx, w.school)
	must(w.t, err)
	id, err := did.Web(publicURL, string(w.school))
	must(w.t, err)
	trusted, err := did.ParseKeySet(set, id)
	must(w.t, err)
	lists := map[string][]byte{}
	for _, name := range []string{string(w.school) + "-1", string(w.school) + "-1" + trusted.SuspensionSuffix} {
		list, _, err := p.StatusList(ctx, name, time.Time{})
		must(w.t, err)
		lists[publicURL+"/status/"+name] = list
	}
	s, err := verifier.NewStore("test", bundle.Bundle{Now: did.Instant{Time: w.now()}, Issuers: []did.Issuer{trusted}, Lists: lists})
	must(w.t, err)
	return s
}

// TestIssue: what is awarded is signed, once, and the verifier believes it from what is published.
func TestIssue(t *testing.T) {
	w := newWorld(t)
	w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	a := w.award(w.graduate(1))
	i := w.issuer()
	must(t, i.Issue(t.Context(), w.all()))
	before := len(w.all())
	must(t, i.Issue(t.Context(), w.all()))
	must(t, w.issuer().Issue(t.Context(), w.all()))
	if n := len(w.all()); n != before {
		t.Errorf("issuing again wrote %d events", n-before)
	}
	got := w.issued(a)
	if got.State.Editions[0].Phase != award.Signed || got.Signed.Digest == "" || got.Signed.PayloadSHA256 != got.Prepared.PayloadSHA256 {
		t.Fatalf("issued %+v", got.State)
	}
	for _, e := range w.all() {
		if s := string(e.Data) + string(e.Meta); strings.Contains(s, "Amina") || strings.Contains(s, got.Token[:40]) {
			t.Errorf("personal data lies open in a %s", e.Type)
		}
	}
	p := issuer.NewPublisher(i, bits{})
	v := verifier.Verify(t.Context(), []byte(got.Token), w.trust(p), w.now())
	if v.Overall != verifier.Valid || len(v.Warnings) > 0 {
		t.Fatalf("verdict %+v", v)
	}
	c := v.Credential
	if c.Holder != "Amina <Ben> Salah 1" || c.Award != "Licence en informatique · الإجازة في الإعلامية" || c.IssuerName != "Université de Bizerte · جامعة بنزرت" || !c.AwardedAt.Equal(graduated.Time()) {
		t.Errorf("content %+v", c)
	}
	if !strings.Contains(got.Payload, `"identityHash":"أمينة بن صالح"`) || strings.Contains(got.Payload, string(a.Student)) {
		t.Errorf("payload %s", got.Payload)
	}

	revoked := issuer.NewPublisher(i, bits{"revocation": {got.Prepared.StatusIndex}})
	if v := verifier.Verify(t.Context(), []byte(got.Token), w.trust(revoked), w.now()); v.Overall != verifier.NotValid || v.Reason != verifier.Revoked {
		t.Errorf("verdict on a revoked credential %s %s", v.Overall, v.Reason)
	}
}

// TestDieAnywhere: after any failed or lost append, issuing again ends with one signature
// under every award and no place used twice.
func TestDieAnywhere(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		for at := range 6 {
			w := newWorld(t)
			w.authorize(institution.ForCredentials)
			w.authorize(institution.ForStatus)
			a, b := w.award(w.graduate(1)), w.award(w.graduate(2))
			ctx, die := context.WithCancel(t.Context())
			n := 0
			w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if n++; n <= at {
					return false, nil
				}
				die() // the process ends here, whatever was stored
				return persisted, errors.New("killed")
			}
			first, err := issuer.New(issuer.Config{Ledger: w.l, Keys: w.keys, PublicURL: publicURL, Now: w.now, Logger: discard(), Workers: 1})
			must(t, err)
			if err := first.Issue(ctx, w.all()); err == nil && at < 5 {
				t.Errorf("the append after %d did not fail", at)
			}
			w.log.FailAppend = nil
			must(t, w.issuer().Issue(t.Context(), w.all()))
			for _, x := range []ledger.Awarded{a, b} {
				if got := w.issued(x); got.State.Editions[0].Phase != award.Signed {
					t.Errorf("died after %d appends (stored: %v): the award is %+v", at, persisted, got.State.Editions)
				}
			}
			for typ, want := range map[string]int{"award.CredentialPrepared.v1": 2, "award.CredentialSigned.v1": 2, "statusList.StatusIndexAssigned.v1": 2} {
				if n := w.count(typ); n != want {
					t.Errorf("died after %d appends (stored: %v): %d × %s", at, persisted, n, typ)
				}
			}
		}
	}
}

// TestWaitsForKeys: nothing is signed before both keys are authorized, the operator hears
// what to do, and then it is signed.
func TestWaitsForKeys(t *testing.T) {
	w := newWorld(t)
	a := w.award(w.graduate(1))
	i := w.issuer()
	wait := func(why string) {
		t.Helper()
		must(t, i.Issue(t.Context(), w.all()))
		if w.count("award.CredentialPrepared.v1") != 0 || len(i.Waiting()) != 1 {
			t.Fatalf("%s: prepared %d, waiting %+v", why, w.count("award.CredentialPrepared.v1"), i.Waiting())
		}
	}
	wait("without keys")
	if said := strings.Join(w.said.all(), "\n"); !strings.Contains(said, "sijil keys authorize --institution "+string(w.school)) {
		t.Errorf("the operator hears %q", said)
	}
	// A key that merely lies in the directory signs nothing.
	k, err := w.keys.Generate(t.Context(), w.school, "stray", institution.ForCredentials, "EdDSA", w.now())
	must(t, err)
	w.authorize(institution.ForStatus)
	wait("with a key that nobody authorized")
	proposed, err := w.l.ProposeSigningKey(t.Context(), w.act("operator"), w.school, k)
	must(t, err)
	wait("with a key that one officer wants")
	w.decide(proposed, nil)
	must(t, i.Issue(t.Context(), w.all()))
	if got := w.issued(a); got.Signed.KeyID != k.Kid || len(i.Waiting()) != 0 {
		t.Errorf("signed with %q, waiting %+v", got.Signed.KeyID, i.Waiting())
	}
}

// TestSwappedKey: a file put in the place of an authorized key signs nothing.
func TestSwappedKey(t *testing.T) {
	w := newWorld(t)
	good := w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	other := issuer.NewFileKeys(t.TempDir())
	bad, err := other.Generate(t.Context(), w.school, "other", institution.ForCredentials, "EdDSA", w.now())
	must(t, err)
	found, err := w.keys.Found()
	must(t, err)
	if len(found[w.school]) != 2 {
		t.Fatalf("found %v", found)
	}
	place := func(k *issuer.FileKeys, kid string) string {
		return filepath.Join(k.Dir(), string(w.school), kid+".key")
	}
	must(t, os.Rename(place(other, bad.Kid), place(w.keys, good.Kid)))
	w.award(w.graduate(1))
	i := w.issuer()
	must(t, i.Issue(t.Context(), w.all()))
	if w.count("award.CredentialSigned.v1") != 0 || len(i.Waiting()) != 1 {
		t.Error("a swapped key signed")
	}
	if said := strings.Join(w.said.all(), "\n"); !strings.Contains(said, "not the one its institution authorized") {
		t.Errorf("the operator hears %q", said)
	}
	for _, loose := range []fs.FileMode{0o644, 0o440, 0o600, 0o500} {
		must(t, os.Chmod(place(w.keys, good.Kid), loose))
		if _, err := w.keys.Signer(t.Context(), w.school, good.Kid); err == nil || !strings.Contains(err.Error(), "chmod 0400") {
			t.Errorf("a key of mode %04o is used: %v", loose, err)
		}
	}
}

// TestRetiredKey: a retired key signs nothing new, what it prepared included.
func TestRetiredKey(t *testing.T) {
	w := newWorld(t)
	old := w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	a, b := w.award(w.graduate(1)), w.award(w.graduate(2))
	w.log.FailAppend = func(_ string, drafts []eventlog.Draft) (bool, error) {
		if drafts[0].Type == "award.CredentialSigned.v1" {
			return false, errors.New("killed")
		}
		return false, nil
	}
	if err := w.issuer().Issue(t.Context(), w.all()); err == nil {
		t.Fatal("signed")
	}
	w.log.FailAppend = nil
	w.pass(time.Hour)
	fresh := w.authorize(institution.ForCredentials)
	w.decide(w.l.ProposeKeyRetirement(t.Context(), w.act("operator"), w.school, old.Kid, time.Time{}))
	c := w.award(w.graduate(3))
	i := w.issuer()
	must(t, i.Issue(t.Context(), w.all()))
	if got := w.issued(c); got.Signed.KeyID != fresh.Kid {
		t.Errorf("the new award is signed with %q", got.Signed.KeyID)
	}
	for _, x := range []ledger.Awarded{a, b} {
		if got := w.issued(x); got.Prepared.KeyID == old.Kid && got.Token != "" {
			t.Error("a retired key signed")
		}
	}
	if list := i.Waiting(); len(list) != 1 || !strings.Contains(list[0].Cause, "correct the award") {
		t.Errorf("waiting %+v", list)
	}
}

// TestDecidesAgain: an award whose ground moved before it was recorded is annulled, not signed.
func TestDecidesAgain(t *testing.T) {
	w := newWorld(t)
	w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	who := w.graduate(1)
	w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
		w.log.FailAppend = nil
		put(w, enrollment.Decider, who, enrollment.Event(enrollment.EnrollmentVoided{Enrollment: w.id("enrollment1"), Reason: "uri://x.org/ReasonDescriptor#Error"}))
		return false, errors.New("connection reset")
	}
	a := w.award(who)
	must(t, w.issuer().Issue(t.Context(), w.all()))
	if got := w.issued(a); got.State.Editions[0].Phase != award.Annulled || got.Token != "" {
		t.Errorf("the award is %+v", got.State.Editions)
	}
	must(t, w.issuer().Issue(t.Context(), w.all()))
	if n := w.count("award.AwardAnnulled.v1"); n != 1 {
		t.Errorf("%d annulments", n)
	}
}

// TestErased: an award of a person whose register data is gone does not stop the others.
func TestErased(t *testing.T) {
	w := newWorld(t)
	w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	a, b := w.award(w.graduate(1)), w.award(w.graduate(2))
	must(t, w.l.Vault().Destroy(t.Context(), w.tenant, a.Student, domain.ClassRegister))
	must(t, w.issuer().Issue(t.Context(), w.all()))
	if got := w.issued(b); got.Token == "" {
		t.Error("the other award is not signed")
	}
}

// memory is a place in memory.
type memory struct{ at eventlog.Position }

func (m *memory) Load(context.Context) (eventlog.Position, error)    { return m.at, nil }
func (m *memory) Save(_ context.Context, at eventlog.Position) error { m.at = at; return nil }

// TestRun: the place never moves beyond an award that waits, so that a restart finds it.
func TestRun(t *testing.T) {
	w := newWorld(t)
	a := w.award(w.graduate(1))
	place := &memory{}
	run := func(until func(i *issuer.Issuer) bool) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		i := w.issuer()
		ended := make(chan error)
		go func() { ended <- i.Run(ctx, place) }()
		for !until(i) && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatalf("run ended with %v", err)
		}
	}
	run(func(i *issuer.Issuer) bool { return len(i.Waiting()) == 1 })
	if place.at >= a.Position {
		t.Fatalf("the place %d is beyond the waiting award at %d", place.at, a.Position)
	}
	// A restart finds it again, and keys that come while it runs are noticed.
	run(func(i *issuer.Issuer) bool {
		if len(i.Waiting()) == 1 && w.count("institution.SigningKeyAuthorized.v1") == 0 {
			w.authorize(institution.ForCredentials)
			w.authorize(institution.ForStatus)
		}
		return w.count("award.CredentialSigned.v1") == 1
	})
	w.award(w.graduate(2))
	run(func(*issuer.Issuer) bool { return w.count("award.CredentialSigned.v1") == 2 })
}
