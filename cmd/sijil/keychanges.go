package main

import (
	"context"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/did"
)

// keyFlags are for every change of an institution's keys.
type keyFlags struct {
	officerFlags
	Institution domain.ID `required:"" placeholder:"ID" help:"The institution whose keys they are."`
}

// keyProposal is what the API answers about a change of keys.
type keyProposal struct {
	ID       domain.ID `json:"id"`
	Kid      string    `json:"kid"`
	LapsesAt time.Time `json:"lapsesAt"`
}

func (f *keyFlags) path(rest string) string {
	return "/v1/institutions/" + string(f.Institution) + rest
}

// propose sends the first officer's half and says what the second one does.
func (f *keyFlags) propose(ctx context.Context, a *app, o *officer, path, what string, body any) error {
	var p keyProposal
	if err := o.post(ctx, f.path(path), body, &p); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s %s proposed, until %s another officer approves it with\n  sijil keys approve --institution %s %s\n",
		what, p.Kid, p.LapsesAt.UTC().Format(time.RFC3339), f.Institution, p.ID)
	return err
}

type keysAuthorizeCmd struct {
	keyFlags
	Purpose []institution.Purpose `placeholder:"PURPOSE" enum:"credential,status,authentication" help:"Only keys for ${enum}. Default: credential and status."`
	Alg     string                `placeholder:"ALG" default:"EdDSA" enum:"EdDSA,ES256,ES384" help:"The algorithm of the keys: ${enum}. Default: EdDSA."`
	New     bool                  `help:"Propose another key even where there is a usable one."`
}

// Run proposes what is missing.
func (c *keysAuthorizeCmd) Run(ctx context.Context, a *app) error {
	return c.act(ctx, a, func(ctx context.Context, o *officer) error {
		var have did.KeySet
		if err := o.get(ctx, "/institutions/"+string(c.Institution)+"/jwks.json", &have); err != nil {
			return err
		}
		if len(c.Purpose) == 0 {
			c.Purpose = []institution.Purpose{institution.ForCredentials, institution.ForStatus}
		}
		for _, purpose := range c.Purpose {
			if kid := inForce(have, purpose, c.Alg, a.now()); kid != "" && !c.New {
				fmt.Fprintf(a.stdout, "%s %s is usable already\n", purpose, kid)
				continue
			}
			body := map[string]any{"purpose": purpose, "alg": c.Alg}
			if err := c.propose(ctx, a, o, "/signingKeyPairs", string(purpose), body); err != nil {
				return err
			}
		}
		return nil
	})
}

// inForce is the newest key of a purpose and an algorithm that is in use at now, "" for none.
func inForce(set did.KeySet, purpose institution.Purpose, alg string, now time.Time) (kid string) {
	for _, k := range set.Keys {
		ended := !k.ValidTo.IsZero() && !now.Before(k.ValidTo.Time) || !k.CompromisedAt.IsZero()
		if string(k.Purpose) == string(purpose) && k.Alg == alg && !ended && !now.Before(k.ValidFrom.Time) {
			kid = k.Kid
		}
	}
	return kid
}

type keysRotateCmd struct {
	keyFlags
	At  time.Time `placeholder:"TIME" help:"When the former key's use ends, as 2026-12-31T00:00:00Z. Default: when it is approved."`
	Kid string    `arg:"" help:"The key to replace, as keys list prints it."`
}

// Run proposes the rotation.
func (c *keysRotateCmd) Run(ctx context.Context, a *app) error {
	return c.act(ctx, a, func(ctx context.Context, o *officer) error {
		return c.propose(ctx, a, o, "/signingKeys/"+c.Kid+"/rotations", "in the place of "+c.Kid+",", until(c.At))
	})
}

// until is a body with the end of a key's use, which is absent for at once.
func until(at time.Time) any {
	if at.IsZero() {
		return struct{}{}
	}
	return map[string]any{"validUntil": at}
}

type keysRetireCmd struct {
	keyFlags
	At  time.Time `placeholder:"TIME" help:"When its use ends, as 2026-12-31T00:00:00Z. Default: when it is approved."`
	Kid string    `arg:"" help:"The key, as keys list prints it."`
}

// Run proposes the retirement.
func (c *keysRetireCmd) Run(ctx context.Context, a *app) error {
	return c.act(ctx, a, func(ctx context.Context, o *officer) error {
		return c.propose(ctx, a, o, "/signingKeys/"+c.Kid+"/retirements", "the retirement of", until(c.At))
	})
}

type keysCompromisedCmd struct {
	keyFlags
	At  time.Time `required:"" placeholder:"TIME" help:"Since when somebody else may hold it, as 2026-11-30T08:00:00Z. What the ledger recorded before stands."`
	Kid string    `arg:"" help:"The key, as keys list prints it."`
}

// Run reports the compromise.
func (c *keysCompromisedCmd) Run(ctx context.Context, a *app) error {
	return c.act(ctx, a, func(ctx context.Context, o *officer) error {
		return c.propose(ctx, a, o, "/signingKeys/"+c.Kid+"/compromises", "the compromise of", map[string]any{"compromisedAt": c.At})
	})
}

type keysApproveCmd struct {
	keyFlags
	Proposal domain.ID `arg:"" help:"The proposal, as keys list prints it."`
}

// Run approves the proposal.
func (c *keysApproveCmd) Run(ctx context.Context, a *app) error {
	return c.decide(ctx, a, c.Proposal, "approvals", "approved")
}

type keysRejectCmd struct {
	keyFlags
	Proposal domain.ID `arg:"" help:"The proposal, as keys list prints it."`
}

// Run rejects the proposal.
func (c *keysRejectCmd) Run(ctx context.Context, a *app) error {
	return c.decide(ctx, a, c.Proposal, "rejections", "rejected")
}

func (f *keyFlags) decide(ctx context.Context, a *app, proposal domain.ID, path, done string) error {
	return f.act(ctx, a, func(ctx context.Context, o *officer) error {
		if err := o.post(ctx, f.path("/signingKeyProposals/"+string(proposal)+"/"+path), nil, &keyProposal{}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(a.stdout, "%s %s\n", proposal, done)
		return err
	})
}

type keysReissueCmd struct {
	keyFlags
	All bool   `help:"Also diplomas that were recorded before the compromise, which stand."`
	Kid string `arg:"" help:"The compromised key, as keys list prints it."`
}

// Run issues page after page. It can be stopped and run again at any time.
func (c *keysReissueCmd) Run(ctx context.Context, a *app) error {
	return c.act(ctx, a, func(ctx context.Context, o *officer) error {
		var page struct {
			Reissued int `json:"reissued"`
			Refused  []struct {
				Credential domain.ID `json:"credential"`
				Code       string    `json:"code"`
			} `json:"refused"`
			Next domain.ID `json:"next"`
		}
		total, refused := 0, 0
		for first := true; first || page.Next != ""; first = false {
			body := map[string]any{"all": c.All}
			if page.Next != "" {
				body["after"] = page.Next
			}
			page.Refused, page.Next = nil, ""
			if err := o.post(ctx, c.path("/signingKeys/"+c.Kid+"/reissues"), body, &page); err != nil {
				return err
			}
			total += page.Reissued
			for _, r := range page.Refused {
				refused++
				fmt.Fprintf(a.stdout, "%s was not issued again: %s\n", r.Credential, r.Code)
			}
		}
		_, err := fmt.Fprintf(a.stdout, "diplomas that get another edition: %d, refused: %d; the issuer signs them as soon as the ledger is served\n", total, refused)
		return err
	})
}
