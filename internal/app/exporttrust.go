package app

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/program"
	"sijil/internal/ledger"
	"sijil/projections"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

// BundleKey is the key that signs bundles and nothing else, keys/bundle.key; it is made when it
// is first asked for. Who steals it can make verifiers believe in other keys and lists until
// they pin another one; it signs no diploma and opens no record.
func (a *App) BundleKey() (ed25519.PrivateKey, error) {
	return keyfile.Open(filepath.Join(KeyDir(a.cfg.DataDir), "bundle.key"))
}

// BundleKeySet is the public half as a JWKS: what verifiers pin.
func (a *App) BundleKeySet() ([]byte, error) {
	key, err := a.BundleKey()
	if err != nil {
		return nil, err
	}
	pub, err := keyfile.NewPublic(key.Public())
	if err != nil {
		return nil, err
	}
	return keyfile.JWKS(pub)
}

// accreditors reads accreditations for one export; what many institutions share is read once.
type accreditors struct {
	*App
	programs map[domain.ID][]accreditation.Scope // by tenant
	done     map[domain.ID][]did.Accreditation   // by institution
}

func (a *App) accreditors() *accreditors {
	return &accreditors{a, map[domain.ID][]accreditation.Scope{}, map[domain.ID][]did.Accreditation{}}
}

// accreditations are all spans in which an institution was accredited, and for what, as
// they are recorded now.
func (a *accreditors) accreditations(ctx context.Context, tenant, institution domain.ID) ([]did.Accreditation, error) {
	if known, ok := a.done[institution]; ok {
		return known, nil
	}
	found, err := a.registered(ctx, tenant, "accreditation", institution)
	if err != nil {
		return nil, err
	}
	act := ledger.Act{Request: ledger.Request{Tenant: tenant}}
	out := []did.Accreditation{}
	for _, id := range found {
		acc, err := ledger.Load(ctx, a.Ledger, accreditation.Decider, accreditation.Decider.Stream(id), act)
		if err != nil {
			return nil, fmt.Errorf("loading an accreditation: %w", err)
		}
		agent, err := a.Ledger.Institution(ctx, act, acc.State.AccreditingAgent)
		if err != nil {
			return nil, fmt.Errorf("loading an accrediting agent: %w", err)
		}
		covers, err := a.covered(ctx, act, acc.State)
		if err != nil {
			return nil, err
		}
		for _, span := range standing(acc.State) {
			out = append(out, did.Accreditation{
				From: did.Instant{Time: span.From.Time()}, Until: did.Instant{Time: span.Until.Time()},
				By:           joinedText(agent.State.NameOn(span.From).Name),
				Achievements: covers, Level: string(acc.State.Level),
			})
		}
	}
	a.done[institution] = out
	return out, nil
}

// covered are the ids that credentials have for what an accreditation is for: its program,
// or every program of its level.
func (a *accreditors) covered(ctx context.Context, act ledger.Act, s accreditation.State) ([]string, error) {
	if s.Program != "" {
		return []string{"urn:uuid:" + string(s.Program)}, nil
	}
	scopes, err := a.scopes(ctx, act)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, scope := range scopes {
		if s.Covers(scope) {
			out = append(out, "urn:uuid:"+string(scope.Program))
		}
	}
	return out, nil
}

// scopes are the programs of a tenant with their levels.
func (a *accreditors) scopes(ctx context.Context, act ledger.Act) ([]accreditation.Scope, error) {
	if known, ok := a.programs[act.Tenant]; ok {
		return known, nil
	}
	ids, err := a.registered(ctx, act.Tenant, "program", "")
	if err != nil {
		return nil, err
	}
	out := make([]accreditation.Scope, 0, len(ids))
	for _, id := range ids {
		p, err := ledger.Load(ctx, a.Ledger, program.Decider, program.Decider.Stream(id), act)
		if err != nil {
			return nil, fmt.Errorf("loading a program: %w", err)
		}
		out = append(out, accreditation.Scope{Program: id, Level: p.State.Definition.Level})
	}
	a.programs[act.Tenant] = out
	return out, nil
}

// standing are the spans in which an accreditation held: grants without their suspensions
// and what was withdrawn.
func standing(s accreditation.State) (out []domain.Span) {
	for _, g := range s.Grants {
		if g.AbInitio {
			continue
		}
		days := []domain.Date{g.From}
		for _, sus := range g.Suspensions {
			days = append(days, sus.From, sus.Until)
		}
		days = append(days, g.Until, g.WithdrawnFrom)
		days = slices.DeleteFunc(days, func(d domain.Date) bool { return d == "" })
		slices.Sort(days)
		days = slices.Compact(days)
		// Between two neighbours nothing changes, so the first day of each stands for it.
		for i, day := range days {
			if !g.Holds(day) {
				continue
			}
			span := domain.Span{From: day}
			if i+1 < len(days) {
				span.Until = days[i+1]
			}
			if n := len(out); n > 0 && out[n-1].Until == span.From {
				out[n-1].Until = span.Until
				continue
			}
			out = append(out, span)
		}
	}
	return out
}

// registered are the ids of a register, of one owner or of all.
func (a *App) registered(ctx context.Context, tenant domain.ID, category string, owner domain.ID) (ids []domain.ID, err error) {
	const page = 1000
	err = a.Reader.View(ctx, projections.Scope{Tenant: tenant}, func(tx pgx.Tx) error {
		for after := domain.ID(""); ; {
			list, err := projections.RegisterList(ctx, tx, tenant, category, projections.RegisterFilter{Owner: owner}, after, page)
			if err != nil {
				return err
			}
			for _, r := range list {
				ids = append(ids, r.ID)
			}
			if len(list) < page {
				return nil
			}
			after = list[len(list)-1].ID
		}
	})
	return ids, err
}

// joinedText is a text in all its languages, in the order of their tags.
func joinedText(t domain.Text) string {
	var all []string
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(all, t[tag]) {
			all = append(all, t[tag])
		}
	}
	return strings.Join(all, " · ")
}
