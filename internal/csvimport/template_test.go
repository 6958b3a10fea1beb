package csvimport

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// aPlace is where templates of a file of marks stand.
func aPlace() place {
	m := &Mapping{
		Codes: map[string]map[string]string{"sex": {"F": "uri://x/SexDescriptor#Female", "": "none"}, "begin": {"J": "2013-10-01"}},
		Lookups: map[string]Lookup{"assessment": {
			File: "assessments.csv", Key: "id", Columns: map[string]Column{"id": {}, "module": {}},
		}, "other": {File: "other.csv", Key: "number", Columns: map[string]Column{"number": {}}}},
	}
	f := &File{Columns: map[string]Column{"id": {}, "sex": {}, "days": {}, "score": {}, "day": {}, "name": {}, "term": {}, "empty": {}}}
	return place{m, f, map[string]bool{"course": true, "scheme": true}, map[string]bool{"enrollment": true, "unsaved": true}}
}

func aRow() *row {
	s := &saved{tables: map[string]map[string]string{}}
	s.set("course", "7\x00J", "the-course")
	s.set("course", "BBB", "module-course")
	s.set("scheme", "OU-100", "the-scheme")
	return &row{
		columns: map[string]string{"id": "7", "sex": "F", "days": "-31", "score": "12.50", "day": "03/11/2014", "name": "Amina \"Ć\" {x}", "term": "J"},
		locals:  map[string]string{"enrollment": "e-1"},
		lookups: lookups{"assessment": {"7": {"id": "7", "module": "BBB"}}},
		saved:   s,
	}
}

func TestTemplatesAreFilled(t *testing.T) {
	for template, c := range map[string]struct {
		want   string
		reason string // with the column
		change func(*row)
	}{
		"plain":                               {want: "plain"},
		"":                                    {want: ""},
		"{id}/{term}":                         {want: "7/J"},
		"{ id }":                              {want: "7"},
		"{name}":                              {want: "Amina \"Ć\" {x}"},
		"{sex|code:sex}":                      {want: "uri://x/SexDescriptor#Female"},
		"{id|code:sex}":                       {reason: "id unknown_code"},
		"{score|default:0}":                   {want: "12.50"},
		"{sex|default:M|code:sex}":            {want: "", reason: "sex unknown_code", change: func(r *row) { r.columns["sex"] = "" }},
		"{sex|code:sex|default:M}":            {want: "none", change: func(r *row) { r.columns["sex"] = "" }},
		"{term|code:begin|plus:240}":          {want: "2014-05-29"},
		"{term|code:begin|plus:days}":         {want: "2013-08-31"},
		"{term|code:begin|plus:score}":        {reason: "term invalid_field"},
		"{term|code:begin|plus:id}":           {reason: "term invalid_field", change: func(r *row) { r.columns["id"] = "900000000000000000" }},
		"{term|code:begin|plus:140000}":       {reason: "term invalid_field"},
		"{day|plus:1}":                        {reason: "day invalid_field"},
		"{day|date:02/01/2006}":               {want: "2014-11-03"},
		"{day|date:02/01/2006|plus:1}":        {want: "2014-11-04"},
		"{day|date:2006-01-02}":               {reason: "day invalid_field"},
		"{score|number}":                      {want: "12.50"},
		"{name|number}":                       {reason: "name invalid_field"},
		"{id|number}":                         {reason: "id invalid_field", change: func(r *row) { r.columns["id"] = `7,"actor":"me"` }},
		"{term|number}":                       {reason: "term invalid_field", change: func(r *row) { r.columns["term"] = "1e3" }},
		"{sex|bool}":                          {reason: "sex invalid_field"},
		"{sex|number}":                        {want: "", change: func(r *row) { r.columns["sex"] = "" }},
		"{assessment.module}":                 {want: "BBB"},
		"{assessment.id}":                     {reason: "id not_found", change: func(r *row) { r.columns["id"] = "8" }},
		"{course[id,term]}":                   {want: "the-course"},
		"{course[assessment.module]}":         {want: "module-course"},
		"{course[term,id]}":                   {reason: "term not_found"},
		"{scheme['OU-100']}":                  {want: "the-scheme"},
		"{scheme['OU']}":                      {reason: " not_found"},
		"/v1/enrollments/{$enrollment}/voids": {want: "/v1/enrollments/e-1/voids"},
		"{$unsaved}":                          {reason: " not_found"},
	} {
		tpl, err := parseTemplate(aPlace(), template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		r := aRow()
		if c.change != nil {
			c.change(r)
		}
		got, _, rej := tpl.fill(r)
		reason := ""
		if rej != nil {
			reason = rej.column + " " + rej.reason
			if strings.Contains(rej.detail, "Amina") {
				t.Errorf("%s: the detail repeats the value: %s", template, rej.detail)
			}
		}
		if got != c.want || reason != c.reason {
			t.Errorf("%s gives %q, %q, want %q, %q", template, got, reason, c.want, c.reason)
		}
	}
}

func TestTemplatesThatCannotBeFilledAreRefused(t *testing.T) {
	for template, want := range map[string]string{
		"{nothing}":                 "there is no column nothing",
		"{}":                        "there is no column",
		"{id":                       "brace",
		"id}":                       "brace",
		"{{id}}":                    "brace",
		"{id|code:nothing}":         "no code list nothing",
		"{id|upper}":                "no filter upper",
		"{id|}":                     "no filter",
		"{day|date:DD/MM/YYYY}":     "02/01/2006",
		"{day|date:}":               "02/01/2006",
		"{day|plus:nothing}":        "there is no column nothing",
		"{score|number} points":     "stands alone",
		"{score|number|default:0}":  "last filter",
		"{assessment.weight}":       "no lookup column assessment.weight",
		"{exam.id}":                 "no lookup column exam.id",
		"{other.number}":            "no column number to look",
		"{teacher[id]}":             "no step saves into the table teacher",
		"{course[nothing]}":         "there is no column nothing",
		"{course[]}":                "there is no column",
		"{scheme['OU]}":             "single quotes",
		"{scheme['OU','100']}":      "single quotes",
		"{$withdrawal}":             "no earlier step of the row saves $withdrawal",
		"{course[id,$withdrawal]}":  "no earlier step of the row saves $withdrawal",
		"{id|code:begin|plus:$day}": "no earlier step of the row saves $day",
	} {
		if _, err := parseTemplate(aPlace(), template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", template, err, want)
		}
	}
	before := aPlace()
	before.file = nil
	for _, template := range []string{"{id}", "{assessment.module}", "{course[id]}"} {
		if _, err := parseTemplate(before, template); err == nil || !strings.Contains(err.Error(), "before the first") {
			t.Errorf("before the first row, %s: %v", template, err)
		}
	}
}

func TestBodiesAreFilled(t *testing.T) {
	for name, c := range map[string]struct{ body, want, reason string }{
		"texts, numbers and what is fixed":      {`{id: "{id}", score: "{score|number}", max: 20, step: 0.25, yes: true, no: null}`, `{"id":"7","score":12.50,"max":20,"step":0.25,"yes":true,"no":null}`, ""},
		"a bare date is text":                   {`{begin: 1969-04-23}`, `{"begin":"1969-04-23"}`, ""},
		"quotes and braces of a value":          {`{name: "{name}"}`, `{"name":"Amina \"Ć\" {x}"}`, ""},
		"members named in any script":           {`{"اسم \"x\"": "{id}"}`, `{"اسم \"x\"":"7"}`, ""},
		"lists of objects":                      {`{codes: [{code: "{id}"}, "{term}", 3, []]}`, `{"codes":[{"code":"7"},"J",3,[]]}`, ""},
		"an optional number without a value":    {`{"none?": "{empty|number}", "id?": "{id|number}"}`, `{"id":7}`, ""},
		"a number without a value":              {`{none: "{empty|number}"}`, `{"none":""}`, ""},
		"what is no number":                     {`{id: "{term|number}"}`, "", "term invalid_field"},
		"optional members are left out":         {`{"a?": "", b: "", "c?": ""}`, `{"b":""}`, ""},
		"only optional members, all empty":      {`{"a?": "", "b?": ""}`, `{}`, ""},
		"what is merged in":                     {"x: &x {a: 1, b: \"{id}\"}\ny: {<<: *x, c: 2}", `{"x":{"a":1,"b":"7"},"y":{"a":1,"b":"7","c":2}}`, ""},
		"what is merged gives way, before":      {"x: &x {a: 1}\ny: {a: 2, <<: *x}", `{"x":{"a":1},"y":{"a":2}}`, ""},
		"what is merged gives way, behind":      {"x: &x {a: 1, b: 1}\ny: {<<: *x, a: 2}", `{"x":{"a":1,"b":1},"y":{"a":2,"b":1}}`, ""},
		"several are merged, the first counts":  {"x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}", `{"x":{"a":1},"y":{"a":2,"b":2},"z":{"a":1,"b":2}}`, ""},
		"a code that is not in the list":        {`{sex: "{id|code:sex}"}`, "", "id unknown_code"},
		"a code that is not in the list, below": {`{a: [{sex: "{id|code:sex}"}]}`, "", "id unknown_code"},
	} {
		b, err := parseBody(c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got bytes.Buffer
		_, rej := b.write(&got, aRow())
		if rej != nil {
			if at := rej.column + " " + rej.reason; at != c.reason {
				t.Errorf("%s: rejected as %q, want %q", name, at, c.reason)
			}
			continue
		}
		if c.reason != "" || got.String() != c.want {
			t.Errorf("%s: %s, want %s %s", name, &got, c.want, c.reason)
		}
	}
}

func TestBodiesThatCannotBeFilledAreRefused(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	bomb := "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, c := range map[string]struct{ body, want string }{
		"a template of an unknown column":   {"a: 1\nb: \"{nothing}\"", "line 2: "},
		"a member twice":                    {"a: 1\nb: {c: 1,\n c: 2}", "line 3: the member c stands twice"},
		"the optional member, too":          {"a: 1\na?: 2", "line 2: the member a stands twice"},
		"a member without a name":           {"{\"\": 1}", "line 1: a member's name is a text"},
		"a member named by a list":          {"? [a]\n: 1", "line 1: a member's name is a text"},
		"too deep":                          {"a: " + deep, "line 1: the body is too deep"},
		"a body that holds itself":          {"a: &a\n  b: *a", "too deep"},
		"a body that holds itself, merged":  {"a: &a\n  <<: *a", "too deep"},
		"a body that grows without end":     {bomb, "too large"},
		"what is no number":                 {"a: .nan", "line 1: "},
		"a list merged into members":        {"x: &x [1]\ny: {<<: *x}", "takes members"},
		"a text merged into members":        {"y: {<<: abc}", "takes members"},
		"a number beyond what JSON carries": {"a: .inf", "line 1: "},
	} {
		if _, err := parseBody(c.body); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func parseBody(text string) (*node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	return (&bodyParser{at: aPlace()}).parse(doc.Content[0], 0)
}
