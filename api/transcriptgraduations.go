package api

import (
	"sijil/domain"
	"sijil/domain/graduation"
	"sijil/projections"
)

// graduated moves a program's line on.
func (f *transcriptFold) graduated(e projections.Entry, fact graduation.Event) {
	ids := domain.StreamIDs(e.Stream)
	if len(ids) != 2 {
		return
	}
	if x, ok := fact.(graduation.GraduationAssessed); ok {
		g := f.graduation(ids[1])
		*g = TranscriptGraduation{
			Program: ids[1], School: x.School, Stage: "assessed", Assessment: x.Assessment, EventDate: x.EventDate, PlanVersion: x.PlanVersion,
			Outcome: string(x.Outcome), Gaps: gaps(x.Gaps), EarnedCredits: x.EarnedCredits, Average: x.Average, Recorded: provenance(e),
		}
		return
	}
	for _, g := range f.graduations {
		if g.Program != ids[1] {
			continue
		}
		stage := ""
		switch x := fact.(type) {
		case graduation.GraduationApproved:
			stage = stageOf(g, x.Assessment, "approved")
		case graduation.GraduationConfirmed:
			stage = stageOf(g, x.Assessment, "confirmed")
		case graduation.GraduationRescinded:
			stage = stageOf(g, x.Assessment, "rescinded")
		}
		if stage != "" {
			g.Stage, g.Recorded = stage, provenance(e)
		}
	}
}

// stageOf is the stage when it is about the assessment shown.
func stageOf(g *TranscriptGraduation, assessment domain.ID, stage string) string {
	if g.Assessment != assessment {
		return ""
	}
	return stage
}

func (f *transcriptFold) graduation(program domain.ID) *TranscriptGraduation {
	for _, g := range f.graduations {
		if g.Program == program {
			return g
		}
	}
	g := &TranscriptGraduation{Program: program}
	f.graduations = append(f.graduations, g)
	return g
}

func gaps(found []graduation.Gap) []AssessmentGap {
	list := make([]AssessmentGap, len(found))
	for i, g := range found {
		list[i] = AssessmentGap(g)
	}
	return list
}
