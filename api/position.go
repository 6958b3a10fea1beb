package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sijil/internal/eventlog"
)

const positionHeader = "X-Sijil-Position"

// readPatience is how long a read waits for the read models (architecture decision 5).
const readPatience = 2 * time.Second

var positionParam = &huma.Param{
	Name: positionHeader, In: "header",
	Description: "The position that an earlier answer gave: what is answered is at least as new. A read waits up to 2 s for it, then answers 503 `read_behind`.",
	Schema:      &huma.Schema{Type: "string", MaxLength: new(64)},
}

// position is how a log position is written in headers: "<log id>:<position>".
func (s *Server) position(pos eventlog.Position) string {
	return s.cfg.LogID + ":" + strconv.FormatUint(uint64(pos), 10)
}

// parsePosition is the opposite: 400 for a wrong form, and for another log.
func (s *Server) parsePosition(h string) (eventlog.Position, *Problem) {
	log, digits, ok := strings.Cut(h, ":")
	n, err := strconv.ParseUint(digits, 10, 63)
	if !ok || err != nil || len(h) > 64 || digits[0] == '+' {
		return 0, newProblem(http.StatusBadRequest, "invalid_position", "X-Sijil-Position is not a position as a write answers it")
	}
	if log != s.cfg.LogID {
		return 0, newProblem(http.StatusBadRequest, "foreign_position", "the position belongs to another log")
	}
	return eventlog.Position(n), nil
}

// positioned reads the position that a request carries and, for a read, waits for it.
func (s *Server) positioned(r *http.Request, c *call, wait bool) *Problem {
	list := r.Header.Values(positionHeader)
	if len(list) == 0 {
		return nil
	}
	if len(list) > 1 {
		return newProblem(http.StatusBadRequest, "invalid_position", "X-Sijil-Position came more than once")
	}
	pos, p := s.parsePosition(list[0])
	if p != nil {
		return p
	}
	c.after = pos
	if !wait {
		return nil
	}
	if err := s.cfg.Progress.WaitFor(r.Context(), pos, readPatience); err != nil {
		return s.problem(r.Context(), err)
	}
	return nil
}
