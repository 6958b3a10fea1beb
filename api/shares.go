package api

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// A link is a capability: whoever has it may use it, so these operations take no token. It
// stands in paths, which this service never logs.
func (s *Server) registerShares() {
	const tag = "shares"
	write(s, op{
		ID: "issue-claim", Method: http.MethodPost, Path: credentialPath + "/claims", Scope: access.SharesWrite, Tag: tag, Status: http.StatusCreated,
		Summary:     "Make a one-time link by which the graduate takes the signed credential",
		Description: "Hand `url` to the graduate over a way you trust. It works once, and not after `expiresAt`.",
	}, s.issueClaim)
	write(s, op{
		ID: "redeem-claim", Method: http.MethodPost, Path: "/v1/claims/{link}/redemptions", Scope: public, Tag: tag, Status: http.StatusCreated,
		Summary: "Spend a claim link for the holder's own link",
	}, s.redeemClaim)
	read(s, op{
		ID: "read-holding", Method: http.MethodGet, Path: "/v1/holdings/{link}", Scope: public, Tag: tag,
		Summary: "What a holder's link holds: the signed credential and the share links made from it",
	}, s.readHolding)
	raw(s, op{
		ID: "read-holding-file", Method: http.MethodGet, Path: "/v1/holdings/{link}/files/{file}", Scope: public, Tag: tag,
		Media:   slices.Sorted(maps.Values(fileTypes)),
		Summary: "The diploma as a file: as an Open Badge (JSON, PNG, SVG), or with parts withheld (SD-JWT)",
		Description: "`json`, `png` and `svg` are the credential with an embedded proof, bare or baked into a picture. `sd-jwt` (vc+sd-jwt) and `wallet` (dc+sd-jwt) show the name, the award and " +
			"the parts of `show`; everything else is withheld and cannot be had from them. Each is signed when it is first asked for, and the same afterwards.",
	}, s.readHoldingFile)
	write(s, op{
		ID: "create-share", Method: http.MethodPost, Path: "/v1/holdings/{link}/shares", Scope: public, Tag: tag, Status: http.StatusCreated,
		Summary: "Make a link for somebody else, with an end",
	}, s.createShare)
	write(s, op{
		ID: "revoke-share", Method: http.MethodPost, Path: "/v1/holdings/{link}/shares/{share}/revocations", Scope: public, Tag: tag, Status: http.StatusCreated,
		Summary:     "End a link before its time",
		Description: "The end of a link is not the end of the diploma.",
	}, s.revokeShare)
	read(s, op{
		ID: "read-share", Method: http.MethodGet, Path: "/v1/shares/{link}", Scope: public, Tag: tag,
		Summary: "What somebody shares with you",
	}, s.readShare)
	s.registerHolderPages()
}

type issueClaimInput struct {
	Credential domain.ID `path:"credential"`
	Body       NewClaim
}

// NewClaim says how long the link may wait.
type NewClaim struct {
	ExpiresAt *time.Time `json:"expiresAt,omitempty" doc:"At most 90 days from now; absent for 14 days"`
}

// Claim is a claim link for a graduate.
type Claim struct {
	ID        domain.ID `json:"id"`
	URL       string    `json:"url" doc:"A page for the graduate"`
	Link      string    `json:"link" doc:"The same for programs: redeem-claim takes it"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (s *Server) issueClaim(ctx context.Context, in *issueClaimInput) (*answer[Claim], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.credential(ctx, in.Credential)
	if err != nil {
		return nil, err
	}
	var until time.Time
	if in.Body.ExpiresAt != nil {
		until = *in.Body.ExpiresAt
	}
	made, err := s.cfg.Ledger.IssueClaim(ctx, act, refOf(c), in.Credential, until)
	if err != nil {
		return nil, err
	}
	return written(s, made.Position, "", Claim{ID: made.Claim, URL: s.page("claims", made.Link), Link: string(made.Link), ExpiresAt: made.ExpiresAt}), nil
}

// page is the address of a link's page.
func (s *Server) page(kind string, k ledger.Link) string {
	return s.cfg.PublicURL + "/" + kind + "/" + string(k)
}

// LinkPath is the link that an operation is asked with.
type LinkPath struct {
	Link string `path:"link" maxLength:"100"`
}

func (in LinkPath) link() ledger.Link { return ledger.Link(in.Link) }

// bearer is the request of whoever has the link.
func (in LinkPath) bearer(ctx context.Context) ledger.Bearer {
	return ledger.Bearer{Link: in.link(), Key: callOf(ctx).key, Body: callOf(ctx).body, CorrelationID: correlation(ctx)}
}

// Redemption is the holder's own link.
type Redemption struct {
	URL  string `json:"url" doc:"The holder's page: whoever has it can share the diploma"`
	Link string `json:"link"`
}

func (s *Server) redeemClaim(ctx context.Context, in *LinkPath) (*answer[Redemption], error) {
	r, err := s.cfg.Ledger.RedeemClaim(ctx, in.bearer(ctx))
	if err != nil {
		return nil, err
	}
	return written(s, r.Position, "", Redemption{URL: s.page("holdings", r.Link), Link: string(r.Link)}), nil
}

// Diploma is what a link shows of a credential.
type Diploma struct {
	Credential       domain.ID         `json:"credential"`
	State            string            `json:"state" enum:"signed,suspended,superseded,revoked"`
	DiplomaAwardDate domain.Date       `json:"diplomaAwardDate"`
	AchievementTitle domain.Text       `json:"achievementTitle"`
	Institution      domain.Text       `json:"nameOfInstitution" doc:"As it is called on the award date"`
	Holder           *CredentialHolder `json:"holder"`
	Mention          string            `json:"mention,omitempty"`
	Average          *DiplomaGrade     `json:"average,omitempty"`
	Results          []DiplomaResult   `json:"results,omitempty" doc:"The courses with their grades; absent where they are not shared"`
	Format           string            `json:"format,omitempty" enum:"vc+jwt,vc+sd-jwt" doc:"Of the token"`
	Token            string            `json:"token,omitempty" doc:"The signed credential, whole (vc+jwt) or with parts withheld (vc+sd-jwt); absent where only a view is shared"`
}

// DiplomaGrade is a grade as it was written down; max is the best of its scale, if it has one.
type DiplomaGrade struct {
	Grade string `json:"grade"`
	Max   string `json:"max,omitempty"`
}

// DiplomaResult is the grade in one course.
type DiplomaResult struct {
	Name string `json:"name"`
	DiplomaGrade
}

// Holding is a diploma in its holder's hands.
type Holding struct {
	Diploma
	Shares []Share `json:"shares"`
}

// Share is a link that the holder made.
type Share struct {
	ID         domain.ID   `json:"id"`
	URL        string      `json:"url,omitempty" doc:"While it works"`
	Scope      string      `json:"scope" enum:"view,file,extract"`
	Show       []string    `json:"show,omitempty" doc:"What an extract shows beside the name and the award"`
	State      string      `json:"state" enum:"open,expired,revoked"`
	ExpiresAt  time.Time   `json:"expiresAt"`
	LastOpened domain.Date `json:"lastOpened,omitempty" doc:"The last day on which somebody looked"`
}

func (s *Server) readHolding(ctx context.Context, in *LinkPath) (Holding, error) {
	h, err := s.cfg.Ledger.Holding(ctx, in.link())
	if err != nil {
		return Holding{}, err
	}
	if !h.HeldBy(in.link()) {
		// A claim link shows nothing before it is redeemed.
		return Holding{}, newProblem(http.StatusNotFound, "not_found", "")
	}
	d, err := s.diploma(ctx, h)
	if err != nil {
		return Holding{}, err
	}
	shares, err := s.shares(ctx, h)
	return Holding{Diploma: d, Shares: shares}, err
}

// diploma opens what a holding is about.
func (s *Server) diploma(ctx context.Context, h ledger.Holding) (Diploma, error) {
	c, err := s.cfg.Ledger.Issued(ctx, h.Tenant, h.Ref(), h.State.Claim.Edition)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return Diploma{}, domain.Refuse(domain.Conflict, "personal_data_erased", "the person's data was erased, and the credential with it")
	} else if err != nil {
		return Diploma{}, err
	}
	claims, err := s.cfg.Ledger.Claims(ctx, h.Tenant, c.Awarded)
	if err != nil {
		return Diploma{}, err
	}
	_, inst, err := s.cfg.Ledger.IssuingInstitution(ctx, c.Awarded.Institution)
	if err != nil {
		return Diploma{}, err
	}
	ed, _ := c.State.Edition(h.State.Claim.Edition)
	return Diploma{
		Credential: h.State.Claim.Credential, State: stateOf(ed), DiplomaAwardDate: c.Awarded.AwardDate, AchievementTitle: c.Awarded.Title,
		Institution: inst.NameOn(c.Awarded.AwardDate).Name, Holder: holderFrom(claims), Token: c.Token, Format: c.Prepared.Format,
		Mention: claims.Mention, Average: gradeFrom(claims.Average), Results: resultsFrom(claims.Results),
	}, nil
}

func gradeFrom(g *award.Grade) *DiplomaGrade {
	if g == nil {
		return nil
	}
	out := &DiplomaGrade{Grade: g.Value}
	if g.Max != nil {
		out.Max = g.Max.String()
	}
	return out
}

// resultsFrom are the courses, each in all its languages.
func resultsFrom(results []award.Result) (list []DiplomaResult) {
	for _, r := range results {
		name := strings.Join(readings(r.Title, ""), " · ")
		if name == "" {
			name = r.Code
		}
		list = append(list, DiplomaResult{name, *gradeFrom(&r.Grade)})
	}
	return list
}

func stateOf(ed award.Edition) string {
	switch {
	case ed.Phase == award.Revoked:
		return "revoked"
	case ed.Phase == award.Superseded:
		return "superseded"
	case ed.Suspended:
		return "suspended"
	}
	return "signed"
}

func (s *Server) shares(ctx context.Context, h ledger.Holding) ([]Share, error) {
	now := s.cfg.Now()
	list := make([]Share, 0, len(h.State.Shares))
	for _, l := range h.State.Shares {
		one := Share{ID: l.Share, Scope: string(l.Scope), State: "open", ExpiresAt: l.ExpiresAt, LastOpened: l.LastOpened, Show: partNames(l.Show)}
		switch {
		case l.Revoked:
			one.State = "revoked"
		case !l.Open(now):
			one.State = "expired"
		default:
			k, err := s.cfg.Ledger.ShareLink(ctx, h, l.Share)
			if err != nil {
				return nil, err
			}
			one.URL = s.page("shares", k)
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

type holdingFileInput struct {
	LinkPath
	File string   `path:"file" enum:"json,png,svg,sd-jwt,wallet"`
	Show []string `query:"show" enum:"mention,grades,identity" maxItems:"3" doc:"Parts to show, separated by commas"`
}

func (s *Server) readHoldingFile(ctx context.Context, in *holdingFileInput) (*badgeOutput, error) {
	h, err := s.cfg.Ledger.Holding(ctx, in.link())
	if err == nil && !h.HeldBy(in.link()) {
		err = domain.Refuse(domain.Missing, "not_found", "there is no such record here")
	}
	if err != nil {
		return nil, err
	}
	show, err := chosenParts(in.Show)
	if err != nil {
		return nil, err
	}
	b, err := s.file(ctx, h, in.File, show)
	if err != nil {
		return nil, err
	}
	return &badgeOutput{ContentType: fileTypes[in.File], Disposition: `attachment; filename="` + string(h.State.Claim.Credential) + "." + in.File + `"`, Body: b}, nil
}

type createShareInput struct {
	LinkPath
	Body NewShare
}

// NewShare says what a link gives away, and until when.
type NewShare struct {
	Scope     string    `json:"scope" enum:"view,file,extract" doc:"view: what the diploma says, without grades. file: everything, with the signed file. extract: a signed file with the name, the award and the parts of show, and nothing else"`
	Show      []string  `json:"show,omitempty" enum:"mention,grades,identity" maxItems:"3" doc:"Parts of an extract; identity is birth data, the name in other scripts, and numbers"`
	ExpiresAt time.Time `json:"expiresAt" doc:"At most two years from now"`
}

func (s *Server) createShare(ctx context.Context, in *createShareInput) (*answer[Share], error) {
	show, err := chosenParts(in.Body.Show)
	if err != nil {
		return nil, err
	}
	made, err := s.share(ctx, in.bearer(ctx), share.Scope(in.Body.Scope), show, in.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return written(s, made.Position, "", Share{
		ID: made.Share, URL: s.page("shares", made.Link), Scope: in.Body.Scope, Show: partNames(show), State: "open", ExpiresAt: made.ExpiresAt,
	}), nil
}

// share makes a link. The file of an extract is made first: whoever opens the link later
// finds it, whatever became of the keys.
func (s *Server) share(ctx context.Context, b ledger.Bearer, scope share.Scope, show []share.Part, until time.Time) (ledger.ShareMade, error) {
	if scope == share.Extract {
		h, err := s.cfg.Ledger.Holding(ctx, b.Link)
		if err == nil && !h.HeldBy(b.Link) {
			err = domain.Refuse(domain.Missing, "not_found", "there is no such record here")
		}
		if err == nil {
			_, err = s.file(ctx, h, "sd-jwt", show)
		}
		if err != nil {
			return ledger.ShareMade{}, err
		}
	}
	return s.cfg.Ledger.CreateShare(ctx, b, scope, show, until)
}

func partNames(show []share.Part) (names []string) {
	for _, p := range show {
		names = append(names, string(p))
	}
	return names
}

type revokeShareInput struct {
	LinkPath
	Share domain.ID `path:"share"`
}

func (s *Server) revokeShare(ctx context.Context, in *revokeShareInput) (*answer[WrittenID], error) {
	at, err := s.cfg.Ledger.RevokeShare(ctx, in.bearer(ctx), in.Share)
	if err != nil {
		return nil, err
	}
	return written(s, at, "", WrittenID{in.Share}), nil
}

// Shared is what a share link shows.
type Shared struct {
	Diploma
	ExpiresAt time.Time `json:"expiresAt" doc:"When the link ends; the diploma does not"`
}

func (s *Server) readShare(ctx context.Context, in *LinkPath) (Shared, error) {
	h, to, err := s.cfg.Ledger.OpenShare(ctx, in.link())
	if err != nil {
		return Shared{}, err
	}
	d, err := s.diploma(ctx, h)
	if err == nil {
		d, err = s.shown(ctx, h, to, d)
	}
	return Shared{Diploma: d, ExpiresAt: to.ExpiresAt}, err
}
