package api

// The codes of students, their identifiers, enrollments and transfers.
var _ = explain(
	Code{"unknown_command", 422, "An aggregate was asked for something that is not its own. No operation does that.", "Report it: the server has a defect."},
	Code{"name_missing", 422, "There is neither a name nor an identification code.", "Give at least one name, as the papers write it."},
	Code{"assurance_mismatch", 422, "A person with a national id is not `undocumented`.", "Say how well the identity is known, or leave the number out."},
	Code{"evidence_missing", 422, "A change of who a person is came without its proof.", "Name the sort of proof in `evidence`."},
	Code{"merge_into_itself", 422, "A student was to be merged into itself.", "Name the other one in `into`."},
	Code{"exit_before_entry", 422, "The exit lies before the entry.", "Correct the day."},
	Code{"entry_before_exit", 422, "The new enrollment begins before the old one ends.", "Use the exit date of the release, or a later day."},

	Code{"not_your_student", 403, "The student is not at this institution now: the school that has the student writes.", "Ask that school, or request a transfer."},
	Code{"not_your_decision", 403, "Another school, or an authority after a contest, decides this step of a transfer.", "Read the transfer: `state` says whose turn it is."},

	Code{"identifier_taken", 409, "The number names a student of the authority already.", "Look it up at `POST /v1/students/lookups`; then enroll, or request a transfer."},
	Code{"identifier_not_active", 409, "`replaces` is not an active link of the same sort.", "Read the student's identification codes."},
	Code{"national_id_active", 409, "The student has a national id, and one at a time.", "Name its link in `replaces`."},
	Code{"assurance_lowered", 409, "The identity is known better already.", "Leave `identityAssurance` out."},
	Code{"reservation_lapsed", 409, "The command's numbers were reserved so long ago that they were released.", "Send it again under a new Idempotency-Key."},
	Code{"enrollment_open", 409, "The student that ends still has an open enrollment or transfer.", "End it first."},
	Code{"not_merged", 409, "The student is not merged.", "Nothing."},
	Code{"already_enrolled", 409, "The student is enrolled there at that time already.", "Read the student's enrollments."},
	Code{"enrolled_elsewhere", 409, "The student has a primary enrollment at another school at that time.", "Request a transfer."},
	Code{"enrollment_ended", 409, "The enrollment has ended.", "Enroll the student again."},
	Code{"enrollment_voided", 409, "The enrollment was voided.", "Enroll the student again."},
	Code{"date_before_last_change", 409, "The grade level was set on a later day.", "Use that day or a later one."},
	Code{"same_grade_level", 409, "A promotion leads to another grade level.", "Record a retention, or name the next level."},
	Code{"transfer_open", 409, "A transfer of the student is under way.", "Complete, cancel or await it; it lapses on its `lapseDate`."},
	Code{"transfer_ended", 409, "The transfer has ended.", "Read it; request another one where needed."},
	Code{"transfer_lapsed", 409, "The transfer lapsed: it was open for a term.", "Request it again."},
	Code{"transfer_requested", 409, "The transfer has not been answered yet.", "Await the release."},
	Code{"transfer_contested", 409, "The old school objects to the transfer.", "It, or an authority above it, releases after all."},
	Code{"transfer_released", 409, "The transfer was released.", "The new school accepts or refuses it."},
	Code{"transfer_not_released", 409, "The old school has not released the student.", "Await the release; until then a request is cancelled, not refused."},
)
