package api

// The codes of institutions, accreditations and the catalog.
var _ = explain(
	Code{"not_the_authority", 403, "The caller's institution does not decide this: an authority above the institution does, or only the tenant's own.", "Ask the ministry or region."},
	Code{"not_an_authority", 403, "A school or an agency tried to publish a conversion.", "A ministry or a region publishes it."},
	Code{"not_an_accrediting_agent", 403, "A school tried to accredit.", "A ministry, a region or an agency grants accreditations."},
	Code{"not_the_accrediting_agent", 403, "Another institution granted the accreditation.", "Only the agent that granted it decides about it."},

	Code{"parent_unknown", 404, "`parentOrganization` is not an institution that the caller is or governs.", "Register it first, or ask the authority above both."},
	Code{"records_custodian_unknown", 404, "`recordsCustodian` is not another institution of this authority.", "Name an institution that is registered."},
	Code{"successor_unknown", 404, "The successor does not exist, is of another kind, or is the thing itself.", "Name another institution of the same tier, or another course."},
	Code{"program_unknown", 404, "The program does not exist, or is not offered to this institution.", "Use a program of the institution or of an authority above it."},
	Code{"course_unknown", 404, "The course does not exist, or is not offered to this institution.", "Use courses of the institution or of an authority above it."},
	Code{"grading_scheme_unknown", 404, "The grading scheme does not exist, or is not offered to this institution.", "Use a scheme of the institution or of an authority above it."},
	Code{"key_unknown", 404, "The institution has no key with this kid.", "List its keys."},

	Code{"parent_wrong_tier", 422, "The tree is country > region > school, and agencies stand below a country.", "Choose a parent of a higher tier."},
	Code{"root_has_no_parent", 422, "The tenant's own authority has nothing above it and is no agency.", "Leave `parentOrganization` out for it, and give it for every other institution."},
	Code{"records_custodian_required", 422, "An institution that closes names who keeps its records.", "Name `recordsCustodian`."},

	Code{"already_registered", 409, "There is one under this code or id already.", "Use the one there is."},
	Code{"already_defined", 409, "The code is defined otherwise, and a definition never changes.", "Give what has changed a code of its own."},
	Code{"already_opened", 409, "The school has another session of this name in this school year.", "Give it another name."},
	Code{"already_accredited", 409, "A grant for the same thing holds on that day.", "Renew it, or begin when it has ended."},
	Code{"parent_not_operating", 409, "The parent organization does not work on that day.", "Choose a day within its own."},
	Code{"records_custodian_not_operating", 409, "The records custodian does not work on that day.", "Name one that does."},
	Code{"successor_not_operating", 409, "The successor does not work on that day.", "Name one that does."},
	Code{"institution_not_operating", 409, "The institution is closed, inactive, still to come, or no school on that day.", "Choose another day, or have its status changed first."},
	Code{"parent_cycle", 409, "The new parent stands below the institution.", "Move the other one first."},
	Code{"date_out_of_order", 409, "The day lies before the last change of the same kind, or outside of what it changes. What held on earlier days is not rewritten.", "Use a day on or after the last change."},
	Code{"kid_taken", 409, "The kid names another key, and is never used again.", "Choose another kid."},
	Code{"key_taken", 409, "The key is registered under another kid: one key has one name and one purpose.", "Make a new key."},
	Code{"key_withdrawn", 410, "The key was compromised, and a reader of one key sees no history.", "Read `jwks.json`, which says since when, or the DID document, which leaves it out."},
	Code{"proposal_lapsed", 409, "Nobody approved the proposal in time.", "Propose it again, and let another officer approve it within seven days."},
	Code{"key_retired", 409, "The key was retired already.", "Nothing: a retirement does not move."},
	Code{"key_compromised", 409, "The key is known to be compromised since an earlier instant.", "Nothing: that instant only moves earlier."},
	Code{"accreditation_withdrawn", 409, "The grant was withdrawn.", "Grant a new one."},
	Code{"accreditation_suspended", 409, "The accreditation is suspended already.", "Reinstate it first."},
	Code{"accreditation_not_suspended", 409, "There is no suspension to end.", "Nothing."},
	Code{"course_retired", 409, "The course was retired as of another day.", "Use its successor."},
	Code{"session_finalized", 409, "The session was finalized: its marks are amended only.", "Propose an amendment; another officer confirms it."},
	Code{"other_plan", 409, "A version keeps the owner, identificationCode and program of the plan.", "Publish another plan under a code of its own."},
)
