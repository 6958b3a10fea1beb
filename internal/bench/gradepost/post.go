package gradepost

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"

	"sijil/internal/bench"
)

// conn is one client's connection. It writes requests as bytes, since what a client
// spends on building them is not the service's.
type conn struct {
	net.Conn
	answers *bufio.Reader
	request bytes.Buffer
	body    bytes.Buffer
}

// Subject posts one grade per operation, each writer over a connection of its own.
func (s *Service) Subject(name string) bench.Subject {
	run := rand.Text()[:8]
	return bench.Subject{Name: name, Do: func(_ context.Context, writer int, serial int64) error {
		c, err := s.conn(writer)
		if err != nil {
			return err
		}
		return c.post(s, run, serial)
	}}
}

// conn is a writer's connection; a writer does one thing at a time.
func (s *Service) conn(writer int) (*conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns) <= writer {
		c, err := net.Dial("tcp", s.listener.Addr().String())
		if err != nil {
			return nil, err
		}
		s.conns = append(s.conns, &conn{Conn: c, answers: bufio.NewReader(c)})
	}
	return s.conns[writer], nil
}

// post records a grade of an assessment of its own: no two are about the same matter.
func (c *conn) post(s *Service, run string, serial int64) error {
	c.body.Reset()
	fmt.Fprintf(&c.body, `{"studentUniqueId":%q,"course":%q,"session":%q,"assessmentIdentifier":"%s-%d","gradingScheme":%q,"numericGradeEarned":%d.25,"eventDate":"2026-01-12"}`,
		s.students[serial%int64(len(s.students))], s.course, s.session, run, serial, s.scheme, serial%20)
	c.request.Reset()
	fmt.Fprintf(&c.request, "POST /v1/grades HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nIdempotency-Key: %s-%d\r\nContent-Length: %d\r\n\r\n",
		s.listener.Addr(), s.token, run, serial, c.body.Len())
	c.request.Write(c.body.Bytes())
	if _, err := c.Write(c.request.Bytes()); err != nil {
		return fmt.Errorf("posting a grade: %w", err)
	}
	r, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return fmt.Errorf("reading the answer to a grade: %w", err)
	}
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("reading the answer to a grade: %w", err)
	}
	if r.StatusCode != http.StatusCreated {
		return fmt.Errorf("a grade is answered %d %s", r.StatusCode, answer)
	}
	return nil
}
