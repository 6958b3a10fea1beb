package verifier

import (
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/sdjwt"
)

func parseDisclosures(input []byte) (*credential.Secured, *credential.Refusal) {
	return sdjwt.Parse(input, credential.MaxToken)
}

func parseEmbedded(raw []byte) (*credential.Secured, *credential.Refusal) {
	return dataintegrity.Parse(raw, credential.MaxToken)
}

// claimed is whom a payload claims to be from. It is only a claim.
func claimed(f credential.Format, root credential.Value) (string, *credential.Refusal) {
	if f == credential.FormatSDJWT {
		return sdjwt.ReadIssuer(root)
	}
	return credential.ReadClaimed(f, root)
}

func readCredential(f credential.Format, root credential.Value) (credential.Credential, *credential.Refusal) {
	if f == credential.FormatSDJWT {
		return sdjwt.ReadClaims(root)
	}
	return credential.ReadCredential(f, root)
}
