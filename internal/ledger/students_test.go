package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

func TestRegisterSealsThePerson(t *testing.T) {
	w := newTown(t)
	who := w.register(w.lycee, cin("12345678"))
	if got := w.types(students(who)); got != "StudentRegistered IdentifierLinked" {
		t.Fatal(got)
	}
	for _, e := range w.all() {
		for _, secret := range []string{"Amina", "Ben Salah", "أمينة", "Béja", "2011-03-20", "12345678"} {
			if bytes.Contains(e.Data, []byte(secret)) || bytes.Contains(e.Meta, []byte(secret)) || strings.Contains(e.Stream, secret) {
				t.Errorf("%s holds %q in clear", e.Type, secret)
			}
		}
	}
	var p student.Person
	for e, err := range w.log.Read(t.Context(), students(who), 0) {
		if err != nil {
			t.Fatal(err)
		}
		fact, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := fact.(student.StudentRegistered)
		if !ok {
			continue
		}
		if f.BirthYear != 2011 || f.School != w.lycee || f.Sex != female {
			t.Errorf("open part %+v", f)
		}
		plain, err := w.vault.OpenPrivate(t.Context(), w.ministry, f.Person)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(plain, &p); err != nil {
			t.Fatal(err)
		}
	}
	if p.City != "Béja" || p.Names[0].Full != "أمينة بن صالح" {
		t.Errorf("sealed part %+v", p)
	}
}

func TestRegisterRefusals(t *testing.T) {
	w := newTown(t)
	closed := w.found("X", "school", w.north)
	w.close(closed, w.lycee, "2020-01-01")
	named := func(full string) ledger.StudentInput {
		return ledger.StudentInput{Person: student.Person{Names: []student.Name{{Language: "fr-Latn", Full: full}}}}
	}
	for name, c := range map[string]struct {
		at   domain.ID
		in   ledger.StudentInput
		code string
	}{
		"a name with a direction override":    {w.lycee, named("Amina\u202eneB"), "invalid_field"},
		"a name with a control":               {w.lycee, named("Amina\x00"), "invalid_field"},
		"a name that is too long":             {w.lycee, named(strings.Repeat("a", 201)), "invalid_field"},
		"a name in no language":               {w.lycee, ledger.StudentInput{Person: student.Person{Names: []student.Name{{Full: "Amina"}}}}, "invalid_field"},
		"a birth in the future":               {w.lycee, ledger.StudentInput{Person: student.Person{Names: named("A").Person.Names, Birth: student.Birth{Date: "2027-01-01"}}}, "invalid_field"},
		"a year that is not the date's":       {w.lycee, ledger.StudentInput{BirthYear: 2010, Person: student.Person{Names: named("A").Person.Names, Birth: student.Birth{Date: "2011-01-01"}}}, "invalid_field"},
		"a country in words":                  {w.lycee, ledger.StudentInput{Person: student.Person{Names: named("A").Person.Names, Birth: student.Birth{Country: "Tunisie"}}}, "invalid_field"},
		"a national id of no country":         {w.lycee, amina(student.Identification{System: cin("").System, Assigner: "Ministry", Code: "1"}), "invalid_field"},
		"a number without letters and digits": {w.lycee, amina(cin("---")), "invalid_field"},
		"a number of no system":               {w.lycee, amina(student.Identification{Assigner: "TN", Code: "1"}), "invalid_field"},
		"the same number twice":               {w.lycee, amina(student.Identification{System: domain.EdFi("StudentIdentificationSystem", "School"), Assigner: "L", Code: "7"}, student.Identification{System: domain.EdFi("StudentIdentificationSystem", "School"), Assigner: "L", Code: "٧"}), "invalid_field"},
		"nobody at all":                       {w.lycee, ledger.StudentInput{}, "name_missing"},
		"at a closed school":                  {closed, amina(), "institution_not_operating"},
		"at a region":                         {w.north, amina(), "institution_not_operating"},
		"for another school":                  {w.lycee, ledger.StudentInput{School: w.college, Person: amina().Person}, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.l.RegisterStudent(t.Context(), w.act(c.at), c.in)
			must(t, err, c.code)
		})
	}
	if n := w.numbers(); len(n) > 0 {
		t.Errorf("refused registrations hold numbers: %v", n)
	}
	in := amina()
	in.School = w.college
	if _, err := w.l.RegisterStudent(t.Context(), w.act(w.north), in); err != nil {
		t.Errorf("a region registers for its school: %v", err)
	}
}

func TestRegisterIsIdempotent(t *testing.T) {
	w := newTown(t)
	first, err := w.l.RegisterStudent(t.Context(), w.actAs(w.lycee, "k", "{1}"), amina(cin("1")))
	if err != nil {
		t.Fatal(err)
	}
	events := len(w.all())
	for _, l := range []*ledger.Ledger{w.l, w.another()} {
		again, err := l.RegisterStudent(t.Context(), w.actAs(w.lycee, "k", "{1}"), amina(cin("1")))
		if err != nil || again.ID != first.ID || again.Position != first.Position || !again.Replayed {
			t.Errorf("the repetition answers %+v, %v; first %+v", again, err, first)
		}
		_, err = l.RegisterStudent(t.Context(), w.actAs(w.lycee, "k", "{2}"), amina(cin("2")))
		must(t, err, "idempotency_key_reused")
	}
	if n := len(w.all()); n != events {
		t.Errorf("repetitions recorded %d events", n-events)
	}
}

func TestOneNumberNamesOneStudent(t *testing.T) {
	w := newTown(t)
	w.register(w.lycee, cin("AB 12.345"))
	for _, spelling := range []string{"AB12345", "ab-12345", "AB١٢٣٤٥", "ＡＢ１２３４５", " AB 12345"[1:]} {
		_, err := w.l.RegisterStudent(t.Context(), w.act(w.gimnazija), amina(cin(spelling)))
		must(t, err, "identifier_taken")
	}
	national := cin("AB12345")
	national.System = "uri://education.tn/StudentIdentificationSystemDescriptor#National"
	_, err := w.l.RegisterStudent(t.Context(), w.act(w.college), amina(national))
	must(t, err, "identifier_taken")
	national.Assigner = "DZ"
	if _, err := w.l.RegisterStudent(t.Context(), w.act(w.college), amina(national)); err != nil {
		t.Errorf("another country's number: %v", err)
	}
}

// TestOneOfManyRegistersANumber: at one moment, from several processes.
func TestOneOfManyRegistersANumber(t *testing.T) {
	w := newTown(t)
	processes := []*ledger.Ledger{w.l, w.another(), w.another()}
	schools := []domain.ID{w.lycee, w.college, w.gimnazija}
	errs := make([]error, 24)
	var all sync.WaitGroup
	for i := range errs {
		act := w.act(schools[i%3])
		all.Go(func() {
			_, errs[i] = processes[i%2].RegisterStudent(context.WithoutCancel(t.Context()), act, amina(cin("1")))
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		must(t, err, "identifier_taken")
	}
	if won != 1 {
		t.Errorf("%d registrations won the number", won)
	}
}

// TestRegistrationDies: at the append of the registration, its number reserved. The
// repetition ends it, wherever it runs, and meanwhile nobody else gets the number.
func TestRegistrationDies(t *testing.T) {
	for name, stored := range map[string]bool{"not stored": false, "stored and not reported": true} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			if _, err := w.l.RegisterStudent(w.dying("student", stored), w.actAs(w.lycee, "k", "{}"), amina(cin("1"))); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			_, err := w.another().RegisterStudent(t.Context(), w.act(w.college), amina(cin("1")))
			must(t, err, "identifier_taken")
			seen, _, err := w.another().LookUpStudent(t.Context(), w.act(w.college), cin("1"))
			if must(t, err, ""); (seen == ledger.Known) != stored {
				t.Errorf("the number is %s", seen)
			}
			got, err := w.another().RegisterStudent(t.Context(), w.actAs(w.lycee, "k", "{}"), amina(cin("1")))
			if must(t, err, ""); got.Replayed != stored {
				t.Errorf("replayed: %v", got.Replayed)
			}
			seen, id, err := w.another().LookUpStudent(t.Context(), w.act(w.lycee), cin("1"))
			if must(t, err, ""); seen != ledger.Known || id != got.ID {
				t.Errorf("the healed student is %s %s", seen, id)
			}
		})
	}
}

// TestAbandonedReservation: nobody repeats the command, the number becomes free, and a
// repetition that comes too late does not take it back.
func TestAbandonedReservation(t *testing.T) {
	w := newTown(t)
	if _, err := w.l.RegisterStudent(w.dying("student", false), w.actAs(w.lycee, "k", "{}"), amina(cin("1"))); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	stream := w.numbers()[0]
	process := w.another()
	for range 2 { // a process may come twice
		must(t, process.TidyReservation(t.Context(), w.actAs(w.ministry, "tidy", ""), stream, 0), "")
	}
	if got := w.types(stream); got != "IdentifierReserved IdentifierReleased" {
		t.Fatal(got)
	}
	_, err := w.another().RegisterStudent(t.Context(), w.actAs(w.lycee, "k", "{}"), amina(cin("1")))
	must(t, err, "reservation_lapsed")
	second, err := w.another().RegisterStudent(t.Context(), w.act(w.college), amina(cin("1")))
	must(t, err, "")
	must(t, process.TidyReservation(t.Context(), w.actAs(w.ministry, "tidy again", ""), stream, 0), "")
	must(t, process.TidyReservation(t.Context(), w.actAs(w.ministry, "tidy the second", ""), stream, 2), "")
	if seen, id, err := w.another().LookUpStudent(t.Context(), w.act(w.college), cin("1")); err != nil || seen != ledger.Known || id != second.ID {
		t.Errorf("the second holder is %s %s, %v", seen, id, err)
	}
}

// TestLateLinkAndTidyingMeet: whichever comes first, a number is never both linked and free.
func TestLateLinkAndTidyingMeet(t *testing.T) {
	for range 20 {
		w := newTown(t)
		if _, err := w.l.RegisterStudent(w.dying("student", false), w.actAs(w.lycee, "k", "{}"), amina(cin("1"))); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stream := w.numbers()[0]
		retry, tidy := w.actAs(w.lycee, "k", "{}"), w.actAs(w.ministry, "tidy", "")
		a, b := w.another(), w.another()
		var late, tidied error
		var both sync.WaitGroup
		both.Go(func() { _, late = a.RegisterStudent(context.WithoutCancel(t.Context()), retry, amina(cin("1"))) })
		both.Go(func() {
			tidied = b.TidyReservation(context.WithoutCancel(t.Context()), tidy, stream, eventlog.Revision(0))
		})
		both.Wait()
		must(t, tidied, "")
		free := strings.HasSuffix(w.types(stream), "IdentifierReleased")
		if (late == nil) == free {
			t.Fatalf("registration %v, number: %s", late, w.types(stream))
		}
		if late != nil {
			must(t, late, "reservation_lapsed")
		}
	}
}

func TestLookUp(t *testing.T) {
	w := newTown(t)
	who, enrolled := w.pupil(w.lycee, "1")
	look := func(at domain.ID) string {
		t.Helper()
		seen, id, err := w.l.LookUpStudent(t.Context(), w.act(at), cin("1"))
		must(t, err, "")
		return fmt.Sprint(string(seen), " ", id == who)
	}
	for name, c := range map[string]struct {
		at   domain.ID
		want string
	}{
		"the student's own school":  {w.lycee, "known true"},
		"another school":            {w.college, "at_another_school false"},
		"the region above":          {w.north, "at_another_school true"},
		"a region that has no part": {w.south, "at_another_school false"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := look(c.at); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	_, err := w.l.Withdraw(t.Context(), w.act(w.lycee), ledger.At{Student: who, Enrollment: enrolled}, "2026-11-20", "", dropout)
	must(t, err, "")
	if got := look(w.gimnazija); got != "known false" {
		t.Errorf("after leaving: %s", got)
	}
	seen, _, err := w.l.LookUpStudent(t.Context(), w.act(w.gimnazija), cin("2"))
	must(t, err, "")
	if seen != ledger.Unknown {
		t.Error(seen)
	}
}

func TestLinkIdentifier(t *testing.T) {
	w := newTown(t)
	who := w.register(w.lycee)
	link := func(at domain.ID, code string, replaces domain.ID) (ledger.Written, error) {
		return w.l.LinkIdentifier(t.Context(), w.act(at), ledger.LinkInput{Student: who, Number: cin(code), Replaces: replaces})
	}
	_, err := link(w.college, "1", "")
	must(t, err, "not_found")
	first, err := link(w.lycee, "1", "")
	must(t, err, "")
	_, err = link(w.lycee, "2", "")
	must(t, err, "national_id_active")
	if len(w.numbers()) != 1 {
		t.Error("a refused link holds its number")
	}
	second, err := link(w.lycee, "2", first.ID)
	must(t, err, "")
	for range 2 {
		must(t, w.another().TidyReplaced(t.Context(), w.actAs(w.ministry, "tidy", ""), who, first.ID, "replaced"), "")
	}
	if seen, id, err := w.another().LookUpStudent(t.Context(), w.act(w.lycee), cin("2")); err != nil || id != who || seen != ledger.Known {
		t.Errorf("the new number: %s %s %v", seen, id, err)
	}
	w.register(w.college, cin("1")) // the old one is free
	_, err = w.l.LinkIdentifier(t.Context(), w.act(w.lycee), ledger.LinkInput{Student: who, Number: cin("1"), Replaces: second.ID})
	must(t, err, "identifier_taken")
}

func TestChangesOfThePerson(t *testing.T) {
	w := newTown(t)
	who := w.register(w.lycee)
	name := ledger.NameInput{Student: who, Names: []student.Name{{Language: "bs-Latn", First: "Ćamila", Last: "Šarić"}}, Evidence: papers, Reference: "17/2026"}
	_, err := w.l.ChangeLegalName(t.Context(), w.act(w.college), name)
	must(t, err, "not_found")
	_, err = w.l.ChangeLegalName(t.Context(), w.act(w.lycee), ledger.NameInput{Student: who, Evidence: papers})
	must(t, err, "name_missing")
	_, err = w.l.ChangeLegalName(t.Context(), w.act(w.lycee), name)
	must(t, err, "")
	birth := ledger.BirthInput{Student: who, Birth: student.Birth{Date: "2010-03-20"}, Evidence: papers}
	_, err = w.l.CorrectBirthData(t.Context(), w.act(w.north), birth)
	must(t, err, "")
	birth.Evidence = ""
	_, err = w.l.CorrectBirthData(t.Context(), w.act(w.lycee), birth)
	must(t, err, "evidence_missing")
	if got := w.types(students(who)); got != "StudentRegistered LegalNameChanged BirthDataCorrected" {
		t.Error(got)
	}
}
