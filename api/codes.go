package api

import (
	"cmp"
	"slices"
)

// Code documents one code of a problem document. Codes are stable: a caller may branch
// on one for ever.
type Code struct {
	Code   string
	Status int
	// Cause is what happened, Cure what the caller can do about it.
	Cause, Cure string
}

var codes = map[string]Code{}

// explain adds codes to the table; the file of the operations that answer with them calls
// it once: var _ = explain(…). A code that several aggregates use is explained once.
func explain(list ...Code) struct{} {
	for _, c := range list {
		if _, twice := codes[c.Code]; twice {
			panic("problem code explained twice: " + c.Code)
		}
		codes[c.Code] = c
	}
	return struct{}{}
}

// Codes is the whole table by name.
func Codes() []Code {
	list := make([]Code, 0, len(codes))
	for _, c := range codes {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Code) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

var _ = explain(
	Code{
		"invalid_field", 422, "A member, parameter or header is missing or does not have the form it takes.",
		"Compare the request with the OpenAPI document; `errors` names the members. An Idempotency-Key of a wrong form answers 400.",
	},
	Code{
		"unknown_field", 422, "The body or query has a member that this operation does not take: misspelled, in the wrong case, or one that only the server sets.",
		"Leave it out. `recordedAt`, `actor`, `tenant` and ids of events are always the server's.",
	},
	Code{
		"invalid_json", 400, "The body is not one JSON value in UTF-8 without duplicate members, at most 32 levels deep with at most 20,000 members.",
		"Send exactly one value as a JSON library writes it.",
	},
	Code{
		"unsupported_media_type", 415, "The Content-Type is not one that this operation takes, or the body has a Content-Encoding.",
		"Send `application/json` (or what the OpenAPI document says), uncompressed.",
	},
	Code{"too_large", 413, "The body, or the entry it makes in the log, is larger than allowed: 1 MB for JSON.", "Send less at once; batches can be divided."},
	Code{"uri_too_long", 414, "The path and query are longer than 2,048 bytes.", "Shorten the query."},
	Code{"request_timeout", 408, "The body did not arrive in time.", "Send it again with the same Idempotency-Key."},
	Code{"not_acceptable", 406, "The Accept header excludes what this operation answers.", "Accept `application/json`."},
	Code{
		"not_found", 404, "What the request names does not exist, or not for this caller: the two answer alike.",
		"Check the id, and that the institution of the token may see it.",
	},
	Code{"method_not_allowed", 405, "The path exists, the method does not.", "Use a method of the `Allow` header."},
	Code{
		"unauthenticated", 401, "There is no access token, or it is expired, revoked, or not one of this service's.",
		"Ask for a new one at `POST /oauth2/token` and send it as `Authorization: Bearer …`, once.",
	},
	Code{"insufficient_scope", 403, "The access token does not carry the scope that this operation demands.", "Use a client whose role covers it; the OpenAPI document names the scope of each operation."},
	Code{"rate_limited", 429, "This client, or without a token this address, sends more than it may.", "Wait as long as `Retry-After` says, and send batches."},
	Code{"invalid_scope", 422, "A scope asked for does not exist.", "Choose from the scopes in the OpenAPI document."},
	Code{
		"idempotency_key_required", 400, "A write came without an Idempotency-Key header.",
		"Send a fresh random value (a UUID) per command, and the same one when repeating it.",
	},
	Code{
		"idempotency_key_reused", 422, "This Idempotency-Key came before with another body.",
		"Use a new key for a new command. To repeat the old one, repeat its body byte for byte.",
	},
	Code{"invalid_position", 400, "X-Sijil-Position is not a position as a write answers it.", "Send back the header exactly as it was received, or leave it out."},
	Code{"foreign_position", 400, "The position belongs to another log: another server, or this one before it was restored from a backup.", "Forget it and read without a position."},
	Code{"read_behind", 503, "The read model has not yet reached the position the request carries.", "Repeat the request after `Retry-After`; an operator sees the lag in the metrics."},
	Code{"invalid_cursor", 400, "The cursor is not one that this listing gave for these parameters.", "Begin again without a cursor."},
	Code{
		"outcome_unknown", 503, "The event log did not answer in time: the command may or may not have been recorded.",
		"Repeat it with the same Idempotency-Key: it is recorded at most once, and the answer is the same.",
	},
	Code{"too_busy", 503, "Others keep writing to the same record.", "Repeat with the same Idempotency-Key."},
	Code{"personal_data_erased", 409, "The person's data was erased; their record takes no more entries.", "Nothing: an erasure is final."},
	Code{"internal", 500, "The server failed. The cause is in its log, never in the answer.", "Repeat with the same Idempotency-Key; give an operator the `instance`."},
)

// What follows is met by the ledger's own parts, which send these commands themselves. A
// caller sees one only when two of them raced, or something is broken.
var _ = explain(
	Code{"not_awaiting_credential", 409, "The edition is past the step at which a credential is prepared.", "Read the award: another process was quicker."},
	Code{"not_prepared", 409, "The edition is not at the step at which a credential is signed.", "Read the award: another process was quicker."},
	Code{"not_as_prepared", 409, "What was signed is not what was recorded to be signed.", "Tell the operator: the signing process is not to be trusted until this is explained."},
	Code{"status_list_full", 409, "The status list has as many entries as it takes.", "Use the institution's next list."},
	Code{"status_list_closed", 409, "The status list was opened under another key.", "Use the institution's next list."},
	Code{"already_issued", 409, "This claim exists.", "Repeat with the same Idempotency-Key to get the first answer."},
	Code{"already_exists", 409, "A share link with this id exists.", "Repeat with the same Idempotency-Key to get the first answer."},
)
