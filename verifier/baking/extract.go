package baking

import (
	"bytes"

	"sijil/verifier/credential"
)

// MaxPicture bounds a picture. Badges have some 10 to 200 kB.
const MaxPicture = 4 << 20

// Unsupported is for a picture in which there is nothing to read, or that is of a kind
// that is not opened.
const Unsupported credential.Reason = "unsupported_media_type"

var signature = []byte("\x89PNG\r\n\x1a\n")

// IsPicture reports whether [Extract] could read the content, by its first bytes.
func IsPicture(content []byte) bool { return bytes.HasPrefix(content, signature) || isSVG(content) }

// Extract is the one credential in a PNG or SVG, a token or a JSON document, as it was put
// there; whether it holds is another's question. [Unsupported] if there is none, and for
// an SVG with a document type; [credential.BadFraming] if the picture is damaged or carries
// two; [credential.TooLarge].
func Extract(picture []byte) ([]byte, *credential.Refusal) {
	switch {
	case len(picture) > MaxPicture:
		return nil, credential.Refuse(credential.TooLarge, "picture has more than %d bytes", MaxPicture)
	case bytes.HasPrefix(picture, signature):
		return extractPNG(picture)
	case isSVG(picture):
		return extractSVG(picture)
	}
	return nil, credential.Refuse(Unsupported, "this is neither a PNG nor an SVG")
}

func damaged(what string) *credential.Refusal {
	return credential.Refuse(credential.BadFraming, "picture is damaged: %s", what)
}

// only is the one credential that was found.
func only(found [][]byte) ([]byte, *credential.Refusal) {
	switch len(found) {
	case 0:
		return nil, credential.Refuse(Unsupported, "the picture carries no credential")
	case 1:
		text := bytes.Trim(found[0], " \t\r\n")
		if len(text) == 0 {
			return nil, credential.Refuse(Unsupported, "the picture's credential is empty")
		}
		if len(text) > credential.MaxToken {
			return nil, credential.Refuse(credential.TooLarge, "the picture's credential has more than %d bytes", credential.MaxToken)
		}
		return text, nil
	}
	return nil, damaged("it carries more than one credential")
}
