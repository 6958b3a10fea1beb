package verifier

import (
	"slices"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// A diploma awarded on 30 June 2031, and the life of the key that signed it.
func TestWhatCountsIsWhenTheLedgerRecordedIt(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		from, to, compromised string // of the key
		recorded              string // in the ledger; "other": with another content
		noLedger              bool   // the bundle has no extract at all
		at                    string
		want                  Overall
		reason                credential.Reason
	}{
		"a key in use needs no record":                       {from: "2031-01-01", at: "2031-07-01", want: Valid},
		"a key in use may sign what was awarded before it":   {from: "2031-06-30", at: "2031-07-01", want: Valid},
		"recorded while the key was in use":                  {from: "2031-01-01", to: "2032-01-01", recorded: "2031-06-30", at: "2033-01-01", want: Valid},
		"recorded before the key began":                      {from: "2031-01-01", recorded: "2030-12-31", at: "2031-07-01", want: NotValid, reason: KeyNotValidThen},
		"recorded on the day the key ended":                  {from: "2031-01-01", to: "2032-01-01", recorded: "2032-01-01", at: "2033-01-01", want: NotValid, reason: KeyNotValidThen},
		"judged before the key began":                        {from: "2031-08-01", at: "2031-07-01", want: NotValid, reason: KeyNotValidThen},
		"retired, in its time, not recorded":                 {from: "2031-01-01", to: "2032-01-01", at: "2033-01-01", want: CannotConfirm, reason: NotRecorded},
		"retired, in its time, no extract to look into":      {from: "2031-01-01", to: "2032-01-01", noLedger: true, at: "2033-01-01", want: CannotConfirm, reason: NotRecorded},
		"retired before it claims to be awarded":             {from: "2030-01-01", to: "2031-01-01", at: "2033-01-01", want: NotValid, reason: KeyNotValidThen},
		"not yet retired at the time of judging":             {from: "2031-01-01", to: "2032-01-01", at: "2031-12-31", want: Valid},
		"recorded before the key was stolen":                 {from: "2031-01-01", compromised: "2031-09-01", recorded: "2031-06-30", at: "2033-01-01", want: Valid},
		"recorded at the moment the key was stolen":          {from: "2031-01-01", compromised: "2031-09-01", recorded: "2031-09-01", at: "2033-01-01", want: NotValid, reason: KeyCompromised},
		"stolen, not recorded, whatever it claims":           {from: "2031-01-01", compromised: "2031-09-01", at: "2033-01-01", want: NotValid, reason: KeyCompromised},
		"stolen, not recorded, judged before the theft":      {from: "2031-01-01", compromised: "2031-09-01", at: "2031-07-01", want: NotValid, reason: KeyCompromised},
		"stolen, and no extract to look into":                {from: "2031-01-01", compromised: "2031-09-01", noLedger: true, at: "2033-01-01", want: CannotConfirm, reason: NotRecorded},
		"another content was recorded":                       {from: "2031-01-01", recorded: "other", at: "2031-07-01", want: NotValid, reason: LedgerMismatch},
		"another content was recorded and the key is stolen": {from: "2031-01-01", compromised: "2031-09-01", recorded: "other", at: "2033-01-01", want: NotValid, reason: LedgerMismatch},
	} {
		l := newLedger(t)
		l.now = day("2031-07-01")
		payload, err := credential.Payload(l.achievement(7))
		if err != nil {
			t.Fatal(err)
		}
		token := l.sign(t, payload)
		key := &l.issuer.Keys[0]
		key.ValidFrom = did.Instant{Time: day(c.from)}
		if c.to != "" {
			key.ValidTo = did.Instant{Time: day(c.to)}
		}
		if c.compromised != "" {
			key.CompromisedAt = did.Instant{Time: day(c.compromised)}
		}
		switch c.recorded {
		case "":
		case "other":
			l.record(l.achievement(7), append(payload, ' '), day("2031-06-30"))
		default:
			l.record(l.achievement(7), payload, day(c.recorded))
		}
		b := l.bundle(t)
		b.HasRecords = !c.noLedger
		b.Lists[l.list] = l.listToken(t, day("2040-01-01"))
		trust, err := NewStore("bundle", b)
		if err != nil {
			t.Fatal(err)
		}
		if v := Verify(t.Context(), token, trust, day(c.at)); v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s", name, v.Overall, v.Reason, c.want, c.reason)
		}
	}
}

func TestAccreditationIsAskedOnTheAwardDate(t *testing.T) {
	instant := func(year int) did.Instant { return did.Instant{Time: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)} }
	for name, c := range map[string]struct {
		spans  []did.Accreditation
		answer Answer
		want   Overall
	}{
		"nobody says":               {nil, Unchecked, Valid},
		"accredited then":           {[]did.Accreditation{{From: instant(2030), Until: instant(2032)}}, True, Valid},
		"accredited without end":    {[]did.Accreditation{{From: instant(2030)}}, True, Valid},
		"closed before":             {[]did.Accreditation{{From: instant(2020), Until: instant(2030)}}, False, NotValid},
		"never accredited, it says": {[]did.Accreditation{}, False, NotValid},
	} {
		l := newLedger(t)
		l.issuer.Accreditations = c.spans
		if v := Verify(t.Context(), l.issue(t, 7), l.store(t), l.now); v.Overall != c.want || v.Lines.Accreditation.Answer != c.answer {
			t.Errorf("%s: %s, accreditation %s", name, v.Overall, v.Lines.Accreditation.Answer)
		}
		// What awards nothing takes no accreditation; calling a diploma so does not help.
		for types, answer := range map[string]Answer{"VerifiableCredential": Unchecked, "AchievementCredential": c.answer} {
			payload, err := credential.Payload(object{
				"@context": []string{credential.ContextV2, credential.ContextOB3}, "type": []string{"VerifiableCredential", types}, "issuer": l.issuer.ID,
				"validFrom": credential.Stamp(l.now), "credentialSubject": object{"id": "did:example:a"}, "credentialStatus": status.NewEntry(l.list, status.Revocation, 3),
			})
			if err != nil {
				t.Fatal(err)
			}
			if v := Verify(t.Context(), l.sign(t, payload), l.store(t), l.now); v.Lines.Accreditation.Answer != answer || answer == Unchecked && v.Overall != Valid {
				t.Errorf("%s, of type %s: %s %s %s, accreditation %s", name, types, v.Overall, v.Reason, v.Detail, v.Lines.Accreditation.Answer)
			}
		}
	}
}

func TestAStatusListIsBelievedOnlyFromALivingStatusKey(t *testing.T) {
	for name, change := range map[string]func(*did.Key){
		"stolen":         func(k *did.Key) { k.CompromisedAt = k.ValidFrom },
		"retired before": func(k *did.Key) { k.ValidTo = did.Instant{Time: k.ValidFrom.Add(time.Hour)} },
		"not yet begun":  func(k *did.Key) { k.ValidFrom.Time = k.ValidFrom.AddDate(1, 0, 0) },
		"for diplomas":   func(k *did.Key) { k.Purpose = did.ForCredentials },
	} {
		l := newLedger(t)
		token := l.issue(t, 7)
		change(&l.issuer.Keys[1])
		if v := Verify(t.Context(), token, l.store(t), l.now); v.Overall != CannotConfirm || v.Reason != StatusUnverifiable {
			t.Errorf("%s: %s %s", name, v.Overall, v.Reason)
		}
	}
}

// A diploma names its revocation list only; the issuer says that suspensions lie beside it.
func TestASuspensionIsFoundBesideTheRevocationList(t *testing.T) {
	for name, c := range map[string]struct {
		suffix, listed, purpose string
		set, revoked            bool
		at                      time.Duration
		want                    Overall
		reason                  credential.Reason
	}{
		"not suspended":                       {suffix: "-suspension", listed: "-suspension", want: Valid},
		"suspended":                           {suffix: "-suspension", listed: "-suspension", set: true, want: NotValid, reason: Suspended},
		"suspended and revoked":               {suffix: "-suspension", listed: "-suspension", set: true, revoked: true, want: NotValid, reason: Revoked},
		"the list of suspensions is missing":  {suffix: "-suspension", want: CannotConfirm, reason: StatusUnverifiable},
		"another list stands in its place":    {suffix: "-suspension", listed: "-suspension", purpose: status.Revocation, want: CannotConfirm, reason: StatusUnverifiable},
		"the list of suspensions is old":      {suffix: "-suspension", listed: "-suspension", at: 48 * time.Hour, want: CannotConfirm, reason: StatusStale},
		"an issuer that keeps no suspensions": {listed: "-suspension", set: true, want: Valid},
	} {
		l := newLedger(t)
		l.issuer.SuspensionSuffix = c.suffix
		bits := status.NewBits(0)
		if c.set {
			bits.Set(7)
		}
		if c.revoked {
			l.bits.Set(7)
		}
		b := l.bundle(t)
		b.Lists[l.list] = l.listToken(t, l.now.AddDate(1, 0, 0))
		if c.listed != "" {
			purpose := status.Suspension
			if c.purpose != "" {
				purpose = c.purpose
			}
			b.Lists[l.list+c.listed] = l.listOf(t, l.list+c.listed, purpose, bits, l.now.AddDate(0, 0, 1))
		}
		trust, err := NewStore("bundle", b)
		if err != nil {
			t.Fatal(err)
		}
		if v := Verify(t.Context(), l.issue(t, 7), trust, l.now.Add(c.at)); v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %v, want %s %s", name, v.Overall, v.Reasons, c.want, c.reason)
		}
	}
}

func TestAKeyMayHaveTheSameNameAtTwoIssuers(t *testing.T) {
	a, b := newLedger(t), newLedger(t)
	b.issuer.ID, b.issuer.Keys = "https://other.example", slices.Clone(b.issuer.Keys)
	b.issuer.Keys[0].JWK, _ = credential.NewJWK(a.issuer.Keys[1].Public(), a.issuer.Keys[0].JWK.Kid)
	if err := b.issuer.Keys[0].Parse(); err != nil {
		t.Fatal(err)
	}
	both := a.bundle(t)
	both.Issuers = []did.Issuer{b.issuer, a.issuer}
	trust, err := NewStore("bundle", both)
	if err != nil {
		t.Fatal(err)
	}
	if v := Verify(t.Context(), a.issue(t, 7), trust, a.now); v.Overall != Valid {
		t.Errorf("%s %s", v.Overall, v.Reason)
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"Đorđe Šarić": "Đorđe Šarić", "أمينة بن صالح": "أمينة بن صالح", "می\u200cخواهم": "می\u200cخواهم",
		"Ada\u200d": "Ada⟨U+200D⟩", "a\x1b[2J": "a⟨U+001B⟩[2J", "x\u202ey": "x⟨U+202E⟩y", "\U000e0041": "⟨U+E0041⟩",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
