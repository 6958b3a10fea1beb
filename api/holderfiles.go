package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	qrcode "github.com/skip2/go-qrcode"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/ledger"
)

// The files below a link's page.
const (
	fileName    = "diploma.jwt"
	extractName = "diploma.sd-jwt"
	walletName  = "wallet.sd-jwt"
	qrName      = "qr.svg"
)

// badgeNames are the files that badge software takes, in the order in which they are offered.
var badgeNames = []string{"diploma.json", "diploma.png", "diploma.svg"}

// fileKinds are what the files are made as.
var fileKinds = map[string]string{
	"diploma.json": "json", "diploma.png": "png", "diploma.svg": "svg", extractName: "sd-jwt", walletName: "wallet",
}

// fileTypes are media types by kind.
var fileTypes = map[string]string{
	"json": "application/vc", "png": "image/png", "svg": "image/svg+xml", "sd-jwt": "application/vc+sd-jwt", "wallet": "application/dc+sd-jwt",
}

// chosenParts reads what a holder chose to show.
func chosenParts(names []string) (show []share.Part, err error) {
	for _, name := range names {
		p := share.Part(name)
		if !slices.Contains(share.Parts, p) {
			return nil, newProblem(http.StatusUnprocessableEntity, "invalid_field", "show is mention, grades or identity")
		}
		if !slices.Contains(show, p) {
			show = append(show, p)
		}
	}
	return show, nil
}

// file is a holding's diploma as a file of this kind.
func (s *Server) file(ctx context.Context, h ledger.Holding, kind string, show []share.Part) ([]byte, error) {
	if s.cfg.Publisher == nil {
		return nil, domain.Refuse(domain.Missing, "not_found", "")
	}
	return s.cfg.Publisher.File(ctx, h.Tenant, h.Ref(), h.State.Claim.Edition, kind, show)
}

// offer adds the files that are the holder's to take. A diploma that does not count is only to
// be had as the token that was signed.
func (s *Server) offer(r *http.Request, h ledger.Holding, d Diploma, v holderView, base string) error {
	if d.State != "signed" || d.Token == "" {
		return nil
	}
	out := v.Diploma
	for _, name := range badgeNames {
		out.Badges = append(out.Badges, fileView{base + "/" + name, v.T["badge_"+fileKinds[name]]})
	}
	out.Extracts = []fileView{{base + "/" + extractName, v.T["extract_take"]}, {base + "/" + walletName, v.T["extract_wallet"]}}
	out.Parts = partsIn(v)
	if out.QR != "" {
		return nil
	}
	// What is too much for a code goes onto paper without the parts that can be withheld.
	bare, err := s.file(r.Context(), h, "sd-jwt", nil)
	switch {
	case domain.CodeOf(err) != "":
		return nil // no key to sign it with: there is no code
	case err != nil:
		return err
	case len(bare) <= maxQR:
		out.QR, out.QRWhat = base+"/"+qrName, v.T["qr_bare"]
	}
	return nil
}

// partsIn are the boxes to tick.
func partsIn(v holderView) (parts []partView) {
	for _, p := range share.Parts {
		parts = append(parts, partView{string(p), v.T["part_"+string(p)]})
	}
	return parts
}

// whatIn says what a link shows.
func whatIn(one Share, v holderView) string {
	what := v.T["scope_"+one.Scope]
	for n, p := range one.Show {
		sep := ", "
		if n == 0 {
			sep = ": "
		}
		what += sep + v.T["part_"+p]
	}
	return what
}

// gradeIn is a grade and the best one of its scale.
func gradeIn(grade, best string) string {
	if best == "" {
		return grade
	}
	return grade + " / " + best
}

// sendFile sends one file of a holding to who may have what a link of this scope gives.
func (s *Server) sendFile(w http.ResponseWriter, r *http.Request, h ledger.Holding, scope share.Scope, show []share.Part) error {
	d, err := s.diploma(r.Context(), h)
	if err != nil {
		return err
	}
	name := r.PathValue("file")
	kind := fileKinds[name]
	switch {
	case scope == share.View:
		return domain.Refuse(domain.Missing, "not_found", "")
	case scope == share.Extract && name != extractName && name != qrName:
		return domain.Refuse(domain.Missing, "not_found", "")
	case name == fileName:
		out := tokenFile(d.Credential, d.Token)
		return sendBytes(w, out.ContentType, out.Disposition, out.Body)
	case name == qrName:
		return s.sendQR(w, r, h, d, scope, show)
	case kind == "":
		return domain.Refuse(domain.Missing, "not_found", "")
	}
	b, err := s.file(r.Context(), h, kind, show)
	if err != nil {
		return err
	}
	return sendBytes(w, fileTypes[kind], `attachment; filename="`+string(d.Credential)+"."+kind+`"`, b)
}

func sendBytes(w http.ResponseWriter, contentType, disposition string, b []byte) error {
	w.Header().Set("Content-Type", contentType)
	if disposition != "" {
		w.Header().Set("Content-Disposition", disposition)
	}
	_, _ = w.Write(b) // a reader who has left gets nothing
	return nil
}

// sendQR sends a code that holds a whole file: the token, or where that does not fit, or is
// not the reader's, the diploma without what is withheld.
func (s *Server) sendQR(w http.ResponseWriter, r *http.Request, h ledger.Holding, d Diploma, scope share.Scope, show []share.Part) error {
	text := d.Token
	if scope == share.Extract || len(text) > maxQR {
		if scope != share.Extract {
			show = nil
		}
		b, err := s.file(r.Context(), h, "sd-jwt", show)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if text == "" || len(text) > maxQR {
		return domain.Refuse(domain.Missing, "not_found", "")
	}
	svg, err := qrSVG(text)
	if err != nil {
		return err
	}
	return sendBytes(w, "image/svg+xml", "", svg)
}

// shown is the diploma as a link shows it: of an extract nothing but its parts, whoever reads it how.
func (s *Server) shown(ctx context.Context, h ledger.Holding, to share.Link, d Diploma) (Diploma, error) {
	switch to.Scope {
	case share.File:
		return d, nil
	case share.Extract:
		full := d
		d.Token, d.Format, d.Results, d.Average, d.Mention = "", "", nil, nil, ""
		if slices.Contains(to.Show, share.Grades) {
			d.Results, d.Average = full.Results, full.Average
		}
		if slices.Contains(to.Show, share.Mention) {
			d.Mention = full.Mention
		}
		if !slices.Contains(to.Show, share.Identity) {
			d.Holder = bareHolder(d.Holder)
		}
		if full.State != "signed" {
			return d, nil // what is over is shown as that, without a file
		}
		b, err := s.file(ctx, h, "sd-jwt", to.Show)
		d.Token, d.Format = string(b), award.SDPayload
		return d, err
	}
	d.Token, d.Format, d.Results, d.Average, d.Mention = "", "", nil, nil, ""
	return d, nil
}

// bareHolder is the name alone, as the signed file shows it when the rest is withheld.
func bareHolder(c *CredentialHolder) *CredentialHolder {
	bare := &CredentialHolder{Erased: c.Erased}
	if len(c.PersonalNames) > 0 {
		bare.PersonalNames = c.PersonalNames[:1]
	}
	return bare
}

// qrSVG draws a QR code as one path, a unit a module, with the quiet zone around it.
func qrSVG(text string) ([]byte, error) {
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	modules := code.Bitmap()
	var b bytes.Buffer
	n := strconv.Itoa(len(modules))
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + n + ` ` + n + `" shape-rendering="crispEdges"><rect width="` + n + `" height="` + n + `" fill="#fff"/><path d="`)
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes(), nil
}
