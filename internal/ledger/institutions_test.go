package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

var shut = domain.EdFi("OperationalStatus", "Closed")

// ok ends the test unless a use case wrote.
func (w *town) ok(got ledger.Written, err error) ledger.Written {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func TestWhoDecidesAboutAnInstitution(t *testing.T) {
	w := newTown(t)
	agency := w.found("A", institution.Agency, w.ministry)
	name := domain.Text{"bs": "Škola"}
	key := institution.AuthorizeKey{
		Kid: "k", Alg: "EdDSA", Purpose: institution.ForCredentials, ValidFrom: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		PublicKeyJwk: institution.PublicKey{Kty: "OKP", Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
	}
	rename := func(by, whom domain.ID) func() error {
		return func() error {
			_, err := w.l.RenameInstitution(t.Context(), w.act(by), whom, name, "", "2026-01-01")
			return err
		}
	}
	move := func(by, whom, parent domain.ID) func() error {
		return func() error {
			_, err := w.l.MoveInstitution(t.Context(), w.act(by), whom, parent, "2026-02-01")
			return err
		}
	}
	authorize := func(by, whom domain.ID) func() error {
		return func() error { _, err := w.l.ProposeSigningKey(t.Context(), w.act(by), whom, key); return err }
	}
	backdated := key
	backdated.ValidFrom = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	nobody := domain.DeriveID(w.ministry, "nobody")
	for _, x := range []struct {
		name string
		do   func() error
		code string
	}{
		{"a school does not rename itself", rename(w.lycee, w.lycee), "not_the_authority"},
		{"nor its sister", rename(w.lycee, w.college), "not_found"},
		{"nor its region", rename(w.lycee, w.north), "not_found"},
		{"a region renames its school", rename(w.north, w.lycee), ""},
		{"and no other region's", rename(w.south, w.lycee), "not_found"},
		{"and not itself", rename(w.north, w.north), "not_the_authority"},
		{"the root renames itself", rename(w.ministry, w.ministry), ""},
		{"the ministry renames everybody", rename(w.ministry, w.gimnazija), ""},
		{"an agency renames nobody", rename(agency, w.lycee), "not_found"},
		{"what is not there is not there", rename(w.ministry, nobody), "not_found"},
		{"a region takes no school from another", move(w.north, w.gimnazija, w.north), "not_found"},
		{"a region gives no school to another", move(w.north, w.lycee, w.south), "not_found"},
		{"the ministry moves a school", move(w.ministry, w.college, w.south), ""},
		{"a region is not put below itself", move(w.ministry, w.north, w.north), "parent_cycle"},
		{"a region is put below another", move(w.ministry, w.south, w.north), ""},
		{"which is not put below it in turn", move(w.ministry, w.north, w.south), "parent_cycle"},
		{"a school proposes no key for the past", func() error {
			_, err := w.l.ProposeSigningKey(t.Context(), w.act(w.lycee), w.lycee, backdated)
			return err
		}, "invalid_field"},
		{"a school proposes its own key", authorize(w.lycee, w.lycee), ""},
		{"and nobody else's", authorize(w.lycee, w.college), "not_found"},
		{"an authority proposes a key below it", authorize(w.north, w.gimnazija), ""}, // south is below north by now
		{"a key of nobody", authorize(w.ministry, nobody), "not_found"},
	} {
		t.Run(x.name, func(t *testing.T) { must(t, x.do(), x.code) })
	}
}

func TestOnlyTheTenantItselfIsItsRoot(t *testing.T) {
	w := newTown(t)
	in := ledger.InstitutionInput{IdentificationCode: "X", NameOfInstitution: domain.Text{"en": "X"}, Tier: institution.Country, CountryCode: "TN", BeginDate: "1990-01-01"}
	_, err := w.l.RegisterInstitution(t.Context(), w.act(w.north), in)
	must(t, err, "not_the_authority")
	_, err = w.l.RegisterInstitution(t.Context(), w.act(w.ministry), in)
	must(t, err, "already_registered")
	in.Tier, in.ParentOrganization, in.IdentificationCode = institution.School, w.north, "MIN"
	_, err = w.l.RegisterInstitution(t.Context(), w.act(w.ministry), in)
	must(t, err, "already_registered") // the root's code is taken, although its id is not made of it
	if got := ledger.InstitutionID(w.ministry, "L"); got != w.lycee {
		t.Errorf("L has the id %s, want %s", w.lycee, got)
	}
}

// TestADecisionNamesItsEvidence: the event says which revision of the parent it rests on.
func TestADecisionNamesItsEvidence(t *testing.T) {
	w := newTown(t)
	w.ok(w.l.ChangeOperationalStatus(t.Context(), w.act(w.ministry), w.lycee, shut, w.college, "2026-07-01"))
	for e, err := range w.log.Read(t.Context(), institution.Decider.Stream(w.lycee), 0) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := eventlog.DecodeMeta(e.Meta)
		if err != nil {
			t.Fatal(err)
		}
		want := []eventlog.Input{{Stream: institution.Decider.Stream(w.north), Revision: 0}}
		effective := "1990-01-01"
		if e.Revision == 1 {
			want, effective = []eventlog.Input{{Stream: institution.Decider.Stream(w.college), Revision: 0}}, "2026-07-01"
		}
		if !slices.Equal(m.Inputs, want) || m.EffectiveAt != effective || m.Tenant != string(w.ministry) || m.Institution != string(w.ministry) {
			t.Errorf("revision %d rests on %v and holds from %s", e.Revision, m.Inputs, m.EffectiveAt)
		}
	}
}

func TestAClosedSchoolIsAmongTheDeadFromItsDay(t *testing.T) {
	w := newTown(t)
	w.ok(w.l.ChangeOperationalStatus(t.Context(), w.act(w.ministry), w.lycee, shut, w.college, "2026-07-01"))
	in, err := w.l.Institution(t.Context(), w.act(w.ministry), w.lycee)
	must(t, err, "")
	if !in.State.EnrollsOn("2026-06-30") || in.State.EnrollsOn("2026-07-01") || in.State.CustodianOn(w.lycee, "2026-07-01") != w.college {
		t.Errorf("closed: %+v", in.State)
	}
	_, err = w.l.ChangeOperationalStatus(t.Context(), w.act(w.ministry), w.college, shut, w.lycee, "2026-08-01")
	must(t, err, "records_custodian_not_operating")
	_, err = w.l.DesignateSuccessor(t.Context(), w.act(w.ministry), w.lycee, w.north, "2026-07-01")
	must(t, err, "successor_unknown")
	w.ok(w.l.DesignateSuccessor(t.Context(), w.act(w.ministry), w.lycee, w.college, "2026-07-01"))
}

// TestTheSubtreeIsWhatTheParentsSay: whatever is moved wherever, Within and Ancestors agree with a
// walk over a plain map of parents.
func TestTheSubtreeIsWhatTheParentsSay(t *testing.T) {
	w := newTown(t)
	regions := []domain.ID{w.north, w.south}
	for i := range 4 {
		regions = append(regions, w.found(fmt.Sprint("R", i), institution.Region, w.ministry))
	}
	parent := map[domain.ID]domain.ID{w.lycee: w.north, w.college: w.north, w.gimnazija: w.south}
	for _, r := range regions {
		parent[r] = w.ministry
	}
	all := append([]domain.ID{w.ministry, w.lycee, w.college, w.gimnazija}, regions...)
	above := func(id domain.ID) (list []domain.ID) {
		for id = parent[id]; id != ""; id = parent[id] {
			list = append(list, id)
		}
		return list
	}
	rapid.Check(t, func(rt *rapid.T) {
		who := rapid.SampledFrom(all[1:]).Draw(rt, "who")
		to := rapid.SampledFrom(append(regions, w.ministry)).Draw(rt, "to")
		_, err := w.l.MoveInstitution(t.Context(), w.act(w.ministry), who, to, "2026-01-01")
		cycle := who == to || slices.Contains(above(to), who)
		if cycle != (domain.CodeOf(err) == "parent_cycle") || err != nil && !cycle {
			rt.Fatalf("moving: %v, a cycle: %v", err, cycle)
		}
		if !cycle {
			parent[who] = to
		}
		for _, inner := range all {
			got, err := w.l.Ancestors(t.Context(), w.act(w.ministry), inner)
			if err != nil || !slices.Equal(got, above(inner)) {
				rt.Fatalf("above %s stand %v (%v), want %v", inner, got, err, above(inner))
			}
			for _, outer := range all {
				in, err := w.l.Within(t.Context(), w.act(w.ministry), inner, outer)
				if want := inner == outer || slices.Contains(above(inner), outer); err != nil || in != want {
					rt.Fatalf("%s within %s: %v (%v), want %v", inner, outer, in, err, want)
				}
			}
		}
	})
}

// TestARegisteringIsRepeated after an append that failed, before or after it was stored: one event, one answer.
func TestARegisteringIsRepeated(t *testing.T) {
	for _, persist := range []bool{false, true} {
		t.Run(fmt.Sprint("stored=", persist), func(t *testing.T) {
			w := newTown(t)
			act := w.act(w.north)
			in := ledger.InstitutionInput{
				IdentificationCode: "NEW", NameOfInstitution: domain.Text{"en": "New"}, Tier: institution.School,
				ParentOrganization: w.north, CountryCode: "TN", BeginDate: "2020-01-01",
			}
			failed := false
			w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if failed {
					return false, nil
				}
				failed = true
				return persist, errors.New("connection reset")
			}
			first, err := w.l.RegisterInstitution(t.Context(), act, in)
			must(t, err, "")
			again, err := w.another().RegisterInstitution(t.Context(), act, in)
			must(t, err, "")
			if again.ID != first.ID || again.Position != first.Position || !again.Replayed {
				t.Errorf("answered %+v, then %+v", first, again)
			}
			if !failed {
				t.Error("no append failed")
			}
			if head, _ := w.log.Head(t.Context(), institution.Decider.Stream(first.ID)); head != 0 {
				t.Errorf("the stream is at %d", head)
			}
		})
	}
}
