package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/batch"
	"sijil/verifier/credential"
	"sijil/verifier/source"
)

// verifyCmd judges diplomas from files. It needs no ledger of its own and no database.
type verifyCmd struct {
	Bundle         string   `placeholder:"DIR|ZIP" help:"Trust what this offline bundle says; nothing is fetched unless --ledger is given too."`
	BundleKey      string   `placeholder:"FILE|JWK" help:"The ledger's bundle key, as sijil bundle key prints it: only a bundle signed with it is taken."`
	State          string   `type:"path" placeholder:"FILE" help:"Remembers the newest bundle seen, so that an older one is refused. Default: sijil/bundles.json in your configuration directory."`
	InsecureBundle bool     `help:"Take a bundle without looking at its signature: you got it from the ledger yourself. Every answer says so."`
	Ledger         []string `placeholder:"URL" help:"Ask this ledger for keys and status lists (https; http only on this machine). May be repeated. Without --bundle and --ledger nothing is trusted and every credential ends as CANNOT CONFIRM."`
	At             string   `placeholder:"TIME" help:"Judge as of this time, as 2031-07-01 or 2031-07-01T12:00:00Z, instead of now. A bundle's own date is shown but never used as the time."`
	JSON           bool     `name:"json" help:"Print one JSON object per file: {file, overall, reason, lines}."`
	Files          []string `arg:"" name:"file" help:"Files with a credential, or directories to go through."`
}

// Help is the part of the manual that the flags do not tell.
func (verifyCmd) Help() string {
	return `Each file gets one of three answers:

  VALID           signed by that institution, unchanged, in force, not revoked
  NOT VALID       at least one of these is false; the reason says which
  CANNOT CONFIRM  something could not be checked: a list is too old or out of
                  reach, the issuer is not known here

Exit status: 0 all valid, 1 some not valid, 2 none not valid but some cannot be
confirmed, or the command could not do its work. docs/verdicts.md lists all reasons.`
}

// verifyFailed carries the exit status that scripts rely on.
type verifyFailed struct {
	code    int
	message string
}

func (e *verifyFailed) Error() string { return e.message }
func (e *verifyFailed) ExitCode() int { return e.code }

// Run answers for every file; see Help for the exit status.
func (c *verifyCmd) Run(ctx context.Context, a *app) error {
	at := a.now()
	if c.At != "" {
		var err error
		if at, err = parseAt(c.At); err != nil {
			return &verifyFailed{2, err.Error()}
		}
	}
	trust, err := source.Open(source.Config{
		Ledgers: c.Ledger, Bundle: c.Bundle, BundleKey: c.BundleKey, State: c.State, Insecure: c.InsecureBundle,
	}, a.now)
	if err != nil {
		return &verifyFailed{2, err.Error()}
	}
	if !c.JSON {
		c.introduce(a.stderr, trust, at)
	}
	out := bufio.NewWriter(a.stdout)
	var sum batch.Summary
	for r := range batch.Verify(ctx, trust.Trust, at, c.Files) {
		sum.Add(r.Verdict.Overall)
		if c.JSON {
			err = printLine(out, r)
		} else {
			err = c.print(out, r)
		}
		if err != nil {
			return &verifyFailed{2, fmt.Sprintf("write result: %s", err)}
		}
	}
	if !c.JSON && sum.Total() > 1 {
		fmt.Fprintf(out, "\n%d files: %d VALID, %d NOT VALID, %d CANNOT CONFIRM\n", sum.Total(), sum.Valid, sum.NotValid, sum.CannotConfirm)
	}
	if err := errors.Join(out.Flush(), ctx.Err()); err != nil {
		return &verifyFailed{2, fmt.Sprintf("stopped after %d files: %s", sum.Total(), err)}
	}
	switch {
	case sum.Total() == 0:
		return &verifyFailed{2, "no files there to verify"}
	case sum.NotValid > 0:
		return &verifyFailed{1, fmt.Sprintf("%d of %d not valid", sum.NotValid, sum.Total())}
	case sum.CannotConfirm > 0:
		return &verifyFailed{2, fmt.Sprintf("%d of %d cannot be confirmed", sum.CannotConfirm, sum.Total())}
	}
	return nil
}

func parseAt(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := credential.ParseStamp(s)
	if err != nil {
		return t, errors.New("--at takes a day as 2031-07-01 or a time with its zone as 2031-07-01T12:00:00Z")
	}
	return t, nil
}

func (c *verifyCmd) introduce(w io.Writer, trust *source.Trust, at time.Time) {
	s := trust.Source()
	switch m := trust.Bundle; {
	case m != nil:
		fmt.Fprintf(w, "bundle of the log %s after %d events, made %s (%s before the time of judging), holds until %s, signed with %s\n", m.LogID, m.TreeSize,
			m.GeneratedAt.UTC().Format(time.RFC3339), at.Sub(m.GeneratedAt.Time).Round(time.Second), m.Expires.UTC().Format(time.RFC3339), m.Key)
	case s.Name == "":
		fmt.Fprintln(w, "note: without --bundle or --ledger no issuer is known, so nothing can be confirmed")
	case s.Unsigned:
		fmt.Fprintf(w, "note: the bundle, made %s, carries no signature that was checked: the answers are as good as the way it came to you\n", s.AsOf.UTC().Format(time.RFC3339))
	}
}

func printLine(w io.Writer, r batch.Result) error {
	return json.NewEncoder(w).Encode(struct {
		File    string            `json:"file"`
		Overall verifier.Overall  `json:"overall"`
		Reason  credential.Reason `json:"reason"`
		Lines   verifier.Lines    `json:"lines"`
	}{r.File, r.Verdict.Overall, r.Verdict.Reason, r.Verdict.Lines})
}

// print tells one result: in a line if there are many files, in full if it is the only one.
func (c *verifyCmd) print(w io.Writer, r batch.Result) error {
	v := r.Verdict
	_, err := fmt.Fprintf(w, "%-14s  %s%s\n", v.Overall, verifier.Visible(r.File), because(v))
	if len(c.Files) != 1 || r.File != c.Files[0] {
		return err
	}
	for _, l := range v.Lines.All() {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-13s  %-15s  %s%s", l.Name, l.Answer, l.Reason, ground(l.Line)), " "))
	}
	if v.Detail != "" {
		fmt.Fprintf(w, "  %s\n", v.Detail)
	}
	if content := v.Credential; content != nil {
		fmt.Fprintln(w, "signed content")
		fact := func(name, value string) {
			if value != "" {
				fmt.Fprintf(w, "  %-13s  %s\n", verifier.Visible(name), verifier.Visible(value))
			}
		}
		fact("name", content.Holder)
		for _, name := range content.OtherNames {
			fact("also written", name)
		}
		fact("born", content.Born)
		fact("number", content.Number)
		fact("award", content.Award)
		fact("statement", content.Title)
		for _, res := range content.Results {
			fact(res.Name, res.Value)
		}
		fact("institution", content.IssuerName)
		if content.ValidFrom != nil {
			fact("valid from", content.ValidFrom.UTC().Format(time.DateOnly))
		}
	}
	fmt.Fprintf(w, "judged as of %s\n", v.At.UTC().Format(time.RFC3339))
	return nil
}

func because(v verifier.Verdict) string {
	out := ""
	for i, r := range v.Reasons {
		out += map[bool]string{true: "  ", false: ", "}[i == 0] + string(r)
	}
	return out
}

// ground is what an answer rests on, and how fresh that is.
func ground(l verifier.Line) string {
	if l.Source == "" {
		return ""
	}
	out := "(" + l.Source
	if l.AsOf != nil {
		out += ", as of " + l.AsOf.UTC().Format(time.RFC3339)
	}
	if l.Cause != nil {
		out += "; cause: " + string(l.Cause.Class)
	}
	if l.Reason != "" {
		out = " " + out
	}
	return out + ")"
}
