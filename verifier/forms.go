package verifier

import "sijil/verifier/credential"

func parseDisclosures(input []byte) (*credential.Secured, *credential.Refusal) {
	return nil, unsupported("selective-disclosure credential (SD-JWT)")
}

func parseEmbedded(root credential.Value, raw []byte) (*credential.Secured, *credential.Refusal) {
	return nil, unsupported("credential with an embedded proof")
}
