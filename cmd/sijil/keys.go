package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
)

// keysCmd manages the keys that institutions sign with.
type keysCmd struct {
	List        keysListCmd        `cmd:"" help:"List signing keys, what became of them, which private halves are here, and what waits for a second officer."`
	Authorize   keysAuthorizeCmd   `cmd:"" help:"Make the keys an institution lacks, and propose that it signs with them."`
	Rotate      keysRotateCmd      `cmd:"" help:"Make a key, and propose it in the place of another."`
	Retire      keysRetireCmd      `cmd:"" help:"Propose to end the use of a key; what it signed stands."`
	Compromised keysCompromisedCmd `cmd:"" help:"Report since when somebody else may hold a key."`
	Approve     keysApproveCmd     `cmd:"" help:"Approve a proposal, as the second officer."`
	Reject      keysRejectCmd      `cmd:"" help:"End a proposal without a change."`
	Reissue     keysReissueCmd     `cmd:"" help:"Issue the diplomas of a compromised key again."`
}

// Help is the part of the manual that the flags do not tell.
func (keysCmd) Help() string {
	return `An institution signs diplomas with one key and status lists with another. The private
halves are files in the data directory (keys/INSTITUTION/KID.key, mode 0400): back them up.
A file alone signs nothing: the ledger has to say that the institution signs with it, since when
and until when, and says so for ever.

Every change takes two people. Each has an API client with the scope keys:write ("sijil client create
--scope keys:write"), of the institution or of an authority above it: one proposes, the other approves
within seven days. All verbs work while the ledger is being served. Manual: docs/keys.md`
}

// keyEntry is a key as keys list prints it.
type keyEntry struct {
	Institution domain.ID           `json:"institution"`
	Kid         string              `json:"kid"`
	Purpose     institution.Purpose `json:"purpose,omitempty"`
	// State is usable, retired, compromised, reported compromised, not yet valid, not authorized,
	// or proposed for a change that waits.
	State         string     `json:"state"`
	ValidFrom     *time.Time `json:"validFrom,omitempty"`
	ValidUntil    *time.Time `json:"validUntil,omitempty"`
	CompromisedAt *time.Time `json:"compromisedAt,omitempty"`
	// Proposal, Change and LapsesAt are those of a change that waits for a second officer.
	Proposal domain.ID  `json:"proposal,omitempty"`
	Change   string     `json:"change,omitempty"`
	LapsesAt *time.Time `json:"lapsesAt,omitempty"`
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
	if err := c.exists(); err != nil {
		return err
	}
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
		if k.Proposal != "" {
			place = k.Change + " waits until " + k.LapsesAt.UTC().Format(time.RFC3339) + ", proposal " + string(k.Proposal)
		}
		if k.State == "usable" && k.ValidUntil != nil {
			place += ", until " + k.ValidUntil.UTC().Format(time.RFC3339)
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
		case now.Before(k.SuspectUntil):
			e.State = "reported compromised"
		case now.Before(k.ValidFrom):
			e.State = "not yet valid"
		}
		list = append(list, e)
	}
	wanted := map[string]bool{}
	for _, p := range s.Proposals {
		if !now.Before(p.LapsesAt) {
			continue
		}
		wanted[p.Authorize.Kid] = true
		e := keyEntry{Institution: inst, State: "proposed", Proposal: p.Proposal, LapsesAt: given(p.LapsesAt)}
		switch {
		case p.Compromise.Kid != "":
			e.Kid, e.Change = p.Compromise.Kid, "report of its compromise"
		case p.Authorize.Kid == "":
			e.Kid, e.Change = p.Retire.Kid, "retirement"
		case p.Retire.Kid != "":
			e.Kid, e.Purpose, e.Change = p.Authorize.Kid, p.Authorize.Purpose, "taking the place of "+p.Retire.Kid
		default:
			e.Kid, e.Purpose, e.Change = p.Authorize.Kid, p.Authorize.Purpose, "authorization"
		}
		if k, ok := s.Key(e.Kid); ok {
			e.Purpose = k.Purpose
		}
		e.Here = slices.Contains(files, e.Kid)
		list = append(list, e)
	}
	for _, kid := range files {
		if _, ok := s.Key(kid); !ok && !wanted[kid] {
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
