// Package dataintegrity reads, checks and makes embedded proofs: Verifiable Credential Data
// Integrity 1.0 with the cryptosuites eddsa-rdfc-2022 and eddsa-jcs-2022, and the older
// Ed25519Signature2020, which is only checked. Every other kind is named and never believed.
package dataintegrity
