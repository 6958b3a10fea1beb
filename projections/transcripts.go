package projections

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/schema"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// transcripts keeps one row per student: everything recorded about them, in order, as one
// run of lines. A transcript as of a day and as known at an instant is a prefix of it,
// folded when it is read, so that one query of one row serves every question in time.
var transcripts = Projection{
	Name:    "transcripts",
	Version: 1,
	Tables:  []string{"transcripts"},
	DDL: `
CREATE TABLE transcripts (
    tenant       uuid   NOT NULL,
    student      uuid   NOT NULL,
    institutions uuid[] NOT NULL, -- where the student was registered, is or was enrolled
    entries      bytea  NOT NULL, -- lines of JSON, see Entry
    PRIMARY KEY (tenant, student)
) WITH (fillfactor = 80);
ALTER TABLE transcripts ALTER entries SET STORAGE EXTERNAL;
` + tenantPolicy("transcripts", anyInScope),
	Apply: applyTranscript,
	Slow:  func() SlowFold { return slowTranscripts{} },
}

// appendEntrySQL keeps the array of institutions sorted and without duplicates, so that
// the same events give the same row in any batches.
const appendEntrySQL = `INSERT INTO transcripts AS t (tenant, student, institutions, entries) VALUES ($1, $2, $3::uuid[], $4)
ON CONFLICT (tenant, student) DO UPDATE SET entries = t.entries || $4,
    institutions = CASE WHEN t.institutions @> $3::uuid[] THEN t.institutions
        ELSE ARRAY(SELECT DISTINCT unnest(t.institutions || $3::uuid[]) ORDER BY 1) END`

// transcriptCategories are the streams about one student: their first id is the student's.
var transcriptCategories = []string{"student", "enrollment", "academicRecord", "graduation", "award"}

func applyTranscript(b *pgx.Batch, e Event) {
	if !slices.Contains(transcriptCategories, domain.CategoryOf(e.Stream)) {
		return
	}
	b.Queue(appendEntrySQL, e.Tenant, e.IDs[0], enrolledAt(e.Fact), newEntry(e).line())
}

// enrolledAt is the institution that a fact gives sight of the student, if any.
func enrolledAt(fact any) []domain.ID {
	switch f := fact.(type) {
	case student.StudentRegistered:
		return []domain.ID{f.School}
	case enrollment.StudentEnrolled:
		return []domain.ID{f.School}
	}
	return []domain.ID{}
}

// Entry is one recorded fact about a student. It holds no position, which would differ on
// a copy of the log.
type Entry struct {
	Event       domain.ID         `json:"e"`
	Type        string            `json:"t"`
	Stream      string            `json:"n"`
	Revision    eventlog.Revision `json:"v"`
	RecordedAt  time.Time         `json:"r"`
	EffectiveAt string            `json:"f,omitempty"`
	Actor       string            `json:"a,omitempty"`
	Institution domain.ID         `json:"i,omitempty"`
	// Data is the stored payload: sealed parts stay sealed.
	Data json.RawMessage `json:"d"`
}

func newEntry(e Event) Entry {
	return Entry{
		Event: domain.IDFromBytes(e.ID), Type: e.Type, Stream: e.Stream, Revision: e.Revision,
		RecordedAt: e.Meta.RecordedAt, EffectiveAt: e.Meta.EffectiveAt, Actor: e.Meta.Actor,
		Institution: domain.ID(e.Meta.Institution), Data: e.Data,
	}
}

// Fact decodes the entry into today's fact.
func (e Entry) Fact() (any, error) {
	return schema.Decode(domain.Place{Stream: e.Stream, Type: e.Type, Event: e.Event}, e.Data)
}

const transcriptSQL = `SELECT entries FROM read.transcripts WHERE tenant = $1 AND student = $2`

// Entries are a student's recorded facts in order, up to and with those recorded at
// knownAt (zero: all). ok is false when the student is not there or not in scope.
func Entries(ctx context.Context, tx pgx.Tx, tenant, student domain.ID, knownAt time.Time) (list []Entry, ok bool, err error) {
	row, ok, err := one[struct{ Entries []byte }](ctx, tx, transcriptSQL, tenant, student)
	if err != nil || !ok {
		return nil, false, err
	}
	list, err = parseEntries(row.Entries, knownAt)
	return list, err == nil && len(list) > 0, err
}

// slowTranscripts collects each student's events in a list.
type slowTranscripts map[[2]domain.ID]*slowTranscript

type slowTranscript struct {
	schools map[domain.ID]bool
	lines   [][]byte
}

func (s slowTranscripts) Add(e Event) {
	switch domain.CategoryOf(e.Stream) {
	case "student", "enrollment", "academicRecord", "graduation", "award":
	default:
		return
	}
	who := [2]domain.ID{e.Tenant, domain.StreamIDs(e.Stream)[0]}
	if s[who] == nil {
		s[who] = &slowTranscript{schools: map[domain.ID]bool{}}
	}
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		s[who].schools[f.School] = true
	case enrollment.StudentEnrolled:
		s[who].schools[f.School] = true
	}
	s[who].lines = append(s[who].lines, newEntry(e).line())
}

func (s slowTranscripts) Rows() map[string][]any {
	type row struct {
		Tenant       domain.ID   `json:"tenant"`
		Student      domain.ID   `json:"student"`
		Institutions []domain.ID `json:"institutions"`
		Entries      blob        `json:"entries"`
	}
	var rows []any
	for who, t := range s {
		r := row{Tenant: who[0], Student: who[1], Institutions: []domain.ID{}}
		for school := range t.schools {
			r.Institutions = append(r.Institutions, school)
		}
		slices.Sort(r.Institutions)
		for _, l := range t.lines {
			r.Entries = append(r.Entries, l...)
		}
		rows = append(rows, r)
	}
	return map[string][]any{"transcripts": rows}
}
