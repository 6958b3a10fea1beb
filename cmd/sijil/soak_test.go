package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sijil/internal/pgtest"
)

// TestSoak kills the served ledger again and again while schools write to it: the program,
// its PostgreSQL, or both. Every writer repeats a command under its Idempotency-Key until it
// is answered, so at the end the log must hold each command exactly once, and the read
// models must equal the slow fold of the log. SIJIL_SOAK_KILLS sets the kills, 5 by default.
func TestSoak(t *testing.T) {
	kills := 5
	if s := os.Getenv("SIJIL_SOAK_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	data := pgtest.DataDir(t)
	k := &soak{t: t, env: []string{"SIJIL_DATABASE_URL="}, data: data}
	k.start()
	k.prepare()

	writing, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for w := range 6 {
		writers.Go(func() {
			for n := 0; writing.Err() == nil && !t.Failed(); n++ {
				k.student(fmt.Sprintf("%d-%d", w, n), w*1_000_000+n)
			}
		})
	}
	for i := range kills {
		time.Sleep(time.Duration(50+rand.IntN(1500)) * time.Millisecond)
		what := rand.IntN(4)
		t.Logf("kill %d of %d: %s, after %d commands", i+1, kills, [4]string{"the program", "the program", "both", "PostgreSQL"}[what], k.acknowledged.Load())
		if what < 3 {
			k.kill()
		}
		if what >= 2 {
			pgtest.KillServer(data)
		}
		if what < 3 {
			k.start()
		}
		if t.Failed() {
			break
		}
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	writers.Wait()
	k.check()
}

// soak is a school's view of a ledger that keeps dying.
type soak struct {
	t    *testing.T
	env  []string
	data string

	now          atomic.Pointer[served]
	id, secret   string // the school's client
	token        atomic.Pointer[string]
	course       string
	session      string
	scheme       string
	students     sync.Map // id of every student whose registration was acknowledged
	acknowledged atomic.Int64
	registered   atomic.Int64
	enrolled     atomic.Int64
	graded       atomic.Int64
}

func (k *soak) start() { k.now.Store(serve(k.t, k.data, k.env)) }

func (k *soak) kill() {
	cmd := k.now.Load().cmd
	if err := cmd.Process.Kill(); err != nil {
		k.t.Error(err)
	}
	_ = cmd.Wait()
}

// prepare makes a country, a school, and what grades need.
func (k *soak) prepare() {
	ministry := k.now.Load().token("--tenant", "soak", "--role", "ministry")
	k.token.Store(&ministry)
	country := k.post("country", "/v1/institutions", aCountry)
	below := `{"identificationCode":%q,"nameOfInstitution":{"fr":"Ici"},"tier":%[1]q,"parentOrganization":%[2]q,"countryCode":"TN","beginDate":"1990-01-01"}`
	region := k.post("region", "/v1/institutions", fmt.Sprintf(below, "region", country))
	school := k.post("school", "/v1/institutions", fmt.Sprintf(below, "school", region))
	k.scheme = k.post("scheme", "/v1/gradingSchemes", `{"identificationCode":"TN-20","name":{"fr":"Sur 20"},"minScore":0,"maxScore":20,"passMark":10,"step":0.25}`)

	out, err := k.sijil("client", "create", "--data", k.data, "--json", "--tenant", "soak", "--role", "school", "--institution", school)
	if err != nil {
		k.t.Fatal(err)
	}
	var c struct{ ClientID, ClientSecret string }
	if err := json.Unmarshal(out, &c); err != nil {
		k.t.Fatal(err)
	}
	k.id, k.secret = c.ClientID, c.ClientSecret
	k.renew()
	k.course = k.post("course", "/v1/courses", `{"courseCode":"MATH","courseTitle":{"fr":"Maths"}}`)
	k.session = k.post("session", "/v1/sessions", `{"schoolYear":2026,"sessionName":"T1","beginDate":"2025-09-15","endDate":"2025-12-20"}`)
	if k.t.Failed() {
		k.t.FailNow()
	}
	k.acknowledged.Store(0)
}

// student registers one, enrolls and grades: three commands that rest on one another.
func (k *soak) student(name string, number int) {
	body := fmt.Sprintf(`{"personalNames":[{"language":"bs-Latn","fullName":"Lejla Hadžić %d"}],"sex":"uri://ed-fi.org/SexDescriptor#Female","birthDate":"2008-03-15","identityAssurance":"documented",
		"studentIdentificationCodes":[{"studentIdentificationSystemDescriptor":"uri://ed-fi.org/StudentIdentificationSystemDescriptor#National","assigningOrganizationIdentificationCode":"TN","identificationCode":"%08d"}]}`, number, number)
	id := k.post("student-"+name, "/v1/students", body)
	if id == "" {
		return
	}
	k.registered.Add(1)
	k.students.Store(id, true)
	if k.post("enrollment-"+name, "/v1/students/"+id+"/enrollments", `{"entryDate":"2025-09-15","entryGradeLevel":"uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade"}`) == "" {
		return
	}
	k.enrolled.Add(1)
	grade := fmt.Sprintf(`{"studentUniqueId":%q,"course":%q,"session":%q,"gradingScheme":%q,"numericGradeEarned":14.25,"eventDate":"2025-11-03"}`, id, k.course, k.session, k.scheme)
	if k.post("grade-"+name, "/v1/grades", grade) != "" {
		k.graded.Add(1)
	}
}

// post repeats a command until it is answered and gives the answer's id, "" when it was
// refused, which is an error of the test.
func (k *soak) post(key, path, body string) string {
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(20 * time.Millisecond) {
		status, answer, err := k.try(http.MethodPost, path, key, body)
		switch {
		case err != nil || status >= 500 || status == http.StatusTooManyRequests:
			continue // the outcome is unknown: the same key finds out
		case status == http.StatusUnauthorized:
			k.renew()
			continue
		case status != http.StatusCreated && status != http.StatusOK:
			k.t.Errorf("%s %s: %d %s", path, key, status, answer)
			return ""
		}
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(answer), &v); err != nil {
			k.t.Errorf("%s %s: %s: %v", path, key, answer, err)
			return ""
		}
		k.acknowledged.Add(1)
		return v.ID
	}
	k.t.Errorf("%s %s: no answer in two minutes", path, key)
	return ""
}

func (k *soak) try(method, path, key, body string) (int, string, error) {
	ctx, cancel := context.WithTimeout(k.t.Context(), 10*time.Second)
	defer cancel()
	resp, err := http.DefaultClient.Do(k.now.Load().request(ctx, method, path, *k.token.Load(), key, strings.NewReader(body)))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// renew gets a new token for the school's client; a ledger that is down gives none, and
// the caller comes again.
func (k *soak) renew() {
	resp, err := http.PostForm(k.now.Load().url+"/oauth2/token", map[string][]string{
		"grant_type": {"client_credentials"}, "client_id": {k.id}, "client_secret": {k.secret},
	})
	if err != nil {
		return
	}
	defer resp.Body.Close()
	var a struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err == nil && resp.StatusCode == http.StatusOK {
		k.token.Store(&a.Token)
	}
}

// check holds the log and the read models against what was acknowledged.
func (k *soak) check() {
	t := k.t
	if k.registered.Load() == 0 {
		t.Fatal("nothing was written: this soak proves nothing")
	}
	k.students.Range(func(id, _ any) bool {
		for range 100 {
			status, answer, err := k.try(http.MethodGet, "/v1/students/"+id.(string), "", "")
			if err == nil && status == http.StatusOK {
				return true
			}
			if status == http.StatusUnauthorized {
				k.renew()
			} else if err == nil && status < 500 && status != http.StatusNotFound && status != http.StatusTooManyRequests {
				t.Errorf("reading an acknowledged student: %d %s", status, answer)
				return false
			}
			time.Sleep(50 * time.Millisecond) // a read model may be behind after the last kill
		}
		t.Errorf("the acknowledged student %s is not there", id)
		return false
	})
	if err := k.now.Load().stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	out, err := k.sijil("log", "stats", "--data", k.data, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var stats struct {
		Position, Events int
		ByType           map[string]int
	}
	if err := json.Unmarshal(out, &stats); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{
		"student.StudentRegistered.v1":    k.registered.Load(),
		"enrollment.StudentEnrolled.v1":   k.enrolled.Load(),
		"academicRecord.GradeRecorded.v1": k.graded.Load(),
	} {
		if got := int64(stats.ByType[name]); got != want {
			t.Errorf("%d %s in the log, %d acknowledged", got, name, want)
		}
	}
	if stats.Position != stats.Events {
		t.Errorf("the last position is %d of %d events: there is a hole", stats.Position, stats.Events)
	}
	if out, err := k.sijil("replay", "--compare", "--data", k.data); err != nil {
		t.Errorf("the read models differ from the log: %v\n%s", err, out)
	}
	t.Logf("%d commands acknowledged, %d events, none lost, none twice", k.acknowledged.Load(), stats.Events)
}

// sijil runs a verb and gives its standard output.
func (k *soak) sijil(args ...string) ([]byte, error) {
	cmd := exec.Command("sijil", args...)
	cmd.Env = append(os.Environ(), k.env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = errors.Join(fmt.Errorf("sijil %s: %w", strings.Join(args, " "), err), errors.New(errs.String()))
	}
	return out, err
}
