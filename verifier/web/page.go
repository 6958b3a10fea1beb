package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"sijil/verifier"
)

//go:embed page/*.html text/*.json
var files embed.FS

// languages in the order of preference when a reader accepts several alike; the first is
// for those who accept none. hr, sr-Latn and sh readers get Bosnian by language matching.
var languages = []string{"en", "fr", "ar", "bs"}

type pages struct {
	template *template.Template
	texts    map[string]map[string]string
	match    language.Matcher
}

func parsePages() (*pages, error) {
	p := &pages{texts: map[string]map[string]string{}}
	var tags []language.Tag
	for _, l := range languages {
		b, err := files.ReadFile("text/" + l + ".json")
		if err != nil {
			return nil, err
		}
		texts := map[string]string{}
		if err := json.Unmarshal(b, &texts); err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", l, err)
		}
		p.texts[l] = texts
		tags = append(tags, language.Make(l))
	}
	// Neighbours who read Bosnian come last, so that they never outrank a language of ours.
	for _, l := range []string{"hr", "sr-Latn"} {
		tags = append(tags, language.Make(l))
	}
	p.match = language.NewMatcher(tags)
	var err error
	p.template, err = template.New("page.html").Funcs(template.FuncMap{"visible": verifier.Visible, "in": func(r *result, t map[string]string) told { return told{r, t} }}).ParseFS(files, "page/*.html")
	return p, err
}

// language is the ?lang= of the request, else the best match for what the browser accepts.
func (p *pages) language(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); p.texts[l] != nil {
		return l
	}
	_, i := language.MatchStrings(p.match, r.Header.Get("Accept-Language"))
	if i >= len(languages) {
		return "bs"
	}
	return languages[i]
}

// view is what the page shows.
type view struct {
	Notice string // text key of a message instead of a result
	Judged *judged
}

func (s *server) form(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, view{}) }

// check judges what the form sent: the file if there is one, else the text.
func (s *server) check(w http.ResponseWriter, r *http.Request) {
	text, name, content, err := readForm(r)
	if err != nil {
		p := bodyProblem(err)
		notice := "nothing"
		switch {
		case p.Status == http.StatusRequestEntityTooLarge:
			notice = "too_much"
		case errors.Is(err, http.ErrNotMultipart):
			p, notice = problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type"}, "media"
		}
		s.refuse(w, r, p, notice)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), judging)
	defer cancel()
	var j judged
	switch {
	case name != "":
		j = s.file(ctx, name, content, s.Now())
	case strings.TrimSpace(text) != "":
		j = s.text(ctx, []byte(text), r.Host, s.Now())
	default:
		s.show(w, r, http.StatusOK, view{Notice: "nothing"})
		return
	}
	s.show(w, r, http.StatusOK, view{Judged: &j})
}

// readForm streams the form's two parts into memory; the body is bounded already, and
// nothing touches a disk.
func readForm(r *http.Request) (text, name string, content []byte, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return "", "", nil, err
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return text, name, content, nil
		}
		if err != nil {
			return "", "", nil, err
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return "", "", nil, err
		}
		switch part.FormName() {
		case "credential":
			text = string(b)
		case "file":
			name, content = part.FileName(), b
		}
	}
}

func (s *server) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	lang := s.pages.language(r)
	p := s.pages.build(lang, v)
	p.Self = s.PublicURL
	var err error
	if v.Judged != nil {
		if p.Result.Receipt, err = s.download("application/jwt", v.Judged); err != nil {
			s.Log.ErrorContext(r.Context(), "receipt could not be signed: see that the receipt key can be used", "err", err)
		}
		if v.Judged.fetched {
			p.Result.Credential = dataURL("application/vc+jwt", string(v.Judged.content))
		}
	}
	var out bytes.Buffer
	if err := s.pages.template.Execute(&out, p); err != nil {
		// The error may quote what was signed, so it is not logged whole.
		s.Log.ErrorContext(r.Context(), "page could not be made: a defect of its template", "lang", lang)
		answer(w, problem{Status: http.StatusInternalServerError, Code: "internal"})
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// download is a receipt that the browser saves without asking again: nothing of what was
// checked is here any more when the page is read.
func (s *server) download(kind string, j *judged) (template.URL, error) {
	text, err := s.receipts.sign(*j, s.Now())
	if err != nil || text == "" {
		return "", err
	}
	return dataURL(kind, text), nil
}

// dataURL is a token as a link that holds it; its characters need no escaping, and what has
// others is left out.
func dataURL(kind, token string) template.URL {
	if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~") != "" {
		return ""
	}
	return template.URL("data:" + kind + "," + token)
}

// date is t's day in words.
func date(t time.Time, texts map[string]string) string {
	t = t.UTC()
	months := strings.Split(texts["months"], "|")
	return strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", months[t.Month()-1], "{y}", strconv.Itoa(t.Year())).Replace(texts["date"])
}

// moment is t to the minute; the hour is isolated, so that it stays whole within Arabic.
func moment(t time.Time, texts map[string]string) string {
	return date(t, texts) + " \u2068" + t.UTC().Format("15:04") + "\u00a0UTC\u2069"
}

// age is d in its largest unit.
func age(d time.Duration, texts map[string]string) string {
	units := strings.Split(texts["units"], "|")
	n, unit := int(d/time.Second), units[0]
	for i, size := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		if d >= size {
			n, unit = int(d/size), units[i+1]
		}
	}
	return strconv.Itoa(max(n, 0)) + " " + unit
}
