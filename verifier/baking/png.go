package baking

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"sijil/verifier/credential"
)

// keyword names the chunk (Open Badges 3.0 §5.3.1). older is that of version 2.
const (
	keyword = "openbadgecredential"
	older   = "openbadges"
)

// maxSide bounds the width and height that a picture claims. It is not drawn here, but
// whoever is handed it may.
const maxSide = 16384

// chunks calls f for each chunk with its type, its data and where it begins, and checks
// the frame around them (PNG §5): lengths, checksums, IHDR first, IEND last and at the end.
func chunks(picture []byte, f func(kind string, data []byte, at int) *credential.Refusal) *credential.Refusal {
	at := len(signature)
	for first := true; ; first = false {
		rest := picture[at:]
		if len(rest) < 12 {
			return damaged("it ends within a chunk")
		}
		n := int64(binary.BigEndian.Uint32(rest))
		if n > int64(len(rest)-12) {
			return damaged("a chunk is longer than the picture")
		}
		body, sum := rest[4:8+n], binary.BigEndian.Uint32(rest[8+n:])
		if crc32.ChecksumIEEE(body) != sum {
			return damaged("a chunk's checksum is wrong")
		}
		kind, data := string(body[:4]), body[4:]
		if first != (kind == "IHDR") || first && len(data) != 13 {
			return damaged("its header is missing, malformed or there twice")
		}
		if first {
			w, h := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
			if w == 0 || h == 0 || w > maxSide || h > maxSide {
				return credential.Refuse(credential.TooLarge, "picture claims more than %d pixels on a side", maxSide)
			}
		}
		if refusal := f(kind, data, at); refusal != nil {
			return refusal
		}
		at += 12 + int(n)
		if kind == "IEND" {
			if n != 0 || at != len(picture) {
				return damaged("something follows its end")
			}
			return nil
		}
	}
}

func extractPNG(picture []byte) ([]byte, *credential.Refusal) {
	var found [][]byte
	var version2 bool
	refusal := chunks(picture, func(kind string, data []byte, _ int) *credential.Refusal {
		name, rest, ok := bytes.Cut(data, []byte{0})
		switch {
		case !ok || kind != "iTXt" && kind != "tEXt" && kind != "zTXt":
			return nil
		case string(name) == older:
			version2 = true
			return nil
		case string(name) != keyword:
			return nil
		case kind != "iTXt":
			return damaged("its credential is in a chunk of another type")
		}
		text, refusal := international(rest)
		found = append(found, text)
		return refusal
	})
	if refusal != nil {
		return nil, refusal
	}
	if version2 && len(found) == 0 {
		return nil, credential.Refuse(credential.Unsupported, "this is an Open Badge of version 2 or older, which is not checked here")
	}
	return only(found)
}

// international is the text of an iTXt chunk after its keyword (PNG §11.3.4.5).
func international(b []byte) ([]byte, *credential.Refusal) {
	if len(b) < 2 || b[0] > 1 || b[1] != 0 {
		return nil, damaged("a text chunk is malformed")
	}
	_, rest, ok := bytes.Cut(b[2:], []byte{0}) // language
	_, text, more := bytes.Cut(rest, []byte{0})
	if !ok || !more {
		return nil, damaged("a text chunk is malformed")
	}
	if b[0] == 0 {
		return text, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, damaged("a compressed text is malformed")
	}
	out, err := io.ReadAll(io.LimitReader(z, credential.MaxToken+1))
	if err != nil {
		return nil, damaged("a compressed text is malformed")
	}
	return out, nil
}

// PNG is the picture with the credential in it. One that carries a credential already,
// or is no PNG in order, is an error.
func PNG(picture, text []byte) ([]byte, error) {
	if !bytes.HasPrefix(picture, signature) {
		return nil, errors.New("the picture is not a PNG")
	}
	end := 0
	refusal := chunks(picture, func(kind string, data []byte, at int) *credential.Refusal {
		name, _, _ := bytes.Cut(data, []byte{0})
		if (kind == "iTXt" || kind == "tEXt" || kind == "zTXt") && (string(name) == keyword || string(name) == older) {
			return damaged("it carries a credential already")
		}
		end = at
		return nil
	})
	if refusal != nil {
		return nil, refusal
	}
	body := append([]byte("iTXt"+keyword+"\x00\x00\x00\x00\x00"), text...)
	out := append(make([]byte, 0, len(picture)+len(body)+8), picture[:end]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)-4))
	out = append(out, body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	return same(append(out, picture[end:]...), text)
}

// same is the baked picture, if it gives back what was put in.
func same(baked, text []byte) ([]byte, error) {
	got, refusal := Extract(baked)
	if refusal != nil {
		return nil, refusal
	}
	if !bytes.Equal(got, text) {
		return nil, errors.New("the credential does not survive in the picture")
	}
	return baked, nil
}
