package web

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/verifier"
	"sijil/verifier/credential"
)

// fill gives every member of v something, or nothing, whatever members there are.
func fill(t *rapid.T, v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(-62_000_000_000, 253_000_000_000).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.StringOf(rapid.RuneFrom([]rune("aé\u062e\u2028\u2029<>&\"\\\n\x00\x7f\ufffd𝒳"))), rapid.String(), rapid.Just("\xff\xc0")).Draw(t, "text"))
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(t, f, depth)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(-1, 2).Draw(t, "n")
		if n < 0 || depth > 1 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i), depth+1)
		}
	default:
		t.Fatalf("a verdict has a %s: teach the encoder and this test", v.Type())
	}
}

func TestAnAnswerIsWrittenAsEncodingJSONWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := make([]oneAnswer, rapid.IntRange(1, 3).Draw(t, "answers"))
		for i := range answers {
			fill(t, reflect.ValueOf(&answers[i]).Elem(), 0)
		}
		for many, v := range map[bool]any{false: answers[0], true: map[string]any{"verdicts": answers}} {
			var want bytes.Buffer
			if err := json.NewEncoder(&want).Encode(v); err != nil {
				t.Fatal(err)
			}
			got, err := appendAnswers(nil, answers, many)
			if err != nil || !bytes.Equal(got, want.Bytes()) {
				t.Fatalf("%s\nnot\n%s%v", got, want.Bytes(), err)
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	day := time.Date(2031, 7, 1, 0, 0, 0, 0, time.UTC)
	line := verifier.Line{Answer: verifier.True, Source: "bundle", AsOf: &day, Time: &day}
	a := oneAnswer{Verdict: verifier.Verdict{
		Overall: verifier.Valid, At: day, Format: credential.FormatVC, Lines: verifier.Lines{Integrity: line, IssuerKey: line, Accreditation: line, Status: line, Time: line, Anchoring: line},
		Credential: &verifier.Content{
			ID: "urn:uuid:00000000-0000-4000-8000-000000000001", Types: []string{"VerifiableCredential", "AchievementCredential"}, Issuer: "did:web:ledger.example:institutions:7e57",
			IssuerName: "Lycée de la Plage", Holder: "خريج رقم 1", Born: "2009-02-03", Award: "Licence en informatique", ValidFrom: &day, AwardedAt: &day,
			Results: []verifier.Result{{Name: "Mention", Value: "Très bien"}},
		},
	}}
	b.Run("how=by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := appendAnswers(make([]byte, 0, 2048), []oneAnswer{a}, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("how=encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.NewEncoder(io.Discard).Encode(a); err != nil {
				b.Fatal(err)
			}
		}
	})
}
