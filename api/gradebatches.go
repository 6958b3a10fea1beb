package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

func (s *Server) registerGradeBatches() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[NewGrade](), true, "NewGrade")
	write(s, op{
		ID: "record-grades", Method: http.MethodPost, Path: "/v1/grades/batches", Scope: access.RecordsWrite, Tag: "grades",
		Summary: "Record up to 1,000 grades",
		Description: "Each row is what record-grade takes and gets an answer of its own: a refused row keeps no other from being recorded. " +
			"Row n counts as a command under the key `{Idempotency-Key}/{n}`, so a batch that is sent again records nothing twice.",
	}, func(ctx context.Context, in *recordGradesInput) (*answer[GradeAnswers], error) {
		return s.recordGrades(ctx, schema, in.Body.Grades)
	})
}

// GradeBatch is rows of grades.
type GradeBatch struct {
	Grades []rawGrade `json:"grades" minItems:"1" maxItems:"1000"`
}

// rawGrade is a row as it came: it is validated by itself, so that its mistakes are its own.
type rawGrade []byte

// UnmarshalJSON keeps the bytes.
func (r *rawGrade) UnmarshalJSON(b []byte) error { *r = slices.Clone(b); return nil }

// Schema is any object here; the row's own answer says what is wrong with it.
func (rawGrade) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", Description: "What record-grade takes, see `#/components/schemas/NewGrade`"}
}

// GradeAnswers are the answers to a batch, one per row in order.
type GradeAnswers struct {
	Recorded int           `json:"recorded" doc:"How many rows are recorded, now or before"`
	Refused  int           `json:"refused" doc:"How many rows are not"`
	Grades   []GradeAnswer `json:"grades"`
}

// GradeAnswer is what became of a row.
type GradeAnswer struct {
	Row    int       `json:"row" doc:"Counts from 0"`
	Status int       `json:"status" doc:"As record-grade would answer: 201, or the problem's" example:"201"`
	ID     domain.ID `json:"id,omitzero" doc:"The grade"`
	Code   string    `json:"code,omitzero" doc:"The problem's code"`
	Detail string    `json:"detail,omitzero"`
	// Errors name members, never values.
	Errors []FieldProblem `json:"errors,omitzero" doc:"The members that are wrong"`
}

type recordGradesInput struct{ Body GradeBatch }

func (s *Server) recordGrades(ctx context.Context, schema *huma.Schema, sent []rawGrade) (*answer[GradeAnswers], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	answers := make([]GradeAnswer, len(sent))
	rows := make([]ledger.GradeRow, len(sent))
	known := map[LocalCode]domain.ID{} // a batch is about few courses
	for i, raw := range sent {
		answers[i] = GradeAnswer{Row: i, Status: http.StatusCreated}
		rows[i].Body = raw
		var parsed NewGrade
		if err := s.parseRow(schema, raw, &parsed); err != nil {
			rows[i].Refused = err
			continue
		}
		code := parsed.CourseCode
		if id := known[code]; id != "" && parsed.Course == "" {
			parsed.Course, parsed.CourseCode = id, ""
		}
		if rows[i].GradeInput, rows[i].Refused = s.grade(ctx, act, parsed); rows[i].Refused == nil && code != "" {
			known[code] = rows[i].Course
		}
	}
	written, err := s.cfg.Ledger.RecordGrades(ctx, act, rows)
	if err != nil {
		return nil, err
	}
	out := GradeAnswers{Grades: answers}
	end := act.After
	for i, w := range written {
		if w.Err == nil {
			answers[i].ID = w.ID
			out.Recorded++
			end = max(end, w.Position)
			continue
		}
		p := s.problem(ctx, w.Err)
		answers[i].Status, answers[i].Code, answers[i].Detail, answers[i].Errors = p.Status, p.Code, p.Detail, p.Fields
		out.Refused++
	}
	return s.batchAnswer(ctx, end, out)
}

// batchAnswer carries the position of the last row recorded; of the log's end when none was.
func (s *Server) batchAnswer(ctx context.Context, end eventlog.Position, out GradeAnswers) (*answer[GradeAnswers], error) {
	if out.Recorded == 0 {
		var err error
		if end, err = s.cfg.Ledger.Log().End(ctx); err != nil {
			return nil, err
		}
	}
	return written(s, end, "", out), nil
}

// parseRow validates and reads a row as huma does a body.
func (s *Server) parseRow(schema *huma.Schema, raw []byte, into *NewGrade) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return newProblem(http.StatusBadRequest, "invalid_json", "the row is not one JSON value")
	}
	var found huma.ValidateResult
	path := huma.NewPathBuffer(nil, 0)
	path.Push("body")
	huma.Validate(s.api.OpenAPI().Components.Schemas, schema, path, huma.ModeWriteToServer, value, &found)
	if len(found.Errors) == 0 {
		if err := decode(raw, into); err != nil {
			found.Errors = append(found.Errors, &huma.ErrorDetail{Message: err.Error(), Location: "body"})
		}
	}
	if len(found.Errors) > 0 {
		return validationProblem(http.StatusUnprocessableEntity, "", found.Errors)
	}
	return nil
}
