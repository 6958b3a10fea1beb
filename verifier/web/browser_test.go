package web

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var none = cdp.Empty{}

// faults looks at a page as a screen reader and a small screen do, and says what is wrong.
const faults = `(() => {
  const out = [], all = (q) => [...document.querySelectorAll(q)];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) out.push("the page is " + wide + " px too wide");
  if (all("h1").length !== 1 || all("main").length !== 1 || all("nav").length !== 1) out.push("landmarks");
  for (const e of all("input, textarea")) if (!e.labels.length || !e.labels[0].innerText) out.push("no label: " + e.id);
  for (const e of all("button, a")) if (!e.hidden && !e.textContent.trim()) out.push("no text: " + e.outerHTML);
  let level = 0;
  for (const e of all("h1, h2, h3")) { const n = +e.tagName[1]; if (n > level + 1) out.push("a heading is skipped before " + e.textContent); level = n; }
  const rgb = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = rgb(c).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  for (const e of all("h1, h2, h3, p, dt, dd, li strong, label, a, button, summary, .sign")) {
    if (!e.offsetParent || !e.innerText.trim() || e.className === "skip") continue;
    let behind = e;
    while (behind && (rgb(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
    const a = light(getComputedStyle(e).color), b = light(getComputedStyle(behind || document.body).backgroundColor);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push("contrast " + ratio.toFixed(2) + ": " + e.innerText.slice(0, 40));
  }
  return out;
})()`

func TestThePageInFourLanguagesOnPhoneAndDesk(t *testing.T) {
	t.Parallel()
	headings := map[string][4]string{
		"en": {"Check a diploma", "Valid", "Not valid", "Cannot confirm"},
		"fr": {"Vérifier un diplôme", "Valable", "Non valable", "Impossible de confirmer"},
		"ar": {"التحقق من شهادة", "صحيحة", "غير صحيحة", "لا يمكن التأكيد"},
		"bs": {"Provjera diplome", "Vrijedi", "Ne vrijedi", "Ne može se potvrditi"},
	}
	cases := [3]string{"0021-control--retired-key-recorded-in-its-window", "0236-status--revoked", "0266-status--list-expired"}
	p := open(t, sharing(t))
	for lang, want := range headings {
		// look looks at the page that is there on a phone and on a desk.
		look := func(name, heading string) {
			t.Helper()
			if got := p.heading(); got != heading {
				t.Errorf("%s %s: heading %q, want %q", lang, name, got, heading)
			}
			if got := js[string](p, `document.documentElement.lang + " " + getComputedStyle(document.querySelector("main")).direction`); got != lang+map[bool]string{true: " rtl", false: " ltr"}[lang == "ar"] {
				t.Errorf("%s reads %s", lang, got)
			}
			for _, device := range []struct {
				name          string
				width, height int64
			}{{"desktop", 1280, 800}, {"phone", 390, 844}} {
				p.do(chromedp.EmulateViewport(device.width, device.height))
				for _, fault := range js[[]string](p, faults) {
					t.Errorf("%s %s on a %s: %s", lang, name, device.name, fault)
				}
				p.picture(lang + "-" + device.name + "-" + name)
			}
		}
		p.visit("/?lang=" + lang)
		look("form", want[0])
		for i, name := range cases {
			p.check(token(t, name))
			look([]string{"valid", "not-valid", "cannot-confirm"}[i], want[i+1])
			if lines := js[int](p, `document.querySelectorAll(".lines li").length`); lines != 6 {
				t.Errorf("%s: %d lines", lang, lines)
			}
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, dark); err != nil {
			t.Fatal(err)
		}
		for _, fault := range js[[]string](p, faults) {
			t.Errorf("in the %s: %s", scheme, fault)
		}
		p.picture("scheme-" + scheme)
	}
	p.clean()
	if got := p.asked(); !slices.Equal(got, []string{"/", "/page.js", "/style.css"}) {
		t.Errorf("asked for %v", got)
	}
}

func TestMarkupInANameStaysText(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	p.paste("/", token(t, "0017-control--html-in-name"))
	if name := run(p, chromedp.Text("dd")); name != `<img src=x onerror=alert(1)> & "O'Neil"` {
		t.Errorf("name is shown as %q", name)
	}
	if n := js[int](p, `document.querySelectorAll("img, iframe, main script, main style").length`); n != 0 {
		t.Errorf("the name became %d elements", n)
	}
	p.paste("/", token(t, "0018-control--bidi-and-zero-width-name"))
	if name := run(p, chromedp.Text("dd")); name != "Ada ⟨U+202E⟩tcartsba⟨U+202C⟩ Lovelace⟨U+200B⟩" {
		t.Errorf("name is shown as %q", name)
	}
	p.clean()
}

// focused walks through the page with the Tab key.
func focused(p *tab, steps int) (ids []string) {
	for range steps {
		p.do(chromedp.KeyEvent(kb.Tab))
		ids = append(ids, js[string](p, `(() => { const e = document.activeElement; return e.id || e.className || e.lang || e.tagName })()`))
	}
	return ids
}

func TestThePageIsUsedWithAKeyboard(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	p.visit("/?lang=fr")
	if got, want := focused(p, 8), []string{"skip", "en", "ar", "bs", "credential", "file", "check", "scan"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
	p.do(chromedp.SetUploadFiles("#file", []string{absolute(t, "vc-jwt/0001-control--plain-0.jwt")}))
	js[bool](p, `document.querySelector("#file").focus(), true`)
	p.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".verdict.good"))
	// The answer comes first, both for the eye and for the next key.
	if got := focused(p, 3); !slices.Equal(got, []string{"print", "button", "credential"}) {
		t.Errorf("after the answer the order is %v", got)
	}
	if got := js[string](p, `document.querySelector("#result").getAttribute("role") + " " + document.title`); got != "status Valable – Vérifier un diplôme" {
		t.Errorf("announced as %q", got)
	}
	p.clean()
}

func absolute(t *testing.T, name string) string {
	file, err := filepath.Abs(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestThePageNeedsNoScript(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.paste("/?lang=bs", token(t, "0236-status--revoked"))
	if got := p.heading(); got != "Ne vrijedi" {
		t.Errorf("heading %q", got)
	}
	if hidden := js[bool](p, `document.querySelector("#scan").offsetParent === null && document.querySelector("#print").offsetParent === null`); !hidden {
		t.Error("buttons that do nothing are shown")
	}
	if got := js[string](p, `document.querySelector("noscript").innerText`); !strings.Contains(got, "#") {
		t.Errorf("who comes by a link with # is not told what to do: %q", got)
	}
	if slices.Contains(p.asked(), "/page.js") {
		t.Error("the script was loaded")
	}
	p.clean()
}

func TestALinkThatCarriesACredentialIsRead(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	p.do(chromedp.Navigate(p.server.URL+"/v?lang=en#"+token(t, "0001-control--plain-0")), chromedp.WaitVisible(".verdict.good"))
	if at := run(p, chromedp.Location()); strings.Contains(at, "eyJ") {
		t.Errorf("the credential stays in the address: %s", at)
	}
	if entries := js[int](p, `history.length`); entries > 3 {
		t.Errorf("%d entries in the history", entries)
	}
	for _, path := range p.asked() {
		if strings.Contains(path, "eyJ") {
			t.Errorf("the credential was asked for as %s", path)
		}
	}
	p.clean()
}

func TestACameraReadsAQRCode(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	p.visit("/?lang=en")
	if slices.Contains(p.asked(), "/jsqr.js") {
		t.Error("the reader is loaded before a camera is used")
	}
	p.do(chromedp.Click("#scan"), chromedp.WaitVisible(".verdict.good"))
	p.clean()
}

func TestTheAnswerIsPrintedWithoutTheForm(t *testing.T) {
	t.Parallel()
	p := open(t, sharing(t))
	p.paste("/?lang=en", token(t, "0001-control--plain-0"))
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	got := js[[]string](p, `["nav", ".form", ".keep", "#print", "#result", ".lines", "dl"].filter((q) => document.querySelector(q)?.offsetParent)`)
	if !slices.Equal(got, []string{"#result", ".lines", "dl"}) {
		t.Errorf("printed: %v", got)
	}
	p.picture("print")
}
