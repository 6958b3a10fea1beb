package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"sijil/internal/apitest"
)

// TestNobodyLearnsOfAnothersThings calls every operation with the ids of things that exist
// elsewhere, in another tenant and at another school, and with ids of nothing at all. The
// answers must be alike, or ids become an oracle. The operations come from the API's own
// document, so that none is forgotten.
func TestNobodyLearnsOfAnothersThings(t *testing.T) {
	w := apitest.New(t)
	a, b := newTown(t, w, "atown"), newTown(t, w, "btown")
	b.neighbour.Position = w.Latest(b.neighbour.Position, b.office.Position, a.office.Position)
	a.office.Position, a.ministry.Position = b.neighbour.Position, b.neighbour.Position
	for _, caller := range []struct {
		name string
		*apitest.Client
		asks func(operation) bool
		// least is how many operations there are to ask, at least.
		least int
	}{
		{"another tenant's ministry", a.ministry, func(o operation) bool { return true }, 70},
		{"another tenant's school", a.office, func(o operation) bool { return true }, 70},
		// Within a tenant the registers of institutions and of what they offer are open; what
		// is about a student is not.
		{"another school", b.neighbour, operation.aboutAStudent, 40},
	} {
		asked := 0
		for _, o := range operations(w) {
			if o.public() || !o.namesSomething() || !caller.asks(o) {
				continue
			}
			asked++
			theirs, nothing := o.call(t, caller.Client, b.ids), o.call(t, caller.Client, unknown(b.ids))
			if theirs.Status != nothing.Status || bare(theirs) != bare(nothing) {
				t.Errorf("%s asks %s: theirs is answered %d %s, nothing %d %s", caller.name, o.id, theirs.Status, theirs.Body, nothing.Status, nothing.Body)
			}
			if theirs.Status != http.StatusNotFound {
				t.Errorf("%s asks %s: %d %s, want 404", caller.name, o.id, theirs.Status, theirs.Body)
			}
		}
		if asked < caller.least {
			t.Errorf("%s asked only %d operations", caller.name, asked)
		}
	}
	// The question is fair: to their owner the same ids are no secret.
	for _, o := range operations(w) {
		if o.public() || !o.namesSomething() || o.method != http.MethodGet {
			continue
		}
		if r := o.call(t, b.office, b.ids); r.Status != http.StatusOK {
			t.Errorf("the owner asks %s: %d %s", o.id, r.Status, r.Body)
		}
	}
}

// operation is one of the API's document.
type operation struct {
	id, method, path string
	doc              *huma.Operation
	schemas          huma.Registry
}

func operations(w *apitest.World) []operation {
	var all []operation
	doc := w.API.OpenAPI()
	for path, item := range doc.Paths {
		for method, o := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if o != nil {
				all = append(all, operation{o.OperationID, method, path, o, doc.Components.Schemas})
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return all
}

func (o operation) public() bool { return len(o.doc.Security) == 0 }

var param = regexp.MustCompile(`\{([^}]+)\}`)

// namesSomething reports whether the operation takes the id of something there may be.
func (o operation) namesSomething() bool {
	return param.MatchString(o.path) || strings.Contains(string(o.body(nil)), "studentUniqueId")
}

func (o operation) aboutAStudent() bool {
	return regexp.MustCompile(`\{(student|entry|credential|award)\}`).MatchString(o.path) || strings.Contains(string(o.body(nil)), "studentUniqueId")
}

func (o operation) call(t *testing.T, c *apitest.Client, ids map[string]string) *apitest.Response {
	t.Helper()
	path := param.ReplaceAllStringFunc(o.path, func(p string) string {
		id, ok := ids[p[1:len(p)-1]]
		if !ok {
			t.Fatalf("%s: the town has no %s: make one in newTown", o.id, p)
		}
		return url.PathEscape(id)
	})
	me := *c // Position is the client's own
	if o.method == http.MethodGet {
		return me.Get(path)
	}
	var body any
	if b := o.body(ids); b != nil {
		body = b
	}
	return me.Do(o.method, path, body, "Idempotency-Key", uuid.NewString())
}

// body is a body that the schema accepts, with ids by the names of its members.
func (o operation) body(ids map[string]string) []byte {
	if o.doc.RequestBody == nil || o.doc.RequestBody.Content["application/json"] == nil {
		return nil
	}
	v := sample(o.schemas, o.doc.RequestBody.Content["application/json"].Schema, "", ids)
	if top, ok := v.(map[string]any); ok {
		for _, p := range besides[o.id] {
			top[p] = sample(o.schemas, &huma.Schema{Pattern: idPattern}, p, ids)
			if p == "schoolYear" {
				top[p] = 2026
			}
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// besides are members that an operation's schema leaves open and its rules demand.
var besides = map[string][]string{
	"record-grade": {"course"}, "record-course-result": {"course"}, "award-credit": {"course", "schoolYear"}, "record-jury-decision": {"schoolYear"},
}

const idPattern = "^[0-9a-f]{8}-"

// memberOf says which of a town's ids a body's member means.
var memberOf = map[string]string{
	"studentUniqueId": "student", "into": "student", "parentOrganization": "institution", "recordsCustodian": "institution", "successor": "institution",
	"school": "institution", "foreignGradingScheme": "gradingScheme", "to": "gradingScheme", "accreditingAgent": "institution",
}

func sample(r huma.Registry, s *huma.Schema, name string, ids map[string]string) any {
	for s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	if s.Pattern != "" && strings.HasPrefix(s.Pattern, idPattern) {
		if alias, ok := memberOf[name]; ok {
			name = alias
		}
		if id, ok := ids[name]; ok {
			return id
		}
		return uuid.NewString()
	}
	switch {
	case s.Pattern == "^[0-9a-f]{64}$":
		return strings.Repeat("0", 64)
	case len(s.Examples) == 0 && strings.HasPrefix(s.Pattern, "^uri:"):
		return "uri://ed-fi.org/SomeDescriptor#Other"
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return 12
	}
	switch s.Type {
	case "object":
		o := map[string]any{}
		if extra, ok := s.AdditionalProperties.(*huma.Schema); ok {
			o["fr"] = sample(r, extra, "", ids)
		}
		for _, p := range s.Required {
			o[p] = sample(r, s.Properties[p], p, ids)
		}
		if p := s.Properties["fullName"]; p != nil { // one of several members has to be there
			o["fullName"] = sample(r, p, "fullName", ids)
		}
		return o
	case "array":
		return []any{sample(r, s.Items, name, ids)}
	case "integer", "number":
		return 2026
	case "boolean":
		return true
	}
	switch s.Format {
	case "date":
		return "2026-11-20"
	case "date-time":
		return "2026-11-20T10:00:00Z"
	}
	return "x"
}

// unknown are ids of the same form that nothing has.
func unknown(ids map[string]string) map[string]string {
	u := map[string]string{}
	for k, v := range ids {
		u[k] = uuid.NewString()
		if uuid.Validate(v) != nil {
			u[k] = "k" + strings.ReplaceAll(uuid.NewString(), "-", "")[:len(v)-1]
		}
	}
	return u
}

var instance = regexp.MustCompile(`"instance":"[^"]*"`)

func bare(r *apitest.Response) string { return instance.ReplaceAllString(string(r.Body), "") }
