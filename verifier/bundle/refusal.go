package bundle

import "fmt"

// Code says why a bundle is refused. The codes are stable: scripts may rely on them.
type Code string

// The codes, with what an operator should do.
const (
	Unsigned    Code = "bundle_unsigned"
	KeyMissing  Code = "bundle_key_missing"
	BadManifest Code = "bundle_manifest"
	BadSigner   Code = "bundle_signature"
	Changed     Code = "bundle_file_changed"
	Missing     Code = "bundle_file_missing"
	Unlisted    Code = "bundle_file_unlisted"
	BadPath     Code = "bundle_path"
	TooLarge    Code = "bundle_too_large"
	Malformed   Code = "bundle_malformed"
	Older       Code = "bundle_older"
	OtherLog    Code = "bundle_other_log"
)

// Explanation is what a code means and what to do.
type Explanation struct {
	Code        Code
	Meaning, Do string
}

// Codes lists every code; docs/verifying.md has the same.
func Codes() []Explanation {
	return []Explanation{
		{Unsigned, "There is no manifest.jwt in it, so nothing shows who made it.", "Get a signed one. Pass --insecure-bundle only if you got it from the ledger yourself."},
		{KeyMissing, "It is signed, and no key was given to check that with.", "Pass --bundle-key with the key that `sijil bundle key` prints."},
		{BadManifest, "What was signed is not a manifest: incomplete, or of another kind.", "Get the bundle again."},
		{BadSigner, "The manifest is not signed with a key of --bundle-key.", "Do not use it. If the ledger has a new bundle key, get that from the ledger's operator."},
		{Changed, "A file is not the one that was signed.", "Do not use it. Get the bundle again."},
		{Missing, "A file that was signed is not there.", "Get the bundle again."},
		{Unlisted, "There is a file in it that was not signed.", "Unpack it into an empty directory, or get it again."},
		{BadPath, "It holds a link, or a name that leads elsewhere or stands there twice.", "Do not use it. Get the bundle again."},
		{TooLarge, "It unpacks to more than a bundle may have.", "Do not use it. For a very large ledger, export one bundle for each institution."},
		{Malformed, "A file is not what a bundle holds there.", "Get the bundle again."},
		{Older, "A newer bundle of this ledger was used here before: in this one, revocations may be missing.", "Use the newer one."},
		{OtherLog, "Bundles under this key were of another ledger until now.", "Ask the ledger's operator. If the ledger was set up anew, remove its entry from the state file."},
	}
}

// Refusal is the error for a bundle that may not be trusted.
type Refusal struct {
	Code   Code
	Detail string
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("bundle refused (%s): %s", r.Code, r.Detail)
	for _, e := range Codes() {
		if e.Code == r.Code {
			text += ". " + e.Do
		}
	}
	return text
}

// Refuse makes a Refusal.
func Refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{code, fmt.Sprintf(format, args...)}
}
