package verifier

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

func TestTheCauseOfARevocationIsToldWhereItIsKnown(t *testing.T) {
	next := did.HashID("urn:uuid:00000000-0000-4000-8000-000000000008")
	for name, c := range map[string]struct {
		standing, suspended bool
		reason, successor   string // of the record
		change              func(*bundle.Bundle)
		overall             Overall
		want                *Cause
	}{
		"revoked for a reason":                          {reason: "fraud", overall: NotValid, want: &Cause{Class: Fraud}},
		"replaced by a newer edition":                   {reason: "superseded", successor: next, overall: NotValid, want: &Cause{Class: Superseded, Successor: next}},
		"replaced, and the newer edition is not made":   {reason: "superseded", overall: NotValid, want: &Cause{Class: Superseded}},
		"suspended while a question is open":            {suspended: true, reason: "under_investigation", overall: NotValid, want: &Cause{Class: UnderInvestigation}},
		"suspended for a reason that revokes, too":      {suspended: true, reason: "court_order", overall: NotValid, want: &Cause{Class: CourtOrder}},
		"it counts, whatever the record says":           {standing: true, reason: "fraud", overall: Valid},
		"revoked since the record was made":             {reason: "", overall: NotValid},
		"revoked, and the record is of the suspension":  {reason: "under_investigation", overall: NotValid},
		"suspended, and the record says replaced":       {suspended: true, reason: "superseded", successor: next, overall: NotValid},
		"a class that nobody here knows":                {reason: "because", overall: NotValid},
		"a text in the place of a class":                {reason: "Amina Ben Salah was ill", overall: NotValid},
		"a name in the place of the successor's hash":   {reason: "superseded", successor: "Amina Ben Salah", overall: NotValid, want: &Cause{Class: Superseded}},
		"a successor of what was not replaced":          {reason: "fraud", successor: next, overall: NotValid, want: &Cause{Class: Fraud}},
		"no extract of the ledger":                      {reason: "fraud", change: func(b *bundle.Bundle) { b.HasRecords = false }, overall: NotValid},
		"an extract without the credential":             {reason: "fraud", change: func(b *bundle.Bundle) { b.Records = nil }, overall: NotValid},
		"a bundle that nobody signed":                   {reason: "fraud", change: func(b *bundle.Bundle) { b.Unsigned = true }, overall: NotValid},
		"another content under its id":                  {reason: "fraud", change: func(b *bundle.Bundle) { b.Records[0].PayloadSHA256 = strings.Repeat("0a", 32) }, overall: NotValid},
		"a stolen key, so that it can be of its thief":  {reason: "fraud", change: func(b *bundle.Bundle) { b.Issuers[0].Keys[0].CompromisedAt.Time = b.Records[0].RecordedAt.Time }, overall: NotValid},
		"the status list cannot be read: nothing to do": {reason: "fraud", change: func(b *bundle.Bundle) { clear(b.Lists) }, overall: CannotConfirm},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			payload := mustPayload(t, l.achievement(7))
			l.record(l.achievement(7), payload, l.now.Add(-time.Hour))
			l.records[0].Reason, l.records[0].Successor = c.reason, c.successor
			suspensions := status.NewBits(0)
			switch {
			case c.suspended:
				suspensions.Set(7)
			case !c.standing:
				l.bits.Set(7)
			}
			l.issuer.SuspensionSuffix = "-s"
			b := l.bundle(t)
			b.Lists[l.list+"-s"] = l.listOf(t, l.list+"-s", status.Suspension, suspensions, l.now.AddDate(0, 0, 1))
			if c.change != nil {
				c.change(&b)
			}
			trust, err := NewStore("bundle", b)
			if err != nil {
				t.Fatal(err)
			}
			v := Verify(t.Context(), l.sign(t, payload), trust, l.now)
			if v.Overall != c.overall {
				t.Fatalf("%s %v, want %s", v.Overall, v.Reasons, c.overall)
			}
			got := v.Lines.Status.Cause
			if got != nil && c.want != nil {
				if got.Source != "bundle" || got.AsOf == nil || !got.AsOf.Equal(l.now) {
					t.Errorf("it does not say where from and how fresh: %+v", got)
				}
				if got.Class != c.want.Class || got.Successor != c.want.Successor {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			} else if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// curious is a ledger that learns that somebody asks.
type curious struct {
	*Store
	asked *int
}

func (a curious) Source() Source { s := a.Store.Source(); s.Asks, s.AsOf = true, time.Time{}; return s }

func (a curious) Record(ctx context.Context, issuer, id string) (Record, error) {
	*a.asked++
	return a.Store.Record(ctx, issuer, id)
}

func TestALedgerIsAskedAboutWhatDoesNotCountAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		revoked, retired   bool
		extract            string // the reason in the bundle beside it; "-" for no bundle
		asked              int
		anchoring, badSign bool
		cause              Class
	}{
		"it counts": {extract: "-"},
		"it counts, and the bundle beside has it":          {extract: "", anchoring: true},
		"its key is retired":                               {retired: true, extract: "-", asked: 1, anchoring: true},
		"revoked":                                          {revoked: true, extract: "-", asked: 1, cause: Fraud},
		"revoked, and the bundle beside knows why":         {revoked: true, extract: "court_order", anchoring: true, cause: CourtOrder},
		"revoked since the bundle beside was made":         {revoked: true, extract: "", asked: 1, anchoring: true, cause: Fraud},
		"revoked, and what is handed in is not its issuer": {revoked: true, extract: "-", badSign: true},
	} {
		l := newLedger(t)
		payload := mustPayload(t, l.achievement(7))
		l.record(l.achievement(7), payload, l.now.Add(-time.Hour))
		token := l.sign(t, payload)
		if c.revoked {
			l.bits.Set(7)
		}
		if c.retired {
			l.issuer.Keys[0].ValidTo.Time = l.now
		}
		if c.badSign {
			token[len(token)-10] ^= 1
		}
		beside := l.bundle(t)
		beside.Records = slices.Clone(l.records)
		beside.Records[0].Reason = c.extract
		l.records[0].Reason = "fraud"
		asked := 0
		trust := Chain{curious{l.store(t), &asked}}
		if c.extract != "-" {
			s, err := NewStore("bundle", beside)
			if err != nil {
				t.Fatal(err)
			}
			trust = append(trust, s)
		}
		v := Verify(t.Context(), token, trust, l.now)
		if asked != c.asked {
			t.Errorf("%s: asked %d times, want %d", name, asked, c.asked)
		}
		if got := v.Lines.Status.Cause; (got != nil) != (c.cause != "") || got != nil && got.Class != c.cause {
			t.Errorf("%s: %+v, want %q", name, got, c.cause)
		}
		if got := v.Lines.Anchoring.Answer == True; got != c.anchoring {
			t.Errorf("%s: anchoring is %s", name, v.Lines.Anchoring.Answer)
		}
	}
}

// TestEveryClassThatALedgerPublishesIsExplained reads the classes where awards and
// attestations are decided: this package may not import them.
func TestEveryClassThatALedgerPublishesIsExplained(t *testing.T) {
	published := map[Class]bool{Superseded: true}
	for _, dir := range []string{"../domain/award", "../domain/attestation"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
					if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "ReasonClass" {
						published[Class(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))] = true
					}
				}
				return true
			})
		}
	}
	if len(published) != len(Classes()) {
		t.Errorf("%d classes are published, %d explained", len(published), len(Classes()))
	}
	for _, e := range Classes() {
		if !published[e.Class] || e.Meaning == "" || e.Do == "" {
			t.Errorf("%s is not published, or nobody is told what it means", e.Class)
		}
		if !e.Class.fits(Revoked) && !e.Class.fits(Suspended) || e.Class.fits(credential.BadSignature) {
			t.Errorf("%s explains nothing, or everything", e.Class)
		}
	}
}
