package projections

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/pgtest"
)

// diploma is one award with a place in schoolA's first list.
type diploma struct {
	stream     string
	award      domain.ID
	credential domain.ID
	index      int
}

func aDiploma(n, index int) diploma {
	who := domain.DeriveID(tenant, "graduate", fmt.Sprint(n))
	id := domain.DeriveID(who, "award")
	return diploma{"award-" + string(who) + "-" + string(domain.DeriveID(tenant, "program")) + "-" + string(id), id, domain.DeriveID(id, "credential"), index}
}

func (d diploma) awarded(edition int) any {
	claims, err := domain.Conceal(domain.StreamIDs(d.stream)[0], domain.ClassRegister, map[string]string{"fullName": "أمينة Šarić"})
	if err != nil {
		panic(err)
	}
	return award.DiplomaAwarded{
		Edition: edition, Institution: schoolA, AwardDate: "2026-04-30", AchievementType: "Diploma", Title: domain.Text{"fr": "Diplôme"},
		Enrollment: d.award, Plan: d.award, PlanVersion: 1, Accreditation: d.award, Assessment: d.award, Approvers: []string{"clerk", "dean"}, Claims: claims,
	}
}

func (d diploma) assigned() any {
	return statuslist.StatusIndexAssigned{Award: d.award, Edition: 1, Credential: d.credential, Index: d.index}
}

func (d diploma) suspended() any {
	return award.CredentialSuspended{Edition: 1, Credential: d.credential, Reason: award.UnderInvestigation, Authority: schoolA}
}

func (d diploma) reinstated() any {
	return award.CredentialReinstated{Edition: 1, Credential: d.credential, Authority: schoolA}
}

func (d diploma) revoked() any {
	return award.CredentialRevoked{
		Revocation: domain.DeriveID(d.award, "revocation"), Edition: 1, Credential: d.credential, Reason: award.Fraud, Authority: schoolA,
		EffectiveAt: "2026-06-01", Officers: []string{"clerk", "dean"},
	}
}

func (d diploma) superseded() any { return award.CredentialSuperseded{Edition: 1, By: 2} }

// aList awards the diplomas, each with a place in schoolA's first list.
func aList(t *testing.T, log eventlog.Log, list ...diploma) {
	t.Helper()
	record(t, log, statuslist.Stream(schoolA, 1), schoolA, statuslist.StatusListOpened{Institution: schoolA, Number: 1, Length: 131072, KeyCheck: "k"})
	for _, d := range list {
		record(t, log, d.stream, schoolA, d.awarded(1))
		record(t, log, statuslist.Stream(schoolA, 1), schoolA, d.assigned())
	}
}

func bits(t *testing.T, url, purpose string, at time.Time) []int {
	t.Helper()
	var list []int
	err := NewReader(as(t, url, "sijil_app")).View(t.Context(), Scope{Tenant: tenant, All: true}, func(tx pgx.Tx) (err error) {
		list, err = StatusBits(t.Context(), tx, tenant, schoolA, 1, purpose, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAStatusListIsTheOneOfItsInstant(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	url, log := pgtest.URL(t), memlog.New(func() time.Time { return now })
	a, b, c := aDiploma(1, 70_000), aDiploma(2, 7), aDiploma(3, 130_000)
	aList(t, log, a, b, c)
	at := func(hour int, d diploma, fact any) {
		now = time.Date(2026, 5, 1, hour, 0, 0, 0, time.UTC)
		record(t, log, d.stream, schoolA, fact)
	}
	at(9, a, a.suspended())
	at(10, b, b.revoked())
	at(11, a, a.reinstated())
	at(12, c, c.superseded())
	at(13, a, a.suspended())
	at(14, a, a.revoked())
	r, _ := projecting(t, url, log)
	reached(t, r, log)
	same(t, r)
	for _, want := range []struct {
		hour               int
		revoked, suspended []int
	}{
		{8, nil, nil},
		{9, nil, []int{70_000}},
		{10, []int{7}, []int{70_000}},
		{11, []int{7}, nil},
		{12, []int{7, 130_000}, nil},
		{13, []int{7, 130_000}, []int{70_000}},
		{14, []int{7, 70_000, 130_000}, []int{70_000}},
	} {
		// From the very instant on, and until just before the next change.
		for _, t0 := range []time.Time{
			time.Date(2026, 5, 1, want.hour, 0, 0, 0, time.UTC),
			time.Date(2026, 5, 1, want.hour, 59, 59, 999_999_000, time.UTC),
		} {
			if got := bits(t, url, PurposeRevocation, t0); !slices.Equal(got, want.revoked) {
				t.Errorf("at %s revoked are %v, want %v", t0.Format(time.TimeOnly), got, want.revoked)
			}
			if got := bits(t, url, PurposeSuspension, t0); !slices.Equal(got, want.suspended) {
				t.Errorf("at %s suspended are %v, want %v", t0.Format(time.TimeOnly), got, want.suspended)
			}
		}
	}
	var lists []StatusList
	err := NewReader(as(t, url, "sijil_app")).View(t.Context(), Scope{Tenant: tenant}, func(tx pgx.Tx) (err error) {
		lists, err = StatusLists(t.Context(), tx, tenant, schoolA)
		return err
	})
	if err != nil || len(lists) != 1 || lists[0].Assigned != 3 || lists[0].Length != 131072 || lists[0].Number != 1 {
		t.Errorf("the lists are %+v, %v", lists, err)
	}
}

// TestTheLaterOfTwoChangesCountsWhenTheClockStoodStill: recordedAt never decreases, but after
// a clock was set back it stays the same for a while, and then only the order tells.
func TestTheLaterOfTwoChangesCountsWhenTheClockStoodStill(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	url, log := pgtest.URL(t), memlog.New(func() time.Time { return now })
	var list []diploma
	for n := range 12 {
		list = append(list, aDiploma(n, 100+n))
	}
	aList(t, log, list...)
	var want []int
	for n, d := range list {
		for range 1 + n%3 {
			record(t, log, d.stream, schoolA, d.suspended(), d.reinstated())
		}
		if n%2 == 0 {
			record(t, log, d.stream, schoolA, d.suspended())
			want = append(want, d.index)
		}
	}
	r, _ := projecting(t, url, log)
	reached(t, r, log)
	same(t, r)
	if got := bits(t, url, PurposeSuspension, now); !slices.Equal(got, want) {
		t.Errorf("suspended are %v, want %v", got, want)
	}
}
