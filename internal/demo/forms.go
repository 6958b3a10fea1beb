package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// form is one way in which the diploma is handed on.
type form struct {
	name     string
	file     string // as the reader finds it
	content  []byte
	withheld bool
}

// takeForms is what the graduate does on her page: she takes her diploma in other forms, and makes a
// link that shows less.
func (s *Story) takeForms(ctx context.Context, c *country) {
	nobody := &person{s: s, name: "the graduate"}
	file := func(kind string) []byte {
		a := nobody.read(ctx, "/v1/holdings/"+c.holding+"/files/"+kind)
		if !a.ok() {
			panic(stop{fmt.Errorf("the graduate takes %s: %d %s", kind, a.status, a.body)})
		}
		return a.body
	}
	shown := file("sd-jwt?show=mention,grades")
	share := nobody.post(ctx, "/v1/holdings/"+c.holding+"/shares", m{
		"scope": "extract", "show": []string{"mention"}, "expiresAt": s.Now.Add(7 * 24 * time.Hour).UTC().Format(time.RFC3339),
	})
	link := share.text("url")
	employer := &person{s: s, name: "an employer"}
	got := employer.read(ctx, "/v1/shares/"+link[strings.LastIndex(link, "/")+1:])
	c.forms = []form{
		{"signed as vc+jwt", "diploma.jwt", []byte(c.token), false},
		{"as Open Badges JSON with a proof inside", "badge.json", file("json"), false},
		{"as a picture with the badge inside", "badge.png", file("png"), false},
		{"as an SD-JWT with the grades withheld", "extract.sd-jwt", []byte(got.text("token")), true},
		{"as an SD-JWT for wallets (ES256), everything withheld", "wallet.sd-jwt", file("wallet"), true},
	}
	code := nobody.read(ctx, "/holdings/"+c.holding+"/qr.svg")
	s.check(code.ok() && bytes.HasPrefix(code.body, []byte("<svg")), "for paper, a QR code that holds the signed file itself; with her grades it is too large for one, so they are left out")
	again := file("json")
	s.check(bytes.Equal(again, c.forms[1].content), "she takes it as an Open Badge (%d bytes) and as a picture, which were recorded before they were signed; asked again, they are the same", len(again))
	s.check(strings.Contains(revealed(shown), c.grade) && !strings.Contains(revealed(c.forms[3].content), c.grade) && got.get("results") == nil && got.get("holder", "birthDate") == nil,
		"a link for another employer shows her mention, %q, and neither a grade nor her birth date", got.text("mention"))
}

// revealed is everything that somebody with an SD-JWT can read in it.
func revealed(token []byte) string {
	var out strings.Builder
	jws, disclosures, _ := strings.Cut(string(token), "~")
	parts := strings.Split(jws, ".")
	for _, p := range append(strings.Split(disclosures, "~"), parts[1:2]...) {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			panic(stop{err})
		}
		out.Write(b)
	}
	return out.String()
}

// verifyForms posts every form to the verifier's API and to its page.
func (s *Story) verifyForms(ctx context.Context, c *country) {
	for _, f := range c.forms {
		api := s.judge(ctx, f.content)
		page := s.page(ctx, f.content)
		good := api.text("overall") == "VALID"
		s.check(good && strings.Contains(page, `class="verdict good"`), "her diploma %s: %s, and on the verifier's page", f.name, verdict(api))
	}
	page := s.page(ctx, c.forms[3].content)
	s.check(!strings.Contains(page, strings.Trim(c.grade, `"`)) && strings.Contains(page, strings.Split(c.amina.name, " — ")[0]), "the page shows her name and none of the grades that she withheld")
	badge := s.judge(ctx, bytes.ReplaceAll(c.forms[1].content, []byte("Amina"), []byte("Emina")))
	s.check(badge.text("overall") == "NOT VALID", "the Open Badge with another name written in: %s", verdict(badge))
	jws, disclosures, _ := strings.Cut(string(c.forms[3].content), "~")
	forged := s.judge(ctx, []byte(edit(jws)+"~"+disclosures))
	s.check(forged.text("overall") == "NOT VALID", "the SD-JWT with a letter changed: %s", verdict(forged))
}

// judge posts a file to POST /v1/verify.
func (s *Story) judge(ctx context.Context, content []byte) answer {
	return s.verifyItem(ctx, m{"base64": base64.StdEncoding.EncodeToString(content)})
}

// page uploads a file on the verifier's page, as a browser without scripts does.
func (s *Story) page(ctx context.Context, content []byte) string {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", "diploma")
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(stop{err})
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Verifier+"/?lang=en", &body)
	if err != nil {
		panic(stop{err})
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return string(s.send(req).body)
}
