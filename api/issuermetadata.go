package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
)

// Publisher makes what verifiers fetch, and the signing keys it is made with. Refusals:
// not_found for an institution or a list that is not there, no_status_key.
type Publisher interface {
	Badger
	Attester
	// What is published of one institution, as JSON. key_unknown, and key_withdrawn for a
	// compromised key where its history cannot be told.
	DIDDocument(ctx context.Context, id domain.ID) ([]byte, error)
	KeySet(ctx context.Context, id domain.ID) ([]byte, error)
	Key(ctx context.Context, id domain.ID, fragment string) ([]byte, error)
	VCIssuer(ctx context.Context, id domain.ID) ([]byte, error)
	// Records is what was recorded as signed, of the credentials whose id begins so; prefix_too_short.
	Records(ctx context.Context, id domain.ID, prefix string) ([]byte, error)
	// The same of the authority whose ledger this is; not_found when that is not one.
	RootDocument(ctx context.Context) ([]byte, error)
	RootKeySet(ctx context.Context) ([]byte, error)
	RootKey(ctx context.Context, fragment string) ([]byte, error)
	RootVCIssuer(ctx context.Context) ([]byte, error)
	// StatusList is the list with this name as a signed token, as it stands or, with at, as it stood.
	StatusList(ctx context.Context, name string, at time.Time) (token []byte, etag string, err error)
	// StatusListDocument is the same as JSON with an embedded proof; nil if its key cannot make one.
	StatusListDocument(ctx context.Context, name string, at time.Time) (document []byte, etag string, err error)
	// GenerateKey makes a key pair for the algorithm, keeps the private half, and gives what a
	// proposal to authorize it says. The same kid gives the same key.
	GenerateKey(ctx context.Context, id domain.ID, kid string, purpose institution.Purpose, alg string) (institution.AuthorizeKey, error)
}

// metadataAge is how long a verifier may keep keys: a compromise must be heard of.
const metadataAge = "public, max-age=60"

func (s *Server) registerIssuerMetadata() {
	const tag = "verification"
	get := func(id, path, summary, more string) op {
		return op{ID: id, Method: http.MethodGet, Path: path, Scope: public, Tag: tag, Summary: summary, Description: more}
	}
	const one = "/institutions/{institution}"
	p := s.cfg.Publisher
	publish(s, get("read-did-document", one+"/did.json", "An institution's DID document (did:web), with the keys that are not compromised",
		"Public: whoever holds a diploma checks it without asking anybody. Keys for credentials and lists are under `assertionMethod`, for presentations under `authentication`; "+
			"each is there as a JsonWebKey and, for embedded proofs, as a Multikey."), didType,
		func(ctx context.Context, in *issuerInput) ([]byte, error) { return p.DIDDocument(ctx, in.Institution) })
	publish(s, get("read-issuer-keys", one+"/jwks.json", "Every signing key an institution ever had (JWKS), with validity and compromise",
		"Old diplomas are judged by the keys of their day: `validTo` says that a key was retired, `compromisedAt` since when somebody else may have it. A reader that does not heed "+
			"`compromisedAt` takes the keys of `read-did-document` instead."), jwksType,
		func(ctx context.Context, in *issuerInput) ([]byte, error) { return p.KeySet(ctx, in.Institution) })
	publish(s, get("read-issuer-key", one+"/keys/{kid}", "One key of an institution (JWK), by the fragment of its kid",
		"A compromised key is 410 here, since a reader of one key sees no history."), jwkType,
		func(ctx context.Context, in *issuerKeyInput) ([]byte, error) {
			return p.Key(ctx, in.Institution, in.Kid)
		})
	publish(s, get("read-vc-issuer", "/.well-known/jwt-vc-issuer/institutions/{institution}", "The keys for credentials whose issuer is an institution's URL (SD-JWT VC issuer metadata)",
		""), jsonType,
		func(ctx context.Context, in *issuerInput) ([]byte, error) { return p.VCIssuer(ctx, in.Institution) })
	publish(s, get("read-records", one+"/records", "What the ledger recorded as signed by an institution, for credentials whose id begins alike",
		"How a verifier learns whether a credential of a retired or compromised key was recorded in time, without telling which one it checks: it sends the first digits "+
			"of the id, as many as `records.prefixLength` in `read-issuer-keys` says, and finds its own by hash. Hashes and times only."), jsonType,
		func(ctx context.Context, in *recordsInput) ([]byte, error) {
			return p.Records(ctx, in.Institution, in.Prefix)
		})
	const sole = "For a ledger with one authority; 404 where there are several, or where the ledger is below a path of its host."
	publish(s, get("read-root-did-document", "/.well-known/did.json", "The authority's DID document under the name of the ledger's host", sole), didType,
		func(ctx context.Context, _ *rootInput) ([]byte, error) { return p.RootDocument(ctx) })
	publish(s, get("read-root-keys", "/.well-known/jwks.json", "Every signing key the authority ever had (JWKS)", sole), jwksType,
		func(ctx context.Context, _ *rootInput) ([]byte, error) { return p.RootKeySet(ctx) })
	publish(s, get("read-root-key", "/keys/{kid}", "One key of the authority (JWK)", sole), jwkType,
		func(ctx context.Context, in *rootKeyInput) ([]byte, error) { return p.RootKey(ctx, in.Kid) })
	publish(s, get("read-root-vc-issuer", "/.well-known/jwt-vc-issuer", "The keys for credentials whose issuer is the ledger's URL (SD-JWT VC issuer metadata)", sole), jsonType,
		func(ctx context.Context, _ *rootInput) ([]byte, error) { return p.RootVCIssuer(ctx) })
	raw(s, op{
		ID: "read-status-list", Method: http.MethodGet, Path: "/status/{list}", Scope: public, Tag: tag,
		Media:   append([]string{"application/vc+jwt"}, listTypes...),
		Summary: "A signed Bitstring Status List, as JSON with an embedded proof or as a token",
		Description: "Who reads it tells nobody which diploma they look at. With `timestamp` the list as it stood at that instant. " +
			"`Accept: application/vc+jwt` gives the token; `application/vc`, `application/ld+json`, `application/json` or none gives the credential as JSON with an " +
			"`eddsa-rdfc-2022` proof, or the token where the institution's status key is not Ed25519.",
	}, s.readStatusList)
}

// The media types of what is published.
const (
	didType  = "application/did+json"
	jwksType = "application/jwk-set+json"
	jwkType  = "application/jwk+json"
	jsonType = "application/json"
	vcType   = "application/vc"
)

// Cached is embedded in the input of what readers keep.
type Cached struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024"`
}

func (c Cached) had() string { return c.IfNoneMatch }

type issuerInput struct {
	Cached
	Institution domain.ID `path:"institution"`
}

type issuerKeyInput struct {
	Cached
	Institution domain.ID `path:"institution"`
	Kid         string    `path:"kid" maxLength:"80"`
}

type recordsInput struct {
	Cached
	Institution domain.ID `path:"institution"`
	Prefix      string    `query:"prefix" pattern:"^[0-9a-f]{0,4}$"`
}

type rootInput struct{ Cached }

type rootKeyInput struct {
	Cached
	Kid string `path:"kid" maxLength:"80"`
}

type documentOutput struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag"`
	AllowOrigin  string `header:"Access-Control-Allow-Origin"`
	Policy       string `header:"Cross-Origin-Resource-Policy"`
	Body         []byte `contentType:"application/json"`
}

// publish registers a document for readers on any site, with an ETag of its content.
func publish[I interface{ had() string }](s *Server, o op, contentType string, document func(context.Context, *I) ([]byte, error)) {
	o.Media = []string{contentType}
	raw(s, o, func(ctx context.Context, in *I) (*documentOutput, error) {
		b, err := document(ctx, in)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		out := &documentOutput{
			Status: http.StatusOK, ContentType: contentType, CacheControl: metadataAge, AllowOrigin: "*", Policy: "cross-origin",
			ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, Body: b,
		}
		if matches((*in).had(), out.ETag) {
			out.Status, out.Body = http.StatusNotModified, nil
		}
		return out, nil
	})
}
