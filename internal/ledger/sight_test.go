package ledger_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/ledger"
)

// TestSight: who may see a student, and who may write about them, as they go from a
// school's register to its rolls and on to another school.
func TestSight(t *testing.T) {
	w := newTown(t)
	who := w.register(w.lycee, cin("1"))
	stranger := domain.DeriveID(w.ministry, "nobody")
	expect := func(stage string, want map[domain.ID][2]string) {
		t.Helper()
		for at, codes := range want {
			_, err := w.l.MayTouch(t.Context(), w.act(at), who)
			if domain.CodeOf(err) != codes[0] {
				t.Errorf("%s: %s touches: %v, want %q", stage, at, err, codes[0])
			}
			if _, err = w.l.MayChange(t.Context(), w.act(at), who); domain.CodeOf(err) != codes[1] {
				t.Errorf("%s: %s changes: %v, want %q", stage, at, err, codes[1])
			}
			if _, err = w.l.MayTouch(t.Context(), w.act(at), stranger); domain.CodeOf(err) != "not_found" {
				t.Errorf("%s: nobody is %v", stage, err)
			}
		}
	}
	yes, no := [2]string{"", ""}, [2]string{"not_found", "not_found"}
	expect("registered", map[domain.ID][2]string{w.lycee: yes, w.north: yes, w.ministry: yes, w.college: no, w.gimnazija: no, w.south: no})

	enrolled := w.enroll(w.lycee, who)
	_, err := w.l.Withdraw(t.Context(), w.act(w.lycee), ledger.At{Student: who, Enrollment: enrolled}, "2026-11-20", "", dropout)
	must(t, err, "")
	expect("left", map[domain.ID][2]string{w.lycee: yes, w.north: yes, w.gimnazija: no})

	_, err = w.l.Enroll(t.Context(), w.act(w.gimnazija), ledger.EnrollmentInput{Student: who, EntryDate: "2026-11-21", Primary: true})
	must(t, err, "not_found")
	_, err = w.l.Enroll(t.Context(), w.act(w.gimnazija), ledger.EnrollmentInput{Number: cin("1"), EntryDate: "2026-11-21", Primary: true})
	must(t, err, "")
	past := [2]string{"", "not_your_student"}
	expect("moved", map[domain.ID][2]string{w.lycee: past, w.north: past, w.ministry: yes, w.college: no, w.gimnazija: yes, w.south: yes})
}

// TestASecondEnrollmentGivesNoPen: with a number alone a school enrolls another's student beside
// the primary enrollment. It sees the student then; who the student is stays the other's to say.
func TestASecondEnrollmentGivesNoPen(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	_, err := w.l.Enroll(t.Context(), w.act(w.gimnazija), ledger.EnrollmentInput{Number: cin("1"), EntryDate: "2026-11-02"})
	must(t, err, "")
	for at, code := range map[domain.ID]string{w.lycee: "", w.gimnazija: "not_your_student", w.south: "not_your_student", w.college: "not_found"} {
		_, err := w.l.ChangeLegalName(t.Context(), w.act(at), ledger.NameInput{Student: who, Names: []student.Name{{Language: "fr-Latn", Full: "Autre"}}, Evidence: papers})
		must(t, err, code)
	}
	_, err = w.l.MergeStudents(t.Context(), w.act(w.gimnazija), ledger.MergeInput{Student: w.register(w.gimnazija), Into: who, Reason: because})
	must(t, err, "not_your_student")
}

// TestOnlyWhoStandsAboveAllowsAnOldDate: keeping a closed school's records is not authority.
func TestOnlyWhoStandsAboveAllowsAnOldDate(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	w.close(w.lycee, w.college, "2026-11-01")
	in := ledger.DateExceptionInput{Student: who, Program: domain.DeriveID(who, "program"), AwardDate: "2020-03-20", Reason: "uri://example.org/AwardDateExceptionReasonDescriptor#LateRegister"}
	for at, code := range map[domain.ID]string{w.college: "not_the_authority", w.lycee: "not_the_authority", w.south: "not_found", w.north: ""} {
		_, err := w.l.GrantDateException(t.Context(), w.act(at), in)
		must(t, err, code)
	}
}

// TestCustodian: who keeps a closed school's records sees its students.
func TestCustodian(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	_, err := w.l.MayTouch(t.Context(), w.act(w.gimnazija), who)
	must(t, err, "not_found")
	w.close(w.lycee, w.college, "2026-11-01")
	_, err = w.l.MayTouch(t.Context(), w.act(w.college), who)
	must(t, err, "")
	_, err = w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{Student: w.register(w.college), EntryDate: "2026-11-02", Primary: true})
	must(t, err, "not_found") // another school's student, before all
	other := ledger.EnrollmentInput{Student: who, School: w.lycee, Program: "", EntryDate: "2026-11-02"}
	_, err = w.l.Enroll(t.Context(), w.act(w.north), other)
	must(t, err, "institution_not_operating")
}

func TestMerge(t *testing.T) {
	w := newTown(t)
	first, enrolled := w.pupil(w.lycee, "1")
	second := w.register(w.lycee)
	merge := func(at, from, into domain.ID) error {
		_, err := w.l.MergeStudents(t.Context(), w.act(at), ledger.MergeInput{Student: from, Into: into, Reason: because})
		return err
	}
	must(t, merge(w.college, first, second), "not_found")
	must(t, merge(w.lycee, first, w.register(w.college)), "not_found")
	must(t, merge(w.lycee, first, second), "enrollment_open")
	_, err := w.l.VoidEnrollment(t.Context(), w.act(w.lycee), ledger.At{Student: first, Enrollment: enrolled}, because)
	must(t, err, "")
	must(t, merge(w.lycee, first, second), "")
	must(t, merge(w.lycee, second, first), "student_merged")
	if seen, id, err := w.l.LookUpStudent(t.Context(), w.act(w.lycee), cin("1")); err != nil || id != second || seen != ledger.Known {
		t.Errorf("the merged student's number leads to %s, %s, %v", id, seen, err)
	}
	_, err = w.l.Enroll(t.Context(), w.act(w.lycee), ledger.EnrollmentInput{Student: first, EntryDate: "2026-09-15", Primary: true})
	must(t, err, "student_merged")
	must(t, w.l.TidyMerge(t.Context(), w.actAs(w.ministry, "tidy", ""), first), "")
	_, err = w.l.UnmergeStudent(t.Context(), w.act(w.lycee), first, because)
	must(t, err, "")
	if got := w.types(students(first)); got != "StudentRegistered IdentifierLinked StudentMerged StudentUnmerged" {
		t.Error(got)
	}
}

// TestMergedTowardsEachOther: two processes that do not see each other's merge.
func TestMergedTowardsEachOther(t *testing.T) {
	w := newTown(t)
	a, b := w.register(w.lycee), w.register(w.lycee)
	one, two := w.another(), w.another()
	for _, l := range []*ledger.Ledger{one, two} { // both have both in memory
		for _, id := range []domain.ID{a, b} {
			_, err := l.MayTouch(t.Context(), w.act(w.lycee), id)
			must(t, err, "")
		}
	}
	_, err := one.MergeStudents(t.Context(), w.act(w.lycee), ledger.MergeInput{Student: a, Into: b, Reason: because})
	must(t, err, "")
	_, err = two.MergeStudents(t.Context(), w.act(w.lycee), ledger.MergeInput{Student: b, Into: a, Reason: because})
	must(t, err, "")
	for range 2 {
		must(t, w.another().TidyMerge(t.Context(), w.actAs(w.ministry, "tidy", ""), b), "")
		must(t, w.another().TidyMerge(t.Context(), w.actAs(w.ministry, "tidy a", ""), a), "")
	}
	if got := w.types(students(a)) + ", " + w.types(students(b)); got != "StudentRegistered StudentMerged, StudentRegistered StudentMerged StudentUnmerged" {
		t.Error(got)
	}
}

func TestErase(t *testing.T) {
	w := newTown(t)
	who, _ := w.pupil(w.lycee, "1")
	erase := func(at domain.ID, key string) (ledger.Written, error) {
		return w.l.EraseStudent(t.Context(), w.actAs(at, key, "{}"), ledger.ErasureInput{Student: who, Reason: because})
	}
	_, err := erase(w.lycee, "a")
	must(t, err, "not_the_authority")
	_, err = erase(w.south, "b")
	must(t, err, "not_found")
	first, err := erase(w.north, "c")
	must(t, err, "")
	again, err := erase(w.north, "c")
	must(t, err, "")
	if again.Position != first.Position || !again.Replayed {
		t.Errorf("%+v, repeated %+v", first, again)
	}
	for _, e := range w.all() {
		fact, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := fact.(student.StudentRegistered); ok {
			if _, err := w.vault.OpenPrivate(t.Context(), w.ministry, f.Person); err == nil {
				t.Error("an erased person can be read")
			}
		}
	}
	if got := w.types(w.numbers()[0]); got != "IdentifierReserved IdentifierReleased" {
		t.Error(got)
	}
	if other := w.register(w.lycee, cin("1")); other == who {
		t.Error("a new person has the old id")
	}
	_, err = w.l.ChangeLegalName(t.Context(), w.act(w.lycee), ledger.NameInput{Student: who, Names: amina().Person.Names, Evidence: papers})
	must(t, err, "personal_data_erased")
}
