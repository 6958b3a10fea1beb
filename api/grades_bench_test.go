package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/student"
)

// BenchmarkRecordGrade is what a grade costs apart from the network and the database: token,
// limits, validation, rules, keyed hashes, an append to a log in memory.
func BenchmarkRecordGrade(b *testing.B) {
	for _, rows := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			g := newGradebook(b)
			h := g.Handler()
			pupils := make([]domain.ID, 2000)
			for i := range pupils {
				pupils[i] = g.id(fmt.Sprint("pupil ", i))
				put(g, student.Decider, pupils[i], student.Event(student.StudentRegistered{School: g.school, Assurance: student.Declared}))
				g.enroll(pupils[i], g.school)
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				list := make([]string, rows)
				for i := range list {
					n++
					list[i] = fmt.Sprintf(`{"studentUniqueId":%q,"course":%q,"session":%q,"assessmentIdentifier":"A-%d","gradingScheme":%q,"numericGradeEarned":15.5,"eventDate":"2026-06-20"}`,
						pupils[n%len(pupils)], g.course, g.session, n, g.scheme)
				}
				body, path, status := list[0], "/v1/grades", http.StatusCreated
				if rows > 1 {
					body, path, status = `{"grades":[`+strings.Join(list, ",")+`]}`, "/v1/grades/batches", http.StatusOK
				}
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+g.token)
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Idempotency-Key", g.key())
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != status {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N*rows)/float64(time.Microsecond), "µs/grade")
		})
	}
}
