package api_test

import (
	"strings"
	"testing"
	"time"

	"sijil/domain/institution"
	"sijil/internal/apitest"
)

// TestSigningKeysOverHTTP is the life of keys, each step by two officers.
func TestSigningKeysOverHTTP(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	here := "/v1/institutions/" + string(c.schoolA.Institution)
	keys := here + "/signingKeys"
	second := c.ClientOf(apitest.Slug, c.schoolA.Institution, "keys:write")
	approve := func(by *apitest.Client, proposal string) *apitest.Response {
		return by.Post(here+"/signingKeyProposals/"+proposal+"/approvals", nil)
	}
	jwk := object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	key := object{"kid": "2025-1", "alg": "EdDSA", "purpose": "credential", "publicKeyJwk": jwk, "validFrom": "2099-01-01T00:00:00Z"}
	secret := object{"kid": "2025-2", "alg": "EdDSA", "purpose": "credential", "validFrom": "2099-01-01T00:00:00Z", "publicKeyJwk": object{
		"kty": "OKP", "crv": "Ed25519", "x": "NQS5708UB7JHhmCp37NlUcsZF-8GfPdwESzpD_oAkjE", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
	}}
	c.ministry.Post(keys, secret).WantProblem(422, "unknown_field")
	old := object{"kid": "2025-3", "alg": "EdDSA", "purpose": "credential", "publicKeyJwk": jwk, "validFrom": "2025-01-01T00:00:00Z"}
	c.ministry.Post("/v1/institutions/"+string(c.schoolB.Institution)+"/signingKeys", old).WantProblem(422, "invalid_field")
	c.schoolB.Post(keys, key).WantProblem(404, "not_found")

	// A key that is kept elsewhere: the school and an authority.
	first := c.schoolA.Post(keys, key).Want(201)
	id := first.Field("id")
	if first.Field("state") != "proposed" || first.Field("lapsesAt") == "" {
		t.Errorf("proposed %s", first.Body)
	}
	if r := c.get(c.schoolA, here).Want(200); r.Field("signingKeys") != "" || r.Field("signingKeyProposals", "0", "authorize", "kid") != "2025-1" || r.Field("signingKeyProposals", "0", "retire") != "" {
		t.Errorf("before a second officer decides: %s", r.Body)
	}
	approve(c.schoolA, id).WantProblem(403, "needs_second_approval")
	behalf := c.schoolA.Post(here+"/signingKeyProposals/"+id+"/approvals", nil, "X-Sijil-On-Behalf-Of", "somebody-else")
	behalf.WantProblem(403, "needs_second_approval")
	approve(second, id).WantProblem(403, "not_the_authority")
	approve(c.schoolB, id).WantProblem(404, "not_found")
	if done := approve(c.ministry, id).Want(201); done.Field("state") != "approved" || done.Field("id") != id {
		t.Errorf("approved %s", done.Body)
	}
	approve(second, id).WantProblem(404, "not_found")
	c.ministry.Post(keys, key).WantProblem(409, "kid_taken")

	// A pair that this server makes: two of the school's own.
	pair := c.schoolA.Post(here+"/signingKeyPairs", object{"purpose": "credential", "alg": "ES256"}).Want(201)
	approve(second, pair.Field("id")).Want(201)
	kid := pair.Field("kid")
	c.schoolA.Post(keys+"/2025-9/rotations", object{}).WantProblem(404, "key_unknown")
	c.schoolB.Post(keys+"/"+kid+"/rotations", object{}).WantProblem(404, "not_found")
	next := second.Post(keys+"/"+kid+"/rotations", object{}).Want(201)
	approve(c.schoolA, next.Field("id")).Want(201)
	r := c.get(c.ministry, here).Want(200)
	if r.Field("signingKeys", "1", "alg") != "ES256" || r.Field("signingKeys", "1", "validUntil") == "" || r.Field("signingKeys", "2", "kid") != next.Field("kid") || r.Field("signingKeys", "2", "alg") != "ES256" {
		t.Errorf("after a rotation: %s", r.Field("signingKeys"))
	}

	c.schoolA.Post(keys+"/2025-9/retirements", object{"validUntil": "2099-07-01T00:00:00Z"}).WantProblem(404, "key_unknown")
	ends := c.schoolA.Post(keys+"/2025-1/retirements", object{"validUntil": "2099-07-01T00:00:00Z"}).Want(201)
	approve(c.ministry, ends.Field("id")).Want(201)
	leak := c.ministry.Post(keys+"/2025-1/compromises", object{"compromisedAt": "2025-06-01T00:00:00Z"}).Want(201)
	approve(c.ministry, leak.Field("id")).WantProblem(403, "needs_second_approval")
	second.Post(here+"/signingKeyProposals/"+leak.Field("id")+"/rejections", nil).Want(201)
	approve(second, leak.Field("id")).WantProblem(404, "not_found")
	leak = c.ministry.Post(keys+"/2025-1/compromises", object{"compromisedAt": "2025-06-01T00:00:00Z"}).Want(201)
	approve(second, leak.Field("id")).Want(201)
	c.ministry.Position = second.Position
	r = c.get(c.ministry, here).Want(200)
	if r.Field("signingKeys", "0", "compromisedAt") != "2025-06-01T00:00:00Z" || r.Field("signingKeys", "0", "validUntil") != "2099-07-01T00:00:00Z" || r.Field("signingKeyProposals") != "" {
		t.Errorf("keys: %s, proposals: %s", r.Field("signingKeys"), r.Field("signingKeyProposals"))
	}
	if history := r.Field("history"); strings.Count(history, `"officers":["`) != 6 {
		t.Errorf("the history does not name the officers of six changes: %s", history)
	}

	late := c.schoolA.Post(here+"/signingKeyPairs", object{"purpose": "status"}).Want(201)
	c.Clock.Advance(institution.ProposalLife + time.Second)
	approve(c.Client("ministry", ""), late.Field("id")).WantProblem(409, "proposal_lapsed")
}
