package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

const (
	aProbe = "/v1/probes/0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"
	anID   = `"id":"0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"`
)

func TestABodyIsTakenInOneReadingOnly(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	deep := strings.Repeat(`{"items":[`, 20) + strings.Repeat(`]}`, 20)
	many := `{` + anID + `,"items":[` + strings.Repeat(`{"a":1},`, 10_000) + `{}]}`
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		where  string // the member that the answer names
	}{
		"a plain body is taken":                     {`{` + anID + `,"count":3}`, 201, "", ""},
		"white space around it is taken":            {"\r\n {" + anID + "}\t ", 201, "", ""},
		"a decimal as a number is taken":            {`{` + anID + `,"score":15.5}`, 201, "", ""},
		"a decimal as a string is taken":            {`{` + anID + `,"score":"15.50"}`, 201, "", ""},
		"20,000 members are taken":                  {`{` + anID + `,"items":[` + strings.Repeat(`{"a":1},`, 9_998) + `{}]}`, 201, "", ""},
		"an emoji and Arabic are taken":             {`{` + anID + `,"name":"آمنة 🎓","note":"ممتاز\nجدا"}`, 201, "", ""},
		"a member twice":                            {`{` + anID + `,"count":5,"count":20}`, 400, "invalid_json", ""},
		"a member twice, once escaped":              {`{` + anID + `,"count":5,"c\u006funt":20}`, 400, "invalid_json", ""},
		"a member twice, deep down":                 {`{` + anID + `,"items":[{"a":1,"a":2}]}`, 400, "invalid_json", ""},
		"another value behind":                      {`{` + anID + `}{` + anID + `}`, 400, "invalid_json", ""},
		"text behind":                               {`{` + anID + `}x`, 400, "invalid_json", ""},
		"a comma behind":                            {`{` + anID + `,}`, 400, "invalid_json", ""},
		"a comment":                                 {`{` + anID + `/**/}`, 400, "invalid_json", ""},
		"bytes that are not UTF-8":                  {"{" + anID + ",\"name\":\"A\xff\"}", 400, "invalid_json", ""},
		"half a surrogate pair":                     {`{` + anID + `,"name":"\ud800"}`, 400, "invalid_json", ""},
		"a byte order mark in front":                {"\ufeff{" + anID + "}", 400, "invalid_json", ""},
		"nothing":                                   {"", 415, "unsupported_media_type", ""},
		"white space only":                          {"  ", 400, "invalid_json", ""},
		"NaN":                                       {`{` + anID + `,"count":NaN}`, 400, "invalid_json", ""},
		"33 levels":                                 {deep, 400, "invalid_json", ""},
		"120,000 bytes of levels":                   {strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), 400, "invalid_json", ""},
		"more than 20,000 members":                  {many, 400, "invalid_json", ""},
		"a list instead of an object":               {`[` + "1" + `]`, 422, "invalid_field", "body"},
		"null":                                      {`null`, 422, "invalid_field", "body"},
		"a member that is none":                     {`{` + anID + `,"recordedAt":"2020-01-01T00:00:00Z"}`, 422, "unknown_field", "body.recordedAt"},
		"a member in another case":                  {`{` + anID + `,"Count":20}`, 422, "unknown_field", "body.Count"},
		"a required member in another case":         {`{"ID":"0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"}`, 422, "unknown_field", "body.ID"},
		"a member that is none, deep down":          {`{` + anID + `,"items":[{"b":1}]}`, 422, "unknown_field", "body.items[0].b"},
		"a required member is missing":              {`{"count":1}`, 422, "invalid_field", "body"},
		"null for a required member":                {`{"id":null}`, 422, "invalid_field", "body.id"},
		"a string for a number":                     {`{` + anID + `,"count":"3"}`, 422, "invalid_field", "body.count"},
		"a number below the least":                  {`{` + anID + `,"count":-1}`, 422, "invalid_field", "body.count"},
		"a number with a fraction":                  {`{` + anID + `,"count":1.5}`, 422, "invalid_field", "body.count"},
		"an id in upper case":                       {`{"id":"0190B5A2-7C3E-7D4F-8A21-5B6C7D8E9F00"}`, 422, "invalid_field", "body.id"},
		"a day that is none":                        {`{` + anID + `,"date":"2026-02-30"}`, 422, "invalid_field", "body.date"},
		"a day of the year 9999":                    {`{` + anID + `,"date":"9999-01-01"}`, 422, "invalid_field", "body.date"},
		"a decimal NaN":                             {`{` + anID + `,"score":"NaN"}`, 422, "invalid_field", "body.score"},
		"a decimal with an exponent":                {`{` + anID + `,"score":"1e309"}`, 422, "invalid_field", "body.score"},
		"a decimal number with an exponent":         {`{` + anID + `,"score":1e3}`, 422, "invalid_field", "body.score"},
		"a decimal number beyond floats":            {`{` + anID + `,"score":1e309}`, 400, "invalid_json", ""},
		"a decimal with too many places":            {`{` + anID + `,"score":"20.000000000000000000000001"}`, 422, "invalid_field", "body.score"},
		"a decimal number with too many places":     {`{` + anID + `,"score":20.000000000000000000000001}`, 422, "invalid_field", "body.score"},
		"a decimal in full-width digits":            {`{` + anID + `,"score":"１５"}`, 422, "invalid_field", "body.score"},
		"a decimal in Arabic digits":                {`{` + anID + `,"score":"١٥"}`, 422, "invalid_field", "body.score"},
		"a decimal with a comma":                    {`{` + anID + `,"score":"15,5"}`, 422, "invalid_field", "body.score"},
		"a decimal with a space":                    {`{` + anID + `,"score":" 15"}`, 422, "invalid_field", "body.score"},
		"a code of no list":                         {`{` + anID + `,"sex":"Female"}`, 422, "invalid_field", "body.sex"},
		"U+0000 in a name":                          {`{` + anID + `,"name":"A\u0000B"}`, 422, "invalid_field", ""},
		"U+0000 in a note":                          {`{` + anID + `,"note":"A\u0000B"}`, 422, "invalid_field", ""},
		"U+0000 in a title":                         {`{` + anID + `,"title":{"fr":"A\u0000B"}}`, 422, "invalid_field", ""},
		"a direction override":                      {`{` + anID + `,"name":"A\u202eB"}`, 422, "invalid_field", ""},
		"a direction override in a code":            {`{` + anID + `,"localCode":"A\u202eB"}`, 422, "invalid_field", ""},
		"a zero-width space":                        {"{" + anID + ",\"name\":\"a\u200bb\"}", 422, "invalid_field", ""},
		"noncharacters":                             {"{" + anID + ",\"name\":\"\U000d7fff\uffff\"}", 422, "invalid_field", ""},
		"an escape sequence":                        {`{` + anID + `,"name":"\u001b[31m"}`, 422, "invalid_field", ""},
		"a name of combining marks":                 {`{` + anID + `,"name":"` + strings.Repeat("\u0301", 3000) + `"}`, 422, "invalid_field", "body.name"},
		"a name with a line feed":                   {`{` + anID + `,"name":"A\nB"}`, 422, "invalid_field", "body.name"},
		"a name with marks without end, few enough": {`{` + anID + `,"name":"e` + strings.Repeat("\u0301", 100) + `"}`, 422, "invalid_field", "body.name"},
	} {
		before := f.ran
		r := f.send("POST", aProbe, c.body, "Idempotency-Key: "+fmt.Sprintf("%x", name))
		if c.status == 201 {
			if r.status != 201 || f.ran != before+1 {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			continue
		}
		if r.is(c.status, c.code); t.Failed() {
			t.Fatalf("above: %s", name)
		}
		if f.ran != before {
			t.Errorf("%s reached the operation", name)
		}
		if c.where != "" && !strings.Contains(r.body, `"location":"`+c.where+`"`) {
			t.Errorf("%s: the answer does not name %s: %s", name, c.where, r.body)
		}
	}
}

func TestWhatIsTakenIsWhatWasSent(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	f.send("POST", aProbe, `{`+anID+`,"score":"20.000001","name":"Zoe\u0308","date":"2026-09-15","sex":"uri://ed-fi.org/SexDescriptor#Female","title":{"ar":"معهد"}}`)
	if f.last.Score.String() != "20.000001" || f.last.Name != "Zoë" || f.last.Date != "2026-09-15" || f.last.Title["ar"] != "معهد" {
		t.Errorf("the operation got %+v", f.last)
	}
	if got := string(f.call.body); !strings.HasPrefix(got, `{"id":`) || f.call.key != "k1" || f.call.route != "POST "+aProbe {
		t.Errorf("the command's identity is %q %q %q", f.call.route, f.call.key, got)
	}
}

func TestABodyComesAsJSONAndUncompressed(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	good := `{` + anID + `}`
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 100 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
		code   string
	}{
		"JSON":                    {good, []string{"Content-Type: application/json"}, 201, ""},
		"JSON, said to be UTF-8":  {good, []string{"Content-Type: application/json; charset=UTF-8"}, 201, ""},
		"JSON in another charset": {good, []string{"Content-Type: application/json; charset=utf-16"}, 415, "unsupported_media_type"},
		"plain text":              {good, []string{"Content-Type: text/plain"}, 415, "unsupported_media_type"},
		"a form":                  {"grade=20", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		"XML":                     {`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><g>&e;</g>`, []string{"Content-Type: application/xml"}, 415, "unsupported_media_type"},
		"no type":                 {good, []string{"Content-Type:"}, 415, "unsupported_media_type"},
		"two types":               {good, []string{"+Content-Type: text/plain"}, 415, "unsupported_media_type"},
		"a type like ours":        {good, []string{"Content-Type: application/vnd.x+json"}, 415, "unsupported_media_type"},
		"no type at all":          {good, []string{"Content-Type: ;"}, 415, "unsupported_media_type"},
		"compressed":              {bomb.String(), []string{"Content-Encoding: gzip"}, 415, "unsupported_media_type"},
		"said to be as it is":     {good, []string{"Content-Encoding: identity"}, 415, "unsupported_media_type"},
		"exactly 1 MB":            {`{` + anID + `}` + strings.Repeat(" ", 1<<20-len(good)), nil, 201, ""},
		"one byte more than 1 MB": {`{` + anID + `}` + strings.Repeat(" ", 1<<20-len(good)+1), nil, 413, "too_large"},
		"far more than 1 MB":      {`{` + anID + `}` + strings.Repeat(" ", 8<<20), nil, 413, "too_large"},
	} {
		r := f.send("POST", aProbe, c.body, append(c.header, "Idempotency-Key: "+fmt.Sprintf("%x", name))...)
		if c.status == 201 {
			if r.status != 201 {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			continue
		}
		if r.is(c.status, c.code); t.Failed() {
			t.Fatalf("above: %s", name)
		}
	}
	if r := f.send("POST", aProbe+"/touch", ""); r.status != 200 {
		t.Errorf("an operation without a body, called without one: %d %s", r.status, r.body)
	}
	f.send("POST", aProbe+"/touch", "{}").is(400, "invalid_json")
}

func TestAPathHasOneReading(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	for path, status := range map[string]int{
		"/v1/probes/../probes":             404,
		"/v1/probes/%2e%2e/probes":         404,
		"/v1/probes/%2E":                   404,
		"/v1/./probes":                     404,
		"/v1/probes/%00":                   404,
		"/v1/probes/..;/admin":             404,
		"/v1//probes":                      404,
		"/v1/probes/":                      404,
		"/v1/probes%2f":                    404,
		"/v1%5cprobes":                     404,
		"/v1/probes%0a":                    404,
		"/V1/probes":                       404,
		"/v1/nothing":                      404,
		"/admin":                           404,
		"/v1/%ff":                          404,
		"/v1/" + strings.Repeat("a", 9000): 414,
		"/v1/probes?limit=" + strings.Repeat("1", 3000): 414,
	} {
		code := "not_found"
		if status == 414 {
			code = "uri_too_long"
		}
		r := f.send("GET", path, "")
		if r.is(status, code); t.Failed() {
			t.Fatalf("above: %.60s", path)
		}
	}
	r := f.send("DELETE", aProbe, "")
	r.is(405, "method_not_allowed")
	if r.header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", r.header.Get("Allow"))
	}
	f.send("TRACE", aProbe, "").is(405, "method_not_allowed")
	// An id that cannot be one is as absent as any other.
	f.send("POST", "/v1/probes/7", `{`+anID+`}`).is(404, "not_found")
	f.send("POST", "/v1/probes/0190B5A2-7C3E-7D4F-8A21-5B6C7D8E9F00", `{`+anID+`}`).is(404, "not_found")
	// Queries are strict too.
	f.send("GET", "/v1/probes?offset=3", "").is(422, "unknown_field")
	f.send("GET", "/v1/probes?limit=501", "").is(422, "invalid_field")
	f.send("GET", "/v1/probes?limit=0", "").is(422, "invalid_field")
	f.send("GET", "/v1/probes?limit=x", "").is(422, "invalid_field")
	f.send("GET", "/v1/probes?since=yesterday", "").is(422, "invalid_field")
}

func TestHeadersThatOtherServersObeyChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	for _, h := range []string{
		"X-HTTP-Method-Override: DELETE", "X-Tenant-Id: 0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", "X-Forwarded-For: 127.0.0.1",
		"X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "Host: evil.example",
	} {
		r := f.send("POST", aProbe, `{`+anID+`}`, h)
		if r.status != 201 || r.header.Get("Location") != aProbe {
			t.Errorf("%s: %d %s %s", h, r.status, r.header.Get("Location"), r.body)
		}
		if f.call.principal.Tenant != principalOf(f).Tenant || f.call.route != "POST "+aProbe {
			t.Errorf("%s changed who or what: %+v", h, f.call)
		}
	}
}

func FuzzScan(fz *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":1,"a":2}`, `[[[[]]]]`, `"\u0000"`, `"\\u0000"`, "{}x", `{"a":"\ud83d\ude00"}`, `1`, `{"\u202e":1}`} {
		fz.Add([]byte(s))
	}
	fz.Fuzz(func(t *testing.T, b []byte) {
		if scan(b) != nil {
			return
		}
		// What passes decodes, with the same frame seen by the decoder.
		var v any
		if err := decode(b, &v); err != nil && !bytes.ContainsAny(b, "eE0123456789") {
			t.Errorf("%q passes and does not decode: %v", b, err)
		}
	})
}
