package projections

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/attestation"
	"sijil/domain/award"
	"sijil/domain/enrollment"
	"sijil/domain/institution"
	"sijil/domain/schema"
	"sijil/domain/statuslist"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// story is everything that happens to a few people, schools and diplomas: streams whose
// events keep their order, and what has to be there before an event can be.
type story struct {
	streams []string
	events  map[string][]happening
}

type happening struct {
	fact any
	// typ and data are an event as it lies in the log, in place of a fact.
	typ  string
	data []byte
	// needs are streams that have begun before; with "*" behind, that are at their end.
	needs []string
}

// tell adds facts to a stream. The needs are the first one's.
func (s *story) tell(stream string, needs []string, facts ...any) {
	for i, f := range facts {
		h := happening{fact: f}
		if i == 0 {
			h.needs = needs
		}
		s.add(stream, h)
	}
}

func (s *story) add(stream string, h happening) {
	if _, ok := s.events[stream]; !ok {
		s.streams = append(s.streams, stream)
	}
	s.events[stream] = append(s.events[stream], h)
}

// golden adds the stored example of a type, for facts of which only lines are kept.
func (s *story) golden(stream string, needs []string, types ...string) {
	for _, typ := range types {
		b, err := os.ReadFile("../domain/schema/testdata/golden/" + typ + ".json")
		if err != nil {
			panic(err)
		}
		s.add(stream, happening{typ: typ, data: []byte(strings.TrimSpace(string(b))), needs: needs})
	}
}

// append records the stream's nth event as the ledger would, personal data as if sealed.
func (s *story) append(ctx context.Context, log eventlog.Log, stream string, n int) error {
	h := s.events[stream][n]
	d := eventlog.Draft{
		ID: domain.DeriveID(tenant, stream, fmt.Sprint(n)).Bytes(), Type: h.typ, Data: h.data,
		Meta: eventlog.Meta{Tenant: string(tenant), Institution: string(schoolA), Actor: "clerk"}.Encode(),
	}
	if h.fact != nil {
		enc, err := schema.Encode(h.fact)
		if err != nil {
			return err
		}
		var blob []byte
		if !enc.Private.IsZero() {
			blob = enc.Private.Plain()
		}
		d.Type, d.Data = enc.Type, schema.Payload(enc.Open, enc.Private.Subject, blob)
	}
	_, err := log.Append(ctx, stream, eventlog.Revision(n-1), d)
	return err
}

// ready are the streams whose next event can happen, by how many of each have.
func (s *story) ready(done map[string]int) []string {
	var list []string
	for _, stream := range s.streams {
		n := done[stream]
		if n == len(s.events[stream]) {
			continue
		}
		if !slices.ContainsFunc(s.events[stream][n].needs, func(need string) bool {
			whole, atEnd := strings.CutSuffix(need, "*")
			return done[whole] == 0 || atEnd && done[whole] < len(s.events[whole])
		}) {
			list = append(list, stream)
		}
	}
	return list
}

func private(who domain.ID, class domain.Class, text string) domain.Private {
	p, err := domain.Conceal(who, class, map[string]string{"text": text})
	if err != nil {
		panic(err)
	}
	return p
}

var because = domain.EdFi("Reason", "Because")

func theStory() *story {
	s := &story{events: map[string][]happening{}}
	s.places()
	s.people()
	s.schoolYears()
	s.diplomas()
	return s
}

func at(id domain.ID) string { return "institution-" + string(id) }

func (s *story) places() {
	registered := func(id, parent domain.ID, tier institution.Tier) {
		var needs []string
		if parent != "" {
			needs = []string{at(parent)}
		}
		s.tell(at(id), needs, institution.InstitutionRegistered{
			IdentificationCode: string(id[:8]), NameOfInstitution: domain.Text{"ar": "معهد", "bs": "Škola ć"}, Tier: tier, ParentOrganization: parent, CountryCode: "TN", BeginDate: "1990-01-01",
		})
	}
	registered(tenant, "", institution.Country)
	registered(regionN, tenant, institution.Region)
	registered(regionS, tenant, institution.Region)
	registered(canton, regionS, institution.Region)
	registered(schoolA, regionN, institution.School)
	registered(schoolB, canton, institution.School)
	registered(schoolC, tenant, institution.School)
	// The canton, with the school below it, moves to the other region and back; so does a school.
	s.tell(at(canton), []string{at(regionN)},
		institution.ParentOrganizationChanged{ParentOrganization: regionN, BeginDate: "2025-01-01"},
		institution.InstitutionRenamed{NameOfInstitution: domain.Text{"bs": "Kanton"}, BeginDate: "2025-01-01"},
		institution.ParentOrganizationChanged{ParentOrganization: regionS, BeginDate: "2026-01-01"},
		institution.ParentOrganizationChanged{ParentOrganization: regionN, BeginDate: "2026-02-01"})
	s.tell(at(schoolC), []string{at(canton)}, institution.ParentOrganizationChanged{ParentOrganization: canton, BeginDate: "2025-05-05"})
	s.tell(at(regionN), nil, institution.InstitutionRenamed{NameOfInstitution: domain.Text{"fr": "Nord"}, BeginDate: "2024-01-01"})
	s.tell(at(schoolB), nil,
		institution.OperationalStatusChanged{OperationalStatus: domain.EdFi("OperationalStatus", "Inactive"), BeginDate: "2026-01-01"},
		institution.OperationalStatusChanged{OperationalStatus: domain.EdFi("OperationalStatus", "Active"), BeginDate: "2026-03-01"})
	s.golden(at(schoolA), nil, "institution.SigningKeyAuthorized.v1", "institution.SigningKeyRetired.v1", "institution.SigningKeyCompromised.v1", "institution.SuccessorDesignated.v1")
	s.golden(at(schoolB), nil, "institution.SigningKeyAuthorized.v2", "institution.SigningKeyChangeProposed.v1", "institution.SigningKeyChangeRejected.v1",
		"institution.SigningKeyRetired.v2", "institution.SigningKeyCompromised.v2")
	s.tell("academicSession-"+string(sessionX), nil, academicsession.SessionOpened{School: schoolB, SchoolYear: 2031, SessionName: "X", BeginDate: "2025-02-01", EndDate: "2025-11-30"})
	s.golden("academicSession-"+string(sessionX), nil, "academicSession.SessionFinalized.v1")
	for category, types := range map[string][]string{
		"accreditation":  {"AccreditationGranted", "AccreditationRenewed", "AccreditationSuspended", "AccreditationReinstated", "AccreditationWithdrawn"},
		"program":        {"ProgramDefined"},
		"course":         {"CourseDefined", "CourseRetired"},
		"gradingScheme":  {"GradingSchemeDefined", "ConversionPublished"},
		"graduationPlan": {"GraduationPlanPublished"},
		"share":          {"ShareCreated", "ShareOpened", "ShareRevoked", "ClaimIssued", "ClaimRedeemed"},
		"identifier":     {"IdentifierReserved", "IdentifierReleased"},
	} {
		for _, typ := range types {
			s.golden(category+"-"+string(domain.DeriveID(tenant, category)), nil, category+"."+typ+".v1")
		}
	}
	s.golden("share-"+string(domain.DeriveID(tenant, "share")), nil, "share.ShareCreated.v2")
	slices.Sort(s.streams) // the loop over a map has no order, and the same draws must tell the same story
}

// pupils are people of the story, by number.
func pupil(n int) domain.ID { return domain.DeriveID(tenant, "pupil", fmt.Sprint(n)) }

func (s *story) people() {
	record := func(n int, text string) domain.Private { return private(pupil(n), domain.ClassRecord, text) }
	link := func(n, number int, national bool, replaces int) student.IdentifierLinked {
		f := student.IdentifierLinked{Link: domain.DeriveID(pupil(n), "link", fmt.Sprint(number)), National: national, Assurance: student.Verified, Number: record(n, fmt.Sprint(number))}
		if replaces != 0 {
			f.Replaces = domain.DeriveID(pupil(n), "link", fmt.Sprint(replaces))
		}
		return f
	}
	s.tell("student-"+string(pupil(0)), nil,
		student.StudentRegistered{School: schoolA, Sex: boy, BirthYear: 2009, Assurance: student.Declared, Person: record(0, "أمينة Šarić")},
		link(0, 1, true, 0), link(0, 2, false, 0),
		student.LegalNameChanged{Evidence: because, Names: record(0, "Amina")},
		student.BirthDataCorrected{Sex: girl, Evidence: because, Birth: record(0, "2009")},
		link(0, 3, true, 1),
		student.StudentMerged{Into: pupil(1), Reason: because},
		student.StudentUnmerged{From: pupil(1), Reason: because},
		student.BirthDataCorrected{BirthYear: 2010, Evidence: because, Birth: record(0, "2010")},
		student.LegalNameChanged{Evidence: because, Names: record(0, "Emina")},
		student.StudentMerged{Into: pupil(2), Reason: because})
	s.tell("student-"+string(pupil(1)), nil,
		student.StudentRegistered{School: schoolB, Sex: girl, BirthYear: 2008, Assurance: student.Documented, Person: record(1, "Lejla")},
		link(1, 4, true, 0), student.LegalNameChanged{Evidence: because, Names: record(1, "Leïla")},
		student.BirthDataCorrected{Sex: boy, BirthYear: 2007, Evidence: because, Birth: record(1, "2007")},
		student.PersonalDataErased{Classes: []domain.Class{domain.ClassRecord}, Reason: because},
		student.PersonalDataErased{Classes: []domain.Class{domain.ClassRegister}, Reason: because})
	s.tell("student-"+string(pupil(2)), nil,
		student.StudentRegistered{School: schoolA, Assurance: student.Undocumented, Person: record(2, "X")},
		student.PersonalDataErased{Classes: []domain.Class{domain.ClassRegister}, Reason: because})
	s.golden("student-"+string(pupil(2)), nil, "student.IdentifierLinkAbandoned.v1")
	s.golden("student-"+string(pupil(9)), nil, "student.IdentifierLinkAbandoned.v1") // of somebody who was never registered
	for n := range 3 {
		needs := []string{"student-" + string(pupil(n))}
		s.golden("academicRecord-"+string(pupil(n))+"-"+string(schoolA)+"-"+string(sessionX), needs,
			"academicRecord.GradeRecorded.v1", "academicRecord.GradeAmended.v1", "academicRecord.GradeVoided.v1", "academicRecord.CourseResultRecorded.v1",
			"academicRecord.ForeignGradeRecorded.v1", "academicRecord.CreditAwarded.v1", "academicRecord.JuryDecided.v1", "academicRecord.AmendmentProposed.v1", "academicRecord.AmendmentDeclined.v1")
		s.golden("graduation-"+string(pupil(n))+"-"+string(sessionX), needs,
			"graduation.GraduationAssessed.v1", "graduation.GraduationApproved.v1", "graduation.GraduationConfirmed.v1", "graduation.GraduationRescinded.v1")
	}
}

func (s *story) schoolYears() {
	e := func(n, i int) domain.ID { return domain.DeriveID(pupil(n), "enrollment", fmt.Sprint(i)) }
	enrolled := func(n, i int, school domain.ID, day domain.Date, level domain.Descriptor, primary bool) enrollment.StudentEnrolled {
		return enrollment.StudentEnrolled{Enrollment: e(n, i), School: school, EntryDate: day, DatePrecision: enrollment.Day, GradeLevel: level, Primary: primary, EntryType: because}
	}
	out := func(n, i int, day domain.Date) enrollment.StudentWithdrawn {
		return enrollment.StudentWithdrawn{Enrollment: e(n, i), ExitDate: day, DatePrecision: enrollment.Day, ExitType: because}
	}
	transfer := func(n, i int) domain.ID { return domain.DeriveID(pupil(n), "transfer", fmt.Sprint(i)) }
	asked := func(n, i, of int, from, to domain.ID) enrollment.TransferRequested {
		return enrollment.TransferRequested{Transfer: transfer(n, i), Enrollment: e(n, of), FromSchool: from, ToSchool: to, Requested: "2025-01-10", EntryDate: "2025-02-01", GradeLevel: tenth, LapseDate: "2025-05-10"}
	}
	released := func(n, i int, by domain.ID) enrollment.TransferReleased {
		return enrollment.TransferReleased{Transfer: transfer(n, i), By: by, ExitDate: "2025-01-31"}
	}
	note := func(n int) domain.Private { return private(pupil(n), domain.ClassRecord, "fees ć") }
	inSession := enrolled(1, 1, schoolB, "2025-03-01", ninth, true)
	inSession.Session, inSession.Program = sessionX, domain.DeriveID(tenant, "program")
	s.tell("enrollment-"+string(pupil(0)), []string{"student-" + string(pupil(0))},
		enrolled(0, 1, schoolA, "2024-09-01", ninth, true),
		enrollment.GradeLevelChanged{Enrollment: e(0, 1), GradeLevel: tenth, Effective: "2024-10-01"},
		enrolled(0, 2, schoolA, "2024-10-01", "", false),
		asked(0, 1, 1, schoolA, schoolB), enrollment.TransferContested{Transfer: transfer(0, 1), Reason: because, Note: note(0)}, released(0, 1, regionN),
		out(0, 1, "2025-01-31"),
		enrollment.TransferCompleted{Transfer: transfer(0, 1), Enrollment: e(0, 3), RecordDigest: strings.Repeat("ab", 32), Record: note(0)},
		enrolled(0, 3, schoolB, "2025-02-01", tenth, true),
		enrollment.StudentPromoted{Enrollment: e(0, 3), From: tenth, GradeLevel: ninth, Effective: "2025-06-30"},
		enrollment.StudentRetained{Enrollment: e(0, 3), Effective: "2026-06-30"},
		out(0, 3, "2026-11-01"))
	s.tell("enrollment-"+string(pupil(1)), []string{"student-" + string(pupil(1)), "academicSession-" + string(sessionX)},
		inSession,
		asked(1, 1, 1, schoolB, schoolA), enrollment.TransferRefused{Transfer: transfer(1, 1), Reason: because, Note: note(1)},
		asked(1, 2, 1, schoolB, schoolC), enrollment.TransferCancelled{Transfer: transfer(1, 2)},
		asked(1, 3, 1, schoolB, schoolC), enrollment.TransferLapsed{Transfer: transfer(1, 3)},
		asked(1, 4, 1, schoolB, schoolC), released(1, 4, schoolB), enrollment.TransferRefused{Transfer: transfer(1, 4), Reason: because},
		asked(1, 5, 1, schoolB, schoolA), enrollment.TransferContested{Transfer: transfer(1, 5), Reason: because},
		enrolled(1, 2, schoolC, "2025-04-01", "", false), enrollment.EnrollmentVoided{Enrollment: e(1, 2), Reason: because})
	s.tell("enrollment-"+string(pupil(2)), []string{"student-" + string(pupil(2))},
		enrolled(2, 1, schoolA, "2022-09-01", ninth, true),
		enrollment.StudentRetained{Enrollment: e(2, 1), GradeLevel: ninth, Effective: "2023-06-30"},
		enrollment.StudentPromoted{Enrollment: e(2, 1), From: ninth, GradeLevel: tenth, Effective: "2024-06-30"},
		out(2, 1, "2024-07-10"), // before the next year began
		enrolled(2, 2, schoolC, "2024-09-01", tenth, true),
		enrollment.GradeLevelChanged{Enrollment: e(2, 2), GradeLevel: ninth, Effective: "2024-09-20"},
		enrollment.StudentPromoted{Enrollment: e(2, 2), From: ninth, GradeLevel: tenth, Effective: "2025-06-30"},
		enrollment.EnrollmentVoided{Enrollment: e(2, 2), Reason: because})
}

func (s *story) diplomas() {
	list := statuslist.Stream(schoolA, 1)
	opened := func(n int) any {
		return statuslist.StatusListOpened{Institution: schoolA, Number: n, Length: 131072, KeyCheck: "k"}
	}
	s.tell(list, nil, opened(1))
	s.tell(statuslist.Stream(schoolA, 2), nil, opened(2))
	prepared := func(d diploma, edition int) any {
		return award.CredentialPrepared{Edition: edition, Credential: d.credential, Format: "vc+jwt", KeyID: "k1", VerificationMethod: "did:web:x#k1", StatusList: 1, StatusIndex: d.index, PayloadSHA256: strings.Repeat("cd", 32), Payload: private(d.award, domain.ClassRegister, "payload")}
	}
	signed := func(d diploma, edition int) any {
		return award.CredentialSigned{Edition: edition, Credential: d.credential, Format: "vc+jwt", KeyID: "k1", Digest: strings.Repeat("ef", 32), PayloadSHA256: strings.Repeat("cd", 32), Token: private(d.award, domain.ClassRegister, "token")}
	}
	form := func(d diploma, kid string) []any {
		return []any{
			award.FormPrepared{Edition: 1, Credential: d.credential, Format: award.SDPayload, KeyID: kid, VerificationMethod: "did:web:x#" + kid, PayloadSHA256: strings.Repeat("ab", 32), Content: private(d.award, domain.ClassRegister, "content")},
			award.FormSigned{Edition: 1, Credential: d.credential, Format: award.SDPayload, KeyID: kid, PayloadSHA256: strings.Repeat("ab", 32), Digest: strings.Repeat(kid, 32), Token: private(d.award, domain.ClassRegister, "form")},
		}
	}
	var d []diploma
	for n := range 6 {
		d = append(d, aDiploma(n, 1000+n))
		s.tell(list, nil, d[n].assigned())
	}
	second := d[3]
	second.credential, second.index = domain.DeriveID(second.award, "second"), 7
	s.tell(list, nil, statuslist.StatusIndexAssigned{Award: second.award, Edition: 2, Credential: second.credential, Index: second.index})
	needs := []string{list + "*"}
	for n := range 3 {
		id := domain.DeriveID(tenant, "attestation", fmt.Sprint(n))
		s.tell(list, nil, statuslist.StatusIndexAssigned{Award: id, Edition: 1, Credential: id, Index: 2000 + n})
		facts := []any{
			attestation.AttestationPrepared{Credential: id, Institution: schoolA, RequestedBy: "clerk", Format: "vc+jwt", KeyID: "k1", VerificationMethod: "did:web:x#k1", StatusList: 1, StatusIndex: 2000 + n, PayloadSHA256: strings.Repeat("cd", 32), Payload: private(id, domain.ClassRecord, "payload")},
			attestation.AttestationSigned{Credential: id, Format: "vc+jwt", KeyID: "k1", Digest: strings.Repeat("ef", 32), PayloadSHA256: strings.Repeat("cd", 32), Token: private(id, domain.ClassRecord, "token")},
			attestation.AttestationRevocationProposed{Revocation: id, Credential: id, Reason: attestation.NoLongerTrue, Authority: schoolA, ProposedBy: "clerk"},
			attestation.AttestationRevoked{Revocation: id, Credential: id, Reason: attestation.NoLongerTrue, Authority: schoolA, Officers: []string{"clerk", "head"}},
		}
		s.tell("attestation-"+string(id), needs, facts[:[]int{1, 2, 4}[n]]...)
	}
	s.golden(d[0].stream, nil, "award.DateExceptionGranted.v1")
	s.tell(d[0].stream, needs, d[0].awarded(1), award.AwardAnnulled{Edition: 1, Reason: "not_accredited"}, d[0].awarded(2))
	s.tell(d[1].stream, needs, d[1].awarded(1), prepared(d[1], 1), signed(d[1], 1), d[1].suspended(), d[1].reinstated())
	s.tell(d[1].stream, nil, append(form(d[1], "k1"), form(d[1], "k2")...)...)
	s.tell(d[2].stream, needs, d[2].awarded(1), prepared(d[2], 1), signed(d[2], 1), d[2].suspended())
	s.golden(d[2].stream, nil, "award.RevocationProposed.v1")
	s.tell(d[2].stream, needs, d[2].revoked())
	s.tell(d[3].stream, needs, d[3].awarded(1), prepared(d[3], 1), signed(d[3], 1), d[3].suspended(), d[3].awarded(2), d[3].superseded(), prepared(second, 2), signed(second, 2))
	s.tell(d[4].stream, needs, d[4].awarded(1), prepared(d[4], 1))
	s.tell(d[5].stream, needs, d[5].awarded(1))
}
