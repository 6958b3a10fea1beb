package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/program"
	"sijil/internal/apitest"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/keyfile"
)

// signed waits until n credentials of the world are signed.
func signed(t testing.TB, g *apitest.Graduates, n int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	var at eventlog.Position
	for n > 0 {
		for e, err := range g.Log.All(t.Context(), at) {
			if err != nil {
				t.Fatal(err)
			}
			if at = e.Position; e.Type == "award.CredentialSigned.v1" {
				n--
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d credentials are not signed", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestExport: with nothing but what was exported, everything that was signed is confirmed
// offline, what was revoked is refused, and what was edited too.
func TestExport(t *testing.T) {
	g := apitest.NewGraduates(apitest.New(t))
	out := filepath.Join(t.TempDir(), "trust")
	if err := g.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.ExportBundle(t.Context(), out, "", time.Hour); err == nil || !strings.Contains(err.Error(), "nothing is signed yet") {
		t.Errorf("a bundle of nothing: %v", err)
	}
	g.Authorize()
	// Another program, whose whole level the school was accredited for once.
	const level = domain.Descriptor("uri://sijil.dev/LevelDescriptor#Master")
	master, accredited := g.NewID("master"), ledger.AccreditationID(g.Tenant(), g.Tenant(), g.School, "", level)
	apitest.Give(g.World, program.Decider, program.Decider.Stream(master), program.Event(program.ProgramDefined{EducationOrganization: g.School, ProgramID: "MAS", AchievementType: "MasterDegree", Level: level}))
	apitest.Give(g.World, accreditation.Decider, accreditation.Decider.Stream(accredited), accreditation.Event(accreditation.AccreditationGranted{
		Institution: g.School, AccreditingAgent: g.Tenant(), Level: level, From: "2020-01-01", Until: "2021-01-01",
	}))
	const awards = 30
	var last domain.ID
	for n := range awards {
		last = g.Graduate(fmt.Sprint("graduate ", n))
		g.Award(last)
	}
	signed(t, g, awards)
	if err := g.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	registrar, head := g.Client("registrar", g.School), g.Client("registrar", g.School)
	gone := registrar.Get("/v1/credentials?studentUniqueId="+string(last)).Want(200).Field("items", "0", "id")
	proposed := head.Post("/v1/credentials/"+gone+"/revocations", map[string]any{"reasonClass": "fraud"}).Want(201)
	registrar.Post("/v1/credentials/"+gone+"/revocations/"+proposed.Field("id")+"/approvals", nil).Want(201)
	letter := registrar.Post("/credentials/issue", map[string]any{"credential": map[string]any{
		"@context": []string{credential.ContextV2}, "type": []string{"VerifiableCredential"}, "credentialSubject": map[string]any{"id": "did:example:a"},
	}}).Want(201)
	// A graduate takes a form with everything withheld, and one as a badge.
	first := registrar.Get("/v1/credentials?state=signed").Want(200).Field("items", "0", "id")
	claim := registrar.Post("/v1/credentials/"+first+"/claims", map[string]any{}).Want(201).Field("link")
	holding := g.Anyone().Post("/v1/claims/"+claim+"/redemptions", nil).Want(201).Field("link")
	var forms [][]byte
	for _, kind := range []string{"sd-jwt", "json"} {
		forms = append(forms, g.Anyone().Get("/v1/holdings/"+holding+"/files/"+kind).Want(200).Body)
	}
	if err := g.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}

	files := filepath.Join(t.TempDir(), "diplomas")
	for range 2 { // a second export writes the same
		done, err := g.ExportCredentials(t.Context(), files, g.School)
		if err != nil || done.Credentials != awards {
			t.Fatalf("exported %+v, %v", done, err)
		}
	}
	for _, name := range []string{out, out + ".zip"} {
		done, err := g.ExportBundle(t.Context(), name, "", time.Hour)
		if err != nil || done.Issuers != 1 || done.StatusLists != 2 || done.Records != awards+1 {
			t.Fatalf("exported %+v, %v", done, err)
		}
		set, err := g.BundleKeySet()
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Anyone().Get("/.well-known/bundle-jwks.json").Want(200); string(got.Body) != string(set) {
			t.Errorf("published: %s", got.Body)
		}
		keys, err := keyfile.Parse(set)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.OpenSigned(name, keys)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := g.Log.End(t.Context()); err != nil || b.Manifest.LogID != g.LogID || b.Manifest.TreeSize != int64(end) || len(b.Documents) != 1 || b.Manifest.Key != done.Key {
			t.Errorf("manifest %+v with %d DID documents at %d, %v", b.Manifest.Origin, len(b.Documents), end, err)
		}
		var got []string
		for _, a := range b.Issuers[0].Accreditations {
			got = append(got, fmt.Sprint(a.From.Year(), " ", a.Until.Year(), " ", a.Level, " ", a.Achievements))
		}
		slices.Sort(got)
		if want := []string{fmt.Sprintf("2020 1  [urn:uuid:%s]", g.Program), fmt.Sprintf("2020 2021 %s [urn:uuid:%s]", level, master)}; !slices.Equal(got, want) {
			t.Errorf("accreditations %q, want %q", got, want)
		}
		trust, err := verifier.NewStore("bundle", b)
		if err != nil {
			t.Fatal(err)
		}
		// What was issued on request was recorded too.
		var issued struct{ VerifiableCredential json.RawMessage }
		letter.Read(&issued)
		if v := verifier.Verify(t.Context(), issued.VerifiableCredential, trust, b.Now.Time); v.Overall != verifier.Valid || v.Lines.Anchoring.Answer != verifier.True {
			t.Errorf("a letter: %s %s %+v", v.Overall, v.Reason, v.Lines.Anchoring)
		}
		// So was each form of a diploma.
		for _, form := range forms {
			if v := verifier.Verify(t.Context(), form, trust, g.Clock.Now()); v.Overall != verifier.Valid || v.Lines.Anchoring.Answer != verifier.True || v.Credential.ID != "urn:uuid:"+first {
				t.Errorf("%s: %s %s %+v", v.Format, v.Overall, v.Reason, v.Lines.Anchoring)
			}
		}
		entries, err := os.ReadDir(files)
		if err != nil || len(entries) != awards {
			t.Fatalf("%d files, %v", len(entries), err)
		}
		for _, e := range entries {
			token, err := os.ReadFile(filepath.Join(files, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			v := verifier.Verify(t.Context(), token, trust, g.Clock.Now())
			want := verifier.Valid
			if e.Name() == gone+".jwt" {
				want = verifier.NotValid
			}
			if v.Overall != want || v.Lines.Anchoring.Answer != verifier.True || v.Lines.Accreditation.Answer != verifier.True {
				t.Errorf("%s: %+v", e.Name(), v)
			}
			token[len(token)/2] ^= 1
			if v := verifier.Verify(t.Context(), token, trust, g.Clock.Now()); v.Overall == verifier.Valid {
				t.Errorf("%s: valid after an edit", e.Name())
			}
		}
		// The lists of a bundle end, and then nothing is confirmed any more.
		token, err := os.ReadFile(filepath.Join(files, entries[0].Name()))
		if err != nil {
			t.Fatal(err)
		}
		if v := verifier.Verify(t.Context(), token, trust, g.Clock.Now().Add(2*time.Hour)); v.Overall == verifier.Valid {
			t.Errorf("an old bundle confirms: %+v", v)
		}
		if _, err := g.ExportBundle(t.Context(), name, "", time.Hour); !errors.Is(err, os.ErrExist) {
			t.Errorf("a bundle was overwritten: %v", err)
		}
	}
	if err := g.Vault.Destroy(t.Context(), g.Tenant(), last, domain.ClassRegister); err != nil {
		t.Fatal(err)
	}
	if done, err := g.ExportCredentials(t.Context(), t.TempDir(), ""); err != nil || done.Credentials != awards-1 || done.Erased != 1 {
		t.Errorf("after an erasure exported %+v, %v", done, err)
	}
}

// BenchmarkIssuing is the whole way from recorded awards to signed credentials on
// PostgreSQL: credentials a second.
func BenchmarkIssuing(b *testing.B) {
	const awards = 2000
	for b.Loop() {
		b.StopTimer()
		g := apitest.NewGraduates(apitest.New(b))
		for n := range awards {
			g.Award(g.Graduate(fmt.Sprint("graduate ", n)))
		}
		b.StartTimer()
		g.Authorize()
		signed(b, g, awards)
	}
	b.ReportMetric(float64(b.N*awards)/b.Elapsed().Seconds(), "credentials/s")
}
