package api

import (
	"context"
	"net/http"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
)

// Publisher makes what verifiers fetch, and the signing keys it is made with. Refusals:
// not_found for an institution or a list that is not there, no_status_key.
type Publisher interface {
	// DIDDocument and KeySet are JSON.
	DIDDocument(ctx context.Context, id domain.ID) ([]byte, error)
	KeySet(ctx context.Context, id domain.ID) ([]byte, error)
	// StatusList is the list with this name as a signed token, as it stands or, with at, as it stood.
	StatusList(ctx context.Context, name string, at time.Time) (token []byte, etag string, err error)
	// GenerateKey makes a key pair for the algorithm, keeps the private half, and gives what a
	// proposal to authorize it says. The same kid gives the same key.
	GenerateKey(ctx context.Context, id domain.ID, kid string, purpose institution.Purpose, alg string) (institution.AuthorizeKey, error)
}

// metadataAge is how long a verifier may keep keys: a compromise must be heard of.
const metadataAge = "public, max-age=60"

func (s *Server) registerIssuerMetadata() {
	const tag = "verification"
	raw(s, op{
		ID: "read-did-document", Method: http.MethodGet, Path: "/institutions/{institution}/did.json", Scope: public, Tag: tag,
		Summary:     "An institution's DID document (did:web), with the keys in force",
		Description: "Public: whoever holds a diploma checks it without asking anybody.",
	}, s.readDIDDocument)
	raw(s, op{
		ID: "read-issuer-keys", Method: http.MethodGet, Path: "/institutions/{institution}/jwks.json", Scope: public, Tag: tag,
		Summary:     "Every signing key an institution ever had (JWKS), with validity and compromise",
		Description: "Old diplomas are judged by the keys of their day.",
	}, s.readIssuerKeys)
	raw(s, op{
		ID: "read-status-list", Method: http.MethodGet, Path: "/status/{list}", Scope: public, Tag: tag,
		Summary:     "A Bitstring Status List, as a signed application/vc+jwt",
		Description: "Who reads it tells nobody which diploma they look at. With `timestamp` the list as it stood at that instant.",
	}, s.readStatusList)
}

type issuerInput struct {
	Institution domain.ID `path:"institution"`
}

type documentOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	AllowOrigin  string `header:"Access-Control-Allow-Origin"`
	Policy       string `header:"Cross-Origin-Resource-Policy"`
	Body         []byte `contentType:"application/json"`
}

// published is a document for readers on any site.
func published(b []byte, contentType string) *documentOutput {
	return &documentOutput{ContentType: contentType, CacheControl: metadataAge, AllowOrigin: "*", Policy: "cross-origin", Body: b}
}

func (s *Server) readDIDDocument(ctx context.Context, in *issuerInput) (*documentOutput, error) {
	b, err := s.cfg.Publisher.DIDDocument(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	return published(b, "application/did+json"), nil
}

func (s *Server) readIssuerKeys(ctx context.Context, in *issuerInput) (*documentOutput, error) {
	b, err := s.cfg.Publisher.KeySet(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	return published(b, "application/jwk-set+json"), nil
}
