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
