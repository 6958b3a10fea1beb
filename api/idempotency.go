package api

import (
	"crypto/rand"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
)

const keyHeader, behalfHeader = "Idempotency-Key", "X-Sijil-On-Behalf-Of"

// keyForm: 1 to 128 visible ASCII characters, taken as they are
// (draft-ietf-httpapi-idempotency-key-header-07 leaves the form to the service).
var (
	keyForm    = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)
	behalfForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
)

var keyParam = &huma.Param{
	Name: keyHeader, In: "header", Required: true,
	Description: "A fresh random value per command; the same one when repeating it. A repeated command is recorded once and answered alike.",
	Schema:      &huma.Schema{Type: "string", Pattern: keyForm.String(), Examples: []any{"7c9abcb1-349e-4049-9e24-3ca058875ffd"}},
}

var behalfParam = &huma.Param{
	Name: behalfHeader, In: "header",
	Description: "An opaque id of the person the client acts for. It is recorded as a claim and never counts as an approval. No names, no addresses.",
	Schema:      &huma.Schema{Type: "string", Pattern: behalfForm.String()},
}

// idempotent reads the headers that make a command's identity.
func idempotent(r *http.Request, c *call, optional bool) *Problem {
	keys := r.Header.Values(keyHeader)
	if len(keys) == 0 && optional {
		keys = []string{rand.Text()}
	}
	if len(keys) == 0 || len(keys) == 1 && keys[0] == "" {
		return newProblem(http.StatusBadRequest, "idempotency_key_required", "a write carries an Idempotency-Key header")
	}
	if len(keys) > 1 || !keyForm.MatchString(keys[0]) {
		return badHeader(keyHeader, "one value of 1 to 128 visible ASCII characters")
	}
	behalf := r.Header.Values(behalfHeader)
	if len(behalf) > 1 || len(behalf) == 1 && !behalfForm.MatchString(behalf[0]) {
		return badHeader(behalfHeader, "one opaque id of 1 to 64 letters, digits, dots, colons, dashes")
	}
	c.key, c.behalf = keys[0], r.Header.Get(behalfHeader)
	return nil
}

func badHeader(name, takes string) *Problem {
	p := newProblem(http.StatusBadRequest, "invalid_field", "a header does not have the form it takes")
	p.Fields = []FieldProblem{{Location: "header." + name, Message: "expected " + takes}}
	return p
}
