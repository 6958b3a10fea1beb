// Package lint says what keeps a credential from being one that an issuer here may sign:
// stricter than the verifier, which only refuses what can mislead a reader. An issuer
// knows every member it writes, so that one nobody has listed is a mistake; a verifier must
// live with what others write. It decides nothing about trust and fetches nothing.
package lint
