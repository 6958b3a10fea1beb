package verifier

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"sijil/verifier/baking"
	"sijil/verifier/credential"
)

// parse reads the outer form of an input, whatever it is secured by. A JSON object without a
// context is taken for a token in another serialization, which is refused as badly framed.
func parse(input []byte) (*credential.Secured, *credential.Refusal) {
	if len(input) > credential.MaxToken {
		return nil, credential.Refuse(credential.TooLarge, "more than %d bytes", credential.MaxToken)
	}
	if refusal := foreign(input); refusal != nil {
		return nil, refusal
	}
	if bytes.HasPrefix(input, []byte("{")) {
		root, refusal := credential.ParseJSON(input)
		switch {
		case refusal == nil && root.Has("@context"):
			return parseJSON(root, input)
		case refusal == nil:
			if refusal = foreignJSON(root); refusal != nil {
				return nil, refusal
			}
		case refusal.Reason != credential.BadPayload:
			return nil, refusal
		}
	}
	return parseToken(input)
}

// parseToken reads a compact token.
func parseToken(input []byte) (*credential.Secured, *credential.Refusal) {
	if bytes.IndexByte(input, '~') > 0 {
		return parseDisclosures(input)
	}
	return credential.ParseJOSE(input, credential.MaxToken)
}

// parseJSON reads a JSON-LD document: an envelope, or one with a proof in it.
func parseJSON(root credential.Value, raw []byte) (*credential.Secured, *credential.Refusal) {
	if e, ok, refusal := credential.ReadEnvelope(root); ok {
		if refusal != nil {
			return nil, refusal
		}
		return parseEnvelope(e)
	}
	if refusal := foreignJSON(root); refusal != nil {
		return nil, refusal
	}
	if !root.Has("proof") {
		return nil, credential.Refuse(NoProof, "the document carries no proof: nobody signed it")
	}
	return parseEmbedded(raw)
}

// parseEnvelope reads the token in an envelope, which must be of the kind that its media type says.
func parseEnvelope(e credential.Envelope) (*credential.Secured, *credential.Refusal) {
	switch e.MediaType {
	case "application/vc+jwt", "application/vp+jwt", "application/vc+sd-jwt", "application/vp+sd-jwt", "application/dc+sd-jwt":
	case "application/vc+cose", "application/vp+cose", "application/vc+cose;base64", "application/vp+cose;base64":
		return nil, unsupported("credential secured by COSE")
	default:
		return nil, credential.Refuse(credential.BadPayload, "an envelope's media type is not that of a credential")
	}
	form, refusal := parseToken([]byte(e.Token))
	switch {
	case refusal != nil:
		return nil, refusal
	case "application/"+string(form.Format) != e.MediaType:
		return nil, credential.Refuse(credential.WrongTyp, "an envelope holds another kind of token than it says")
	case e.Presentation != isPresentation(form):
		return nil, credential.Refuse(credential.WrongType, "an envelope for credentials holds a presentation, or the other way round")
	}
	return form, nil
}

// parseItem reads a credential within a presentation or transcript; a plain text is a
// token where texts allows it.
func parseItem(v credential.Value, texts bool) (*credential.Secured, *credential.Refusal) {
	if text, ok := v.Text(); ok && texts {
		return parseToken([]byte(text))
	}
	if !v.IsObject() {
		return nil, credential.Refuse(credential.BadPayload, "a credential within is neither an envelope nor one with a proof")
	}
	return parseJSON(v, v.Raw())
}

// VerifyText judges what a person pasted or a scanner read: a token, or a link of one of
// our own origins that carries one after "#". Other texts are [NotACredential]; no link
// is ever followed.
func VerifyText(ctx context.Context, text []byte, trust Trust, at time.Time) Verdict {
	if refusal := foreign(text); refusal != nil {
		return Refused(refusal.Reason, refusal.Detail, at)
	}
	if len(text) > 2*credential.MaxToken {
		return Refused(credential.TooLarge, "the text has more than any credential", at)
	}
	token, ok := extract(strings.Trim(string(text), " \t\r\n"), trust)
	if !ok {
		return Refused(NotACredential, "the text is neither a credential nor a link to one that is known here", at)
	}
	return Verify(ctx, []byte(token), trust, at)
}

// VerifyFile judges a file by its content: text as [VerifyText] does, the credential in a
// baked PNG or SVG as [Verify] does. Other pictures and documents are [UnsupportedMedia];
// they are recognised by their first bytes or their name and never unpacked.
func VerifyFile(ctx context.Context, name string, content []byte, trust Trust, at time.Time) Verdict {
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".jwt"): // a token as it stands
		return Verify(ctx, content, trust, at)
	case len(content) == 0:
		return Refused(EmptyFile, "the file is empty", at)
	case baking.IsPicture(content):
		text, refusal := baking.Extract(content)
		if refusal != nil {
			return Refused(refusal.Reason, refusal.Detail, at)
		}
		return Verify(ctx, text, trust, at)
	case otherMedia(name, content):
		return Refused(UnsupportedMedia, "only text, and PNG and SVG pictures with a credential in them, are read here", at)
	}
	return VerifyText(ctx, content, trust, at)
}

// Refused is the verdict on an input that is no token at all.
func Refused(reason credential.Reason, detail string, at time.Time) Verdict {
	answer := False
	switch reason {
	case UnsupportedMedia, FileUnreadable, credential.Unsupported, ShareEnded, ShareWithoutFile, ShareUnreachable:
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
