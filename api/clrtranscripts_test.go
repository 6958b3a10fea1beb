package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/domain/program"
	"sijil/internal/access"
	"sijil/internal/apitest"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/did"
)

func transcriptsOf(who domain.ID) string { return "/v1/students/" + string(who) + "/transcripts" }

// secondDiploma has the student graduate from another program too, and awards that.
func (g *graduates) secondDiploma(who domain.ID) {
	g.t.Helper()
	master, plan := g.NewID("master"), g.NewID("master's plan")
	granted := ledger.AccreditationID(g.Tenant(), g.Tenant(), g.School, master, "")
	apitest.Give(g.World, program.Decider, program.Decider.Stream(master), program.Event(program.ProgramDefined{
		EducationOrganization: g.School, ProgramID: "MAS", AchievementType: "MasterDegree", ProgramName: domain.Text{"fr": "Master en informatique"},
	}))
	apitest.Give(g.World, graduationplan.Decider, graduationplan.Decider.Stream(plan), graduationplan.Event(graduationplan.GraduationPlanPublished{
		EducationOrganization: g.School, IdentificationCode: "MAS-1", Program: master, Version: 1, From: "2020-01-01", Name: domain.Text{"fr": "Maquette"},
	}))
	apitest.Give(g.World, accreditation.Decider, accreditation.Decider.Stream(granted), accreditation.Event(accreditation.AccreditationGranted{
		Institution: g.School, AccreditingAgent: g.Tenant(), Program: master, From: "2020-01-01",
	}))
	apitest.Give(g.World, enrollment.Decider, enrollment.Decider.Stream(who), enrollment.Event(enrollment.StudentEnrolled{
		Enrollment: g.NewID("master's enrollment"), School: g.School, Program: master, EntryDate: "2023-09-15", DatePrecision: enrollment.Day,
	}))
	found := graduation.GraduationAssessed{Assessment: g.NewID("master assessed"), School: g.School, EventDate: g.Day, GraduationPlan: plan, PlanVersion: 1, Accreditation: granted, Outcome: graduation.Met}
	yes := graduation.Approval{Assessment: found.Assessment}
	apitest.Give(g.World, graduation.Decider, graduation.Stream(who, master), []graduation.Event{
		found, graduation.GraduationApproved{Approval: yes, ApprovedBy: "head"}, graduation.GraduationConfirmed{Approval: yes, ConfirmedBy: "inspector"},
	}...)
	g.registrar.Post("/v1/awards", m{"studentUniqueId": who, "program": master, "diplomaAwardDate": g.Day}).Want(201)
	until(g.t, 10*time.Second, "both diplomas are signed", func() bool {
		return g.registrar.Get("/v1/credentials?state=signed&studentUniqueId="+string(who)).Want(200).Field("items", "1", "id") != ""
	})
}

// TestATranscriptHoldsWhatStands is a transcript from request to the end of one of its diplomas.
func TestATranscriptHoldsWhatStands(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	amina := g.Graduate("Amina Ben Salah")
	until(t, 10*time.Second, "the read models are built", func() bool { return g.registrar.Get("/v1/credentials").Status == 200 })
	g.authorize()
	g.registrar.Post(transcriptsOf(amina), nil).WantProblem(409, "no_diploma")
	g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	first := g.signed(amina)
	g.secondDiploma(amina)

	key := []string{"Idempotency-Key", uuid.NewString()}
	r := g.registrar.Do("POST", transcriptsOf(amina), nil, key...).Want(http.StatusCreated)
	again := g.registrar.Do("POST", transcriptsOf(amina), nil, key...).Want(http.StatusCreated)
	if !bytes.Equal(r.Body, again.Body) || r.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("the retry is answered %s, first %s", again.Body, r.Body)
	}
	doc, id := issued(t, r.Body), r.Field("id")
	if r.Header.Get("Location") != "/v1/attestations/"+id {
		t.Errorf("%s lies at %s", id, r.Header.Get("Location"))
	}
	kept := g.registrar.Get("/v1/attestations/" + id).Want(200)
	if !bytes.Equal(issued(t, kept.Body), doc) || kept.Field("state") != "signed" {
		t.Errorf("it is read as %s", kept.Body)
	}
	g.published()
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	v := g.verify(doc)
	if v.Overall != verifier.Valid || len(v.Items) != 2 || len(v.Warnings) > 0 || v.Credential.Issuer != name || v.Credential.Holder != "Amina Ben Salah" || v.Credential.ID != "urn:uuid:"+id {
		t.Fatalf("%s %v %s %v %+v", v.Overall, v.Reasons, v.Detail, v.Warnings, v.Items)
	}
	for _, item := range v.Items {
		if item.Overall != verifier.Valid || item.Credential.Holder != "Amina Ben Salah" || item.Lines.Status.Answer != verifier.True {
			t.Errorf("a diploma in it: %s %v %+v", item.Overall, item.Reasons, item.Credential)
		}
	}

	// One diploma ends: the transcript that is out says which, a new one is without it.
	path := "/v1/credentials/" + first + "/revocations"
	revocation := g.registrar.Post(path, m{"reasonClass": "issued_in_error"}).Want(201).Field("id")
	g.head.Post(path+"/"+revocation+"/approvals", nil).Want(201)
	until(t, 5*time.Second, "the status list says so", func() bool { v = g.verify(doc); return v.Overall == verifier.NotValid })
	at := slices.IndexFunc(v.Items, func(i verifier.Verdict) bool { return i.Credential.ID == "urn:uuid:"+first })
	if v.Reason != verifier.Revoked || v.Lines.Status.Answer != verifier.True || at < 0 || v.Items[at].Reason != verifier.Revoked || v.Items[1-at].Overall != verifier.Valid {
		t.Errorf("after one ended: %s %v, items %+v", v.Overall, v.Reasons, v.Items)
	}
	g.registrar.Position = g.Latest(g.registrar.Position, g.head.Position)
	newer := g.registrar.Post(transcriptsOf(amina), nil).Want(201)
	g.published()
	if v := g.verify(issued(t, newer.Body)); v.Overall != verifier.Valid || len(v.Items) != 1 || v.Items[0].Credential.ID == "urn:uuid:"+first {
		t.Errorf("a new one: %s %v %+v", v.Overall, v.Reasons, v.Items)
	}

	// The transcript itself ends by two officers.
	path = "/v1/attestations/" + newer.Field("id") + "/revocations"
	revocation = g.registrar.Post(path, m{"reasonClass": "no_longer_true"}).Want(201).Field("id")
	g.registrar.Post(path+"/"+revocation+"/approvals", nil).WantProblem(403, "needs_second_approval")
	g.head.Post(path+"/"+revocation+"/approvals", nil).Want(201)
	until(t, 5*time.Second, "the transcript is revoked", func() bool {
		v := g.verify(issued(t, newer.Body))
		return v.Overall == verifier.NotValid && v.Lines.Status.Reason == verifier.Revoked && v.Items[0].Overall == verifier.Valid
	})

	for e, err := range g.Ledger.Log().All(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(e.Data, []byte("Amina")) || bytes.Contains(e.Meta, []byte("Amina")) {
			t.Errorf("%s names the student", e.Type)
		}
	}
	if strings.Contains(g.Logged.String(), "Amina") {
		t.Error("the log for operators names the student")
	}
}

// TestATranscriptIsOfOnesOwnDiplomas: nobody puts together, or reads, what is another's.
func TestATranscriptIsOfOnesOwnDiplomas(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	amina := g.Graduate("Amina Ben Salah")
	g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	credential := g.signed(amina)
	stranger := g.ClientOf("elsewhere", "", everything()...)
	g.other.Post(transcriptsOf(amina), nil).WantProblem(404, "not_found")
	stranger.Post(transcriptsOf(amina), nil).WantProblem(404, "not_found")
	g.registrar.Post(transcriptsOf(g.NewID("nobody")), nil).WantProblem(404, "not_found")
	g.Client("teacher", g.School).Post(transcriptsOf(amina), nil).WantProblem(403, "insufficient_scope")
	g.ClientOf(apitest.Slug, g.School, access.AttestationsWrite).Post(transcriptsOf(amina), nil).WantProblem(403, "insufficient_scope")
	r := g.registrar.Post(transcriptsOf(amina), nil).Want(201)
	above := g.ministry.Get(r.Header.Get("Location")).Want(200)
	if above.Field("state") != "signed" || bytes.Contains(above.Body, []byte("verifiableCredential")) {
		t.Errorf("who stands above reads %s", above.Body)
	}
	for _, c := range []*apitest.Client{g.other, stranger} {
		c.Get(r.Header.Get("Location")).WantProblem(404, "not_found")
	}
	// The public route takes no transcript, not even ours.
	g.registrar.Post(issueEnveloped, asked(letter("type", []any{"VerifiableCredential", "ClrCredential"}))).WantProblem(403, "diplomas_come_from_awards")

	// A suspended diploma is in none.
	g.registrar.Post("/v1/credentials/"+credential+"/suspensions", m{"reasonClass": "under_investigation"}).Want(201)
	g.registrar.Post(transcriptsOf(amina), nil).WantProblem(409, "no_diploma")
}
