package schema

import (
	"sijil/domain"
	"sijil/domain/academicrecord"
)

var _ = register(
	sealed("academicRecord.GradeRecorded.v1", domain.ClassRecord,
		func(f *academicrecord.GradeRecorded) *domain.Private { return &f.Statement }),
	sealed("academicRecord.AmendmentProposed.v1", domain.ClassRecord,
		func(f *academicrecord.AmendmentProposed) *domain.Private { return &f.Reason }),
	fact[academicrecord.AmendmentDeclined]("academicRecord.AmendmentDeclined.v1"),
	sealed("academicRecord.GradeAmended.v1", domain.ClassRecord,
		func(f *academicrecord.GradeAmended) *domain.Private { return &f.Reason }),
	sealed("academicRecord.GradeVoided.v1", domain.ClassRecord,
		func(f *academicrecord.GradeVoided) *domain.Private { return &f.Reason }),
	fact[academicrecord.CourseResultRecorded]("academicRecord.CourseResultRecorded.v1"),
	fact[academicrecord.ForeignGradeRecorded]("academicRecord.ForeignGradeRecorded.v1"),
	fact[academicrecord.CreditAwarded]("academicRecord.CreditAwarded.v1"),
	sealed("academicRecord.JuryDecided.v1", domain.ClassRecord,
		func(f *academicrecord.JuryDecided) *domain.Private { return &f.Reason }),
)
