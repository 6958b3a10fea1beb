// Package credential is the wire form of a credential: a JSON reader that refuses what
// two programs could read differently, the compact JWS around it, the shape that the
// Verifiable Credentials Data Model 2.0 asks of the payload, and the types with which an
// issuer builds and signs one. It decides nothing about trust: package verifier does.
//
// Other ways of securing a credential (embedded proofs, selective disclosure) have their own
// packages, which stand on this one and know nothing of package verifier: each gives a
// [Secured], and the verifier judges all of them by the same function.
package credential
