// Package bundle is the offline trust bundle: everything a verifier needs to judge the
// diplomas of some issuers without a network, as a directory or a ZIP of it.
//
//	manifest.jwt     which log, how far, from when until when; every file's digest; signed
//	trust.json       when it was made, the issuers with their keys and accreditations
//	status-map.json  status list URL → file
//	status/          status lists as signed tokens, one file each
//	did-map.json     DID → file
//	did/             DID documents, for other software
//	ledger.json      what the ledger recorded: credential id, issuer, digest, time
//
// [OpenSigned] takes exactly what the manifest lists and nothing beside it. [Open] is for a
// bundle without a signature: whoever opens one must say that it came to them in a way they
// trust ([ErrUnsigned]).
package bundle

import (
	"sijil/verifier/did"
)

// Bundle is the content in memory.
type Bundle struct {
	// Now is when the bundle was made: how old everything in it is. It is never the time
	// at which a credential is judged, or an old bundle would stay fresh for ever.
	Now did.Instant
	// Unsigned is set by [Open]: nothing shows who made it.
	Unsigned bool
	// Manifest is what was signed; zero for an unsigned bundle.
	Manifest Manifest
	Issuers  []did.Issuer
	// OtherKeys belong to no issuer, as the key that signs access tokens; they are here so
	// that a credential signed with one is refused by name.
	OtherKeys []did.Key
	// Lists are status lists as signed tokens, by the URL that diplomas name.
	Lists map[string][]byte
	// Documents are DID documents as the issuers publish them, by DID; nil if there are none.
	Documents map[string][]byte
	// Records is the ledger's extract. A bundle without one cannot vouch for what a retired
	// or compromised key signed; nil and empty differ (HasRecords).
	Records    []did.Record
	HasRecords bool
}

// ErrUnsigned is returned for a bundle without a signature when that was not allowed.
var ErrUnsigned error = Refuse(Unsigned, "it carries no signature, so nothing shows who made it: pass --insecure-bundle if you got it from the ledger yourself")

// The files of a bundle.
const (
	manifestFile = "manifest.jwt"
	trustFile    = "trust.json"
	mapFile      = "status-map.json"
	statusDir    = "status"
	didMapFile   = "did-map.json"
	didDir       = "did"
	ledgerFile   = "ledger.json"
)

// trustDoc is trust.json.
type trustDoc struct {
	Issuers   []did.Issuer `json:"issuers"`
	Now       did.Instant  `json:"now"`
	OtherKeys []did.Key    `json:"otherKeys,omitempty"`
}
