package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerStatistics() {
	read(s, op{
		ID: "read-statistics", Method: http.MethodGet, Path: "/v1/statistics", Scope: access.StatisticsRead, Tag: "statistics",
		Summary: "Count enrollments by region, school, grade level, sex and school year",
		Description: "`by` names what is kept apart, the rest is summed up; an item lacks what is summed up and what was never recorded. " +
			"A school counts its own enrollments, a region those below it. Voided enrollments are not counted. " +
			"An enrollment is in the school year of its session, else in the one in which its entry lies (from August to July), " +
			"and in each further year that a promotion or retention begins, with the grade level of that year.",
	}, s.statistics)
}

// Count is how many enrollments share the traits that are kept apart.
type Count struct {
	Region      *domain.ID        `json:"region,omitempty" doc:"The nearest region above the school; absent for a school right below the country"`
	School      *domain.ID        `json:"school,omitempty"`
	GradeLevel  domain.Descriptor `json:"gradeLevel,omitempty"`
	Sex         domain.Descriptor `json:"sex,omitempty"`
	SchoolYear  int               `json:"schoolYear,omitzero" doc:"The year in which the school year ends" example:"2027"`
	Enrollments int               `json:"enrollments"`
	Students    int               `json:"students" doc:"A student with several of the enrollments is counted once"`
	Withdrawn   int               `json:"withdrawn" doc:"Enrollments that ended by a withdrawal or a transfer, in the year in which they did"`
}

// Statistics are counts in the order of school year, region, school, grade level and sex.
type Statistics struct {
	Items []Count `json:"items"`
}

type statisticsInput struct {
	By          []string  `query:"by" required:"true" minItems:"1" uniqueItems:"true" enum:"region,school,level,sex,year" doc:"What to keep apart, with commas between" example:"region,sex"`
	SchoolYear  int       `query:"schoolYear" minimum:"1900" maximum:"2199" doc:"The year in which the school year ends; absent for all"`
	School      domain.ID `query:"school" doc:"Absent for all that the caller sees"`
	PrimaryOnly bool      `query:"primaryOnly" doc:"Leave enrollments in single modules out"`
}

// maxCounts bounds an answer: about 2 MB of JSON.
const maxCounts = 10_000

var _ = explain(
	Code{
		"answer_too_large", 422, "There are more than 10,000 counts to answer.",
		"Ask for one `schoolYear` or one `school`, or keep less apart in `by`.",
	},
)

func (s *Server) statistics(ctx context.Context, in *statisticsInput) (Statistics, error) {
	apart := func(trait string) bool { return slices.Contains(in.By, trait) }
	var counts []projections.Count
	err := s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) (err error) {
		counts, err = projections.Counts(ctx, tx, principal(ctx).Tenant, projections.CountBy{
			Region: apart("region"), School: apart("school"), Level: apart("level"), Sex: apart("sex"), Year: apart("year"),
		}, projections.CountFilter{SchoolYear: in.SchoolYear, School: in.School, PrimaryOnly: in.PrimaryOnly}, maxCounts+1)
		return err
	})
	if err == nil && len(counts) > maxCounts {
		err = newProblem(http.StatusUnprocessableEntity, "answer_too_large", "there are more than 10,000 counts to answer")
	}
	if err != nil {
		return Statistics{}, err
	}
	out := Statistics{Items: make([]Count, len(counts))}
	for i, c := range counts {
		out.Items[i] = Count{
			Region: c.Region, School: c.Institution, GradeLevel: domain.Descriptor(c.GradeLevel), Sex: domain.Descriptor(c.Sex),
			SchoolYear: c.SchoolYear, Enrollments: c.Enrollments, Students: c.Students, Withdrawn: c.Withdrawn,
		}
	}
	return out, nil
}
