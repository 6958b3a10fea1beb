package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"sijil/internal/apitest"
	"sijil/verifier"
	"sijil/verifier/online"
	"sijil/verifier/web"
)

// TestAnEmployerPastesTheLink: what a holder shares, the public verifier opens by itself.
func TestAnEmployerPastesTheLink(t *testing.T) {
	g := apitest.NewGraduates(apitest.New(t))
	g.Authorize()
	who := g.Graduate("graduate")
	g.Award(who)
	signed(t, g, 1)
	if err := g.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	registrar, nobody := g.Client("registrar", g.School), g.Anyone()
	id := registrar.Get("/v1/credentials?studentUniqueId="+string(who)).Want(200).Field("items", "0", "id")
	claim := registrar.Post("/v1/credentials/"+id+"/claims", map[string]any{}).Want(201).Field("url")[len(g.URL+"/claims/"):]
	holder := nobody.Post("/v1/claims/"+claim+"/redemptions", nil).Want(201).Field("link")
	soon := g.Clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	share := func(scope string) string {
		return nobody.Post("/v1/holdings/"+holder+"/shares", map[string]any{"scope": scope, "expiresAt": soon}).Want(201).Field("url")
	}
	trust, err := online.New(g.Clock.Now, g.URL)
	if err != nil {
		t.Fatal(err)
	}
	h, err := web.New(web.Config{Trust: trust, Shares: trust, Now: g.Clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for link, want := range map[string]verifier.Verdict{
		share("file"):                 {Overall: verifier.Valid},
		share("view"):                 {Overall: verifier.CannotConfirm, Reason: verifier.ShareWithoutFile},
		share("file")[:40+len(g.URL)]: {Overall: verifier.CannotConfirm, Reason: verifier.ShareEnded},
	} {
		body, err := json.Marshal(map[string]string{"credential": link})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/verify", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got verifier.Verdict
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Overall != want.Overall || got.Reason != want.Reason {
			t.Errorf("%s: %d %s %s (%s), %v", link, w.Code, got.Overall, got.Reason, got.Detail, err)
		}
	}
}
