package verifier

import "sijil/verifier/credential"

// The reasons that judging gives, beside those of reading a token (package credential).
// The names are stable: they are part of the API, of scripts and of saved verdicts.
const (
	NotACredential       credential.Reason = "not_a_credential"
	EmptyFile            credential.Reason = "empty_file"
	FileUnreadable       credential.Reason = "file_unreadable"
	ShareEnded           credential.Reason = "share_ended"
	ShareWithoutFile     credential.Reason = "share_without_file"
	ShareUnreachable     credential.Reason = "share_unreachable"
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
	NoProof              credential.Reason = "no_proof"
	HolderProofRequired  credential.Reason = "holder_proof_required"
	TooManyItems         credential.Reason = "too_many_credentials"
	NotAuthenticated     credential.Reason = "issuer_not_authenticated"
	NotApplicable        credential.Reason = "not_applicable"
	NoCredential         credential.Reason = "no_credential"
)

// Explanation is what a reason means, for those who read codes. A page for everybody has
// its own words.
type Explanation struct {
	Code    credential.Reason
	Line    string // the line it stands on
	Answer  Answer
	Meaning string
	// Do is what a reader of the verdict should do.
	Do string
}

// Reasons lists every reason, line by line; docs/verdicts.md is made of it.
func Reasons() []Explanation { return explanations }

// What a reader can do where it is the same for many reasons.
const (
	getAgain  = "Get the file or text again from the graduate, unchanged: a mail program or a copy may have damaged it."
	askIssuer = "Do not accept it. Ask the institution, by an address that you know, whether it issued this."
)

var explanations = []Explanation{
	{credential.TooLarge, "integrity", False, "More bytes than any credential has: a token over 256 kB, a header over 8 kB.", getAgain},
	{credential.BadFraming, "integrity", False, "Not three parts separated by dots: a JWS in JSON form, a JWE, a cut or empty text.", getAgain},
	{credential.BadEncoding, "integrity", False, "A part is not canonical base64url: padding, line breaks, bits left over, other characters.", getAgain},
	{credential.BadHeader, "integrity", False, "The header is not a JSON object with a usable kid.", getAgain},
	{credential.AmbiguousJSON, "integrity", False, "An object has a member twice, also if only in another case; two readers could see two contents.", askIssuer},
	{credential.HeaderNotAllowed, "integrity", False, "The header brings its own key or location of one, compression or unencoded content: jwk, jku, x5u, x5c, b64, zip, enc.", askIssuer},
	{credential.CritNotSupported, "integrity", False, "The header lists critical extensions. None is supported.", askIssuer},
	{credential.AlgNotAllowed, "integrity", False, "The algorithm is not EdDSA, ES256, ES384, ES512 or RS256, or not the one that the key is used with.", askIssuer},
	{credential.WrongTyp, "integrity", False, "The header's typ is not that of a credential or presentation, or contradicts its cty or what it holds: an access token, a plain JWT, a credential signed as a presentation.", "Ask for the diploma itself: this is another kind of token."},
	{credential.BadSignature, "integrity", False, "The signature does not fit the content under the key that the kid names.", "Do not accept it: it was changed, or somebody else made it. Get it again from the graduate or the institution."},
	{credential.BadPayload, "integrity", False, "The signed content is not one well-formed JSON credential: not UTF-8, text after the object, no or several subjects, a foreign @context, jti or sub that contradict it.", askIssuer},
	{credential.BadProof, "integrity", False, "The embedded proof is not one well-formed proof of its kind.", askIssuer},
	{credential.UnmappedTerm, "integrity", False, "A member has no meaning in the @context, so that the embedded proof does not cover it.", askIssuer},
	{credential.TooComplex, "integrity", False, "Canonicalizing the content for its embedded proof would take more than any credential needs.", askIssuer},
	{credential.BadDisclosure, "integrity", False, "What was disclosed is not what the issuer withheld: changed, twice, not asked for, or in a place that may not be withheld.", "Do not accept it. Ask the graduate to show it again from the wallet."},
	{credential.BadHolderProof, "integrity", False, "The holder's proof does not hold: another key, another nonce or audience than was asked for, too old, of another credential.", "Ask the graduate to show it again, to you and now."},
	{HolderProofRequired, "integrity", False, "The verifier asked for a proof by the holder, and there is none.", "Ask the graduate to show it from the wallet that holds it."},
	{credential.TooDeep, "integrity", False, "JSON nests deeper than 32.", askIssuer},
	{credential.TooManyMembers, "integrity", False, "JSON has more than 20,000 members and items.", askIssuer},
	{credential.WrongType, "integrity", False, "A signed credential of another type than a diploma: a status list, a presentation.", "Ask for the diploma itself: this is another document."},
	{credential.IssuerMismatch, "integrity", False, "iss and issuer differ.", askIssuer},
	{NotACredential, "integrity", False, "The text is neither a token nor a link of a known ledger with one after the #. No link is followed.", "Paste the credential itself, or upload its file."},
	{EmptyFile, "integrity", False, "The file has no bytes.", "Upload the file again."},
	{NoProof, "integrity", False, "A JSON document without any proof.", "Do not accept it: anybody could have written it. Ask for the signed one."},
	{TooManyItems, "integrity", False, "It holds more credentials than 100, or nests them deeper than 3.", "Ask for the credentials in smaller parts."},
	{credential.Unsupported, "integrity", Unchecked, "A credential of a kind that is known and not checked here; the detail names it: Blockcerts (MerkleProof2019), OpenAttestation, ecdsa-sd-2023 and bbs-2023, JAdES seals, COSE and mdoc, older proofs.", "Check it with software made for that kind, or ask the institution."},
	{credential.UnknownContext, "integrity", Unchecked, "An embedded proof over an @context that is not kept here. It is not fetched.", "Ask the institution for the diploma as a token (vc+jwt), or check it with other software."},
	{UnsupportedMedia, "integrity", Unchecked, "A document, or a picture without a credential that can be read; documents are not opened.", "Upload the credential as text, as a file of the graduate's wallet has it."},
	{ShareEnded, "integrity", Unchecked, "The link to a shared diploma does not work: it has ended, was withdrawn or is not complete.", "Ask the holder for a new link or for the signed file."},
	{ShareWithoutFile, "integrity", Unchecked, "The link shows a diploma and does not give its signed file, which alone can be checked.", "Ask the holder to share the file too."},
	{ShareUnreachable, "integrity", Unchecked, "The ledger that a link to a shared diploma belongs to could not be reached.", "Try again in a few minutes."},
	{FileUnreadable, "integrity", Unchecked, "The file could not be read (command line only).", "See that the file is there and may be read."},
	{UnknownKey, "issuerKey", Unchecked, "No trusted issuer has a key of that kid.", "Find out who the issuer is; whoever runs this verifier can add the institution's ledger or bundle."},
	{UnknownIssuer, "issuerKey", Unchecked, "The issuer, or the DID in the kid, is not one that is trusted here. A did:key or did:jwk shows that its signer has that key, not who they are.", "Find out who the issuer is; whoever runs this verifier can add the institution's ledger or bundle."},
	{NotAuthenticated, "issuerKey", Unchecked, "The signature is consistent with a key that the token itself or a fragment of the issuer's own URL brings. It shows that nothing was changed, and not by whom it was made.", "Treat it as a claim of its author. Ask the institution, by an address that you know, whether the key is its."},
	{IssuerUnreachable, "issuerKey", Unchecked, "The issuer is trusted, but its keys could not be fetched or not be read.", "Try again later, or use an offline bundle."},
	{KeyNotForIssuer, "issuerKey", False, "The signature holds, but the key belongs to another issuer than the credential names.", askIssuer},
	{KeyWrongPurpose, "issuerKey", False, "The key is not one for what it signed: one for status lists or access tokens, one for credentials under a presentation, one for presentations under a credential.", askIssuer},
	{KeyNotValidThen, "issuerKey", False, "The key was not in force when the ledger recorded the credential, or at the date that it claims.", askIssuer},
	{KeyCompromised, "issuerKey", False, "Somebody else had the key, and the ledger did not record the credential before.", "Do not accept it. The institution re-issues what it had recorded: ask the graduate for the new one."},
	{NotRecorded, "issuerKey", Unchecked, "The key is retired or compromised, and no ledger extract at hand shows that the credential is from before.", "Use a bundle with the ledger's extract, or ask the institution."},
	{TrustStale, "issuerKey", Unchecked, "The key was good when the bundle was made, but the bundle's term has ended: the key may have been compromised since.", "Get a newer bundle, or check online."},
	{NotAccredited, "accreditation", False, "The issuer was not accredited to award this on the award date, or its accreditation was withdrawn from the beginning.", "Ask the ministry or accrediting body."},
	{AccreditationUnknown, "accreditation", Unchecked, "The source of trust says nothing about accreditation, or is from before the award, or the credential awards nothing. This alone never keeps a credential from being VALID.", "If it matters to you, ask the accrediting body."},
	{Revoked, "status", False, "The issuer revoked it. Final, so that an old list says it too.", "Do not accept it. Ask the graduate for its successor, if there is one."},
	{Suspended, "status", False, "The issuer suspended it for now.", "Do not accept it for now; check again later."},
	{StatusUnverifiable, "status", Unchecked, "A status entry or its list could not be had, read or trusted: unreachable, not a known kind, another issuer's, another purpose, index out of range.", "Try again later; ask the institution if it stays so."},
	{StatusStale, "status", Unchecked, "The status list has ended, or has no end and could be an old one.", "Get a newer bundle, or check online."},
	{StatusMissing, "status", Unchecked, "The credential has no status entry, and its issuer's always have one.", "Ask the institution whether it still stands."},
	{NoStatus, "status", Unchecked, "The credential has no status entry and its issuer keeps no list. This does not keep it from being VALID.", "Nothing. It cannot be revoked either."},
	{NoCredential, "status", Unchecked, "A presentation without a credential in it: there is nothing to confirm.", "Ask the graduate to share the diploma too."},
	{NotYetValid, "time", False, "The evaluation time lies before validFrom or nbf, or the credential claims to have been signed later than that.", "Check again after that date."},
	{Expired, "time", False, "The evaluation time lies at or after validUntil or exp.", "Ask for a newer one, if this kind of credential is renewed."},
	{credential.BadTime, "time", False, "A date is not a dateTimeStamp or NumericDate, or the end lies before the start.", askIssuer},
	{LedgerMismatch, "anchoring", False, "The ledger recorded another content under the credential's id.", "Do not accept it: it says something else than the ledger recorded under its name."},
	{NotAnchored, "anchoring", Unchecked, "No ledger extract at hand has the credential. This alone never keeps it from being VALID while its key is in use.", "Nothing."},
	{NotApplicable, "any", Unchecked, "A presentation has no such line of its own; each credential in it does.", "Nothing."},
	{NotChecked, "any", Unchecked, "Not looked at, since an earlier line already failed.", "See the reason of the line that failed."},
}
