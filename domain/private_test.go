package domain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"sijil/domain"
)

const (
	person domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"
	name   string    = "أمينة Ćoralić"
)

func concealed(t *testing.T) domain.Private {
	t.Helper()
	p, err := domain.Conceal(person, domain.ClassRecord, map[string]string{"lastSurname": name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bearer is a fact or a request that holds personal data, and forgets to hide it.
type bearer struct {
	School string
	Person domain.Private
	Many   []domain.Private
	Ptr    *domain.Private
	own    domain.Private // fmt calls no method of an unexported field
	owns   []domain.Private
}

// TestPrivateDoesNotLeak: whichever way a careless hand prints it, alone, in a struct, in a slice, behind
// a pointer or as an error, neither the name nor a piece of it comes out.
func TestPrivateDoesNotLeak(t *testing.T) {
	p := concealed(t)
	held := bearer{School: "school-7", Person: p, Many: []domain.Private{p}, Ptr: &p, own: p, owns: []domain.Private{p}}
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%U", "%t", "%p", "%10.3v", "%T %v"} {
		for what, v := range map[string]any{"itself": p, "a pointer": &p, "a struct": held, "a pointer to a struct": &held, "a slice": held.Many, "a map": map[string]any{"p": p}} {
			args := []any{v}
			if verb == "%T %v" {
				args = []any{v, v}
			}
			out[verb+" of "+what] = fmt.Sprintf(verb, args...)
		}
	}
	for what, make := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := slog.New(make(&b))
		log.Info("registered", "person", p, "pointer", &p, "fact", held, "list", held.Many, slog.Group("g", "person", p))
		log.With("person", p).Info("again", "err", fmt.Errorf("cannot register %v", p))
		out["slog "+what] = b.String()
	}
	out["error"] = fmt.Errorf("registering %v: %w", held, domain.Refuse(domain.Conflict, "x", "%v", p)).Error()
	raw := string(p.Plain())
	for how, s := range out {
		for _, secret := range []string{name, "lastSurname", "Ćoralić", raw, fmt.Sprintf("%x", raw), fmt.Sprintf("%x", name), fmt.Sprintf("%X", raw), fmt.Sprint([]byte(name))} {
			if strings.Contains(s, secret) || strings.Contains(s, strings.Trim(fmt.Sprint([]byte("Ćoralić")), "[]")) {
				t.Errorf("%s shows %q: %s", how, secret, s)
				break
			}
		}
	}
	for how, marshal := range map[string]func(any) ([]byte, error){
		"encoding/json": json.Marshal, "json v2": func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
	} {
		for what, v := range map[string]any{"itself": p, "a pointer": &p, "a struct": held, "a slice": held.Many} {
			if b, err := marshal(v); err == nil || bytes.Contains(b, []byte("oralić")) || strings.Contains(err.Error(), "oralić") {
				t.Errorf("%s of %s gives %s, %v", how, what, b, err)
			}
		}
	}
}

func TestPrivateIsPlainThenSealed(t *testing.T) {
	p := concealed(t)
	if p.IsZero() || p.Sealed() != nil || p.Envelope() != nil || string(p.Plain()) != `{"lastSurname":"`+name+`"}` {
		t.Errorf("concealed: %s, sealed %x", p.Plain(), p.Sealed())
	}
	if !(domain.Private{}).IsZero() {
		t.Error("nothing is something")
	}
	if _, err := domain.Conceal(person, domain.ClassRecord, func() {}); err == nil || strings.Contains(err.Error(), name) {
		t.Errorf("what JSON cannot hold is concealed: %v", err)
	}
	at := domain.Place{Stream: "student-" + string(person), Type: "student.StudentRegistered.v1", Event: person}
	s := domain.SealedPrivate(person, domain.ClassRegister, at, []byte{0, 1, 0xff})
	if s.Plain() != nil || s.IsZero() || s.Place() != at {
		t.Errorf("sealed: plain %q at %v", s.Plain(), s.Place())
	}
	back, err := domain.ParseEnvelope(s.Envelope())
	if err != nil || back.Subject != person || back.Class != domain.ClassRegister || back.Place() != at || !bytes.Equal(back.Sealed(), s.Sealed()) {
		t.Errorf("the envelope reads back as %q %q %v %x: %v", string(back.Subject), back.Class, back.Place(), back.Sealed(), err)
	}
	if _, err := domain.ParseEnvelope([]byte("{")); err == nil {
		t.Error("half an envelope is read")
	}
}
