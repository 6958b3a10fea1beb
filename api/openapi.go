package api

import (
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"sijil/internal/access"
)

// securityName is the security scheme's name in the document.
const securityName = "oauth2"

// openAPI is the document's frame and how bodies are read and written: JSON only.
func openAPI() huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for from, to := range wireTypes {
		schemas.RegisterTypeAlias(from, to)
	}
	scopes := map[string]string{}
	for _, d := range access.Scopes {
		scopes[string(d.Scope)] = d.Means
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Sijil", Version: "1",
				Description: "A ledger of student records and credentials. Every write is a fact that stays; " +
					"field names are Ed-Fi 5.2's in lowerCamelCase. Errors are RFC 9457 problem documents with stable codes.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Tags: tags,
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					securityName: {
						Type:  "oauth2",
						Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: "/oauth2/token", Scopes: scopes}},
					},
				},
			},
		},
		// huma looks problem+json up by its suffix; requests have passed mediaType before.
		Formats:                      map[string]huma.Format{"application/json": {Marshal: encode, Unmarshal: decode}, "json": {Marshal: encode, Unmarshal: decode}},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

func encode(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.Deterministic(true)) }

// decode is called after the schema accepted the body, and before it with v an *any.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	return newDecodeError(err)
}

// tags are the groups of operations in the order in which they are read.
var tags = []*huma.Tag{
	{Name: "access", Description: "Tokens for API clients"},
	{Name: "institutions", Description: "The tree of institutions, and their signing keys"},
	{Name: "accreditations", Description: "Who may award what, when"},
	{Name: "programs", Description: "What leads to a diploma"},
	{Name: "courses", Description: "What is taught"},
	{Name: "gradingSchemes", Description: "Scales of marks; nothing is converted silently"},
	{Name: "graduationPlans", Description: "What a diploma takes, in versions"},
	{Name: "sessions", Description: "Terms; a finalized one takes amendments only"},
	{Name: "students", Description: "People, with their names sealed"},
	{Name: "enrollments", Description: "Who is where, and rosters"},
	{Name: "transfers", Description: "From one school to another, with the record"},
	{Name: "grades", Description: "Marks, one at a time or a thousand"},
	{Name: "courseResults", Description: "What came of a course"},
	{Name: "credits", Description: "Credits earned or carried over"},
	{Name: "foreignGrades", Description: "Marks of other systems, word for word"},
	{Name: "juryDecisions", Description: "What a jury decided"},
	{Name: "amendments", Description: "Corrections, which never hide what they correct"},
	{Name: "graduations", Description: "Is everything there? Two officers say so"},
	{Name: "awards", Description: "Diplomas, and their corrections"},
	{Name: "credentials", Description: "What was signed; suspending and revoking it"},
	{Name: "attestations", Description: "What an institution signs on request, by the VC-API; never a diploma"},
	{Name: "shares", Description: "The graduate's own links"},
	{Name: "verification", Description: "What a verifier fetches, without an account"},
	{Name: "statistics", Description: "Counts without names"},
}
