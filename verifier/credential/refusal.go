package credential

import "fmt"

// Reason is a stable snake_case code that says why something is not so, or could not be
// checked. docs/verdicts.md lists them all; package verifier explains each.
type Reason string

// The reasons that reading a token can give. Package verifier has the rest.
const (
	TooLarge         Reason = "too_large"
	BadFraming       Reason = "bad_framing"
	BadEncoding      Reason = "bad_encoding"
	BadHeader        Reason = "bad_header"
	AmbiguousJSON    Reason = "ambiguous_json"
	HeaderNotAllowed Reason = "header_not_allowed"
	CritNotSupported Reason = "crit_not_supported"
	AlgNotAllowed    Reason = "alg_not_allowed"
	WrongTyp         Reason = "wrong_typ"
	BadSignature     Reason = "bad_signature"
	BadPayload       Reason = "bad_payload"
	TooDeep          Reason = "too_deep"
	TooManyMembers   Reason = "too_many_members"
	WrongType        Reason = "wrong_type"
	IssuerMismatch   Reason = "issuer_mismatch"
	BadTime          Reason = "bad_time"
	Unsupported      Reason = "unsupported_format"
	// Of embedded proofs.
	BadProof       Reason = "bad_proof"       // the proof object itself is not in order
	UnmappedTerm   Reason = "unmapped_term"   // a member that no @context gives a meaning, so that nobody signed it
	UnknownContext Reason = "unknown_context" // an @context that is not pinned here: could not check
	TooComplex     Reason = "too_complex"     // canonicalizing it would not end in reasonable time
	// Of selective disclosure.
	BadDisclosure  Reason = "bad_disclosure"
	BadHolderProof Reason = "bad_holder_proof"
)

// Refusal is why a token was not accepted. Detail is English prose for an operator and
// never repeats what the token says, since that may be personal.
type Refusal struct {
	Reason Reason
	Detail string
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

// Refuse is a *Refusal with a formatted detail.
func Refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
