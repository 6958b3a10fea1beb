package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerTranscripts() {
	read(s, op{
		ID: "get-transcript", Method: http.MethodGet, Path: "/v1/students/{student}/transcript", Scope: access.RecordsRead, Tag: "students",
		Summary: "Read a student's transcript",
		Description: "`asOf` is the day it is about, `knownAt` the instant by which it was recorded: the two times of every fact. Amended and voided entries " +
			"stay, with what amended them. A school that the student left sees what was recorded elsewhere up to that day; words that were erased are absent.",
	}, s.transcript)
}

// Transcript is a student's record at every school.
type Transcript struct {
	StudentUniqueID domain.ID              `json:"studentUniqueId"`
	Records         []TranscriptRecord     `json:"records" doc:"By school and school year, in the order they began"`
	Graduations     []TranscriptGraduation `json:"graduations"`
}

// TranscriptRecord is one school year at one school.
type TranscriptRecord struct {
	School     domain.ID         `json:"school"`
	SchoolYear int               `json:"schoolYear"`
	Entries    []TranscriptEntry `json:"entries" doc:"In the order they were recorded"`
}

// TranscriptEntry is one line as it stands, and how it came to stand so.
type TranscriptEntry struct {
	ID                   domain.ID         `json:"id"`
	Kind                 string            `json:"kind" enum:"grade,courseResult,foreignGrade,credit,juryDecision"`
	Course               domain.ID         `json:"course,omitzero"`
	Session              domain.ID         `json:"session,omitzero"`
	GradingPeriod        domain.Descriptor `json:"gradingPeriod,omitzero"`
	AssessmentIdentifier string            `json:"assessmentIdentifier,omitzero"`
	Attempt              int               `json:"attempt,omitzero"`
	TranscriptMark
	Coefficient           *domain.Decimal       `json:"coefficient,omitzero"`
	CourseAttemptResult   domain.Descriptor     `json:"courseAttemptResult,omitzero"`
	EarnedCredits         *domain.Decimal       `json:"earnedCredits,omitzero"`
	MethodCreditEarned    domain.Descriptor     `json:"methodCreditEarned,omitzero"`
	ForeignGrade          domain.ID             `json:"foreignGrade,omitzero" doc:"The foreign grade that a credit recognizes"`
	Decision              domain.Descriptor     `json:"decision,omitzero"`
	ExternalSchool        string                `json:"externalEducationOrganizationNameOfInstitution,omitzero"`
	CourseTitle           string                `json:"courseTitle,omitzero"`
	AlternativeCourseCode string                `json:"alternativeCourseCode,omitzero"`
	VerbatimGrade         string                `json:"verbatimGrade,omitzero"`
	ForeignGradingScheme  string                `json:"foreignGradingScheme,omitzero"`
	WhenTaken             string                `json:"whenTaken,omitzero"`
	EventDate             domain.Date           `json:"eventDate"`
	DatePrecision         string                `json:"datePrecision,omitzero"`
	Voided                bool                  `json:"voided" doc:"It no longer counts"`
	Words                 string                `json:"words,omitzero" doc:"The teacher's statement or the jury's reason"`
	Recorded              Provenance            `json:"recorded"`
	Amendments            []TranscriptAmendment `json:"amendments" doc:"The chain, oldest first"`
}

// TranscriptMark is a score in its scheme, or why there is none.
type TranscriptMark struct {
	GradingScheme      domain.ID       `json:"gradingScheme,omitzero"`
	NumericGradeEarned *domain.Decimal `json:"numericGradeEarned,omitzero"`
	LetterGradeEarned  string          `json:"letterGradeEarned,omitzero"`
	ScoreStatus        string          `json:"scoreStatus,omitzero"`
}

// Provenance is where a statement stands in the ledger.
type Provenance struct {
	Event       domain.ID `json:"event"`
	RecordedAt  time.Time `json:"recordedAt"`
	Actor       string    `json:"actor" doc:"The opaque id of who recorded it"`
	Institution domain.ID `json:"institution"`
}

// TranscriptAmendment is one link of an entry's chain.
type TranscriptAmendment struct {
	ID      domain.ID `json:"id"`
	Kind    string    `json:"kind" enum:"amended,voided,proposed,declined,superseded"`
	Follows domain.ID `json:"follows,omitzero" doc:"The entry or amendment that stood until then"`
	TranscriptMark
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult,omitzero"`
	Decision            domain.Descriptor `json:"decision,omitzero"`
	Voids               bool              `json:"voids,omitzero" doc:"What is proposed is to void the entry"`
	ReasonCode          domain.Descriptor `json:"reasonCode,omitzero"`
	Authority           domain.ID         `json:"authority,omitzero"`
	ProposedBy          string            `json:"proposedBy,omitzero"`
	ConfirmedBy         string            `json:"confirmedBy,omitzero"`
	EventDate           domain.Date       `json:"eventDate,omitzero"`
	Words               string            `json:"words,omitzero" doc:"The reason in words"`
	Recorded            Provenance        `json:"recorded"`
}

// TranscriptGraduation is how far the student came in a program.
type TranscriptGraduation struct {
	Program       domain.ID       `json:"program"`
	School        domain.ID       `json:"school"`
	Stage         string          `json:"stage" enum:"assessed,approved,confirmed,rescinded"`
	Assessment    domain.ID       `json:"assessment"`
	EventDate     domain.Date     `json:"eventDate"`
	PlanVersion   int             `json:"planVersion"`
	Outcome       string          `json:"outcome" enum:"met,unmet"`
	Gaps          []AssessmentGap `json:"gaps"`
	EarnedCredits domain.Decimal  `json:"earnedCredits"`
	Average       *domain.Decimal `json:"average,omitzero"`
	Recorded      Provenance      `json:"recorded" doc:"The latest of its facts"`
}

type transcriptInput struct {
	Student domain.ID `path:"student"`
	Asked
	Known
}

func (s *Server) transcript(ctx context.Context, in *transcriptInput) (t Transcript, err error) {
	var entries []projections.Entry
	var ok bool
	var sees sight
	err = s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, of sight) error {
		sees = of
		entries, ok, err = projections.Entries(ctx, tx, principal(ctx).Tenant, in.Student, in.KnownAt)
		return err
	})
	if err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	if err != nil {
		return t, err
	}
	fold := transcriptFold{ctx: ctx, s: s, sees: sees, asOf: s.day(in.AsOf)}
	return fold.transcript(in.Student, entries)
}
