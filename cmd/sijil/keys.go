package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/domain/institution"
	service "sijil/internal/app"
	"sijil/internal/ledger"
)

// keysCmd manages the keys that institutions sign with.
type keysCmd struct {
	List       keysListCmd       `cmd:"" help:"List signing keys, what became of them, and which private halves are here."`
	Authorize  keysAuthorizeCmd  `cmd:"" help:"Make the keys an institution lacks and let it sign with them."`
	Retire     keysRetireCmd     `cmd:"" help:"End the use of a key; what it signed stands."`
	Compromise keysCompromiseCmd `cmd:"" help:"Say since when somebody else may hold a key."`
}

// Help is the part of the manual that the flags do not tell.
func (keysCmd) Help() string {
	return `An institution signs diplomas with one key and status lists with another. The private
halves are files in the data directory (keys/INSTITUTION/KID.key, mode 0400): back them up.
A file alone signs nothing: the ledger has to say that the institution signs with it, since when
and until when, and says so for ever. All verbs work while the ledger is being served.`
}

// operator acts as the tenant's own authority, on this machine.
func operator(ctx context.Context, l *service.App, inst domain.ID, what string) (ledger.Act, institution.State, error) {
	tenant, state, err := l.Ledger.IssuingInstitution(ctx, inst)
	if domain.CodeOf(err) == "not_found" {
		return ledger.Act{}, state, fmt.Errorf("there is no institution %s: register it first (POST /v1/institutions)", inst)
	} else if err != nil {
		return ledger.Act{}, state, err
	}
	act, err := l.Ledger.Begin(ctx, ledger.Request{
		Tenant: tenant, Institution: tenant, Actor: "operator", Client: "sijil keys", Route: what, Key: uuid.NewString(),
	})
	return act, state, err
}

// keyEntry is a key as keys list prints it.
type keyEntry struct {
	Institution domain.ID           `json:"institution"`
	Kid         string              `json:"kid"`
	Purpose     institution.Purpose `json:"purpose,omitempty"`
	// State is usable, retired, compromised, not yet valid, or not authorized.
	State         string     `json:"state"`
	ValidFrom     *time.Time `json:"validFrom,omitempty"`
	ValidUntil    *time.Time `json:"validUntil,omitempty"`
	CompromisedAt *time.Time `json:"compromisedAt,omitempty"`
	// Here: its private half lies in the data directory.
	Here bool `json:"here"`
}

type keysListCmd struct {
	dataFlags
	Institution domain.ID `placeholder:"ID" help:"Only this institution's. Default: every institution that has a key file here."`
	JSON        bool      `name:"json" help:"Print one JSON object per key."`
}

// Run lists the keys; files that nobody authorized are among them.
func (c *keysListCmd) Run(ctx context.Context, a *app) (err error) {
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	found, err := l.SigningKeys().Found()
	if err != nil {
		return err
	}
	of := []domain.ID{c.Institution}
	if c.Institution == "" {
		of = of[:0]
		for inst := range found {
			of = append(of, inst)
		}
		slices.Sort(of)
	}
	var list []keyEntry
	for _, inst := range of {
		_, state, err := l.Ledger.IssuingInstitution(ctx, inst)
		if err != nil && (domain.CodeOf(err) != "not_found" || c.Institution != "") {
			return err
		}
		list = append(list, keysOf(inst, state, found[inst], a.now())...)
	}
	if c.JSON {
		out := json.NewEncoder(a.stdout)
		for _, k := range list {
			err = errors.Join(err, out.Encode(k))
		}
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, k := range list {
		place := "private half elsewhere"
		if k.Here {
			place = "private half here"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Institution, k.Kid, k.Purpose, k.State, place)
	}
	return w.Flush()
}

// keysOf are an institution's keys, and the files here that it never authorized.
func keysOf(inst domain.ID, s institution.State, files []string, now time.Time) []keyEntry {
	var list []keyEntry
	for _, k := range s.Keys {
		e := keyEntry{Institution: inst, Kid: k.Kid, Purpose: k.Purpose, State: "usable", ValidFrom: given(k.ValidFrom), ValidUntil: given(k.ValidUntil), CompromisedAt: given(k.CompromisedAt), Here: slices.Contains(files, k.Kid)}
		switch {
		case !k.CompromisedAt.IsZero():
			e.State = "compromised"
		case !k.ValidUntil.IsZero() && !now.Before(k.ValidUntil):
			e.State = "retired"
		case now.Before(k.ValidFrom):
			e.State = "not yet valid"
		}
		list = append(list, e)
	}
	for _, kid := range files {
		if _, ok := s.Key(kid); !ok {
			list = append(list, keyEntry{Institution: inst, Kid: kid, State: "not authorized", Here: true})
		}
	}
	return list
}

// given is nil for the zero time.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type keysAuthorizeCmd struct {
	dataFlags
	Institution domain.ID             `required:"" placeholder:"ID" help:"The institution that will sign."`
	Purpose     []institution.Purpose `placeholder:"PURPOSE" enum:"credential,status" help:"Only keys for ${enum}. Default: both."`
	New         bool                  `help:"Make another key even where there is a usable one, to change keys; retire the old one afterwards."`
}

// Run makes what is missing; doing it twice changes nothing.
func (c *keysAuthorizeCmd) Run(ctx context.Context, a *app) (err error) {
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	_, state, err := operator(ctx, l, c.Institution, "look")
	if err != nil {
		return err
	}
	found, err := l.SigningKeys().Found()
	if err != nil {
		return err
	}
	if len(c.Purpose) == 0 {
		c.Purpose = []institution.Purpose{institution.ForCredentials, institution.ForStatus}
	}
	for _, purpose := range c.Purpose {
		if kid := usableHere(state, purpose, found[c.Institution], a.now()); kid != "" && !c.New {
			fmt.Fprintf(a.stdout, "%s %s is usable already\n", purpose, kid)
			continue
		}
		act, _, err := operator(ctx, l, c.Institution, "authorize")
		if err != nil {
			return err
		}
		key, err := l.SigningKeys().Generate(ctx, c.Institution, "k"+string(act.ID("signing key")[:13]), purpose, a.now())
		if err != nil {
			return err
		}
		if _, err := l.Ledger.AuthorizeSigningKey(ctx, act, c.Institution, key); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s %s authorized\n", purpose, key.Kid)
	}
	return nil
}

// usableHere is the newest usable key of a purpose whose file is here, "" for none.
func usableHere(s institution.State, purpose institution.Purpose, files []string, now time.Time) string {
	for _, k := range slices.Backward(s.UsableKeys(purpose, now)) {
		if slices.Contains(files, k.Kid) {
			return k.Kid
		}
	}
	return ""
}

type keysRetireCmd struct {
	dataFlags
	Institution domain.ID `required:"" placeholder:"ID" help:"The institution whose key it is."`
	At          time.Time `placeholder:"TIME" help:"When its use ends, as 2026-12-31T00:00:00Z. Default: now."`
	Kid         string    `arg:"" help:"The key, as keys list prints it."`
}

// Run retires the key.
func (c *keysRetireCmd) Run(ctx context.Context, a *app) (err error) {
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	act, _, err := operator(ctx, l, c.Institution, "retire")
	if err != nil {
		return err
	}
	if c.At.IsZero() {
		c.At = act.At
	}
	if _, err := l.Ledger.RetireSigningKey(ctx, act, c.Institution, c.Kid, c.At); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s retired as of %s\n", c.Kid, c.At.UTC().Format(time.RFC3339))
	return err
}

type keysCompromiseCmd struct {
	dataFlags
	Institution domain.ID `required:"" placeholder:"ID" help:"The institution whose key it is."`
	Since       time.Time `required:"" placeholder:"TIME" help:"Since when somebody else may hold it, as 2026-11-30T08:00:00Z. What the ledger recorded before stands."`
	Kid         string    `arg:"" help:"The key, as keys list prints it."`
}

// Run reports the compromise.
func (c *keysCompromiseCmd) Run(ctx context.Context, a *app) (err error) {
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	act, _, err := operator(ctx, l, c.Institution, "compromise")
	if err != nil {
		return err
	}
	if _, err := l.Ledger.ReportKeyCompromise(ctx, act, c.Institution, c.Kid, c.Since); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s is compromised since %s\n", c.Kid, c.Since.UTC().Format(time.RFC3339))
	return err
}
