package share

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/domain"
)

var (
	now        = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	tomorrow   = now.Add(24 * time.Hour)
	credential = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f20")
	shareA     = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f40")
	shareB     = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f41")

	claimHash  = strings.Repeat("c", 64)
	holderHash = strings.Repeat("a", 64)
	linkHash   = strings.Repeat("1", 64)
	wrongHash  = strings.Repeat("0", 64)
)

func TestDecide(t *testing.T) {
	issued := ClaimIssued{Credential: credential, TokenHash: claimHash, ExpiresAt: tomorrow}
	redeemed := ClaimRedeemed{HolderHash: holderHash}
	created := ShareCreated{Share: shareA, TokenHash: linkHash, Scope: View, ExpiresAt: tomorrow}
	extract := ShareCreated{Share: shareA, TokenHash: linkHash, Scope: Extract, ExpiresAt: tomorrow, Show: []Part{Mention}}
	with := func(c ShareCreated, show ...Part) ShareCreated { c.Show = show; return c }
	opened := ShareOpened{Share: shareA, Day: "2026-11-22"}
	revoked := ShareRevoked{Share: shareA}
	facts := func(f ...Event) []Event { return f }
	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"a school makes a claim":                                       {when: IssueClaim{issued, now}, then: facts(issued)},
		"a claim is made once":                                         {given: facts(issued), when: IssueClaim{issued, now}, code: "already_issued"},
		"a claim that is over before it begins":                        {when: IssueClaim{issued, tomorrow}, code: "invalid_field"},
		"a claim that waits too long":                                  {when: IssueClaim{issued, now.Add(-MaxClaim)}, code: "invalid_field"},
		"the graduate redeems the claim":                               {given: facts(issued), when: RedeemClaim{claimHash, holderHash, now}, then: facts(redeemed)},
		"a claim works once":                                           {given: facts(issued, redeemed), when: RedeemClaim{claimHash, wrongHash, now}, code: "claim_used"},
		"a claim ends":                                                 {given: facts(issued), when: RedeemClaim{claimHash, holderHash, tomorrow}, code: "claim_expired"},
		"a wrong secret opens nothing":                                 {given: facts(issued), when: RedeemClaim{wrongHash, holderHash, now}, code: "not_found"},
		"no secret opens nothing":                                      {given: facts(), when: RedeemClaim{"", holderHash, now}, code: "not_found"},
		"a used claim is not told from a wrong one without its secret": {given: facts(issued, redeemed), when: RedeemClaim{wrongHash, holderHash, now}, code: "not_found"},
		"the holder makes a link":                                      {given: facts(issued, redeemed), when: CreateShare{holderHash, created, now}, then: facts(created)},
		"only the holder makes links":                                  {given: facts(issued, redeemed), when: CreateShare{claimHash, created, now}, code: "not_found"},
		"nobody makes links before redeeming":                          {given: facts(issued), when: CreateShare{"", created, now}, code: "not_found"},
		"a link that has ended cannot be made":                         {given: facts(issued, redeemed), when: CreateShare{holderHash, created, tomorrow}, code: "invalid_field"},
		"a link for ever cannot be made":                               {given: facts(issued, redeemed), when: CreateShare{holderHash, created, now.Add(-MaxShare)}, code: "invalid_field"},
		"a link of unknown scope":                                      {given: facts(issued, redeemed), when: CreateShare{holderHash, ShareCreated{Share: shareA, TokenHash: linkHash, Scope: "all", ExpiresAt: tomorrow}, now}, code: "invalid_field"},
		"a link of chosen parts":                                       {given: facts(issued, redeemed), when: CreateShare{holderHash, extract, now}, then: facts(extract)},
		"a link of a part that is none":                                {given: facts(issued, redeemed), when: CreateShare{holderHash, with(extract, "iban"), now}, code: "invalid_field"},
		"a link of a part twice":                                       {given: facts(issued, redeemed), when: CreateShare{holderHash, with(extract, Grades, Grades), now}, code: "invalid_field"},
		"a view of parts":                                              {given: facts(issued, redeemed), when: CreateShare{holderHash, with(created, Grades), now}, code: "invalid_field"},
		"an ended link is not made again":                              {given: facts(issued, redeemed, created, revoked), when: CreateShare{holderHash, created, now}, code: "already_exists"},
		"somebody opens the link":                                      {given: facts(issued, redeemed, created), when: OpenShare{linkHash, now}, then: facts(opened)},
		"a second look on one day leaves no fact":                      {given: facts(issued, redeemed, created, opened), when: OpenShare{linkHash, now}},
		"the holder ends the link":                                     {given: facts(issued, redeemed, created), when: RevokeShare{holderHash, shareA}, then: facts(revoked)},
		"only the holder ends it":                                      {given: facts(issued, redeemed, created), when: RevokeShare{linkHash, shareA}, code: "not_found"},
		"ending it twice is harmless":                                  {given: facts(issued, redeemed, created, revoked), when: RevokeShare{holderHash, shareA}},
		"an ended link shows nothing":                                  {given: facts(issued, redeemed, created, revoked), when: OpenShare{linkHash, now}, code: "share_revoked"},
		"an expired link shows nothing":                                {given: facts(issued, redeemed, created), when: OpenShare{linkHash, tomorrow}, code: "share_expired"},
		"another link is not ended with it":                            {given: facts(issued, redeemed, created), when: RevokeShare{holderHash, shareB}, code: "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decide(Decider.Fold(State{}, c.given...), c.when)
			if domain.CodeOf(err) != c.code || !reflect.DeepEqual(got, c.then) {
				t.Fatalf("%v, %v; want %v, %q", got, err, c.then, c.code)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	s := Decider.Fold(State{}, ClaimIssued{Credential: credential, TokenHash: claimHash, ExpiresAt: tomorrow}, ClaimRedeemed{holderHash})
	for i := range MaxShares + 1 {
		id := domain.DeriveID(shareA, string(rune('a'+i)))
		facts, err := decide(s, CreateShare{holderHash, ShareCreated{Share: id, TokenHash: linkHash, Scope: File, ExpiresAt: tomorrow}, now})
		if i == MaxShares {
			if domain.CodeOf(err) != "too_many_shares" {
				t.Fatal(err)
			}
			return
		}
		s = Decider.Fold(s, facts...)
	}
}

// TestLaws: whatever is asked, in whatever order, a claim is redeemed at most once, an ended
// link never opens again, and a state that somebody holds does not change.
func TestLaws(t *testing.T) {
	hash := rapid.SampledFrom([]string{holderHash, linkHash, holderHash, linkHash, claimHash, wrongHash, ""})
	link := rapid.SampledFrom([]domain.ID{shareA, shareB})
	command := rapid.Custom(func(t *rapid.T) Command {
		at := now.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)
		switch rapid.IntRange(0, 4).Draw(t, "command") {
		case 0:
			return IssueClaim{ClaimIssued{Credential: credential, TokenHash: claimHash, ExpiresAt: tomorrow}, at}
		case 1:
			return RedeemClaim{hash.Draw(t, "token"), hash.Draw(t, "holder"), at}
		case 2:
			return CreateShare{hash.Draw(t, "holder"), ShareCreated{Share: link.Draw(t, "share"), TokenHash: linkHash, Scope: View, ExpiresAt: tomorrow}, at}
		case 3:
			return OpenShare{hash.Draw(t, "token"), at}
		default:
			return RevokeShare{hash.Draw(t, "holder"), link.Draw(t, "share")}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		s := Decider.Fold(State{}, rapid.SampledFrom([][]Event{
			nil, {ClaimIssued{Credential: credential, TokenHash: claimHash, ExpiresAt: tomorrow}, ClaimRedeemed{holderHash}},
		}).Draw(t, "given")...)
		redeemed, ended := len(s.HolderHash)/64, map[domain.ID]bool{}
		for _, c := range rapid.SliceOfN(command, 1, 40).Draw(t, "commands") {
			facts, err := decide(s, c)
			if err != nil {
				continue
			}
			before := len(s.Shares)
			next := Decider.Fold(s, facts...)
			if len(s.Shares) != before {
				t.Fatal("an old state changed")
			}
			for _, f := range facts {
				switch f := f.(type) {
				case ClaimRedeemed:
					if redeemed++; redeemed > 1 {
						t.Fatal("redeemed twice")
					}
				case ShareRevoked:
					ended[f.Share] = true
				case ShareOpened:
					if ended[f.Share] {
						t.Fatal("an ended link was opened")
					}
				}
			}
			s = next
		}
	})
}
