package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

// clientCmd manages who may ask for tokens.
type clientCmd struct {
	Create clientCreateCmd `cmd:"" help:"Make a client and print its credentials, this once."`
	List   clientListCmd   `cmd:"" help:"List a tenant's clients."`
	Revoke clientRevokeCmd `cmd:"" help:"End a client; its tokens are refused within seconds."`
}

// Help is the part of the manual that the flags do not tell.
func (clientCmd) Help() string {
	return `A client is a system or a person that calls the API with OAuth client
credentials. All verbs work while the ledger is being served from the same data.`
}

type clientCreateCmd struct {
	dataFlags
	Tenant      string    `required:"" placeholder:"SLUG" help:"The authority, as tunisia: 3 to 32 of a-z, 0-9 and -. It comes into being with its first client."`
	Institution domain.ID `placeholder:"ID" help:"The institution the client acts for. Default: the authority itself."`
	Name        string    `placeholder:"TEXT" help:"What the client is, for your own lists."`
	Role        []string  `placeholder:"ROLE" enum:"ministry,region,school,registrar,teacher,approver,auditor,subscriber" help:"Scopes by role: ${enum}. May be repeated."`
	Scope       []string  `placeholder:"SCOPE" help:"A single scope, as records:read. May be repeated."`
	JSON        bool      `name:"json" help:"Print one JSON object."`
}

// Run makes the client.
func (c *clientCreateCmd) Run(ctx context.Context, a *app) (err error) {
	scopes, err := c.scopes()
	if err != nil {
		return err
	}
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	tenant := access.TenantID(c.Tenant)
	if c.Institution != "" && c.Institution != tenant {
		act := ledger.Act{Request: ledger.Request{Tenant: tenant, Institution: tenant}, At: a.now()}
		in, err := l.Ledger.Institution(ctx, act, c.Institution)
		if err != nil && domain.CodeOf(err) != "not_found" {
			return err
		}
		if err != nil || !in.Exists() {
			return fmt.Errorf("the tenant %s has no institution %s: register it first (POST /v1/institutions)", c.Tenant, c.Institution)
		}
	}
	client, secret, err := l.Clients.Create(ctx, access.NewClient{Slug: c.Tenant, Name: c.Name, Institution: c.Institution, Scopes: scopes})
	if err != nil {
		return err
	}
	return c.print(a, client, secret)
}

func (c *clientCreateCmd) scopes() ([]access.Scope, error) {
	var scopes []access.Scope
	for _, word := range c.Scope {
		list, err := access.ParseScopes(word)
		if err != nil {
			var all []string
			for _, s := range access.Scopes {
				all = append(all, string(s.Scope))
			}
			return nil, fmt.Errorf("there is no scope %q; there are %s", word, strings.Join(all, ", "))
		}
		scopes = append(scopes, list...)
	}
	for _, role := range c.Role {
		of, err := access.RoleScopes(role)
		if err != nil {
			return nil, err
		}
		scopes = append(scopes, of...)
	}
	if len(scopes) == 0 {
		return nil, errors.New("a client without a scope can do nothing: give --role or --scope")
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

func (c *clientCreateCmd) print(a *app, client access.Client, secret string) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(struct {
			ClientID     string    `json:"clientId"`
			ClientSecret string    `json:"clientSecret"`
			Tenant       domain.ID `json:"tenant"`
			Institution  domain.ID `json:"institution"`
			Scopes       []string  `json:"scopes"`
		}{client.ClientID(), secret, client.Tenant, client.Institution, client.Scopes})
	}
	_, err := fmt.Fprintf(a.stdout, `client_id      %s
client_secret  %s
institution    %s
scopes         %s

The secret is kept nowhere: store it now. To get a token, with the address of the API in SIJIL:
  curl -u '%s:%s' -d grant_type=client_credentials $SIJIL/oauth2/token
`, client.ClientID(), secret, client.Institution, strings.Join(client.Scopes, " "), client.ClientID(), secret)
	return err
}

type clientListCmd struct {
	dataFlags
	Tenant string `required:"" placeholder:"SLUG" help:"The authority."`
	JSON   bool   `name:"json" help:"Print one JSON object per client."`
}

// Run lists the clients, oldest first.
func (c *clientListCmd) Run(ctx context.Context, a *app) (err error) {
	if err := c.exists(); err != nil {
		return err
	}
	db, err := c.open(ctx, a.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(context.WithoutCancel(ctx))) }()
	list, err := (&access.Clients{Pool: db.App}).List(ctx, c.Tenant)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(a.stdout)
		for _, cl := range list {
			err = errors.Join(err, out.Encode(struct {
				ClientID    string     `json:"clientId"`
				Name        string     `json:"name"`
				Institution domain.ID  `json:"institution"`
				Scopes      []string   `json:"scopes"`
				Created     time.Time  `json:"created"`
				Revoked     *time.Time `json:"revoked,omitempty"`
			}{cl.ClientID(), cl.Name, cl.Institution, cl.Scopes, cl.Created.UTC(), cl.Revoked}))
		}
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, cl := range list {
		state := "active"
		if cl.Revoked != nil {
			state = "revoked " + cl.Revoked.UTC().Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", cl.ClientID(), cl.Institution, state, cl.Name)
	}
	return w.Flush()
}

type clientRevokeCmd struct {
	dataFlags
	ClientID string `arg:"" name:"client-id" help:"The client, as client list prints it."`
}

// Run revokes the client.
func (c *clientRevokeCmd) Run(ctx context.Context, a *app) (err error) {
	if err := c.exists(); err != nil {
		return err
	}
	db, err := c.open(ctx, a.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(context.WithoutCancel(ctx))) }()
	if err := (&access.Clients{Pool: db.App}).Revoke(ctx, c.ClientID); err != nil {
		if errors.Is(err, access.ErrClient) {
			return fmt.Errorf("there is no client %s", c.ClientID)
		}
		return err
	}
	_, err = fmt.Fprintln(a.stdout, "revoked", c.ClientID)
	return err
}
