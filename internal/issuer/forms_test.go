package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/sdjwt"
)

var allForms = []string{award.OpenBadge, award.SDPayload, award.SDWallet}

// wallet authorizes a key that wallets know.
func (w *world) wallet() institution.AuthorizeKey {
	w.t.Helper()
	k, err := w.keys.Generate(w.t.Context(), w.school, fmt.Sprint("wallet", w.n.Add(1)), institution.ForCredentials, "ES256", w.now())
	must(w.t, err)
	w.decide(w.l.ProposeSigningKey(w.t.Context(), w.act("operator"), w.school, k))
	return k
}

// signed is a diploma that was issued, by an issuer with every key.
func (w *world) signed() (*issuer.Issuer, ledger.Awarded) {
	w.t.Helper()
	w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	w.wallet()
	a := w.award(w.graduate(1))
	i := w.issuer()
	must(w.t, i.Issue(w.t.Context(), w.all()))
	return i, a
}

func (w *world) form(i *issuer.Issuer, a ledger.Awarded, format string) string {
	w.t.Helper()
	got, err := i.Form(w.t.Context(), w.tenant, a.Ref, a.Edition, format)
	must(w.t, err)
	return got
}

// TestForms: a diploma in every form is VALID, says the same, is made once, and ends with it.
func TestForms(t *testing.T) {
	w := newWorld(t)
	i, a := w.signed()
	w.pass(48 * time.Hour)
	p := issuer.NewPublisher(i, bits{})
	token := w.issued(a)
	said := verifier.Verify(t.Context(), []byte(token.Token), w.trust(p), w.now())
	revoked := issuer.NewPublisher(i, bits{"revocation": {token.Prepared.StatusIndex}})
	suspended := issuer.NewPublisher(i, bits{"suspension": {token.Prepared.StatusIndex}})
	for _, format := range allForms {
		form := w.form(i, a, format)
		v := verifier.Verify(t.Context(), []byte(form), w.trust(p), w.now())
		if v.Overall != verifier.Valid || string(v.Format) != format || len(v.Warnings) > 0 {
			t.Fatalf("%s is judged %+v", format, v)
		}
		if v.Credential.ID != said.Credential.ID || v.Credential.Holder != said.Credential.Holder || v.Credential.Award != said.Credential.Award || !v.Credential.AwardedAt.Equal(*said.Credential.AwardedAt) {
			t.Errorf("%s says %+v, the token %+v", format, v.Credential, said.Credential)
		}
		before := len(w.all())
		if again := w.form(w.issuer(), a, format); again != form || len(w.all()) != before {
			t.Errorf("%s is made twice, with %d events more", format, len(w.all())-before)
		}
		for end, published := range map[credential.Reason]*issuer.Publisher{verifier.Revoked: revoked, verifier.Suspended: suspended} {
			if v := verifier.Verify(t.Context(), []byte(form), w.trust(published), w.now()); v.Overall != verifier.NotValid || v.Reason != end {
				t.Errorf("%s of a credential that is %s: %s %s", format, end, v.Overall, v.Reason)
			}
		}
	}
	got := w.issued(a)
	for _, format := range allForms {
		f := got.Forms[format]
		if f.Prepared.Credential != got.Prepared.Credential || f.Signed.PayloadSHA256 != f.Prepared.PayloadSHA256 || f.SignedAt.IsZero() {
			t.Errorf("the ledger holds %s as %+v", format, f)
		}
	}
	if got.Forms[award.OpenBadge].Prepared.PayloadSHA256 != got.Prepared.PayloadSHA256 {
		t.Error("an Open Badge holds another payload than the token")
	}
	if badge, err := p.Badge(t.Context(), w.school, got.Token, got.SignedAt, issuer.BadgeJSON); err != nil || string(badge) != w.form(i, a, award.OpenBadge) {
		t.Errorf("the school's badge is another one than the graduate's (%v)", err)
	}
	for _, e := range w.all() {
		if s := string(e.Data) + string(e.Meta); strings.Contains(s, "Amina") {
			t.Errorf("personal data lies open in a %s", e.Type)
		}
	}
}

// TestWithheld: what the holder withholds is not there.
func TestWithheld(t *testing.T) {
	w := newWorld(t)
	i, a := w.signed()
	for _, format := range []string{award.SDPayload, award.SDWallet} {
		full := w.form(i, a, format)
		token, refusal := sdjwt.ParseToken([]byte(full), credential.MaxToken)
		if refusal != nil {
			t.Fatal(refusal)
		}
		paths, refusal := token.Paths()
		if refusal != nil || !slices.ContainsFunc(paths, func(p string) bool { return strings.HasSuffix(p, "identifier") }) {
			t.Fatalf("%s discloses %v (%v)", format, paths, refusal)
		}
		shown, refusal := token.Present()
		if refusal != nil {
			t.Fatal(refusal)
		}
		v := verifier.Verify(t.Context(), []byte(shown), w.trust(issuer.NewPublisher(i, bits{})), w.now())
		if v.Overall != verifier.Valid || v.Credential.Holder != "Amina <Ben> Salah 1" || strings.Count(shown, "~") != 1 {
			t.Errorf("%s with everything withheld: %+v", format, v)
		}
	}
}

// TestFormsThatAreNotMade: with the code that says why.
func TestFormsThatAreNotMade(t *testing.T) {
	for name, c := range map[string]struct {
		before func(w *world, a ledger.Awarded)
		format string
		code   string
	}{
		"of a revoked diploma":            {revoke, award.SDPayload, "credential_revoked"},
		"of a suspended one":              {suspend, award.SDPayload, "credential_suspended"},
		"of another tenant's":             {func(w *world, _ ledger.Awarded) { w.tenant = w.id("another tenant") }, award.SDPayload, "not_found"},
		"in an unknown format":            {func(*world, ledger.Awarded) {}, "mso_mdoc", "not_found"},
		"when the wallets' key retired":   {func(w *world, _ ledger.Awarded) { w.retire("ES256") }, award.SDWallet, "key_unavailable"},
		"when the diploma's key retired":  {func(w *world, _ ledger.Awarded) { w.retire("EdDSA") }, award.OpenBadge, "badge_unavailable"},
		"with any other key, that stands": {func(w *world, _ ledger.Awarded) { w.retire("EdDSA") }, award.SDPayload, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			i, a := w.signed()
			w.pass(time.Hour)
			c.before(w, a)
			before := len(w.all())
			_, err := i.Form(t.Context(), w.tenant, a.Ref, a.Edition, c.format)
			if domain.CodeOf(err) != c.code || (err == nil) != (c.code == "") {
				t.Errorf("answered %v, want %q", err, c.code)
			}
			if c.code != "" && len(w.all()) != before {
				t.Errorf("left %d events", len(w.all())-before)
			}
		})
	}
}

func revoke(w *world, a ledger.Awarded) {
	id := w.issued(a).Prepared.Credential
	p, err := w.l.ProposeRevocation(w.t.Context(), w.act("head"), a.Ref, id, award.Fraud, "")
	must(w.t, err)
	_, err = w.l.ApproveRevocation(w.t.Context(), w.act("inspector"), a.Ref, id, p.Revocation)
	must(w.t, err)
}

func suspend(w *world, a ledger.Awarded) {
	_, err := w.l.SuspendCredential(w.t.Context(), w.act("head"), a.Ref, w.issued(a).Prepared.Credential, award.UnderInvestigation)
	must(w.t, err)
}

// retire ends the credential keys of an algorithm.
func (w *world) retire(alg string) {
	w.t.Helper()
	inst, err := w.l.Institution(w.t.Context(), w.act("x"), w.school)
	must(w.t, err)
	for _, k := range inst.State.Keys {
		if k.Alg == alg && k.Purpose == institution.ForCredentials {
			w.decide(w.l.ProposeKeyRetirement(w.t.Context(), w.act("operator"), w.school, k.Kid, w.now()))
		}
	}
	w.pass(time.Minute)
}

// TestFormsDieAnywhere: after any failed or lost append, asking again gives one form, and what
// the log holds is what is given.
func TestFormsDieAnywhere(t *testing.T) {
	for _, format := range allForms {
		for _, persisted := range []bool{false, true} {
			for at := range 2 {
				w := newWorld(t)
				i, a := w.signed()
				ctx, die := context.WithCancel(t.Context())
				n := 0
				w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
					if n++; n <= at {
						return false, nil
					}
					die() // the process ends here, whatever was stored
					return persisted, errors.New("killed")
				}
				if _, err := i.Form(ctx, w.tenant, a.Ref, a.Edition, format); err == nil {
					t.Errorf("%s left the house before it was recorded", format)
				}
				w.log.FailAppend = nil
				form := w.form(w.issuer(), a, format)
				if v := verifier.Verify(t.Context(), []byte(form), w.trust(issuer.NewPublisher(i, bits{})), w.now()); v.Overall != verifier.Valid {
					t.Errorf("%s after dying at %d (%v): %s %s", format, at, persisted, v.Overall, v.Reason)
				}
				if p, s := w.count("award.FormPrepared.v1"), w.count("award.FormSigned.v1"); p != 1 || s != 1 {
					t.Errorf("%s after dying at %d (%v): prepared %d times, signed %d times", format, at, persisted, p, s)
				}
			}
		}
	}
}

// TestFormsAtOnce: many who ask at once get one form.
func TestFormsAtOnce(t *testing.T) {
	w := newWorld(t)
	i, a := w.signed()
	got := make(chan string, 8)
	for range cap(got) {
		go func() {
			form, err := i.Form(context.WithoutCancel(t.Context()), w.tenant, a.Ref, a.Edition, award.SDWallet)
			if err != nil {
				form = err.Error()
			}
			got <- form
		}()
	}
	want := <-got
	for range cap(got) - 1 {
		if form := <-got; form != want {
			t.Errorf("another form: %.60s, not %.60s", form, want)
		}
	}
	if n := w.count("award.FormSigned.v1"); n != 1 {
		t.Errorf("signed %d times", n)
	}
}

// TestACompromisedFormIsMadeAnew: under another key, while the diploma stands.
func TestACompromisedFormIsMadeAnew(t *testing.T) {
	w := newWorld(t)
	i, a := w.signed()
	stolen := w.now()
	w.pass(time.Hour)
	old := w.form(i, a, award.SDWallet)
	kid := w.issued(a).Forms[award.SDWallet].Signed.KeyID
	w.pass(time.Hour)
	w.decide(w.l.ReportKeyCompromise(t.Context(), w.act("operator"), w.school, kid, stolen))
	if _, err := i.Form(t.Context(), w.tenant, a.Ref, a.Edition, award.SDWallet); domain.CodeOf(err) != "key_unavailable" {
		t.Errorf("without another key: %v", err)
	}
	w.wallet()
	form := w.form(i, a, award.SDWallet)
	store := w.trust(issuer.NewPublisher(i, bits{}))
	if v := verifier.Verify(t.Context(), []byte(old), store, w.now()); v.Overall == verifier.Valid {
		t.Error("the old form is VALID")
	}
	if v := verifier.Verify(t.Context(), []byte(form), store, w.now()); v.Overall != verifier.Valid {
		t.Errorf("the new form is %s %s", v.Overall, v.Reason)
	}
	if again := w.form(i, a, award.SDWallet); again != form {
		t.Error("the new form is made again")
	}
}
