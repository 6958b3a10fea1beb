package api

// The codes of academic records and graduations, some of which awards and enrollments
// answer with too.
var _ = explain(
	Code{"score_missing", 422, "A grade has no number, no letter and no `scoreStatus`.", "Give one. Nothing is guessed."},
	Code{"not_amendable", 422, "Foreign grades and credits are not amended.", "Void it and record it anew."},
	Code{"date_in_future", 422, "The day has not come yet.", "Record what has happened, on the day it did."},

	Code{"session_unknown", 404, "The school has no such academic session.", "Open it first, or use one of the school's."},
	Code{"foreign_grade_unknown", 404, "The record of that school year has no such foreign grade.", "Record the foreign grade first, in the same school year."},
	Code{"jury_decision_unknown", 404, "`supersedes` is not the decision that stands on the same matter.", "Leave it out where nothing was decided."},
	Code{"amendment_unknown", 404, "No amendment with this id waits for a second officer in that record.", "Check the student and the school year; it may be confirmed or declined already."},
	Code{"assessment_unknown", 404, "The graduation has no assessment with this event id.", "Use the `event` that assess-graduation answered."},

	Code{"not_enrolled", 409, "The student was not enrolled at that time at this school, or in this program.", "Record the enrollment first, or correct the day."},
	Code{"student_merged", 409, "The student was merged into another one.", "Use the other one."},
	Code{"grade_already_recorded", 409, "The course, session, period, assessment and attempt have a grade.", "Amend that one, or record the next attempt."},
	Code{"result_already_recorded", 409, "The course attempt has a result.", "Amend that one, or record the next attempt."},
	Code{"credit_already_awarded", 409, "The course, assessment and attempt have this credit.", "Void that one first."},
	Code{"foreign_grade_already_recorded", 409, "The other school's course and term have a foreign grade.", "Void that one first."},
	Code{"foreign_grade_recognized", 409, "A credit rests on the foreign grade.", "Void the credit first."},
	Code{"jury_already_decided", 409, "The jury has decided on the matter.", "Name that decision in `supersedes`."},
	Code{"grade_voided", 409, "The entry was voided or superseded.", "Record a new one."},
	Code{"nothing_to_amend", 409, "The entry says this already.", "Nothing."},
	Code{"amended_meanwhile", 409, "Another amendment came since the one in `follows`.", "Read the transcript again, then amend what stands."},
	Code{"amendment_pending", 409, "An amendment of the entry waits for a second officer.", "Confirm or decline it first."},

	Code{"plan_not_in_force", 409, "No version of the graduation plan was in force on that day, or it is not a plan of the program's owner.", "Use a plan that its authority published for the program, and a day within it."},
	Code{"not_accredited", 409, "The institution was not accredited for the program on that day.", "Have the accreditation granted, or name the agency's in `accreditation`."},
	Code{"requirements_not_met", 409, "Credits or grades are missing.", "Read the gaps of the assessment; record what is missing and assess again."},
	Code{"graduation_not_assessed", 409, "There is no assessment that counts: none was made, or it was rescinded.", "Assess the graduation first."},
	Code{"already_graduated", 409, "The graduation is confirmed.", "Rescind it before assessing again."},
	Code{"assessed_elsewhere", 409, "Another school's assessment of the same student and program waits for its officers.", "Have that school, or an authority above it, rescind it or finish it."},
	Code{"assessment_superseded", 409, "There is a later assessment than the one named.", "Look at that one, and name its event and digest."},
	Code{"assessment_outdated", 409, "The record changed since the assessment, and what it finds with it.", "Assess again."},
	Code{"digest_mismatch", 409, "The digest is not that of the stored assessment.", "Look at the assessment and name what it answered."},
	Code{"needs_approval", 409, "There is nothing to confirm yet.", "Let a first officer approve."},
	Code{"already_approved", 409, "The approval is recorded already.", "The next step is the second officer's confirmation."},
	Code{"needs_second_approval", 403, "Another officer has to decide: another token subject, whoever either acts for.", "Let another officer confirm, with a token of their own."},
)
