package vcapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/lint"
)

// Problem is an RFC 9457 problem document. Detail never quotes what was sent.
type Problem struct {
	// Type is the standard's where it has one, else "urn:sijil:problem:CODE".
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Code is stable: a reason of docs/verdicts.md, or what is wrong with the request.
	Code string `json:"code"`
	// Overall is NOT VALID or CANNOT CONFIRM; empty when the request could not be read.
	Overall verifier.Overall `json:"overall,omitempty"`
	// ProblemDetails are all reasons, as the VC-API lists them.
	ProblemDetails []Detail `json:"problemDetails,omitempty"`
	// Verdict is all that was found, line by line.
	Verdict *verifier.Verdict `json:"verdict,omitempty"`
}

// Detail is one reason.
type Detail struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// The problem types of the data model 2.0 (https://www.w3.org/TR/vc-data-model-2.0/#problem-details)
// and of Bitstring Status List 1.0 (§3.5).
const (
	model     = "https://www.w3.org/TR/vc-data-model#"
	list      = "https://www.w3.org/ns/credentials/status-list#"
	parsing   = model + "PARSING_ERROR"
	security  = model + "CRYPTOGRAPHIC_SECURITY_ERROR"
	malformd  = model + "MALFORMED_VALUE_ERROR"
	outOf     = model + "RANGE_ERROR"
	retrieval = list + "STATUS_RETRIEVAL_ERROR"
	unproved  = list + "STATUS_VERIFICATION_ERROR"
)

// types are the standards' names of our reasons. What no standard names, as that a
// credential is revoked, has ours.
var types = map[credential.Reason]string{
	credential.TooLarge: parsing, credential.BadFraming: parsing, credential.BadEncoding: parsing, credential.AmbiguousJSON: parsing,
	credential.BadPayload: parsing, credential.TooDeep: parsing, credential.TooManyMembers: parsing, credential.TooComplex: parsing, verifier.TooManyItems: parsing,

	credential.BadHeader: security, credential.HeaderNotAllowed: security, credential.CritNotSupported: security, credential.AlgNotAllowed: security,
	credential.WrongTyp: security, credential.BadSignature: security, credential.BadProof: security, credential.BadDisclosure: security,
	credential.BadHolderProof: security, verifier.HolderProofRequired: security, verifier.NoProof: security, verifier.UnknownKey: security,
	verifier.KeyNotForIssuer: security, verifier.KeyWrongPurpose: security, verifier.KeyNotValidThen: security, verifier.KeyCompromised: security,
	verifier.NotAuthenticated: security, verifier.LedgerMismatch: security, credential.IssuerMismatch: security,

	credential.UnmappedTerm: malformd, credential.WrongType: malformd,

	credential.BadTime: outOf, verifier.NotYetValid: outOf, verifier.Expired: outOf,

	verifier.StatusMissing: retrieval, verifier.StatusUnverifiable: retrieval, verifier.StatusStale: unproved,
}

func init() {
	for _, e := range lint.Reasons() {
		if _, ok := types[e.Code]; !ok && e.Code != credential.UnknownContext && e.Code != credential.Unsupported {
			types[e.Code] = malformd
		}
	}
}

func typeOf(code credential.Reason) string {
	if t, ok := types[code]; ok {
		return t
	}
	return "urn:sijil:problem:" + string(code)
}

func titleOf(code string) string {
	return strings.ToUpper(code[:1]) + strings.ReplaceAll(code[1:], "_", " ")
}

// notValid is the problem of a verdict that is not VALID: 400, as the VC-API answers.
func notValid(v verifier.Verdict) *Problem {
	p := &Problem{
		Type: typeOf(v.Reason), Title: titleOf(string(v.Reason)), Status: http.StatusBadRequest, Detail: v.Detail,
		Code: string(v.Reason), Overall: v.Overall, Verdict: &v,
	}
	for _, r := range v.Reasons {
		p.ProblemDetails = append(p.ProblemDetails, Detail{Type: typeOf(r), Title: titleOf(string(r)), Code: string(r)})
	}
	if len(p.ProblemDetails) > 0 {
		p.ProblemDetails[0].Detail = v.Detail
	}
	return p
}

// malformed is the problem of a request that asks nothing that can be answered.
func malformed(status int, code, detail string) *Problem {
	t := malformd
	if code == "invalid_json" {
		t = parsing
	}
	return &Problem{Type: t, Title: titleOf(code), Status: status, Detail: detail, Code: code}
}

func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}
