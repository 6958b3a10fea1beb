package lint

import "sijil/verifier/credential"

// The reasons that only an issuer hears, beside those of package credential.
const (
	BadContext      credential.Reason = "bad_context"
	UnknownMember   credential.Reason = "unknown_member"
	MissingMember   credential.Reason = "missing_member"
	BadID           credential.Reason = "bad_id"
	BadIssuer       credential.Reason = "bad_issuer"
	BadSubject      credential.Reason = "bad_subject"
	Untyped         credential.Reason = "untyped_member"
	BadStatus       credential.Reason = "bad_status"
	BadLanguage     credential.Reason = "bad_language_value"
	BadResource     credential.Reason = "bad_related_resource"
	WrongDigest     credential.Reason = "wrong_digest"
	EmptyValue      credential.Reason = "empty_value"
	BadResult       credential.Reason = "bad_result"
	ConflictingName credential.Reason = "conflicting_claim"
)

// Explanation is what a reason means.
type Explanation struct {
	Code    credential.Reason
	Meaning string
}

// Reasons lists every reason that [Lint] gives; docs/verdicts.md has them.
func Reasons() []Explanation { return reasons }

var reasons = []Explanation{
	{BadContext, "@context is not a list that begins with that of the data model 2.0 and, for a badge or transcript, goes on with its own."},
	{credential.UnknownContext, "An @context is not one that is kept here, so that nobody can say what its terms mean. It is not fetched."},
	{credential.UnmappedTerm, "A member or type has no meaning in the @context."},
	{credential.WrongType, "type lacks what the profile asks for."},
	{UnknownMember, "A top-level member that the profile does not list."},
	{MissingMember, "A member that the profile asks for is not there."},
	{BadID, "An id is not one absolute URL."},
	{BadIssuer, "issuer is neither a URL nor an object with one as its id, or a badge's issuer is no Profile."},
	{BadSubject, "There is no subject, an empty one, or one that the profile does not know."},
	{credential.BadTime, "A date is not a dateTimeStamp with its zone, or the end lies before the start."},
	{Untyped, "An entry of credentialStatus, credentialSchema, refreshService, termsOfUse, evidence, confidenceMethod, renderMethod or proof has no type, or is no object."},
	{BadStatus, "A status entry has no decimal index, purpose or list, or is called by the list's own URL; a badge has one with an id at most."},
	{BadLanguage, "A text with a language has other members than @value, @language and @direction, or malformed ones."},
	{BadResource, "A related resource has no id, one that is there twice, or no well-formed digest."},
	{WrongDigest, "A related resource is kept here and its digest is another."},
	{EmptyValue, "A null, an empty list or an empty object where the profile allows none."},
	{BadResult, "A result refers to no description of the achievement, or has no value."},
	{ConflictingName, "A JWT claim contradicts the credential."},
	{credential.BadPayload, "It is not one JSON object, or has JSON-LD in it that is read differently by different programs."},
	{credential.Unsupported, "It uses JSON-LD by which one content has several spellings, or an @context in it gives a standard's term another meaning."},
	{credential.TooComplex, "It states more than any credential needs."},
}
