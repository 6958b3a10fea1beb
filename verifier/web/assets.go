package web

import (
	_ "embed"
	"net/http"
	"strconv"
	"time"
)

// What the page loads. jsQR (Apache-2.0) comes only where a camera is used and the browser
// reads no QR codes itself.
var (
	//go:embed page/style.css
	styleSheet []byte
	//go:embed page/page.js
	script []byte
	//go:embed assets/jsqr/jsQR.js
	jsQR []byte
	//go:embed assets/jsqr/LICENSE
	jsQRLicense []byte
)

type asset struct {
	kind    string
	content []byte
	keep    time.Duration // how long a browser may
}

var assets = map[string]asset{
	"/style.css":        {"text/css; charset=utf-8", styleSheet, 24 * time.Hour},
	"/page.js":          {"text/javascript; charset=utf-8", script, 24 * time.Hour},
	"/jsqr.js":          {"text/javascript; charset=utf-8", jsQR, 24 * time.Hour},
	"/jsqr-license.txt": {"text/plain; charset=utf-8", jsQRLicense, 24 * time.Hour},
}

func (a asset) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(a.keep/time.Second)))
	w.Write(a.content)
}
