package verifier

import "sijil/verifier/credential"

// The reasons that judging gives, beside those of reading a token (package credential).
// The names are stable: they are part of the API, of scripts and of saved verdicts.
const (
	NotACredential       credential.Reason = "not_a_credential"
	EmptyFile            credential.Reason = "empty_file"
	FileUnreadable       credential.Reason = "file_unreadable"
	UnsupportedMedia     credential.Reason = "unsupported_media_type"
	UnknownKey           credential.Reason = "unknown_key"
	UnknownIssuer        credential.Reason = "unknown_issuer"
	IssuerUnreachable    credential.Reason = "issuer_unreachable"
	KeyNotForIssuer      credential.Reason = "key_not_for_issuer"
	KeyWrongPurpose      credential.Reason = "key_wrong_purpose"
	KeyNotValidThen      credential.Reason = "key_not_valid_then"
	KeyCompromised       credential.Reason = "key_compromised"
	NotRecorded          credential.Reason = "not_recorded"
	TrustStale           credential.Reason = "trust_stale"
	LedgerMismatch       credential.Reason = "ledger_mismatch"
	NotAnchored          credential.Reason = "not_anchored"
	NotYetValid          credential.Reason = "not_yet_valid"
	Expired              credential.Reason = "expired"
	Revoked              credential.Reason = "revoked"
	Suspended            credential.Reason = "suspended"
	StatusMissing        credential.Reason = "status_missing"
	StatusStale          credential.Reason = "status_stale"
	StatusUnverifiable   credential.Reason = "status_unverifiable"
	NoStatus             credential.Reason = "no_status"
	NotAccredited        credential.Reason = "not_accredited_then"
	AccreditationUnknown credential.Reason = "accreditation_unknown"
	NotChecked           credential.Reason = "not_checked"
)

// Explanation is what a reason means, for those who read codes. A page for everybody has
// its own words.
type Explanation struct {
	Code    credential.Reason
	Line    string // the line it stands on
	Answer  Answer
	Meaning string
}

// Reasons lists every reason, line by line; docs/verdicts.md is made of it.
func Reasons() []Explanation { return explanations }

var explanations = []Explanation{
	{credential.TooLarge, "integrity", False, "More bytes than any credential has: a token over 256 kB, a header over 8 kB."},
	{credential.BadFraming, "integrity", False, "Not three parts separated by dots: a JWS in JSON form, a JWE, a cut or empty text."},
	{credential.BadEncoding, "integrity", False, "A part is not canonical base64url: padding, line breaks, bits left over, other characters."},
	{credential.BadHeader, "integrity", False, "The header is not a JSON object with a usable kid."},
	{credential.AmbiguousJSON, "integrity", False, "An object has a member twice, also if only in another case; two readers could see two contents."},
	{credential.HeaderNotAllowed, "integrity", False, "The header brings its own key or location of one, compression or unencoded content: jwk, jku, x5u, x5c, b64, zip, enc."},
	{credential.CritNotSupported, "integrity", False, "The header lists critical extensions. None is supported."},
	{credential.AlgNotAllowed, "integrity", False, "The algorithm is not EdDSA, ES256, ES384, ES512 or RS256, or not the one that the key is used with."},
	{credential.WrongTyp, "integrity", False, "The header's typ is not vc+jwt, or cty is not vc: a presentation, an access token, a plain JWT, an SD-JWT."},
	{credential.BadSignature, "integrity", False, "The signature does not fit the content under the key that the kid names."},
	{credential.BadPayload, "integrity", False, "The signed content is not one well-formed JSON credential: not UTF-8, text after the object, no or several subjects, a foreign @context, jti or sub that contradict it."},
	{credential.BadProof, "integrity", False, "The embedded proof is not one well-formed proof of its kind."},
	{credential.UnmappedTerm, "integrity", False, "A member has no meaning in the @context, so that the embedded proof does not cover it."},
	{credential.TooComplex, "integrity", False, "Canonicalizing the content for its embedded proof would take more than any credential needs."},
	{credential.BadDisclosure, "integrity", False, "What was disclosed is not what the issuer withheld: changed, twice, not asked for, or in a place that may not be withheld."},
	{credential.BadHolderProof, "integrity", False, "The holder's proof does not hold: another key, another nonce or audience than was asked for, too old, of another credential."},
	{credential.TooDeep, "integrity", False, "JSON nests deeper than 32."},
	{credential.TooManyMembers, "integrity", False, "JSON has more than 20,000 members and items."},
	{credential.WrongType, "integrity", False, "A signed credential of another type than a diploma: a status list, a presentation."},
	{credential.IssuerMismatch, "integrity", False, "iss and issuer differ."},
	{NotACredential, "integrity", False, "The text is neither a token nor a link of a known ledger with one after the #. No link is followed."},
	{EmptyFile, "integrity", False, "The file has no bytes."},
	{credential.Unsupported, "integrity", Unchecked, "A credential of a kind that is known and not checked here: SD-JWT, a JSON credential with an embedded proof."},
	{credential.UnknownContext, "integrity", Unchecked, "An embedded proof over an @context that is not kept here. It is not fetched."},
	{UnsupportedMedia, "integrity", Unchecked, "A picture or document. It is not opened; a credential may be inside."},
	{FileUnreadable, "integrity", Unchecked, "The file could not be read (command line only)."},
	{UnknownKey, "issuerKey", Unchecked, "No trusted issuer has a key of that kid."},
	{UnknownIssuer, "issuerKey", Unchecked, "The issuer, or the DID in the kid, is not one that is trusted here."},
	{IssuerUnreachable, "issuerKey", Unchecked, "The issuer is trusted, but its keys could not be fetched or not be read."},
	{KeyNotForIssuer, "issuerKey", False, "The signature holds, but the key belongs to another issuer than the credential names."},
	{KeyWrongPurpose, "issuerKey", False, "The key is not one for credentials, but for status lists or access tokens."},
	{KeyNotValidThen, "issuerKey", False, "The key was not in force when the ledger recorded the credential, or at the date that it claims."},
	{KeyCompromised, "issuerKey", False, "Somebody else had the key, and the ledger did not record the credential before."},
	{NotRecorded, "issuerKey", Unchecked, "The key is retired or compromised, and no ledger extract at hand shows that the credential is from before."},
	{TrustStale, "issuerKey", Unchecked, "The key was good when the bundle was made, but the bundle's term has ended: the key may have been compromised since."},
	{NotAccredited, "accreditation", False, "The issuer was not accredited to award this on the award date, or its accreditation was withdrawn from the beginning."},
	{AccreditationUnknown, "accreditation", Unchecked, "The source of trust says nothing about accreditation, or is from before the award. This alone never keeps a credential from being VALID."},
	{Revoked, "status", False, "The issuer revoked it. Final, so that an old list says it too."},
	{Suspended, "status", False, "The issuer suspended it for now."},
	{StatusUnverifiable, "status", Unchecked, "A status entry or its list could not be had, read or trusted: unreachable, not a known kind, another issuer's, another purpose, index out of range."},
	{StatusStale, "status", Unchecked, "The status list has ended, or has no end and could be an old one."},
	{StatusMissing, "status", Unchecked, "The credential has no status entry, and its issuer's always have one."},
	{NoStatus, "status", Unchecked, "The credential has no status entry and its issuer keeps no list. This does not keep it from being VALID."},
	{NotYetValid, "time", False, "The evaluation time lies before validFrom or nbf, or the credential claims to have been signed later than that."},
	{Expired, "time", False, "The evaluation time lies at or after validUntil or exp."},
	{credential.BadTime, "time", False, "A date is not a dateTimeStamp or NumericDate, or the end lies before the start."},
	{LedgerMismatch, "anchoring", False, "The ledger recorded another content under the credential's id."},
	{NotAnchored, "anchoring", Unchecked, "No ledger extract at hand has the credential. This alone never keeps it from being VALID while its key is in use."},
	{NotChecked, "any", Unchecked, "Not looked at, since an earlier line already failed."},
}
