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
