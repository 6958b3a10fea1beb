package api_test

import (
	"context"
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
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-first-run", true), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func inBrowser[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// look checks that the page fits and reads in the right direction, and keeps a picture where
// SIJIL_SCREENSHOTS names a directory.
func look(ctx context.Context, t *testing.T, name string, rightToLeft bool) {
	t.Helper()
	if wide := inBrowser(ctx, t, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - window.innerWidth`)); wide > 0 {
		t.Errorf("%s: the page is %v px too wide", name, wide)
	}
	if dir := inBrowser(ctx, t, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("main")).direction`)); rightToLeft != (dir == "rtl") {
		t.Errorf("%s reads %s", name, dir)
	}
	if color := inBrowser(ctx, t, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("section")).borderRadius`)); color == "0px" {
		t.Errorf("%s: the style is not loaded", name)
	}
	if dir := os.Getenv("SIJIL_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "holder-"+name+".png"), inBrowser(ctx, t, chromedp.FullScreenshot(100)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheHolderPagesInABrowser: a graduate takes the diploma and shares it, on a phone and
// on a desktop, in every language.
func TestTheHolderPagesInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	g, id, _ := claimed(t)
	headings := map[string][3]string{
		"en": {"Your diploma is ready", "Your diploma", "A shared diploma"},
		"fr": {"Votre diplôme est prêt", "Votre diplôme", "Un diplôme partagé"},
		"ar": {"شهادتك جاهزة", "شهادتك", "شهادة تمت مشاركتها"},
		"bs": {"Vaša diploma je spremna", "Vaša diploma", "Podijeljena diploma"},
	}
	heading := func(want string) {
		t.Helper()
		if got := inBrowser(ctx, t, chromedp.Evaluate[string](`document.querySelector("h1").innerText`)); got != want {
			t.Errorf("heading %q, want %q", got, want)
		}
	}
	// there waits for an element; while a page is being left there is none.
	there := func(selector string) {
		t.Helper()
		until(t, 30*time.Second, selector+" is there", func() bool {
			ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && document.querySelector("`+selector+`") !== null`))
			return err == nil && ok
		})
	}
	press := func(button string) {
		t.Helper()
		there(button)
		inBrowser(ctx, t, chromedp.Evaluate[bool](`setTimeout(() => document.querySelector("`+button+`").click()), true`))
	}
	for width, device := range map[int64]string{390: "phone", 1280: "desktop"} {
		inBrowser(ctx, t, chromedp.EmulateViewport(width, 800))
		for lang, want := range headings {
			rtl := lang == "ar"
			claim := g.registrar.Post("/v1/credentials/"+id+"/claims", map[string]any{}).Want(201).Field("url")
			inBrowser(ctx, t, chromedp.Navigate(claim+"?lang="+lang))
			heading(want[0])
			look(ctx, t, lang+"-"+device+"-claim", rtl)
			press("button")
			there(".qr")
			heading(want[1])
			if n := inBrowser(ctx, t, chromedp.Evaluate[int](`document.querySelector(".qr").naturalWidth`)); n == 0 {
				t.Error("the QR code is not drawn")
			}
			if device == "phone" {
				inBrowser(ctx, t, chromedp.Evaluate[bool](`document.querySelector("#scope").value = "extract", document.querySelector("form[method=post] input[value=identity]").checked = true`))
			}
			press("form[method=post] button:not(.plain)")
			there("li input")
			look(ctx, t, lang+"-"+device+"-holding", rtl)
			shared := inBrowser(ctx, t, chromedp.Evaluate[string](`document.querySelector("li input").value`))
			mine := inBrowser(ctx, t, chromedp.Evaluate[string](`location.href`))
			inBrowser(ctx, t, chromedp.Navigate(shared+"?lang="+lang))
			heading(want[2])
			look(ctx, t, lang+"-"+device+"-share", rtl)
			inBrowser(ctx, t, chromedp.Navigate(mine))
			press("button.plain")
			there("main:not(:has(button.plain))")
			look(ctx, t, lang+"-"+device+"-ended", rtl)
			inBrowser(ctx, t, chromedp.Navigate(shared+"?lang="+lang))
			look(ctx, t, lang+"-"+device+"-over", rtl)
			if n := inBrowser(ctx, t, chromedp.Evaluate[int](`document.querySelectorAll("script, iframe").length`)); n != 0 {
				t.Errorf("%d elements that a plain page has not", n)
			}
			if got := inBrowser(ctx, t, chromedp.Evaluate[string](`document.querySelector("main").innerText`)); strings.Contains(got, "Amina") {
				t.Error("a link that is over still shows the holder")
			}
		}
	}
}
