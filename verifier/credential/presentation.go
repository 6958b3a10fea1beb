package credential

import (
	"slices"
	"strings"
)

// Presentation is what a verifier needs of a presentation in good shape.
type Presentation struct {
	ID string
	// Holder is who presents, empty if it does not say.
	Holder string
	// Items are the credentials in it, each secured on its own.
	Items []Value
	// Binding is what the claims of a JWT say it was made for; an embedded proof says it itself.
	Binding
	Times    Times
	Warnings []string
}

// IsPresentation reports whether a payload secured in that format is meant as a
// presentation: by its typ, its claim, or its type.
func IsPresentation(f Format, payload Value) bool {
	switch f {
	case FormatVP, FormatSDVP:
		return true
	case FormatVC, FormatSDVC, FormatSDJWT, FormatOpenBadge:
		return false
	case FormatLegacy:
		return payload.Has("vp")
	}
	return isTyped(payload, typeVP)
}

// ReadPresentation checks the payload of a presentation as [ReadCredential] does that of a
// credential. The holder and the claim iss, where both are there, are the same.
func ReadPresentation(f Format, payload Value) (Presentation, *Refusal) {
	var p Presentation
	root := payload
	if f == FormatLegacy {
		root = payload.Get("vp")
	}
	if !root.IsObject() {
		return p, Refuse(BadPayload, "payload is not a JSON object")
	}
	if f != FormatLegacy && (root.Has("vc") || root.Has("vp")) {
		return p, Refuse(BadPayload, "payload wraps another presentation in a vc or vp claim")
	}
	types, refusal := texts(root.Get("type"), "type")
	switch {
	case refusal != nil:
		return p, refusal
	case !slices.Contains(types, typeVP):
		return p, Refuse(WrongTyp, "this is signed as a presentation and is none")
	case slices.Contains(types, typeVC):
		return p, Refuse(WrongType, "this is a credential and a presentation at once")
	}
	if _, p.Warnings, refusal = readContexts(root, f.older()); refusal != nil {
		return p, refusal
	}
	if p.Holder, refusal = readHolder(root, payload); refusal != nil {
		return p, refusal
	}
	if p.ID, refusal = either(payload, "jti", root, "id"); refusal != nil {
		return p, refusal
	}
	if f == FormatVP || f == FormatSDVP || f == FormatLegacy {
		if refusal := p.readClaims(payload); refusal != nil {
			return p, refusal
		}
	}
	p.Items = root.Get("verifiableCredential").OneOrMany()
	return p, nil
}

func readHolder(root, claims Value) (string, *Refusal) {
	holder, ok := idOf(root.Get("holder"))
	if root.Has("holder") && !ok {
		return "", Refuse(BadPayload, "holder is neither a URL nor an object with one")
	}
	iss, _ := claims.Get("iss").Text()
	switch {
	case claims.Has("iss") && iss == "" || holder != "" && iss != "" && iss != holder:
		return "", Refuse(IssuerMismatch, "iss and holder differ")
	case holder == "":
		return iss, nil
	}
	return holder, nil
}

// readClaims reads nonce, aud and the dates of a JWT.
func (p *Presentation) readClaims(claims Value) (refusal *Refusal) {
	var ok bool
	if p.Challenge, ok = claims.Get("nonce").Text(); claims.Has("nonce") && !ok {
		return Refuse(BadPayload, "nonce is not a text")
	}
	if p.Audience, refusal = texts(claims.Get("aud"), "aud"); refusal != nil {
		return refusal
	}
	if refusal = readClaimTimes(claims, &p.Times); refusal != nil {
		return refusal
	}
	p.Created, p.Expires = p.Times.IssuedAt, p.Times.Expires
	return nil
}

// Envelope is a token in a JSON object, as a presentation carries credentials
// (https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials).
type Envelope struct {
	// MediaType is what the data: URL says, as "application/vc+jwt".
	MediaType string
	Token     string
	// Presentation: it says that it holds one.
	Presentation bool
}

// Enveloped is an [Envelope] as it is written.
type Enveloped struct {
	Context []string `json:"@context"`
	ID      string   `json:"id"`
	Type    string   `json:"type"`
}

// Envelop puts a token of that format into an object: an EnvelopedVerifiablePresentation for
// presentations, else an EnvelopedVerifiableCredential (VCDM 2.0 §4.12, §4.13).
func Envelop(f Format, token string) Enveloped {
	e := Enveloped{[]string{ContextV2}, "data:application/" + string(f) + "," + token, typeWrapped}
	if f == FormatVP || f == FormatSDVP {
		e.Type = typeWrappedVP
	}
	return e
}

// ReadEnvelope reads an EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation; ok
// is false for any other value. Nothing but @context, id and type may stand in it, since nobody
// signed them.
func ReadEnvelope(v Value) (e Envelope, ok bool, refusal *Refusal) {
	types, refusal := texts(v.Get("type"), "type")
	if refusal != nil || !slices.Contains(types, typeWrapped) && !slices.Contains(types, typeWrappedVP) {
		return e, false, nil
	}
	e.Presentation = types[0] == typeWrappedVP
	if len(types) != 1 {
		return e, true, Refuse(BadPayload, "an envelope has no other type")
	}
	for _, name := range v.Names() {
		if name != "@context" && name != "id" && name != "type" {
			return e, true, Refuse(BadPayload, "an envelope has members that nobody signed")
		}
	}
	contexts := v.Get("@context").OneOrMany()
	if len(contexts) != 1 {
		return e, true, Refuse(BadPayload, "an envelope has one @context")
	}
	if s, _ := contexts[0].Text(); s != ContextV2 {
		return e, true, Refuse(BadPayload, "an envelope's @context is not that of the data model 2.0")
	}
	id, _ := v.Get("id").Text()
	rest, isData := strings.CutPrefix(id, "data:")
	kind, token, cut := strings.Cut(rest, ",")
	if !isData || !cut || token == "" {
		return e, true, Refuse(BadPayload, "an envelope's id is not a data: URL with a token")
	}
	e.MediaType, e.Token = kind, token
	return e, true, nil
}

// ReadClaimed is whom a payload secured in that format claims to be from: the issuer of a
// credential, the holder of a presentation (empty if it names none).
func ReadClaimed(f Format, payload Value) (string, *Refusal) {
	switch {
	case !payload.IsObject():
		return "", Refuse(BadPayload, "payload is not a JSON object")
	case f == FormatLegacy && payload.Has("vc"):
		return legacyIssuer(payload)
	case f == FormatLegacy:
		return readHolder(payload.Get("vp"), payload)
	case IsPresentation(f, payload):
		return readHolder(payload, payload)
	}
	return ReadIssuer(payload)
}
