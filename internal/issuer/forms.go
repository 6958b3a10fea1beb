package issuer

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/institution"
	"sijil/internal/ledger"
	"sijil/internal/vault"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
	"sijil/verifier/status"
)

// maxSteps bounds the steps of making a form: settling, signing, reading, and each again
// when another process was quicker or a key went away.
const maxSteps = 6

// Form is a signed credential in another form than its token: [award.OpenBadge],
// [award.SDPayload] or [award.SDWallet], the last two with everything shown. The first who
// asks has it made: what will be signed is recorded, then it is signed, and given
// only once that is recorded. Who asks again, at whatever point this died, gets the same. A form whose
// key was compromised before it was recorded is made anew.
//
// Refusals: not_found, not_signed, credential_revoked, credential_superseded,
// credential_suspended where the form does not exist yet; key_unavailable, badge_unavailable
// where no key here can sign it; personal_data_erased.
func (i *Issuer) Form(ctx context.Context, tenant domain.ID, ref award.Ref, edition int, format string) (string, error) {
	linted := ""
	for range maxSteps {
		c, err := i.ledger.Issued(ctx, tenant, ref, edition)
		if err != nil {
			return "", erased(err)
		}
		_, inst, err := i.ledger.IssuingInstitution(ctx, c.Awarded.Institution)
		if err != nil {
			return "", err
		}
		f := formJob{issuer: i, tenant: tenant, credential: c, inst: inst, format: format, form: c.Forms[format]}
		if f.form.Signed.Digest != "" && !f.compromised() {
			token, err := i.ledger.OpenText(ctx, tenant, f.form.Signed.Token)
			return token, erased(err)
		}
		if err := c.State.Standing(c.Prepared.Credential); err != nil {
			return "", err
		}
		if f.form.Prepared.KeyID != "" && f.form.Signed.Digest == "" {
			signed, err := f.sign(ctx, linted)
			if err != nil {
				return "", erased(err)
			} else if signed {
				continue // what is given is read from the log
			}
		}
		if linted, err = f.prepare(ctx); err != nil {
			return "", erased(err)
		}
	}
	return "", fmt.Errorf("a form of credential %s was not made in %d steps", ref.Award, maxSteps)
}

func erased(err error) error {
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return domain.Refuse(domain.Conflict, "personal_data_erased", "the person's data was erased, and the credential with it")
	}
	return err
}

// formJob is one form on its way.
type formJob struct {
	issuer     *Issuer
	tenant     domain.ID
	credential ledger.Issued
	inst       institution.State
	format     string
	form       ledger.IssuedForm
}

// compromised reports whether the form's key was in other hands when it was recorded.
func (f formJob) compromised() bool {
	key, ok := f.inst.Key(f.form.Signed.KeyID)
	return ok && !key.CompromisedAt.IsZero() && !f.form.SignedAt.Before(key.CompromisedAt)
}

// act is the command named step; key tells it from another try under another key.
func (f formJob) act(ctx context.Context, step, key string) (ledger.Act, error) {
	c := f.credential
	return f.issuer.ledger.Begin(ctx, ledger.Request{
		Tenant: f.tenant, Institution: c.Awarded.Institution, Actor: "issuer", Client: "issuer", Route: "form/" + f.format + "/" + step,
		Key: string(c.Prepared.Credential) + " " + key, EffectiveAt: string(c.Awarded.AwardDate),
	})
}

// prepare records what will be signed, and answers the hash of the payload that the verifier looked at.
func (f formJob) prepare(ctx context.Context) (linted string, err error) {
	i, c := f.issuer, f.credential
	key, _, err := f.key(ctx)
	if err != nil {
		return "", err
	}
	content, err := f.compose()
	if err != nil {
		return "", err
	}
	if err := f.lint(ctx, content); err != nil {
		return "", err
	}
	sealed, err := domain.Conceal(c.Student, domain.ClassRegister, content)
	if err != nil {
		return "", err
	}
	name, err := i.DID(c.Awarded.Institution)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(content.Payload))
	p := award.FormPrepared{
		Edition: c.Awarded.Edition, Credential: c.Prepared.Credential, Format: f.format, KeyID: key.Kid,
		VerificationMethod: did.KeyID(name, did.ForCredentials, key.Kid), PayloadSHA256: hex.EncodeToString(sum[:]), Content: sealed,
	}
	if f.form.Signed.Digest != "" {
		p.Replaces = f.form.Signed.KeyID
	}
	act, err := f.act(ctx, "prepare", key.Kid)
	if err != nil {
		return "", err
	}
	if _, err := i.ledger.PrepareForm(ctx, act, c.Ref, p); err != nil {
		return "", fmt.Errorf("recording what will be signed of a form: %w", err)
	}
	return p.PayloadSHA256, nil
}

// sign signs what was recorded to be signed, with the key it named; false when that key may
// not be used any more or is not here.
func (f formJob) sign(ctx context.Context, linted string) (bool, error) {
	i, p := f.issuer, f.form.Prepared
	key, ok := f.inst.Key(p.KeyID)
	if !ok || key.Purpose != institution.ForCredentials || !key.Usable(i.now()) {
		return false, nil
	}
	private, err := i.private(ctx, f.credential.Awarded.Institution, key)
	if err != nil || private == nil {
		return false, err
	}
	content, err := i.ledger.FormContent(ctx, f.tenant, p)
	if err != nil {
		return false, err
	}
	if linted != p.PayloadSHA256 {
		if err := f.lint(ctx, content); err != nil {
			return false, err
		}
	}
	token, err := f.made(content, private, p.VerificationMethod)
	if err != nil {
		return false, err
	}
	sealed, err := domain.Conceal(f.credential.Student, domain.ClassRegister, token)
	if err != nil {
		return false, err
	}
	act, err := f.act(ctx, "sign", p.KeyID+" "+p.PayloadSHA256)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(token))
	if _, err := i.ledger.RecordForm(ctx, act, f.credential.Ref, award.FormSigned{
		Edition: p.Edition, Credential: p.Credential, Format: p.Format, KeyID: p.KeyID,
		PayloadSHA256: p.PayloadSHA256, Digest: hex.EncodeToString(sum[:]), Token: sealed,
	}); err != nil {
		return false, fmt.Errorf("recording a signed form: %w", err)
	}
	return true, nil
}

// compose is the form's payload, which follows from the token's.
func (f formJob) compose() (award.FormContent, error) {
	payload := []byte(f.credential.Payload)
	var c sdjwt.Concealed
	var refusal *credential.Refusal
	switch f.format {
	case award.OpenBadge:
		return award.FormContent{Payload: f.credential.Payload}, nil
	case award.SDPayload:
		c, refusal = sdjwt.Diploma(payload)
	case award.SDWallet:
		c, refusal = sdjwt.DiplomaClaims(payload, sdjwt.Wallet{
			Type: f.issuer.base + "/vct/" + f.credential.Awarded.AchievementType, Issued: f.issuer.now(),
		})
	default:
		return award.FormContent{}, errNotFound()
	}
	if refusal != nil {
		return award.FormContent{}, fmt.Errorf("making parts of a credential disclosable: %w", refusal)
	}
	return award.FormContent{Payload: string(c.Payload), Disclosures: c.Disclosures}, nil
}

// key is the one to sign the form with: the token's own for an embedded proof, so that the
// ledger's one record is about both; ES256 for wallets, which know nothing else.
func (f formJob) key(ctx context.Context) (institution.Key, crypto.Signer, error) {
	i, inst := f.issuer, f.credential.Awarded.Institution
	var unavailable error
	fits := func(institution.Key) bool { return true }
	switch f.format {
	case award.OpenBadge:
		unavailable = errNoBadge()
		fits = func(k institution.Key) bool { return k.Kid == f.credential.Signed.KeyID && k.Alg == "EdDSA" }
	case award.SDWallet:
		unavailable = domain.Refuse(domain.Conflict, "key_unavailable", "the institution has no ES256 key for credentials in force here, which wallets ask for")
		fits = func(k institution.Key) bool { return k.Alg == "ES256" }
	case award.SDPayload:
		unavailable = domain.Refuse(domain.Conflict, "key_unavailable", "the institution has no key for credentials in force here")
	default:
		return institution.Key{}, nil, errNotFound()
	}
	if name, err := i.DID(inst); err != nil || !strings.HasPrefix(f.credential.Prepared.VerificationMethod, name+"#") {
		return institution.Key{}, nil, errors.Join(err, unavailable) // its issuer has another address, for ever
	}
	keys := f.inst.UsableKeys(institution.ForCredentials, i.now())
	var best institution.Key
	var signer crypto.Signer
	for n := len(keys) - 1; n >= 0; n-- {
		if !fits(keys[n]) || signer != nil && rank(keys[n]) >= rank(best) {
			continue
		}
		s, err := i.private(ctx, inst, keys[n])
		if err != nil {
			return institution.Key{}, nil, err
		}
		if s != nil {
			best, signer = keys[n], s
		}
	}
	if signer == nil {
		return institution.Key{}, nil, unavailable
	}
	return best, signer, nil
}

// made is the form, signed.
func (f formJob) made(c award.FormContent, key crypto.Signer, kid string) (string, error) {
	return makeForm(f.format, c, key, kid, f.credential.SignedAt)
}

// makeForm signs a form. An embedded proof is dated at, the day of the token, so that it is the
// same whenever it is made.
func makeForm(format string, c award.FormContent, key crypto.Signer, kid string, at time.Time) (string, error) {
	if format == award.OpenBadge {
		doc, err := dataintegrity.Sign([]byte(c.Payload), key, dataintegrity.Options{
			VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: at.Truncate(time.Second),
		})
		if err != nil {
			return "", fmt.Errorf("signing an Open Badge: %w", err)
		}
		return string(doc), nil
	}
	typ := sdjwt.TypeVC
	if format == award.SDWallet {
		typ = sdjwt.TypeDC
	}
	signer, err := credential.NewTypedSigner(key, kid, typ)
	if err != nil {
		return "", err
	}
	return sdjwt.Concealed{Payload: []byte(c.Payload), Disclosures: c.Disclosures}.Sign(signer)
}

func (f formJob) lint(ctx context.Context, c award.FormContent) error {
	i, inst := f.issuer, f.credential.Awarded.Institution
	name, err := i.DID(inst)
	if err != nil {
		return err
	}
	list := i.listURL(inst, f.credential.Prepared.StatusList, status.Revocation)
	if err := i.lint.checkForm(ctx, f.format, c, lintFor{name, list}, f.credential.SignedAt, i.now()); err != nil {
		return fmt.Errorf("credential %s as %s: %w", f.credential.Prepared.Credential, f.format, err)
	}
	return nil
}
