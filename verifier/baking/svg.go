package baking

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"sijil/verifier/credential"
)

// namespace is that of the element (Open Badges 3.0 §5.3.2). older is that of version 2.
const (
	namespace    = "https://purl.imsglobal.org/ob/v3p0"
	oldNamespace = "http://openbadges.org"
	prefix       = "openbadges"
	maxNesting   = 64
	maxTokens    = 200_000
)

// isSVG looks for the first element or declaration, as pictures have it.
func isSVG(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(b, []byte("<?xml")) || bytes.HasPrefix(b, []byte("<!--")) || bytes.HasPrefix(b, []byte("<!DOCTYPE svg")) {
		return true
	}
	return bytes.HasPrefix(b, []byte("<svg"))
}

// svg is what reading one through gave.
type svg struct {
	found    [][]byte
	version2 bool
	// open is where the root's start tag ends, past its ">"; declared is the namespace that it
	// gives our prefix.
	open     int
	declared string
}

// readSVG reads the whole picture. Document types are not taken: they are where entities
// that grow, and files of the reader's machine, come from.
func readSVG(picture []byte) (svg, *credential.Refusal) {
	var s svg
	d := xml.NewDecoder(bytes.NewReader(picture))
	var attribute, body []byte // of the credential that is open
	depth, inside := 0, 0
	for n := 0; ; n++ {
		token, err := d.Token()
		if err == io.EOF && depth == 0 && s.open > 0 {
			return s, nil
		}
		if err != nil || n > maxTokens || depth > maxNesting {
			return s, credential.Refuse(Unsupported, "the picture is not an SVG in good order, or too tangled")
		}
		switch t := token.(type) {
		case xml.Directive:
			return s, credential.Refuse(Unsupported, "an SVG with a document type is not opened")
		case xml.StartElement:
			if depth == 0 {
				if s.open > 0 || t.Name.Local != "svg" {
					return s, credential.Refuse(Unsupported, "the document is not an SVG")
				}
				s.open = int(d.InputOffset())
				for _, a := range t.Attr {
					if a.Name.Space == "xmlns" && a.Name.Local == prefix {
						s.declared = a.Value
					}
				}
			}
			depth++
			if inside > 0 {
				return s, damaged("its credential holds elements")
			}
			s.version2 = s.version2 || t.Name.Space == oldNamespace
			if t.Name.Space != namespace {
				continue
			}
			if t.Name.Local != "credential" || depth != 2 {
				return s, damaged("its credential is not where it belongs")
			}
			inside = depth
			if attribute, err = verifyAttribute(t); err != nil {
				return s, damaged(err.Error())
			}
		case xml.CharData:
			if inside == 0 {
				continue
			}
			if body = append(body, t...); len(body) > 2*credential.MaxToken {
				return s, credential.Refuse(credential.TooLarge, "the picture's credential has more than %d bytes", credential.MaxToken)
			}
		case xml.EndElement:
			if depth == inside {
				if len(attribute) > 0 && len(bytes.TrimSpace(body)) > 0 {
					return s, damaged("its credential is there as an attribute and as text")
				}
				s.found = append(s.found, append(attribute, body...))
				inside, body = 0, nil
			}
			depth--
		}
	}
}

// verifyAttribute is the token in the element's attribute, empty if it has none.
func verifyAttribute(t xml.StartElement) ([]byte, error) {
	var text []byte
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Name.Local == "verify" {
			if text != nil {
				return nil, errors.New("an attribute is there twice")
			}
			text = []byte(strings.TrimSpace(a.Value))
		}
	}
	return text, nil
}

func extractSVG(picture []byte) ([]byte, *credential.Refusal) {
	s, refusal := readSVG(picture)
	if refusal != nil {
		return nil, refusal
	}
	if s.version2 && len(s.found) == 0 {
		return nil, credential.Refuse(credential.Unsupported, "this is an Open Badge of version 2 or older, which is not checked here")
	}
	return only(s.found)
}

// SVG is the picture with the credential in it: JSON as text, a token as an attribute. One
// that carries a credential already, or is no SVG in order, is an error.
func SVG(picture, text []byte) ([]byte, error) {
	s, refusal := readSVG(picture)
	switch {
	case refusal != nil:
		return nil, refusal
	case len(s.found) > 0 || s.version2:
		return nil, errors.New("the picture carries a credential already")
	case s.declared != "" && s.declared != namespace:
		return nil, errors.New("the picture gives the prefix openbadges another meaning")
	}
	tag := picture[:s.open-1] // without its ">"
	if bytes.HasSuffix(tag, []byte("/")) {
		return nil, errors.New("the picture is empty")
	}
	out := append(make([]byte, 0, len(picture)+len(text)+256), tag...)
	if s.declared == "" {
		out = append(out, " xmlns:"+prefix+`="`+namespace+`"`...)
	}
	out = append(out, "><"+prefix+":credential"...)
	if bytes.HasPrefix(text, []byte("{")) {
		out = append(out, "><![CDATA["...)
		out = append(out, bytes.ReplaceAll(text, []byte("]]>"), []byte("]]]]><![CDATA[>"))...)
		out = append(out, "]]></"+prefix+":credential>"...)
	} else {
		var b bytes.Buffer
		if err := xml.EscapeText(&b, text); err != nil {
			return nil, err
		}
		out = append(append(append(out, ` verify="`...), b.Bytes()...), `"/>`...)
	}
	return same(append(out, picture[s.open:]...), text)
}
