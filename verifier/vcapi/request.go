package vcapi

import (
	"net/http"
	"slices"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// request is what is asked, read strictly: an unknown member is a spelling mistake that would
// otherwise change the question unnoticed.
type request struct {
	input        []byte
	presentation bool
	options      verifier.Options
	checks       []string
}

// The checks that can be asked for. A proof is always checked.
const (
	checkProof  = "proof"
	checkStatus = "credentialStatus"
)

func (r request) status() bool { return slices.Contains(r.checks, checkStatus) }

func read(w http.ResponseWriter, r *http.Request, presentation bool) (request, *Problem) {
	req := request{presentation: presentation, checks: []string{checkProof, checkStatus}}
	b, p := body(w, r)
	if p != nil {
		return req, p
	}
	root, refusal := credential.ParseJSON(b)
	if refusal != nil || !root.IsObject() {
		return req, malformed(http.StatusBadRequest, "invalid_json", "the body is not one well-formed JSON object without duplicate members")
	}
	name := "verifiableCredential"
	if presentation {
		name = "verifiablePresentation"
	}
	if p := only(root, "the body", name, "options"); p != nil {
		return req, p
	}
	// A token stands there as a text, where it does not stand in an envelope.
	input := root.Get(name)
	if text, ok := input.Text(); ok {
		req.input = []byte(text)
	} else if input.IsObject() {
		req.input = input.Raw()
	} else {
		return req, malformed(http.StatusBadRequest, "invalid_field", name+" is an object or a token")
	}
	if root.Has("options") {
		return req, req.read(root.Get("options"))
	}
	return req, nil
}

func (r *request) read(o credential.Value) *Problem {
	if !o.IsObject() {
		return malformed(http.StatusBadRequest, "invalid_field", "options is an object")
	}
	names := []string{"checks"}
	if r.presentation {
		names = append(names, "challenge", "domain")
	}
	if p := only(o, "options", names...); p != nil {
		return p
	}
	for name, into := range map[string]*string{"challenge": &r.options.Challenge, "domain": &r.options.Domain} {
		text, ok := o.Get(name).Text()
		if o.Has(name) && (!ok || text == "") {
			return malformed(http.StatusBadRequest, "invalid_field", "options."+name+" is a text")
		}
		*into = text
	}
	if !o.Has("checks") {
		return nil
	}
	r.checks = nil
	for _, v := range o.Get("checks").Items() {
		switch text, _ := v.Text(); text {
		case checkProof, checkStatus:
			r.checks = append(r.checks, text)
		case "status":
			r.checks = append(r.checks, checkStatus)
		default:
			return malformed(http.StatusBadRequest, "invalid_field", "options.checks are proof and credentialStatus")
		}
	}
	if !slices.Contains(r.checks, checkProof) {
		return malformed(http.StatusBadRequest, "invalid_field", "options.checks include proof: without it nothing is known")
	}
	return nil
}

// only refuses members beside those names.
func only(v credential.Value, where string, names ...string) *Problem {
	for _, name := range v.Names() {
		if !slices.Contains(names, name) {
			return malformed(http.StatusBadRequest, "unknown_member", where+" has a member that is not known here")
		}
	}
	return nil
}
