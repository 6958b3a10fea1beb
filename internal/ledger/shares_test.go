package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/ledger"
)

func (c *classroom) bearer(k ledger.Link) ledger.Bearer {
	return ledger.Bearer{Link: k, Key: fmt.Sprint(c.keys.Add(1))}
}

// claimed is a signed credential and its claim link.
func claimed(c *classroom) (ledger.Awarded, ledger.ClaimIssued) {
	c.t.Helper()
	a := c.awarded(c.graduate("Amina"))
	c.signed(a, c.id("first"))
	claim, err := c.l.IssueClaim(c.t.Context(), c.act(c.school, "registrar"), a.Ref, c.id("first"), time.Time{})
	refused(c.t, err, "")
	return a, claim
}

// TestClaim: a link that works once, in one pair of hands, for a while.
func TestClaim(t *testing.T) {
	c := newClassroom(t)
	a := c.awarded(c.graduate("Amina"))
	act := c.act(c.school, "registrar")
	_, err := c.l.IssueClaim(t.Context(), act, a.Ref, c.id("first"), time.Time{})
	refused(t, err, "not_found")
	c.signed(a, c.id("first"))
	_, err = c.l.IssueClaim(t.Context(), c.act(c.other, "registrar"), a.Ref, c.id("first"), time.Time{})
	refused(t, err, "not_found")
	claim, err := c.l.IssueClaim(t.Context(), act, a.Ref, c.id("first"), time.Time{})
	refused(t, err, "")
	if again, err := c.l.IssueClaim(t.Context(), act, a.Ref, c.id("first"), time.Time{}); err != nil || again != claim {
		t.Errorf("the retry is answered %+v, %v", again, err)
	}
	if strings.Contains(fmt.Sprint(claim), string(claim.Link)[37:]) {
		t.Error("the link prints its secret")
	}
	secret := string(claim.Link)[37:]
	for e, err := range c.log.All(t.Context(), 0) {
		refused(t, err, "")
		if strings.Contains(string(e.Data)+string(e.Meta)+e.Stream, secret) {
			t.Fatalf("the secret lies in a %s", e.Type)
		}
	}

	wrong := ledger.Link(string(claim.Claim) + "." + strings.Repeat("A", 43))
	for _, k := range []ledger.Link{wrong, "", "x", ledger.Link(string(c.id("none")) + "." + secret)} {
		_, err = c.l.RedeemClaim(t.Context(), c.bearer(k))
		refused(t, err, "not_found")
		_, err = c.l.Holding(t.Context(), k)
		refused(t, err, "not_found")
	}
	b := c.bearer(claim.Link)
	redeemed, err := c.l.RedeemClaim(t.Context(), b)
	refused(t, err, "")
	holder := redeemed.Link
	if again, err := c.l.RedeemClaim(t.Context(), b); err != nil || again.Link != holder {
		t.Error("the answer that was lost is not given again:", err)
	}
	_, err = c.l.RedeemClaim(t.Context(), c.bearer(claim.Link))
	refused(t, err, "claim_used")
	h, err := c.l.Holding(t.Context(), holder)
	refused(t, err, "")
	if h.Ref() != a.Ref || h.Tenant != c.tenant {
		t.Errorf("the holder's link leads to %+v", h)
	}
	got, err := c.l.Issued(t.Context(), h.Tenant, h.Ref(), h.State.Claim.Edition)
	refused(t, err, "")
	if got.Token != "token of "+string(c.id("first")) {
		t.Errorf("the holder gets %q", got.Token)
	}
	if _, err := c.l.Issued(t.Context(), c.id("another tenant"), h.Ref(), 1); domain.CodeOf(err) != "not_found" {
		t.Error("another tenant reads the credential:", err)
	}
}

func TestClaimExpires(t *testing.T) {
	c := newClassroom(t)
	_, claim := claimed(c)
	c.today.Store(day("2026-04-04"))
	_, err := c.l.RedeemClaim(t.Context(), c.bearer(claim.Link))
	refused(t, err, "claim_expired")
}

// TestNoClaimOnWhatIsOver: a superseded credential is not handed out.
func TestNoClaimOnWhatIsOver(t *testing.T) {
	c := newClassroom(t)
	a, _ := claimed(c)
	_, err := c.l.CorrectDiploma(t.Context(), c.act(c.school, "registrar"), a.Ref, ledger.CorrectionInput{Reason: award.NameChanged})
	refused(t, err, "")
	_, err = c.l.IssueClaim(t.Context(), c.act(c.school, "registrar"), a.Ref, c.id("first"), time.Time{})
	refused(t, err, "credential_superseded")
}

// TestShares: the holder gives links and takes them back; nobody else can.
func TestShares(t *testing.T) {
	c := newClassroom(t)
	_, claim := claimed(c)
	redeemed, err := c.l.RedeemClaim(t.Context(), c.bearer(claim.Link))
	refused(t, err, "")
	holder := redeemed.Link
	tomorrow := c.now().Add(24 * time.Hour)
	_, err = c.l.CreateShare(t.Context(), c.bearer(claim.Link), share.View, nil, tomorrow)
	refused(t, err, "not_found")
	made, err := c.l.CreateShare(t.Context(), c.bearer(holder), share.View, nil, tomorrow)
	refused(t, err, "")
	_, err = c.l.Holding(t.Context(), made.Link)
	refused(t, err, "not_found")
	h, err := c.l.Holding(t.Context(), holder)
	refused(t, err, "")
	if old, err := c.l.Holding(t.Context(), claim.Link); err != nil || old.HeldBy(claim.Link) || !h.HeldBy(holder) {
		t.Error("the claim link is taken for the holder's:", err)
	}

	for range 3 {
		h, to, err := c.l.OpenShare(t.Context(), made.Link)
		refused(t, err, "")
		if to.Scope != share.View || h.State.Claim.Credential != c.id("first") {
			t.Errorf("the link leads to %+v", to)
		}
	}
	if n := len(c.events("share.ShareOpened.v1")); n != 1 {
		t.Errorf("three looks on one day left %d facts", n)
	}
	_, _, err = c.l.OpenShare(t.Context(), holder)
	refused(t, err, "not_found")

	if again, err := c.l.ShareLink(t.Context(), h, made.Share); err != nil || again != made.Link {
		t.Error("the holder is shown another link than the one made:", err)
	}
	twice := c.bearer(holder)
	twice.Body = []byte("view")
	_, err = c.l.CreateShare(t.Context(), twice, share.View, nil, tomorrow)
	refused(t, err, "")
	twice.Body = []byte("file")
	_, err = c.l.CreateShare(t.Context(), twice, share.File, nil, tomorrow)
	refused(t, err, "idempotency_key_reused")
	_, err = c.l.RevokeShare(t.Context(), c.bearer(made.Link), made.Share)
	refused(t, err, "not_found")
	_, err = c.l.RevokeShare(t.Context(), c.bearer(holder), made.Share)
	refused(t, err, "")
	_, _, err = c.l.OpenShare(t.Context(), made.Link)
	refused(t, err, "share_revoked")

	other, err := c.l.CreateShare(t.Context(), c.bearer(holder), share.File, nil, tomorrow)
	refused(t, err, "")
	c.today.Store(day("2026-03-22"))
	_, _, err = c.l.OpenShare(t.Context(), other.Link)
	refused(t, err, "share_expired")
}
