package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// holderPolicy lets the pages load their style and the QR code, and post to this server.
const holderPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxQR is the most bytes a QR code holds (version 40, level L, ISO/IEC 18004 table 7).
const maxQR = 2953

// registerHolderPages serves what people see of claims and shares: plain pages without scripts.
// Opening a claim link shows a button and spends nothing, since programs that preview
// links open them too.
func (s *Server) registerHolderPages() {
	s.mux.HandleFunc("GET /claims/{link}", s.visit(s.claimPage))
	s.mux.HandleFunc("POST /claims/{link}", s.visit(s.takeDiploma))
	s.mux.HandleFunc("GET /holdings/{link}", s.visit(s.holdingPage))
	s.mux.HandleFunc("GET /holdings/{link}/{file}", s.visit(s.holdingFile))
	s.mux.HandleFunc("POST /holdings/{link}/shares", s.visit(s.makeShare))
	s.mux.HandleFunc("POST /holdings/{link}/shares/{share}/revocations", s.visit(s.endShare))
	s.mux.HandleFunc("GET /shares/{link}", s.visit(s.sharePage))
	s.mux.HandleFunc("GET /shares/{link}/{file}", s.visit(s.shareFile))
	s.mux.HandleFunc("GET /holder.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		http.ServeFileFS(w, r, holderFiles, "holder/holder.css")
	})
}

// holderView is what a page shows.
type holderView struct {
	Lang, Title string
	T           map[string]string
	Languages   []languageChoice
	Key         string
	// Query keeps the reader's choice of language on the way through a form.
	Query   string
	Notice  string
	Claim   *linkTime
	Diploma *diplomaView
	Holding *holdingView
	Shared  *linkTime
}

type languageChoice struct {
	Tag, Name string
	Here      bool
}

type linkTime struct{ Until string }

type diplomaView struct {
	Over                        string
	Names, Titles, Institutions []string
	Born, Awarded, QR, QRWhat   string
	Mention, Average            string
	Results                     []resultView
	// File is the signed file to take, Format says what it is when it is not the whole diploma.
	File, Format string
	// Badges and Extracts are further files; none where they are not the reader's to take.
	Badges   []fileView
	Extracts []fileView
	Parts    []partView
}

type resultView struct{ Name, Grade string }

type fileView struct{ Address, Label string }

type partView struct{ Value, Label string }

type holdingView struct {
	Base   string
	Parts  []partView
	Shares []shareView
}

type shareView struct {
	ID                                  domain.ID
	URL, What, State, Until, LastOpened string
}

// visit runs a page: rate limited by address, private, and its errors said in the reader's language.
func (s *Server) visit(page func(http.ResponseWriter, *http.Request, ledger.Link) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", holderPolicy)
		h.Set("Cache-Control", "no-store")
		if wait := s.visitors.take(address(r)); wait > 0 {
			writeProblem(w, rateLimited(wait))
			return
		}
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
			if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
				writeProblem(w, newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", ""))
				return
			}
			if err := r.ParseForm(); err != nil {
				writeProblem(w, newProblem(http.StatusBadRequest, "invalid_field", "the form does not have the form it takes"))
				return
			}
		}
		if err := page(w, r, ledger.Link(r.PathValue("link"))); err != nil {
			s.sayNo(w, r, err)
		}
	}
}

// sayNo is a refusal as a page.
func (s *Server) sayNo(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		err = domain.Refuse(domain.Conflict, "personal_data_erased", "")
	}
	v := s.holderView(r)
	notice, known := v.T[domain.CodeOf(err)]
	p := s.problem(r.Context(), err)
	if !known {
		if p.Status == http.StatusNotFound {
			notice = v.T["not_found"]
		} else {
			writeProblem(w, p)
			return
		}
	}
	v.Notice, v.Title = notice, v.T["title_over"]
	switch code := domain.CodeOf(err); {
	case p.Status == http.StatusNotFound:
		v.Title = v.T["title_none"]
	case strings.HasSuffix(code, "_unavailable"), strings.HasPrefix(code, "credential_"):
		v.Title = v.T["title_no_file"]
	}
	s.showHolder(w, r, p.Status, v)
}

func (s *Server) holderView(r *http.Request) holderView {
	lang := holderLanguage(r)
	v := holderView{Lang: lang, T: holderTexts[lang], Key: uuid.NewString(), Query: chosen(r)}
	for _, l := range holderLanguages {
		v.Languages = append(v.Languages, languageChoice{l, holderTexts[l]["name"], l == lang})
	}
	return v
}

func (s *Server) showHolder(w http.ResponseWriter, r *http.Request, status int, v holderView) {
	var b bytes.Buffer
	if err := holderPage.Execute(&b, v); err != nil {
		writeProblem(w, s.problem(r.Context(), fmt.Errorf("making a page: %w", err)))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang)
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader who has left gets nothing
}

func (s *Server) claimPage(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	h, err := s.cfg.Ledger.Holding(r.Context(), k)
	if err != nil {
		return err
	}
	if h.HeldBy(k) { // the holder's own link belongs to the other page
		http.Redirect(w, r, "/holdings/"+string(k), http.StatusSeeOther)
		return nil
	}
	if h.State.HolderHash != "" {
		return domain.Refuse(domain.Conflict, "claim_used", "")
	}
	if !s.cfg.Now().Before(h.State.Claim.ExpiresAt) {
		return domain.Refuse(domain.Conflict, "claim_expired", "")
	}
	v := s.holderView(r)
	v.Title, v.Claim = v.T["title_claim"], &linkTime{dayIn(h.State.Claim.ExpiresAt, v.T)}
	s.showHolder(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) formBearer(r *http.Request, k ledger.Link) (ledger.Bearer, error) {
	key := r.PostForm.Get("key")
	if !keyForm.MatchString(key) {
		return ledger.Bearer{}, newProblem(http.StatusBadRequest, "invalid_field", "the form does not have the form it takes")
	}
	return ledger.Bearer{Link: k, Key: key, CorrelationID: correlation(r.Context())}, nil
}

func (s *Server) takeDiploma(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	b, err := s.formBearer(r, k)
	if err != nil {
		return err
	}
	redeemed, err := s.cfg.Ledger.RedeemClaim(r.Context(), b)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/holdings/"+string(redeemed.Link)+chosen(r), http.StatusSeeOther)
	return nil
}

// chosen carries the reader's choice of language to the next page.
func chosen(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); holderTexts[l] != nil {
		return "?lang=" + l
	}
	return ""
}

// held is what the holder's own link leads to.
func (s *Server) held(r *http.Request, k ledger.Link) (ledger.Holding, error) {
	h, err := s.cfg.Ledger.Holding(r.Context(), k)
	if err == nil && !h.HeldBy(k) {
		err = domain.Refuse(domain.Missing, "not_found", "")
	}
	return h, err
}

func (s *Server) holdingPage(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	h, err := s.held(r, k)
	if err != nil {
		return err
	}
	d, err := s.diploma(r.Context(), h)
	if err != nil {
		return err
	}
	shares, err := s.shares(r.Context(), h)
	if err != nil {
		return err
	}
	v := s.holderView(r)
	base := "/holdings/" + string(k)
	v.Title, v.Diploma = v.T["title_holding"], viewDiploma(d, v, base)
	if err := s.offer(r, h, d, v, base); err != nil {
		return err
	}
	v.Holding = &holdingView{Base: base, Parts: partsIn(v)}
	for _, one := range shares {
		v.Holding.Shares = append(v.Holding.Shares, shareView{
			ID: one.ID, URL: one.URL, What: whatIn(one, v), State: v.T["state_"+one.State],
			Until: dayIn(one.ExpiresAt, v.T), LastOpened: dateIn(one.LastOpened, v.T),
		})
	}
	s.showHolder(w, r, http.StatusOK, v)
	return nil
}

// viewDiploma lays a diploma out; base is the address below which its file lies.
func viewDiploma(d Diploma, v holderView, base string) *diplomaView {
	out := &diplomaView{
		Titles: readings(d.AchievementTitle, v.Lang), Institutions: readings(d.Institution, v.Lang),
		Awarded: dateIn(d.DiplomaAwardDate, v.T), Born: dateIn(d.Holder.BirthDate, v.T),
	}
	if d.State != "signed" {
		out.Over = v.T["over_"+d.State]
	}
	for _, n := range d.Holder.PersonalNames {
		out.Names = append(out.Names, n.FullName)
	}
	if len(out.Names) == 0 {
		out.Names = []string{d.Holder.StudentNumber}
	}
	for _, res := range d.Results {
		out.Results = append(out.Results, resultView{res.Name, gradeIn(res.Grade, res.Max)})
	}
	out.Mention = d.Mention
	if d.Average != nil {
		out.Average = gradeIn(d.Average.Grade, d.Average.Max)
	}
	if d.Token != "" {
		out.File = base + "/" + fileName
		if d.Format == award.SDPayload {
			out.File, out.Format = base+"/"+extractName, d.Format
		}
		if len(d.Token) <= maxQR {
			out.QR, out.QRWhat = base+"/"+qrName, v.T["qr_what"]
		}
	}
	return out
}

func (s *Server) holdingFile(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	h, err := s.held(r, k)
	if err != nil {
		return err
	}
	show, err := chosenParts(r.URL.Query()["show"])
	if err != nil {
		return err
	}
	return s.sendFile(w, r, h, share.File, show)
}

// shareDays are the lengths of time that the form offers.
var shareDays = map[string]int{"1": 1, "7": 7, "30": 30, "365": 365}

func (s *Server) makeShare(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	b, err := s.formBearer(r, k)
	if err != nil {
		return err
	}
	days, ok := shareDays[r.PostForm.Get("days")]
	if !ok {
		return newProblem(http.StatusUnprocessableEntity, "invalid_field", "the form does not have the form it takes")
	}
	until := s.cfg.Now().Add(time.Duration(days) * 24 * time.Hour)
	scope := share.Scope(r.PostForm.Get("scope"))
	var show []share.Part
	if scope == share.Extract { // boxes that are ticked beside another choice mean nothing
		if show, err = chosenParts(r.PostForm["show"]); err != nil {
			return err
		}
	}
	if _, err := s.share(r.Context(), b, scope, show, until); err != nil {
		return err
	}
	http.Redirect(w, r, "/holdings/"+string(k)+chosen(r), http.StatusSeeOther)
	return nil
}

func (s *Server) endShare(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	b, err := s.formBearer(r, k)
	if err != nil {
		return err
	}
	id := domain.ID(r.PathValue("share"))
	if _, err := s.cfg.Ledger.RevokeShare(r.Context(), b, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/holdings/"+string(k)+chosen(r), http.StatusSeeOther)
	return nil
}

func (s *Server) sharePage(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	h, to, err := s.cfg.Ledger.OpenShare(r.Context(), k)
	if err != nil {
		return err
	}
	d, err := s.diploma(r.Context(), h)
	if err != nil {
		return err
	}
	if d, err = s.shown(r.Context(), h, to, d); err != nil {
		return err
	}
	v := s.holderView(r)
	v.Title, v.Diploma, v.Shared = v.T["title_share"], viewDiploma(d, v, "/shares/"+string(k)), &linkTime{dayIn(to.ExpiresAt, v.T)}
	s.showHolder(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) shareFile(w http.ResponseWriter, r *http.Request, k ledger.Link) error {
	h, to, err := s.cfg.Ledger.OpenShare(r.Context(), k)
	if err != nil {
		return err
	}
	return s.sendFile(w, r, h, to.Scope, to.Show)
}
