package web

import (
	"encoding/json"
	"net/http"
	"strings"
)

// problem is an RFC 9457 problem document. Code is stable; Detail never quotes the request.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// answer writes p; its title is the code in words.
func answer(w http.ResponseWriter, p problem) {
	p.Type = "urn:sijil:problem:" + p.Code
	p.Title = strings.ToUpper(p.Code[:1]) + strings.ReplaceAll(p.Code[1:], "_", " ")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // the reader may be gone; there is nobody else to tell
}
