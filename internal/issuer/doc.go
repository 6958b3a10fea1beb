// Package issuer turns recorded awards into signed credentials: it decides again at the
// award's own place in the log, records what will be signed, has the verifier look at it,
// signs, and records the token. It also publishes what a verifier needs: the institutions'
// keys and their status lists. Every step is safe to repeat, and the process may die between
// any two.
package issuer
