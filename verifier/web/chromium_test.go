package web

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/skip2/go-qrcode"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.RemoveAll(chromium.dir)
	os.Exit(code)
}

// chromium is one browser for all tests, each of which has a tab of its own.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	dir  string
	err  error
}

// errNoBrowser: the system has none.
var errNoBrowser = errors.New("there is no Chromium: apt-get install chromium")

func startBrowser() error {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return errNoBrowser
	}
	var err error
	if chromium.dir, err = os.MkdirTemp("", "camera-*"); err != nil {
		return err
	}
	camera := filepath.Join(chromium.dir, "camera.mjpeg")
	if err := film(camera); err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true),
		// A camera that always sees the same picture, and may be used.
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", camera))
	// It opens our own pages only, and in many containers there is no sandbox to be had.
	options = append(options, chromedp.NoSandbox)
	ctx, stopAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(ctx)
	chromium.ctx, chromium.stop = ctx, func() { stop(); stopAll() }
	return chromedp.Do(ctx)
}

// filmed is what the camera sees.
const filmed = "0001-control--plain-0"

// film writes a picture of a QR code that holds a credential.
func film(path string) error {
	content, err := os.ReadFile(filepath.Join(corpus, "vc-jwt", filmed+".jwt"))
	if err != nil {
		return err
	}
	code, err := qrcode.New(strings.TrimSpace(string(content)), qrcode.Low)
	if err != nil {
		return err
	}
	bits := code.Bitmap()
	const width, height = 1280, 720
	size := height / len(bits)
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			row, column := y/size, (x-(width-height)/2)/size
			dark := x >= (width-height)/2 && row < len(bits) && column < len(bits) && bits[row][column]
			picture.SetGray(x, y, map[bool]color.Gray{true: {0}, false: {255}}[dark])
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(f, picture, &jpeg.Options{Quality: 95}), f.Close())
}

// tab is a page of the browser and what happened in it.
type tab struct {
	*testing.T
	ctx    context.Context
	server *httptest.Server

	mu       sync.Mutex
	requests []string // paths, or whole URLs of others than the server
	entries  []string // of the browser's log: refused by the policy, not found, errors
}

// open gives a new tab on a new server, or skips the test where there is no browser and nobody
// promised one.
func open(t *testing.T, h http.Handler) *tab {
	chromium.once.Do(func() { chromium.err = startBrowser() })
	if errors.Is(chromium.err, errNoBrowser) && os.Getenv("CI") != "true" {
		t.Skip(chromium.err)
	} else if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	ctx, stop := chromedp.NewContext(chromium.ctx)
	t.Cleanup(stop)
	p := &tab{T: t, ctx: ctx, server: httptest.NewServer(h)}
	t.Cleanup(p.server.Close)
	if err := chromedp.Listen(ctx, p.heard); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(chromedp.Call(ctx, network.Enable, network.EnableParams{})), second(chromedp.Call(ctx, log.Enable, none))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func second[A any](_ A, err error) error { return err }

func (p *tab) heard(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		path, ours := strings.CutPrefix(ev.Request.URL, p.server.URL)
		if path, _, _ = strings.Cut(path, "?"); !ours {
			path = ev.Request.URL
		}
		if !slices.Contains(p.requests, path) && !strings.HasPrefix(path, "about:") {
			p.requests = append(p.requests, path)
		}
	case *log.EventEntryAdded:
		p.entries = append(p.entries, fmt.Sprintf("%s: %s %s", ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
	}
}

// asked are the paths that were requested so far.
func (p *tab) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.requests))
}

// clean fails the test if the browser refused or missed anything, or asked anybody else.
func (p *tab) clean() {
	p.Helper()
	for _, r := range p.asked() {
		if !strings.HasPrefix(r, "/") {
			p.Errorf("asked for %s", r)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		p.Errorf("the browser's log: %s", e)
	}
}

func run[T any](p *tab, a chromedp.Action[T]) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.Fatal(err)
	}
	return v
}

func js[T any](p *tab, expression string) T {
	p.Helper()
	return run(p, chromedp.Evaluate[T](expression))
}

func (p *tab) do(a ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	run(p, chromedp.Steps(a...))
}

func (p *tab) visit(path string) { p.Helper(); p.do(chromedp.Navigate(p.server.URL + path)) }

// picture keeps a screenshot for the eye where SIJIL_SCREENSHOTS names a directory.
func (p *tab) picture(name string) {
	dir := os.Getenv("SIJIL_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), run(p, chromedp.FullScreenshot(100)), 0o644); err != nil {
		p.Fatal(err)
	}
}

// paste checks a text on the page at path.
func (p *tab) paste(path, text string) {
	p.Helper()
	p.visit(path)
	p.check(text)
}

// check checks a text on the page that is there, which may show the answer on another.
func (p *tab) check(text string) {
	p.Helper()
	js[bool](p, fmt.Sprintf(`document.body.className = "asked", document.querySelector("#credential").value = %s, true`, quote(text)))
	p.do(chromedp.Click("#check"), chromedp.WaitVisible("body:not(.asked) .verdict"))
}

func (p *tab) heading() string {
	p.Helper()
	return strings.TrimSpace(js[string](p, `document.querySelector("h1").lastChild.textContent`))
}
