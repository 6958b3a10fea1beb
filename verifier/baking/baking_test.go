package baking

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

const (
	token = "eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ.c2ln"
	doc   = `{"a":"]]> & < ć 😀 \"","b":[[1]]}`
)

func TestWhatIsBakedComesOutAgain(t *testing.T) {
	for name, picture := range map[string][]byte{"png": PlainPNG(), "svg": PlainSVG()} {
		bake := map[string]func(picture, text []byte) ([]byte, error){"png": PNG, "svg": SVG}[name]
		for _, text := range []string{token, doc, `{}`, `{"a":"]]>]]>"}`} {
			baked, err := bake(picture, []byte(text))
			if err != nil {
				t.Errorf("%s: %q: %v", name, text, err)
				continue
			}
			if got, refusal := Extract(baked); refusal != nil || string(got) != text {
				t.Errorf("%s: %q came out as %q: %v", name, text, got, refusal)
			}
			if !IsPicture(baked) {
				t.Errorf("%s is no picture any more", name)
			}
			if again, err := bake(baked, []byte(token)); err == nil {
				t.Errorf("%s was baked twice: %.200q", name, again)
			}
		}
		if _, refusal := Extract(picture); refusal == nil || refusal.Reason != Unsupported {
			t.Errorf("%s without a credential: %v", name, refusal)
		}
	}
	if _, err := SVG(PlainPNG(), []byte(token)); err == nil {
		t.Error("a PNG was baked as SVG")
	}
	if _, err := PNG(PlainSVG(), []byte(token)); err == nil {
		t.Error("an SVG was baked as PNG")
	}
}

func TestThePlainPictureIsOne(t *testing.T) {
	baked, err := PNG(PlainPNG(), []byte(token))
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(baked))
	if err != nil || m.Bounds().Dx() != side || m.Bounds().Dy() != side {
		t.Errorf("%v, %v", m.Bounds(), err)
	}
	if len(baked) > 16<<10 {
		t.Errorf("the plain badge has %d bytes", len(baked))
	}
}

// chunk is a PNG chunk in good order.
func chunk(kind, data string) string {
	body := kind + data
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(out, body...)
	return string(binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(body))))
}

func frame(inner string) string {
	return string(signature) + chunk("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x01\x00\x00\x00\x00") + inner + chunk("IEND", "")
}

func squeeze(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestPicturesOutOfOrderAreRefused(t *testing.T) {
	text := func(s string) string { return chunk("iTXt", keyword+"\x00\x00\x00\x00\x00"+s) }
	good := frame(text(token))
	ob := func(inner string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` + inner + `</svg>`
	}
	for name, tc := range map[string]struct {
		picture string
		want    credential.Reason // "": the token comes out
	}{
		"a good one":                             {good, ""},
		"a compressed one":                       {frame(chunk("iTXt", keyword+"\x00\x01\x00en\x00t\x00"+squeeze(token))), ""},
		"white space around":                     {frame(text("\n" + token + "\r\n")), ""},
		"a bomb":                                 {frame(chunk("iTXt", keyword+"\x00\x01\x00\x00\x00"+squeeze(strings.Repeat("a", 20<<20)))), credential.TooLarge},
		"a compressed one that is none":          {frame(chunk("iTXt", keyword+"\x00\x01\x00\x00\x00"+token)), credential.BadFraming},
		"a compressed one cut short":             {frame(chunk("iTXt", keyword+"\x00\x01\x00\x00\x00"+squeeze(token)[:20])), credential.BadFraming},
		"another compression":                    {frame(chunk("iTXt", keyword+"\x00\x01\x01\x00\x00"+squeeze(token))), credential.BadFraming},
		"two":                                    {frame(text(token) + text(token)), credential.BadFraming},
		"in a plain text chunk":                  {frame(chunk("tEXt", keyword+"\x00"+token)), credential.BadFraming},
		"in a plain text chunk too":              {frame(text(token) + chunk("zTXt", keyword+"\x00\x00"+squeeze(token))), credential.BadFraming},
		"a chunk without its separators":         {frame(chunk("iTXt", keyword+"\x00\x00\x00"+token)), credential.BadFraming},
		"an empty one":                           {frame(text("")), Unsupported},
		"none":                                   {frame(""), Unsupported},
		"one of version 2":                       {frame(chunk("iTXt", older+"\x00\x00\x00\x00\x00{}")), credential.Unsupported},
		"another keyword":                        {frame(chunk("iTXt", "Comment\x00\x00\x00\x00\x00"+token)), Unsupported},
		"a wrong checksum":                       {strings.Replace(good, token, "f"+token[1:], 1), credential.BadFraming},
		"a chunk longer than the picture":        {good[:33] + "\x7f\xff\xff\xff" + good[37:], credential.BadFraming},
		"cut short":                              {good[:len(good)-4], credential.BadFraming},
		"something after its end":                {good + "x", credential.BadFraming},
		"a second picture after its end":         {good + good, credential.BadFraming},
		"no header":                              {string(signature) + text(token) + chunk("IEND", ""), credential.BadFraming},
		"two headers":                            {frame(chunk("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x01\x00\x00\x00\x00") + text(token)), credential.BadFraming},
		"4,294,967,295 pixels wide":              {string(signature) + chunk("IHDR", "\xff\xff\xff\xff\x00\x00\x00\x01\x01\x00\x00\x00\x00") + chunk("IEND", ""), credential.TooLarge},
		"no pixels":                              {string(signature) + chunk("IHDR", "\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00") + chunk("IEND", ""), credential.TooLarge},
		"nothing but a signature":                {string(signature), credential.BadFraming},
		"text":                                   {token, Unsupported},
		"an SVG":                                 {ob(`<openbadges:credential verify="` + token + `"></openbadges:credential>`), ""},
		"an SVG with another prefix":             {strings.ReplaceAll(ob(`<openbadges:credential verify="`+token+`"/>`), "openbadges:", "x:"), Unsupported},
		"an SVG with a prefix of its own":        {strings.ReplaceAll(strings.ReplaceAll(ob(`<openbadges:credential verify="`+token+`"/>`), "xmlns:openbadges", "xmlns:x"), "<openbadges:", "<x:"), ""},
		"an SVG with text":                       {ob(`<openbadges:credential> ` + token + ` </openbadges:credential>`), ""},
		"an SVG with CDATA":                      {ob(`<openbadges:credential><![CDATA[` + token + `]]></openbadges:credential>`), ""},
		"an SVG with a comment in it":            {ob(`<openbadges:credential>` + token[:9] + `<!-- x -->` + token[9:] + `</openbadges:credential>`), ""},
		"an SVG with both":                       {ob(`<openbadges:credential verify="` + token + `">` + token + `</openbadges:credential>`), credential.BadFraming},
		"an SVG with two":                        {ob(strings.Repeat(`<openbadges:credential verify="`+token+`"/>`, 2)), credential.BadFraming},
		"an SVG with an attribute twice":         {ob(`<openbadges:credential verify="` + token + `" verify="x"/>`), credential.BadFraming},
		"an SVG with one deep inside":            {ob(`<g><openbadges:credential verify="` + token + `"/></g>`), credential.BadFraming},
		"an SVG with one inside another":         {ob(`<openbadges:credential><openbadges:credential verify="` + token + `"/></openbadges:credential>`), credential.BadFraming},
		"an SVG with elements inside":            {ob(`<openbadges:credential><b>` + token + `</b></openbadges:credential>`), credential.BadFraming},
		"an SVG with another element of ours":    {ob(`<openbadges:assertion verify="` + token + `"/>`), credential.BadFraming},
		"an SVG of version 2":                    {`<svg xmlns:o="http://openbadges.org"><o:assertion verify="` + token + `"/></svg>`, credential.Unsupported},
		"an SVG with an empty one":               {ob(`<openbadges:credential verify=""/>`), Unsupported},
		"an SVG with a document type":            {`<!DOCTYPE svg [<!ENTITY x "` + token + `">]>` + ob(`<openbadges:credential verify="&x;"/>`), Unsupported},
		"an SVG with an unknown entity":          {ob(`<openbadges:credential verify="&x;"/>`), Unsupported},
		"an SVG in another encoding":             {`<?xml version="1.0" encoding="utf-16"?>` + ob(`<openbadges:credential verify="`+token+`"/>`), Unsupported},
		"an SVG that does not end":               {strings.TrimSuffix(ob(`<openbadges:credential verify="`+token+`"/>`), "</svg>"), Unsupported},
		"an SVG and another":                     {ob(`<openbadges:credential verify="`+token+`"/>`) + `<svg/>`, Unsupported},
		"an SVG that nests without end":          {ob(strings.Repeat("<g>", 500) + strings.Repeat("</g>", 500)), Unsupported},
		"another document":                       {`<?xml version="1.0"?><html/>`, Unsupported},
		"an SVG with more than any credential":   {ob(`<openbadges:credential>` + strings.Repeat("a", 600<<10) + `</openbadges:credential>`), credential.TooLarge},
		"a picture with more bytes than any has": {good + strings.Repeat("x", MaxPicture), credential.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal := Extract([]byte(tc.picture))
			if tc.want == "" && (refusal != nil || string(got) != token) {
				t.Errorf("got %q, %v", got, refusal)
			}
			if tc.want != "" && (refusal == nil || refusal.Reason != tc.want) {
				t.Errorf("got %v, want %s", refusal, tc.want)
			}
		})
	}
}

func TestNoByteOfAPNGChangesUnnoticed(t *testing.T) {
	baked, err := PNG(PlainPNG(), []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(baked)
		i := rapid.IntRange(0, len(baked)-1).Draw(t, "at")
		changed[i] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		if got, refusal := Extract(changed); refusal == nil {
			t.Fatalf("byte %d changed, and %q came out", i, got)
		}
	})
}

func hostile(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/hostile/upload/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no hostile uploads", err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if all[filepath.Base(f)], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestHostilePicturesGiveNothingButWhatTheyCarry(t *testing.T) {
	for name, content := range hostile(t) {
		got, refusal := Extract(content)
		if forged := strings.Contains(name, "baked-forged"); forged != (refusal == nil) || forged != bytes.HasPrefix(got, []byte("eyJ")) {
			t.Errorf("%s: %.20q, %v", name, got, refusal)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, content := range hostile(f) {
		f.Add(content)
	}
	for _, text := range []string{token, doc} {
		for _, bake := range []func() ([]byte, error){
			func() ([]byte, error) { return PNG(PlainPNG(), []byte(text)) }, func() ([]byte, error) { return SVG(PlainSVG(), []byte(text)) },
		} {
			baked, err := bake()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(baked)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		text, refusal := Extract(content)
		if refusal == nil && (len(text) == 0 || len(text) > credential.MaxToken || !IsPicture(content)) {
			t.Fatalf("%d bytes of something came out", len(text))
		}
		// Whatever can be baked into it comes out of it, once.
		for _, bake := range []func(picture, text []byte) ([]byte, error){PNG, SVG} {
			if baked, err := bake(content, []byte(doc)); err == nil {
				if got, refusal := Extract(baked); refusal != nil || string(got) != doc {
					t.Fatalf("%q, %v", got, refusal)
				}
			}
		}
	})
}
