package verifier

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"sijil/verifier/credential"
)

// otherFormat names credentials that are secured in a way we know and do not check. nil
// for everything else, which then has to be a compact JWS.
func otherFormat(token []byte) *credential.Refusal {
	if len(token) == 0 {
		return nil
	}
	if token[0] != '{' {
		if bytes.IndexByte(token, '~') > 0 && bytes.HasPrefix(token, []byte("eyJ")) {
			return credential.Refuse(credential.Unsupported, "this looks like a selective-disclosure credential (SD-JWT), which is not checked here")
		}
		return nil
	}
	root, refusal := credential.ParseJSON(token)
	if refusal != nil || !root.Has("@context") {
		return nil
	}
	name := "JSON document without a proof"
	for _, p := range root.Get("proof").OneOrMany() {
		name = "credential with an embedded proof"
		switch kind, _ := p.Get("type").Text(); kind {
		case "DataIntegrityProof", "Ed25519Signature2020", "Ed25519Signature2018", "MerkleProof2019", "MerkleProof2017", "JsonWebSignature2020", "BbsBlsSignature2020":
			name += " (" + kind + ")"
		}
	}
	return credential.Refuse(credential.Unsupported, "this looks like a %s, which is not checked here", name)
}

// VerifyText judges what a person pasted or a scanner read: a token, or a link of one of
// our own origins that carries one after "#". Other texts are [NotACredential]; no link
// is ever followed.
func VerifyText(ctx context.Context, text []byte, trust Trust, at time.Time) Verdict {
	if len(text) > 2*credential.MaxToken {
		return Refused(credential.TooLarge, "the text has more than any credential", at)
	}
	token, ok := extract(strings.Trim(string(text), " \t\r\n"), trust)
	if !ok {
		return Refused(NotACredential, "the text is neither a credential nor a link to one that is known here", at)
	}
	return Verify(ctx, []byte(token), trust, at)
}

// VerifyFile judges a file by its content: text as [VerifyText] does. Pictures and
// documents are [UnsupportedMedia]; they are recognised by their first bytes or their name
// and never unpacked.
func VerifyFile(ctx context.Context, name string, content []byte, trust Trust, at time.Time) Verdict {
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".jwt"): // a token as it stands
		return Verify(ctx, content, trust, at)
	case len(content) == 0:
		return Refused(EmptyFile, "the file is empty", at)
	case otherMedia(name, content):
		return Refused(UnsupportedMedia, "only text files with a credential are read here, not pictures or documents", at)
	}
	return VerifyText(ctx, content, trust, at)
}

// Refused is the verdict on an input that is no token at all.
func Refused(reason credential.Reason, detail string, at time.Time) Verdict {
	answer := False
	if reason == UnsupportedMedia || reason == FileUnreadable {
		answer = Unchecked // a good credential may be inside
	}
	v := Verdict{At: at, Detail: detail, Lines: Lines{Integrity: Line{Answer: answer, Reason: reason}}}
	v.settle()
	return v
}

// extract finds the token in a text. A text with a URI scheme must be one of our links; a
// token has no colon before its first dot.
func extract(text string, trust Trust) (string, bool) {
	head, rest, _ := strings.Cut(text, ".")
	if strings.HasPrefix(text, "{") {
		return text, true
	}
	if strings.Contains(head, ":") {
		u, err := url.Parse(text)
		if err != nil || u.User != nil || u.Opaque != "" || u.RawQuery != "" || !strings.HasPrefix(u.Fragment, "eyJ") {
			return "", false
		}
		return u.Fragment, trust.Knows(u.Scheme + "://" + strings.ToLower(u.Host))
	}
	return text, text == "" || rest != "" || strings.HasPrefix(text, "eyJ")
}

// media are first bytes of what people upload instead of a token.
var media = []string{"\x89PNG", "%PDF", "<svg", "<?xml", "<!DOCTYPE", "<html", "\xff\xd8\xff", "GIF8", "RIFF", "PK\x03\x04", "\x1f\x8b"}

func otherMedia(name string, content []byte) bool {
	for _, ext := range []string{".png", ".svg", ".pdf", ".jpg", ".jpeg", ".gif", ".webp", ".zip", ".docx", ".html"} {
		if strings.HasSuffix(strings.ToLower(name), ext) {
			return true
		}
	}
	start := bytes.TrimLeft(content[:min(len(content), 256)], " \t\r\n\xef\xbb\xbf")
	for _, magic := range media {
		if len(start) >= len(magic) && strings.EqualFold(string(start[:len(magic)]), magic) {
			return true
		}
	}
	return false
}
