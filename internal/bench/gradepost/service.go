// Package gradepost measures the service as a school meets it: one grade per HTTP request,
// with token, validation, rules, sealing of keys and the durable append that answers it.
package gradepost

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"sijil/api"
	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/course"
	"sijil/domain/gradingscheme"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/access"
	"sijil/internal/app"
	"sijil/internal/ledger"
)

// Config says where the service is to run.
type Config struct {
	// DatabaseURL is a database of its own.
	DatabaseURL string
	// Dir is for key files; it is left behind.
	Dir string
	// Students are graded in turns; 0 means 5,000, whose states fit in the ledger's memory as
	// those of a school at work do.
	Students int
	// Follow runs the read models and processes too, on the same processors.
	Follow bool
	Clock  func() time.Time
}

// Service is one running API with a school full of students.
type Service struct {
	app      *app.App
	http     *http.Server
	listener net.Listener
	followed sync.WaitGroup
	stop     context.CancelFunc

	token                   string
	students                []domain.ID
	school                  domain.ID
	session, course, scheme domain.ID
	clock                   func() time.Time

	mu    sync.Mutex
	conns []*conn
}

// Start opens the ledger, fills the school and serves on a free loopback port.
func Start(ctx context.Context, cfg Config) (s *Service, err error) {
	if cfg.Students == 0 {
		cfg.Students = 5000
	}
	s = &Service{clock: cfg.Clock}
	defer func() {
		if err != nil {
			_ = s.Close(context.WithoutCancel(ctx)) // err says more
		}
	}()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if s.app, err = app.Open(ctx, app.Config{DataDir: cfg.Dir, DatabaseURL: cfg.DatabaseURL, Now: cfg.Clock, Logger: logger}); err != nil {
		return s, err
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return s, err
	}
	url := "http://" + s.listener.Addr().String()
	served, err := s.app.API(url, app.Limits{RequestsPerSecond: 1e6, TokensPerSecond: 1e6}, nil)
	if err != nil {
		return s, err
	}
	// Before the school is filled: beginning to follow forgets every state in memory.
	following, stop := context.WithCancel(ctx)
	s.stop = stop
	s.followed.Go(func() {
		if cfg.Follow {
			s.app.Follow(following)
		} else {
			_ = s.app.Ledger.Follow(following) // ends with ctx
		}
	})
	if err := s.open(ctx, url, cfg.Students); err != nil {
		return s, fmt.Errorf("opening the school: %w", err)
	}
	s.http = api.HTTPServer(served.Handler(), logger)
	s.followed.Go(func() { _ = s.http.Serve(s.listener) }) // ends with Close
	return s, nil
}

// Close stops everything.
func (s *Service) Close(ctx context.Context) error {
	for _, c := range s.conns {
		c.Close()
	}
	if s.stop != nil {
		s.stop()
	}
	if s.http != nil {
		_ = s.http.Shutdown(ctx)
	}
	s.followed.Wait()
	if s.app != nil {
		return s.app.Close(ctx)
	}
	return nil
}

// open registers a school with its catalog and students, and gets it a token.
func (s *Service) open(ctx context.Context, url string, students int) error {
	const slug = "benchmark"
	s.school = ledger.InstitutionID(access.TenantID(slug), "S")
	client, _, err := s.app.Clients.Create(ctx, access.NewClient{Slug: slug, Name: "school", Institution: s.school, Scopes: access.Roles["school"]})
	if err != nil {
		return err
	}
	tokens, err := access.NewTokens(s.app.TokenKey, url)
	if err != nil {
		return err
	}
	if s.token, err = tokens.Issue(client.Principal(access.Roles["school"]), s.clock()); err != nil {
		return err
	}
	l, n := s.app.Ledger, 0
	act := func(at domain.ID) ledger.Act {
		n++
		var a ledger.Act
		if err == nil {
			a, err = l.Begin(ctx, ledger.Request{Tenant: client.Tenant, Institution: at, Actor: "setup", Client: "setup", Key: fmt.Sprint(n), Body: []byte("{}")})
		}
		return a
	}
	record := func(w ledger.Written, failed error) domain.ID {
		if err == nil {
			err = failed
		}
		return w.ID
	}
	one := domain.Text{"fr": "Banc d'essai"}
	record(l.RegisterInstitution(ctx, act(client.Tenant), ledger.InstitutionInput{IdentificationCode: "M", NameOfInstitution: one, Tier: institution.Country, CountryCode: "TN", BeginDate: "2000-01-01"}))
	record(l.RegisterInstitution(ctx, act(client.Tenant), ledger.InstitutionInput{IdentificationCode: "S", NameOfInstitution: one, Tier: institution.School, ParentOrganization: client.Tenant, CountryCode: "TN", BeginDate: "2000-01-01"}))
	s.course = record(l.DefineCourse(ctx, act(client.Tenant), course.CourseDefined{CourseCode: "MATH", CourseTitle: one}))
	s.scheme = record(l.DefineGradingScheme(ctx, act(client.Tenant), gradingscheme.GradingSchemeDefined{IdentificationCode: "20", Name: one, Scheme: gradingscheme.Scheme{MaxScore: domain.Whole(20), PassMark: domain.Whole(10), Step: domain.Whole(1) / 4}}))
	s.session = record(l.OpenSession(ctx, act(s.school), academicsession.SessionOpened{SchoolYear: 2026, SessionName: "2025-2026", BeginDate: "2025-09-01", EndDate: "2026-06-30"}))
	if err != nil {
		return err
	}
	return s.fill(ctx, client.Tenant, students)
}

// fill registers and enrolls students side by side, so that they share commits.
func (s *Service) fill(ctx context.Context, tenant domain.ID, students int) (err error) {
	s.students = make([]domain.ID, students)
	failed := make([]error, students)
	slots := make(chan struct{}, 128)
	var wg sync.WaitGroup
	for i := range students {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s.students[i], failed[i] = s.admit(ctx, tenant, i)
		})
	}
	wg.Wait()
	for _, f := range failed {
		if f != nil {
			return f
		}
	}
	return nil
}

func (s *Service) admit(ctx context.Context, tenant domain.ID, i int) (domain.ID, error) {
	l := s.app.Ledger
	r := ledger.Request{Tenant: tenant, Institution: s.school, Actor: "setup", Client: "setup", Route: "student", Key: fmt.Sprint(i), Body: []byte("{}")}
	act, err := l.Begin(ctx, r)
	if err != nil {
		return "", err
	}
	w, err := l.RegisterStudent(ctx, act, ledger.StudentInput{Person: student.Person{Names: []student.Name{{Language: "fr-Latn", Full: fmt.Sprint("Élève ", i)}}}})
	if err != nil {
		return "", err
	}
	r.Route = "enrollment"
	if act, err = l.Begin(ctx, r); err != nil {
		return "", err
	}
	_, err = l.Enroll(ctx, act, ledger.EnrollmentInput{Student: w.ID, EntryDate: "2025-09-01", Primary: true})
	return w.ID, err
}
