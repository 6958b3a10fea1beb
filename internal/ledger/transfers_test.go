package ledger_test

import (
	"encoding/json"
	"testing"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/enrollment"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

func TestEnrollment(t *testing.T) {
	w := newTown(t)
	who := w.register(w.lycee)
	in := ledger.EnrollmentInput{Student: who, EntryDate: "2026-09-15", GradeLevel: ninth, Primary: true}
	first, err := w.l.Enroll(t.Context(), w.actAs(w.lycee, "k", "{}"), in)
	must(t, err, "")
	again, err := w.another().Enroll(t.Context(), w.actAs(w.lycee, "k", "{}"), in)
	must(t, err, "")
	if again.ID != first.ID || again.Position != first.Position {
		t.Errorf("%+v, repeated %+v", first, again)
	}
	at := ledger.At{Student: who, Enrollment: first.ID}
	elsewhere := ledger.At{Student: who, Enrollment: domain.DeriveID(who, "none")}
	steps := []struct {
		name string
		do   func() error
		code string
	}{
		{"another school's module", func() error {
			_, err := w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{Student: who, Program: domain.DeriveID(who, "program"), EntryDate: "2026-09-15"})
			return err
		}, "program_unknown"},
		{"a session of nobody", func() error {
			_, err := w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{Student: who, Session: domain.DeriveID(who, "session"), EntryDate: "2026-09-15"})
			return err
		}, "session_unknown"},
		{"nobody named", func() error {
			_, err := w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{EntryDate: "2026-09-15"})
			return err
		}, "invalid_field"},
		{"an unknown number", func() error {
			_, err := w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{Number: cin("404"), EntryDate: "2026-09-15"})
			return err
		}, "not_found"},
		{"a level", func() error {
			_, err := w.l.ChangeGradeLevel(t.Context(), w.act(w.lycee), at, tenth, "2026-10-01")
			return err
		}, ""},
		{"another school's level", func() error {
			_, err := w.l.ChangeGradeLevel(t.Context(), w.act(w.college), at, tenth, "2026-10-01")
			return err
		}, "not_found"},
		{"an unknown enrollment's level", func() error {
			_, err := w.l.Promote(t.Context(), w.act(w.lycee), elsewhere, tenth, "2026-10-01")
			return err
		}, "not_found"},
		{"a retention", func() error { _, err := w.l.Retain(t.Context(), w.act(w.lycee), at, "2027-06-30", ""); return err }, ""},
		{"a promotion, by the region", func() error { _, err := w.l.Promote(t.Context(), w.act(w.north), at, ninth, "2027-06-30"); return err }, ""},
		{"an exit before the entry", func() error {
			_, err := w.l.Withdraw(t.Context(), w.act(w.lycee), at, "2026-09-01", "", dropout)
			return err
		}, "exit_before_entry"},
		{"an exit", func() error {
			_, err := w.l.Withdraw(t.Context(), w.act(w.lycee), at, "2026-11-20", "", dropout)
			return err
		}, ""},
		{"a voiding", func() error { _, err := w.l.VoidEnrollment(t.Context(), w.act(w.lycee), at, because); return err }, ""},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) { must(t, s.do(), s.code) })
	}
	if got := w.types(enrollments(who)); got != "StudentEnrolled GradeLevelChanged StudentRetained StudentPromoted StudentWithdrawn EnrollmentVoided" {
		t.Error(got)
	}
}

func (w *town) request(at domain.ID, code string) ledger.Move {
	w.t.Helper()
	got, err := w.l.RequestTransfer(w.t.Context(), w.act(at), ledger.TransferInput{Number: cin(code), EntryDate: "2026-12-01"})
	if err != nil {
		w.t.Fatal(err)
	}
	return ledger.Move{Student: got.Student, Transfer: got.ID}
}

func TestTransfer(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	_, err := w.l.RequestTransfer(t.Context(), w.act(w.gimnazija), ledger.TransferInput{Student: who, EntryDate: "2026-12-01"})
	must(t, err, "not_found")
	m := w.request(w.gimnazija, "1")
	if m.Student != who {
		t.Fatal("the request is about another student")
	}
	_, err = w.l.MayTouch(t.Context(), w.act(w.gimnazija), who)
	must(t, err, "not_found") // a request shows nothing yet

	_, err = w.l.ReleaseTransfer(t.Context(), w.act(w.college), m, "")
	must(t, err, "not_found")
	_, err = w.l.AcceptTransfer(t.Context(), w.act(w.gimnazija), m, ledger.AcceptInput{})
	must(t, err, "transfer_not_released")
	_, err = w.l.ContestTransfer(t.Context(), w.act(w.lycee), m, because, "son père s'y oppose")
	must(t, err, "")
	_, err = w.l.ReleaseTransfer(t.Context(), w.act(w.south), m, "")
	must(t, err, "not_your_decision")
	_, err = w.l.ReleaseTransfer(t.Context(), w.act(w.north), m, "2026-11-30")
	must(t, err, "")
	got, err := w.l.AcceptTransfer(t.Context(), w.actAs(w.gimnazija, "accept", "{}"), m, ledger.AcceptInput{GradeLevel: tenth})
	must(t, err, "")
	again, err := w.another().AcceptTransfer(t.Context(), w.actAs(w.gimnazija, "accept", "{}"), m, ledger.AcceptInput{GradeLevel: tenth})
	must(t, err, "")
	if again.ID != got.ID || again.Position != got.Position || !again.Replayed {
		t.Errorf("%+v, repeated %+v", got, again)
	}
	if types := w.types(enrollments(who)); types != "StudentEnrolled TransferRequested TransferContested TransferReleased StudentWithdrawn TransferCompleted StudentEnrolled" {
		t.Error(types)
	}
	p, err := w.l.MayChange(t.Context(), w.act(w.gimnazija), who)
	must(t, err, "")
	if e, ok := p.Enrollment.State.Primary(); !ok || e.School != w.gimnazija || e.ID != got.ID || e.GradeLevel != tenth {
		t.Errorf("the student is at %+v", e)
	}
	_, err = w.l.MayTouch(t.Context(), w.act(w.lycee), who)
	must(t, err, "") // the old school still sees its former student
}

// TestTransferCarriesTheRecord: the digest is of the record as stored, whoever computes it.
func TestTransferCarriesTheRecord(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	for _, year := range []int{2019, 2027} {
		g := ledger.ForeignGradeInput{Student: who, SchoolYear: year, Grade: academicrecord.ForeignGradeRecorded{
			ExternalSchool: "Gymnasium Sarajevo", CourseTitle: "Matematika", VerbatimGrade: "vrlo dobar (4)", ForeignGradingScheme: "1–5",
			When: academicrecord.When{EventDate: "2026-10-01"},
		}}
		_, err := w.l.RecordForeignGrade(t.Context(), w.act(w.lycee), g)
		must(t, err, "")
	}
	m := w.request(w.college, "1")
	_, err := w.l.ReleaseTransfer(t.Context(), w.act(w.lycee), m, "")
	must(t, err, "")
	_, err = w.l.AcceptTransfer(t.Context(), w.act(w.college), m, ledger.AcceptInput{})
	must(t, err, "")
	for e, err := range w.log.Read(t.Context(), enrollments(who), 0) {
		if err != nil {
			t.Fatal(err)
		}
		fact, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		done, ok := fact.(enrollment.TransferCompleted)
		if !ok {
			continue
		}
		plain, err := w.vault.OpenPrivate(t.Context(), w.ministry, done.Record)
		if err != nil {
			t.Fatal(err)
		}
		var c enrollment.Carried
		if err := json.Unmarshal(plain, &c); err != nil {
			t.Fatal(err)
		}
		if len(c.Salt) != 32 || len(c.Streams) != 2 {
			t.Fatalf("carried %+v", c)
		}
		own := enrollment.Carried{Salt: c.Salt}
		for _, s := range c.Streams {
			d := enrollment.NewPayloadsDigest()
			for x, err := range w.log.Read(t.Context(), s.Stream, 0) {
				if err != nil {
					t.Fatal(err)
				}
				d.Add(x.Data)
			}
			own.Streams = append(own.Streams, enrollment.CarriedStream{Stream: s.Stream, Revision: s.Revision, Digest: d.Sum()})
		}
		if own.Digest() != done.RecordDigest {
			t.Errorf("the record digests to %s, the transfer says %s", own.Digest(), done.RecordDigest)
		}
		meta, err := eventlog.DecodeMeta(e.Meta)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for _, in := range meta.Inputs {
			if domain.CategoryOf(in.Stream) == "academicRecord" {
				named++
			}
		}
		if named != 2 {
			t.Errorf("the transfer names %d records as inputs", named)
		}
		return
	}
	t.Fatal("no transfer was completed")
}

func TestTransferLapses(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	m := w.request(w.gimnazija, "1")
	must(t, w.l.LapseTransfer(t.Context(), w.actAs(w.ministry, "early", ""), m), "transfer_open")
	w.pass(enrollment.TermDays)
	_, err := w.l.ReleaseTransfer(t.Context(), w.act(w.lycee), m, "")
	must(t, err, "transfer_lapsed")
	for range 2 {
		must(t, w.l.LapseTransfer(t.Context(), w.actAs(w.ministry, "late", ""), m), "")
	}
	if got := w.types(enrollments(who)); got != "StudentEnrolled TransferRequested TransferLapsed" {
		t.Error(got)
	}
}

// TestTransferOutOfAClosedSchool: its custodian speaks for it.
func TestTransferOutOfAClosedSchool(t *testing.T) {
	w := newTown(t)
	w.pupil(w.lycee, "1")
	m := w.request(w.gimnazija, "1")
	_, err := w.l.ReleaseTransfer(t.Context(), w.act(w.north), m, "")
	must(t, err, "not_your_decision")
	w.close(w.lycee, w.college, "2026-11-01")
	_, err = w.l.ReleaseTransfer(t.Context(), w.act(w.college), m, "")
	must(t, err, "")
}

func TestTransferEndings(t *testing.T) {
	w := newTown(t)
	w.pupil(w.lycee, "1")
	m := w.request(w.gimnazija, "1")
	_, err := w.l.CancelTransfer(t.Context(), w.act(w.north), m)
	must(t, err, "not_your_decision")
	_, err = w.l.CancelTransfer(t.Context(), w.act(w.gimnazija), m)
	must(t, err, "")
	m = w.request(w.gimnazija, "1")
	_, err = w.l.ReleaseTransfer(t.Context(), w.act(w.lycee), m, "")
	must(t, err, "")
	_, err = w.l.RefuseTransfer(t.Context(), w.act(w.gimnazija), m, because, "nema mjesta")
	must(t, err, "")
	_, err = w.l.RefuseTransfer(t.Context(), w.act(w.gimnazija), m, because, "a\u202eb")
	must(t, err, "invalid_field")
	m = w.request(w.college, "1")
	_, err = w.l.RequestTransfer(t.Context(), w.act(w.gimnazija), ledger.TransferInput{Number: cin("1"), EntryDate: "2026-12-01"})
	must(t, err, "transfer_open")
	_, err = w.l.CancelTransfer(t.Context(), w.act(w.ministry), m)
	must(t, err, "")
}
