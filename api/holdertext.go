package api

import (
	"embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"sijil/domain"
)

//go:embed holder
var holderFiles embed.FS

// holderLanguages in the order of preference when a reader accepts several alike; the
// first is for those who accept none.
var holderLanguages = []string{"en", "fr", "ar", "bs"}

var (
	holderPage  = template.Must(template.ParseFS(holderFiles, "holder/holder.html"))
	holderTexts = readHolderTexts()
	// Croatian and Serbian in Latin script are read as Bosnian; last, so that they never
	// outrank a language of ours.
	holderMatch = language.NewMatcher([]language.Tag{
		language.English, language.French, language.Arabic, language.Make("bs"), language.Croatian, language.Make("sr-Latn"),
	})
)

func readHolderTexts() map[string]map[string]string {
	texts := map[string]map[string]string{}
	for _, l := range holderLanguages {
		b, err := holderFiles.ReadFile("holder/" + l + ".json")
		if err == nil {
			var t map[string]string
			err = json.Unmarshal(b, &t)
			texts[l] = t
		}
		if err != nil { // the files are embedded
			panic(fmt.Sprintf("texts of %s: %v", l, err))
		}
	}
	return texts
}

// holderLanguage is the ?lang= of the request, else the best match for what the browser accepts.
func holderLanguage(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); holderTexts[l] != nil {
		return l
	}
	_, i := language.MatchStrings(holderMatch, r.Header.Get("Accept-Language"))
	if i >= len(holderLanguages) {
		return "bs"
	}
	return holderLanguages[i]
}

// dayIn is a day in words.
func dayIn(t time.Time, texts map[string]string) string {
	t = t.UTC()
	months := strings.Split(texts["months"], "|")
	return strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", months[t.Month()-1], "{y}", strconv.Itoa(t.Year())).Replace(texts["date"])
}

func dateIn(d domain.Date, texts map[string]string) string {
	if d == "" {
		return ""
	}
	return dayIn(d.Time(), texts)
}

// readings is a text in all its languages: the reader's own first, then as the pages
// offer them, then the others.
func readings(t domain.Text, lang string) []string {
	var list []string
	for _, l := range append(append([]string{lang}, holderLanguages...), slices.Sorted(maps.Keys(t))...) {
		if s := t[l]; s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
