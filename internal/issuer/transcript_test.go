package issuer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/verifier"
)

// TestTranscriptDieAnywhere: after any failed or lost append, the same request ends with one
// transcript that verifiers take, with the diploma in it.
func TestTranscriptDieAnywhere(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		for at := range 3 {
			w := newWorld(t)
			i, a := w.signed()
			held := []ledger.Diploma{{Ref: a.Ref, Edition: a.Edition}}
			assigned := w.count("statusList.StatusIndexAssigned.v1")
			ctx, die := context.WithCancel(t.Context())
			n := 0
			w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if n++; n <= at {
					return false, nil
				}
				die()
				return persisted, errors.New("killed")
			}
			p := issuer.NewPublisher(i, bits{})
			if _, doc, _, err := p.Transcript(ctx, w.request("1"), a.Student, held); err == nil || doc != nil {
				t.Errorf("died after %d appends, and a transcript left the house: %v", at, err)
			}
			w.log.FailAppend = nil
			w.pass(7 * time.Second)
			id, doc, _, err := p.Transcript(t.Context(), w.request("1"), a.Student, held)
			must(t, err)
			again, err := p.Attested(t.Context(), w.tenant, id)
			must(t, err)
			if string(again) != string(doc) {
				t.Errorf("died after %d appends: it is read as %s, answered %s", at, again, doc)
			}
			for typ, want := range map[string]int{"attestation.AttestationPrepared.v1": 1, "attestation.AttestationSigned.v1": 1, "statusList.StatusIndexAssigned.v1": assigned + 1} {
				if n := w.count(typ); n != want {
					t.Errorf("died after %d appends (stored: %v): %d × %s", at, persisted, n, typ)
				}
			}
			if v := verifier.Verify(t.Context(), doc, w.trust(p), w.now()); v.Overall != verifier.Valid || len(v.Items) != 1 || v.Items[0].Overall != verifier.Valid {
				t.Errorf("died after %d appends: %s %v %s", at, v.Overall, v.Reasons, v.Detail)
			}
		}
	}
}

// TestWhatATranscriptDoesNotHold: what does not stand by the log, whatever the register said, and
// more than verifiers take. Nothing is recorded of either.
func TestWhatATranscriptDoesNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world, ledger.Awarded)
		copies int
		code   string
	}{
		"it stands":                  {func(*world, ledger.Awarded) {}, 1, ""},
		"it is revoked":              {revoke, 1, "no_diploma"},
		"it is suspended":            {suspend, 1, "no_diploma"},
		"none":                       {func(*world, ledger.Awarded) {}, 0, "no_diploma"},
		"more than a transcript has": {func(*world, ledger.Awarded) {}, 51, "too_many_diplomas"},
		"its key was in other hands when it was signed": {func(w *world, a ledger.Awarded) {
			w.decide(w.l.ReportKeyCompromise(t.Context(), w.act("operator"), w.school, w.issued(a).Signed.KeyID, w.issued(a).SignedAt))
			w.wallet() // another key signs
		}, 1, "no_diploma"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			i, a := w.signed()
			c.change(w, a)
			before := len(w.all())
			_, doc, _, err := issuer.NewPublisher(i, bits{}).Transcript(t.Context(), w.request("1"), a.Student, slices.Repeat([]ledger.Diploma{{Ref: a.Ref, Edition: a.Edition}}, c.copies))
			if domain.CodeOf(err) != c.code || (err == nil) != (c.code == "") || (doc == nil) != (c.code != "") {
				t.Fatalf("answered %v, want %q", err, c.code)
			}
			if c.code != "" && len(w.all()) != before {
				t.Error("the refusal wrote something")
			}
		})
	}
}
