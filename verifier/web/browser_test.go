package web

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts the system's Chromium, or skips the test where there is none and nobody
// promised one.
func browser(t *testing.T) context.Context {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("Chromium is not installed, and CI=true demands this test: apt-get install chromium")
		}
		t.Skip("Chromium is not installed: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true))
	// It opens our own pages only, and in many containers there is no sandbox to be had.
	options = append(options, chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func run[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func js[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	return run(ctx, t, chromedp.Evaluate[T](expression))
}

// picture keeps a screenshot for the eye where SIJIL_SCREENSHOTS names a directory.
func picture(ctx context.Context, t *testing.T, name string) {
	dir := os.Getenv("SIJIL_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), run(ctx, t, chromedp.FullScreenshot(100)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func paste(ctx context.Context, t *testing.T, url, token string) {
	t.Helper()
	run(ctx, t, chromedp.Navigate(url))
	quoted, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	js[bool](ctx, t, fmt.Sprintf(`document.querySelector("#credential").value = %s, true`, quoted))
	run(ctx, t, chromedp.Click("button"))
	run(ctx, t, chromedp.WaitVisible(".verdict"))
}

func TestThePageInABrowser(t *testing.T) {
	ctx := browser(t)
	url := serve(t)
	headings := map[string][3]string{
		"en": {"Valid", "Not valid", "Cannot confirm"},
		"fr": {"Valable", "Non valable", "Impossible de confirmer"},
		"ar": {"صحيحة", "غير صحيحة", "لا يمكن التأكيد"},
		"bs": {"Vrijedi", "Ne vrijedi", "Ne može se potvrditi"},
	}
	cases := [3]string{"0021-control--retired-key-recorded-in-its-window", "0236-status--revoked", "0266-status--list-expired"}
	for width, device := range map[int64]string{390: "phone", 1280: "desktop"} {
		run(ctx, t, chromedp.EmulateViewport(width, 800))
		for lang, want := range headings {
			page := url + "/?lang=" + lang
			run(ctx, t, chromedp.Navigate(page))
			picture(ctx, t, lang+"-"+device+"-form")
			for i, name := range cases {
				paste(ctx, t, page, token(t, name))
				if got := strings.TrimSpace(js[string](ctx, t, `document.querySelector("h1").lastChild.textContent`)); got != want[i] {
					t.Errorf("%s %s: heading %q, want %q", lang, name, got, want[i])
				}
				if wide := js[float64](ctx, t, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
					t.Errorf("%s on a %s: the page is %v px too wide", lang, device, wide)
				}
				if lines := js[int](ctx, t, `document.querySelectorAll(".lines li").length`); lines != 6 {
					t.Errorf("%s: %d lines", lang, lines)
				}
				picture(ctx, t, lang+"-"+device+"-"+strings.ToLower(strings.ReplaceAll(headings["en"][i], " ", "-")))
			}
			dir := js[string](ctx, t, `getComputedStyle(document.querySelector("main")).direction`)
			if rtl := lang == "ar"; rtl != (dir == "rtl") {
				t.Errorf("%s reads %s", lang, dir)
			}
		}
	}
}

func TestMarkupInANameStaysText(t *testing.T) {
	ctx := browser(t)
	url := serve(t)
	paste(ctx, t, url, token(t, "0017-control--html-in-name"))
	if name := run(ctx, t, chromedp.Text("dd")); name != `<img src=x onerror=alert(1)> & "O'Neil"` {
		t.Errorf("name is shown as %q", name)
	}
	if n := js[int](ctx, t, `document.querySelectorAll("img, main script, iframe").length`); n != 0 {
		t.Errorf("the name became %d elements", n)
	}
	paste(ctx, t, url, token(t, "0018-control--bidi-and-zero-width-name"))
	if name := run(ctx, t, chromedp.Text("dd")); name != "Ada ⟨U+202E⟩tcartsba⟨U+202C⟩ Lovelace⟨U+200B⟩" {
		t.Errorf("name is shown as %q", name)
	}
	picture(ctx, t, "bidi-name")
}

func TestAFileIsUploaded(t *testing.T) {
	ctx := browser(t)
	run(ctx, t, chromedp.Navigate(serve(t)))
	file, err := filepath.Abs(filepath.Join(corpus, "vc-jwt", "0001-control--plain-0.jwt"))
	if err != nil {
		t.Fatal(err)
	}
	run(ctx, t, chromedp.SetUploadFiles("#file", []string{file}))
	run(ctx, t, chromedp.Click("button"))
	run(ctx, t, chromedp.WaitVisible(".verdict.good"))
}
