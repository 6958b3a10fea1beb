package issuer

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/verifier/credential"
	"sijil/verifier/sdjwt"
)

// The files in which a holder takes a diploma beside its token; the covers of a badge are others.
const (
	// FileSD is an SD-JWT of the data model, for anybody.
	FileSD = "sd-jwt"
	// FileWallet is an SD-JWT for wallets.
	FileWallet = "wallet"
)

// File is a signed diploma as a badge's cover, [FileSD] or [FileWallet]; of the last two
// everything is withheld but the parts to show. See [Issuer.Form] for what it records and refuses.
func (p *Publisher) File(ctx context.Context, tenant domain.ID, ref award.Ref, edition int, kind string, show []share.Part) ([]byte, error) {
	switch kind {
	case BadgeJSON, BadgePNG, BadgeSVG:
		doc, err := p.issuer.Form(ctx, tenant, ref, edition, award.OpenBadge)
		if err != nil {
			return nil, err
		}
		return covered(kind, []byte(doc))
	case FileSD, FileWallet:
		format := award.SDPayload
		if kind == FileWallet {
			format = award.SDWallet
		}
		form, err := p.issuer.Form(ctx, tenant, ref, edition, format)
		if err != nil {
			return nil, err
		}
		return withhold(form, show)
	}
	return nil, errNotFound()
}

// withhold is an SD-JWT of a diploma with these parts shown.
func withhold(form string, show []share.Part) ([]byte, error) {
	token, refusal := sdjwt.ParseToken([]byte(form), credential.MaxToken)
	if refusal != nil {
		return nil, fmt.Errorf("reading a recorded form: %w", refusal)
	}
	paths, refusal := token.Paths()
	if refusal != nil {
		return nil, fmt.Errorf("reading a recorded form: %w", refusal)
	}
	root, refusal := token.Reveal()
	if refusal != nil {
		return nil, fmt.Errorf("reading a recorded form: %w", refusal)
	}
	subject, prefix := root, ""
	if token.Type() == credential.TypSDVC {
		subject, prefix = root.Get("credentialSubject"), "credentialSubject."
	}
	wanted := wantedPaths(subject, prefix, show)
	shown, refusal := token.Present(slices.DeleteFunc(wanted, func(p string) bool { return !slices.Contains(paths, p) })...)
	if refusal != nil {
		return nil, fmt.Errorf("withholding parts of a form: %w", refusal)
	}
	return []byte(shown), nil
}

// wantedPaths are where the parts to show stand in a diploma.
func wantedPaths(subject credential.Value, prefix string, show []share.Part) (paths []string) {
	at := func(list string, n int) string { return prefix + list + "[" + strconv.Itoa(n) + "]" }
	if slices.Contains(show, share.Identity) {
		for n := range subject.Get("identifier").Items() {
			paths = append(paths, at("identifier", n))
		}
	}
	kinds := subject.Get("achievement").Get("resultDescription").Items()
	for n, r := range subject.Get("result").Items() {
		id, _ := r.Get("resultDescription").Text()
		k := slices.IndexFunc(kinds, func(d credential.Value) bool { described, _ := d.Get("id").Text(); return described == id })
		if k < 0 {
			continue
		}
		part := share.Grades
		if kind, _ := kinds[k].Get("resultType").Text(); kind == plainResult {
			part = share.Mention
		}
		if slices.Contains(show, part) {
			paths = append(paths, at("result", n), at("achievement.resultDescription", k))
		}
	}
	return paths
}
