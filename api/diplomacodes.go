package api

// The codes of awards, credentials, claims and shares.
var _ = explain(
	Code{"already_awarded", 409, "The student has this program's diploma.", "A change to it is a correction: the next edition takes its place."},
	Code{"award_before_completion", 409, "The award date lies before the day the program was completed.", "Award it on that day or later."},
	Code{"second_approver_missing", 409, "Two different officers have to approve the graduation, and have not.", "Let a second officer confirm it, with a token of their own."},
	Code{"award_annulled", 409, "The award was annulled before anything was signed: at its place in the log its ground was gone.", "Read why in the register, put it right, and award anew."},
	Code{"not_the_awarding_institution", 403, "Only the institution that awarded the diploma corrects it.", "Let that institution correct it."},

	Code{"not_signed", 409, "The credential is not signed yet.", "Wait for the issuer; if it takes long, the institution's signing keys are missing, and the server's log says so."},
	Code{"credential_revoked", 409, "The credential is revoked, which is final.", "Nothing for this one. The diploma can be awarded anew where its ground stands."},
	Code{"credential_superseded", 409, "A later edition has taken the credential's place.", "Use the edition that the register names."},
	Code{"not_suspended", 409, "The credential is not suspended.", "Nothing."},
	Code{"no_status_key", 503, "The institution has no usable status key on this server, so its lists cannot be signed.", "Authorize one: `sijil keys authorize`."},

	Code{"another_key", 409, "The credential was signed with another key than the one named.", "Nothing."},
	Code{"credential_suspended", 409, "The credential is suspended: nothing more is signed of it.", "Reinstate or revoke it first."},
	Code{"key_not_compromised", 409, "The key is not known to be compromised, so what it signed stands.", "Report the compromise, and let another officer approve it."},
	Code{"no_credential_key", 409, "The institution has no other key to sign with.", "Authorize one: `sijil keys authorize`."},
	Code{"keys_made_elsewhere", 409, "This server's signing keys are made where they are kept.", "Make the key there, and authorize its public half with authorize-signing-key."},

	Code{"claim_used", 409, "The claim link works once and was used.", "Ask the school for another one."},
	Code{"claim_expired", 409, "The claim link's time is over.", "Ask the school for another one."},
	Code{"share_revoked", 409, "The holder ended this link. That says nothing about the diploma.", "Ask the holder for another link, or for the signed file."},
	Code{"share_expired", 409, "The link's time is over. That says nothing about the diploma.", "Ask the holder for another link, or for the signed file."},
	Code{"too_many_shares", 409, "100 links were made from this claim.", "Ask the school for another claim."},
)
