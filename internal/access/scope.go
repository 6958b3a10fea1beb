package access

import (
	"fmt"
	"slices"
	"strings"

	"sijil/domain"
)

// Scope is one thing a token allows. Every operation of the API demands exactly one
// scope or is on a short public list; what no scope allows is refused.
type Scope string

// The scopes, by what they let a caller do. Which students and institutions it may do
// that to follows from the institution in its token, never from the scope.
const (
	InstitutionsRead  Scope = "institutions:read"
	InstitutionsWrite Scope = "institutions:write"
	KeysWrite         Scope = "keys:write"

	AccreditationsRead  Scope = "accreditations:read"
	AccreditationsWrite Scope = "accreditations:write"

	CatalogRead  Scope = "catalog:read"
	CatalogWrite Scope = "catalog:write"

	StudentsRead  Scope = "students:read"
	StudentsWrite Scope = "students:write"

	EnrollmentsRead  Scope = "enrollments:read"
	EnrollmentsWrite Scope = "enrollments:write"

	TransfersRead  Scope = "transfers:read"
	TransfersWrite Scope = "transfers:write"

	RecordsRead  Scope = "records:read"
	RecordsWrite Scope = "records:write"
	RecordsAmend Scope = "records:amend"

	GraduationsRead    Scope = "graduations:read"
	GraduationsWrite   Scope = "graduations:write"
	GraduationsApprove Scope = "graduations:approve"

	DiplomasRead   Scope = "diplomas:read"
	DiplomasWrite  Scope = "diplomas:write"
	DiplomasRevoke Scope = "diplomas:revoke"

	AttestationsWrite  Scope = "attestations:write"
	AttestationsRevoke Scope = "attestations:revoke"

	SharesWrite Scope = "shares:write"

	StatisticsRead Scope = "statistics:read"

	// LogSubscribe is no operation's of the API: it is for the EventStoreDB protocol.
	LogSubscribe Scope = "log:subscribe"
)

// Described is a scope with the sentence the API's document shows.
type Described struct {
	Scope Scope
	Means string
}

// Scopes is every scope in the order of the document.
var Scopes = []Described{
	{InstitutionsRead, "Read the register of institutions"},
	{InstitutionsWrite, "Register institutions and change their names, parents and status"},
	{KeysWrite, "Authorize, retire and report signing keys of institutions"},
	{AccreditationsRead, "Read accreditations with their history"},
	{AccreditationsWrite, "Grant, renew, suspend, reinstate and withdraw accreditations"},
	{CatalogRead, "Read programs, courses, grading schemes, graduation plans and sessions"},
	{CatalogWrite, "Define programs, courses, grading schemes, graduation plans and sessions"},
	{StudentsRead, "Read the register of students"},
	{StudentsWrite, "Register students, link identifiers, correct names and birth data"},
	{EnrollmentsRead, "Read enrollments and their history"},
	{EnrollmentsWrite, "Enroll, withdraw, promote and retain students"},
	{TransfersRead, "Read transfers in and out"},
	{TransfersWrite, "Request, release, contest, accept and refuse transfers"},
	{RecordsRead, "Read transcripts, rosters and grades"},
	{RecordsWrite, "Record grades, course results and credits"},
	{RecordsAmend, "Amend and void what was recorded"},
	{GraduationsRead, "Read graduation decisions"},
	{GraduationsWrite, "Assess and confirm graduations"},
	{GraduationsApprove, "Approve a graduation as one of two officers"},
	{DiplomasRead, "Read the register of diplomas and certificates"},
	{DiplomasWrite, "Award diplomas and certificates"},
	{DiplomasRevoke, "Supersede, suspend, reinstate and revoke diplomas and certificates"},
	{AttestationsWrite, "Issue credentials that are no diplomas (VC-API)"},
	{AttestationsRevoke, "Revoke credentials that are no diplomas"},
	{SharesWrite, "Make claim links for graduates"},
	{StatisticsRead, "Read statistics"},
	{LogSubscribe, "Follow the authority's events over the EventStoreDB protocol"},
}

var reads = []Scope{
	InstitutionsRead, AccreditationsRead, CatalogRead, StudentsRead, EnrollmentsRead, TransfersRead,
	RecordsRead, GraduationsRead, DiplomasRead, StatisticsRead,
}

// Roles are named sets of scopes, for `sijil client create --role`. A school's own system
// does not approve graduations: that takes people, each with a client of their own.
var Roles = map[string][]Scope{
	"ministry": join(reads, InstitutionsWrite, KeysWrite, AccreditationsWrite, CatalogWrite,
		StudentsWrite, TransfersWrite, RecordsAmend, GraduationsApprove, DiplomasRevoke, AttestationsWrite, AttestationsRevoke),
	"region": join(reads, InstitutionsWrite, CatalogWrite, StudentsWrite, TransfersWrite, GraduationsApprove),
	"school": join(reads, KeysWrite, CatalogWrite, StudentsWrite, EnrollmentsWrite, TransfersWrite, RecordsWrite, RecordsAmend,
		GraduationsWrite, DiplomasWrite, DiplomasRevoke, AttestationsWrite, AttestationsRevoke, SharesWrite),
	"registrar": join(reads, StudentsWrite, EnrollmentsWrite, TransfersWrite, RecordsWrite, RecordsAmend,
		GraduationsWrite, GraduationsApprove, DiplomasWrite, DiplomasRevoke, AttestationsWrite, AttestationsRevoke, SharesWrite),
	"teacher":  {InstitutionsRead, CatalogRead, StudentsRead, RecordsRead, RecordsWrite},
	"approver": join(reads, RecordsAmend, GraduationsApprove),
	"auditor":  reads,
	// For a system of the authority's that keeps its own picture of all its events.
	"subscriber": {LogSubscribe},
}

func join(base []Scope, more ...Scope) []Scope { return append(slices.Clone(base), more...) }

// ParseScopes reads scopes as RFC 6749 section 3.3 writes them, apart by spaces; an
// unknown one is refused with invalid_scope. Order and duplicates do not matter.
func ParseScopes(s string) ([]Scope, error) {
	var list []Scope
	for _, word := range strings.Fields(s) {
		if !slices.ContainsFunc(Scopes, func(d Described) bool { return string(d.Scope) == word }) {
			return nil, domain.Refuse(domain.Invalid, "invalid_scope", "one of the scopes asked for does not exist")
		}
		list = append(list, Scope(word))
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// FormatScopes is the opposite of ParseScopes.
func FormatScopes(list []Scope) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// RoleScopes are a role's scopes; an error names the roles there are.
func RoleScopes(role string) ([]Scope, error) {
	if list, ok := Roles[role]; ok {
		return list, nil
	}
	var names []string
	for name := range Roles {
		names = append(names, name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("there is no role %q: choose one of %s", role, strings.Join(names, ", "))
}
