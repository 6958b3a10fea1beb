package issuer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/lint"
)

const (
	// maxDiplomas is how many diplomas a transcript holds; verifiers look at twice as many.
	maxDiplomas = 50
	// maxNested is the most bytes that their tokens have together. Signed they take a third more,
	// and all of it has to stay below [credential.MaxToken].
	maxNested = credential.MaxToken / 2
)

// Transcript signs a CLR 2.0 transcript of a student as a vc+jwt: around the signed tokens of
// those of the diplomas that the acting institution awarded to them and that stand by the log. It
// is an attestation like those of [Publisher.Attest], sealed with the student's record.
//
// Refusals: no_diploma, too_many_diplomas, and those of [Publisher.Attest] that do not speak of
// its document.
func (p *Publisher) Transcript(ctx context.Context, act ledger.Act, student domain.ID, diplomas []ledger.Diploma) (id domain.ID, document []byte, at eventlog.Position, err error) {
	return p.attest(ctx, act, wanted{
		about: student, enveloped: true,
		draft: func(ctx context.Context, as signing) (unsigned, []eventlog.Input, error) {
			return p.issuer.transcript(ctx, act, student, diplomas, as)
		},
		lint: p.issuer.lint.transcript,
	})
}

// transcript is a ClrCredential (https://www.imsglobal.org/spec/clr/v2p0).
type transcript struct {
	Context           []string                `json:"@context"`
	ID                string                  `json:"id"`
	Type              []string                `json:"type"`
	Name              string                  `json:"name"`
	Issuer            credential.Profile      `json:"issuer"`
	ValidFrom         string                  `json:"validFrom"`
	CredentialSubject clrSubject              `json:"credentialSubject"`
	CredentialStatus  *credential.StatusEntry `json:"credentialStatus,omitempty"`
}

// clrSubject is the student, with what they were awarded.
type clrSubject struct {
	ID   string   `json:"id"`
	Type []string `json:"type"`
	// Name is as the latest of the diplomas prints it.
	Name                 string                 `json:"name,omitempty"`
	VerifiableCredential []credential.Enveloped `json:"verifiableCredential"`
}

func (t transcript) with(entry *credential.StatusEntry) ([]byte, error) {
	t.CredentialStatus = entry
	b, err := credential.Payload(t)
	if err != nil {
		return nil, fmt.Errorf("encoding a transcript: %w", err)
	}
	return b, nil
}

// transcript composes one, and names the awards that it was made from.
func (i *Issuer) transcript(ctx context.Context, act ledger.Act, student domain.ID, diplomas []ledger.Diploma, as signing) (unsigned, []eventlog.Input, error) {
	var standing []ledger.Issued
	var inputs []eventlog.Input
	for _, d := range diplomas {
		if d.Student != student {
			continue
		}
		// The register was read before, and says what the log said then.
		a, err := i.ledger.Award(ctx, act, d.Ref)
		if err != nil {
			return nil, nil, err
		}
		c, err := i.ledger.Issued(ctx, act.Tenant, d.Ref, d.Edition)
		if err != nil {
			return nil, nil, erased(err)
		}
		if stands(c, act, as) {
			standing, inputs = append(standing, c), append(inputs, a.Input())
		}
	}
	if len(standing) == 0 {
		return nil, nil, domain.Refuse(domain.Conflict, "no_diploma", "no diploma that this institution awarded to the student is signed and stands")
	}
	slices.SortFunc(standing, func(a, b ledger.Issued) int {
		return cmp.Or(cmp.Compare(a.Awarded.AwardDate, b.Awarded.AwardDate), cmp.Compare(a.Prepared.Credential, b.Prepared.Credential))
	})
	size, nested := 0, make([]credential.Enveloped, len(standing))
	for n, c := range standing {
		size, nested[n] = size+len(c.Token), credential.Envelop(credential.FormatVC, c.Token)
	}
	if len(nested) > maxDiplomas || size > maxNested {
		return nil, nil, domain.Refuse(domain.Conflict, "too_many_diplomas", "a transcript holds at most %d diplomas with %d bytes together", maxDiplomas, maxNested)
	}
	claims, err := i.ledger.Claims(ctx, act.Tenant, standing[len(standing)-1].Awarded)
	if err != nil {
		return nil, nil, erased(err)
	}
	subject, err := i.ledger.Vault().MAC(ctx, act.Tenant, "credential subject", as.id)
	if err != nil {
		return nil, nil, fmt.Errorf("deriving a subject: %w", err)
	}
	return transcript{
		Context: []string{credential.ContextV2, credential.ContextCLR2, credential.ContextOB3},
		ID:      as.id,
		Type:    []string{"VerifiableCredential", "ClrCredential"},
		Name:    "Transcript",
		Issuer:  credential.Profile{ID: as.issuer, Type: []string{"Profile"}, Name: joined(as.institution.NameOn(act.Today()).Name)},
		// It says what stood when it was signed; what became of each diploma its own status says.
		ValidFrom: as.from,
		CredentialSubject: clrSubject{
			ID: "urn:uuid:" + string(domain.KeyedID(subject)), Type: []string{"ClrSubject"}, Name: firstName(claims), VerifiableCredential: nested,
		},
	}, inputs, nil
}

// stands reports whether a diploma may stand in a transcript: the institution's own, signed and
// neither ended nor suspended, and not by a key that was in other hands then.
func stands(c ledger.Issued, act ledger.Act, as signing) bool {
	if c.Awarded.Institution != act.Institution || c.Token == "" || c.State.Standing(c.Prepared.Credential) != nil {
		return false
	}
	if ed, ok := c.State.Edition(c.Awarded.Edition); !ok || ed.Suspended {
		return false
	}
	key, ok := as.institution.Key(c.Signed.KeyID)
	return !ok || key.CompromisedAt.IsZero() || c.SignedAt.Before(key.CompromisedAt)
}

// transcript answers an error unless payload is a transcript without a fault that a verifier takes
// apart as it was composed. Of the diplomas in it nobody here knows the keys: they were looked at
// when they were signed.
func (l *linter) transcript(ctx context.Context, payload []byte, form, issuer, list string, now time.Time) error {
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return fmt.Errorf("this transcript is not well-formed: %w", refusal)
	}
	if found := lint.Lint(root, lint.Profile{Kind: lint.Transcript}); len(found) > 0 {
		return fmt.Errorf("this transcript is not as the standard asks: %s at %s: %s", found[0].Reason, found[0].Path, found[0].Detail)
	}
	t, err := l.trust(lintFor{issuer, list}, now)
	if err != nil {
		return err
	}
	signed, err := attested(payload, form, l.key, did.KeyID(issuer, did.ForCredentials, "lint"), now)
	if err != nil {
		return err
	}
	v := verifier.Verify(ctx, signed, t.store, now)
	for _, line := range []verifier.Line{v.Lines.Integrity, v.Lines.IssuerKey, v.Lines.Status, v.Lines.Time} {
		if line.Answer != verifier.True {
			return fmt.Errorf("the verifier would not accept this transcript: %s (%s) %s", v.Overall, v.Reason, v.Detail)
		}
	}
	if want := len(root.Get("credentialSubject").Get("verifiableCredential").Items()); len(v.Items) != want || len(v.Warnings) > 0 {
		return fmt.Errorf("the verifier finds %d diplomas of %d in this transcript, and warns: %v", len(v.Items), want, v.Warnings)
	}
	for n, item := range v.Items {
		if item.Overall != verifier.CannotConfirm || item.Reason != verifier.UnknownIssuer && item.Reason != verifier.UnknownKey {
			return fmt.Errorf("the verifier would not read diploma %d of this transcript: %s (%s) %s", n, item.Overall, item.Reason, item.Detail)
		}
	}
	return nil
}
