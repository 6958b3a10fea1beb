package issuer

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/domain/institution"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// Attest signs a credential that an institution was asked to issue, as the VC-API does: with an
// embedded proof, or enveloped as a vc+jwt. What is signed is recorded before, as with diplomas,
// and leaves only when its signature is durable. A retry is answered with what was signed then.
//
// about is the student it is about, empty when the ledger need not know; then the attestation has
// a key of its own, which seals it. It answers the credential's id in the ledger, and the document.
//
// Refusals: those of [Issuer.attested]'s document, no_credential_key, no_status_key,
// idempotency_key_reused, not_found for a student whom the institution may not see,
// attestation_not_signed, personal_data_erased.
func (p *Publisher) Attest(ctx context.Context, act ledger.Act, asked []byte, enveloped bool, about domain.ID) (id domain.ID, document []byte, at eventlog.Position, err error) {
	return p.attest(ctx, act, wanted{
		about: about, enveloped: enveloped,
		draft: func(_ context.Context, as signing) (unsigned, []eventlog.Input, error) {
			d, err := readDraft(asked, as.issuer)
			if err != nil {
				return nil, nil, err
			}
			d.fill("id", as.id)
			d.fill("validFrom", as.from)
			return d, nil, d.check()
		},
		lint: p.issuer.lint.attestation,
	})
}

// wanted is what an institution asks to have signed.
type wanted struct {
	about     domain.ID
	enveloped bool
	// draft is what will be signed, but for its status, and what was read for it.
	draft func(context.Context, signing) (unsigned, []eventlog.Input, error)
	// lint has the verifier look at the payload.
	lint func(ctx context.Context, payload []byte, form, issuer, list string, now time.Time) error
}

// signing is as what, by whom and from when on a draft will be signed, for its members.
type signing struct {
	id, issuer, from string
	institution      institution.State
}

// unsigned is a credential without its place in a status list.
type unsigned interface {
	with(*credential.StatusEntry) ([]byte, error)
}

// attest signs what is wanted, as [Publisher.Attest] says.
func (p *Publisher) attest(ctx context.Context, act ledger.Act, want wanted) (id domain.ID, document []byte, at eventlog.Position, err error) {
	i := p.issuer
	id = ledger.AttestationID(act)
	subject := id
	if want.about != "" {
		subject = want.about
	}
	act = act.About(subject)
	stands, err := i.ledger.Attestation(ctx, act, id)
	if err != nil {
		return id, nil, 0, err
	}
	var prepared attestation.AttestationPrepared
	var inputs []eventlog.Input
	if !stands.Exists() {
		if prepared, inputs, err = i.attestation(ctx, act, id, want); err != nil {
			return id, nil, 0, err
		}
	}
	if _, err := i.ledger.PrepareAttestation(ctx, act, id, prepared, inputs); err != nil {
		return id, nil, 0, err
	}
	// From here on only what is recorded counts: a crash before or after the signature, and another
	// request with the same key, go on from it.
	recorded, err := i.ledger.Attested(ctx, act.Tenant, id)
	if err == nil && recorded.Token == "" {
		if err = i.signAttestation(ctx, act, recorded); err == nil {
			recorded, err = i.ledger.Attested(ctx, act.Tenant, id)
		}
	}
	if err == nil {
		document, err = documentOf(recorded)
	}
	if err != nil {
		return id, nil, 0, erasedAttestation(err)
	}
	return id, document, recorded.Position, nil
}

// Attested is the document that [Publisher.Attest] and [Publisher.Transcript] answered; nil when it
// is not signed yet. Refusals: not_found, personal_data_erased.
func (p *Publisher) Attested(ctx context.Context, tenant, id domain.ID) ([]byte, error) {
	a, err := p.issuer.ledger.Attested(ctx, tenant, id)
	if err != nil {
		return nil, erasedAttestation(err)
	}
	if a.Token == "" {
		return nil, nil
	}
	return documentOf(a)
}

// documentOf is a signed attestation as JSON.
func documentOf(a ledger.Attested) ([]byte, error) {
	if a.Prepared.Format == format {
		return credential.Payload(credential.Envelop(credential.FormatVC, a.Token))
	}
	return []byte(a.Token), nil
}

func erasedAttestation(err error) error {
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return domain.Refuse(domain.Conflict, "personal_data_erased", "the person's data was erased, and the attestation with it")
	}
	return err
}

// attestation settles what will be signed: in the acting institution's name, under a key that its
// history authorizes, with a place in its status list. The verifier looks at it first.
func (i *Issuer) attestation(ctx context.Context, act ledger.Act, id domain.ID, want wanted) (attestation.AttestationPrepared, []eventlog.Input, error) {
	none := attestation.AttestationPrepared{}
	inst, err := i.ledger.Institution(ctx, act, act.Institution)
	if err != nil {
		return none, nil, err
	}
	inputs := []eventlog.Input{inst.Input()}
	if want.about != "" {
		who, err := i.ledger.MayTouch(ctx, act, want.about)
		if err != nil {
			return none, nil, err
		}
		inputs = append(inputs, who.Inputs()...)
	}
	name, err := i.DID(act.Institution)
	if err != nil {
		return none, nil, err
	}
	key, _, missing := i.attestationKey(ctx, act.Institution, inst.State, want.enveloped)
	if missing != nil && domain.CodeOf(missing) == "" {
		return none, nil, missing
	}
	draft, read, err := want.draft(ctx, signing{
		id: "urn:uuid:" + string(id), issuer: name, from: credential.Stamp(later(act.At, key.ValidFrom)), institution: inst.State,
	})
	if err != nil {
		return none, nil, err
	}
	if missing != nil { // said only now: what is wrong with the draft stays wrong when there is a key
		return none, nil, missing
	}
	inputs = append(inputs, read...)
	form := format
	if !want.enveloped {
		form = dataintegrity.EdDSARDFC
	}
	// Looked at in some place of a list first, so that nothing is recorded of what is refused.
	if _, err := i.composeAttestation(ctx, want, draft, form, name, i.listURL(act.Institution, 1, status.Revocation), 0); err != nil {
		return none, nil, err
	}
	place, err := i.attestationPlace(ctx, act, id)
	if err != nil {
		return none, nil, err
	}
	list := i.listURL(act.Institution, place.List, status.Revocation)
	payload, err := i.composeAttestation(ctx, want, draft, form, name, list, place.Index)
	if err != nil {
		return none, nil, err
	}
	sealed, err := domain.Conceal(act.Subject, domain.ClassRecord, string(payload))
	if err != nil {
		return none, nil, err
	}
	sum := sha256.Sum256(payload)
	return attestation.AttestationPrepared{
		Credential: id, Institution: act.Institution, RequestedBy: act.Actor, Student: want.about, Format: form,
		KeyID: key.Kid, VerificationMethod: did.KeyID(name, did.ForCredentials, key.Kid),
		StatusList: place.List, StatusIndex: place.Index, PayloadSHA256: hex.EncodeToString(sum[:]), Payload: sealed,
	}, inputs, nil
}

// composeAttestation is the payload with its place in a list, as a verifier accepts it.
func (i *Issuer) composeAttestation(ctx context.Context, want wanted, d unsigned, form, issuer, list string, index int) ([]byte, error) {
	payload, err := d.with(status.NewEntry(list, status.Revocation, index))
	if err != nil {
		return nil, err
	}
	return payload, want.lint(ctx, payload, form, issuer, list, i.now())
}

// attestationKey is the newest usable credential key whose private half is here, an Ed25519 key for
// an embedded proof. There has to be a status key too: what nobody can revoke must not leave.
func (i *Issuer) attestationKey(ctx context.Context, inst domain.ID, s institution.State, enveloped bool) (institution.Key, crypto.Signer, error) {
	if _, signer, err := i.newest(ctx, inst, s, institution.ForStatus); err != nil {
		return institution.Key{}, nil, err
	} else if signer == nil {
		return institution.Key{}, nil, domain.Refuse(domain.Unready, "no_status_key", "the institution has no usable status key here, so that nothing could be revoked")
	}
	keys := s.UsableKeys(institution.ForCredentials, i.now())
	for n := len(keys) - 1; n >= 0; n-- {
		signer, err := i.private(ctx, inst, keys[n])
		if err != nil {
			return institution.Key{}, nil, err
		}
		if signer == nil {
			continue
		}
		if _, ok := signer.Public().(ed25519.PublicKey); ok || enveloped {
			return keys[n], signer, nil
		}
	}
	return institution.Key{}, nil, domain.Refuse(domain.Conflict, "no_credential_key", "the institution has no usable key here that signs credentials so")
}

// attestationPlace is a place in the institution's status list, the same one when asked again.
func (i *Issuer) attestationPlace(ctx context.Context, act ledger.Act, id domain.ID) (ledger.Place, error) {
	step, err := i.attestationStep(ctx, act, "status")
	if err != nil {
		return ledger.Place{}, err
	}
	places, err := i.ledger.AssignStatusIndexes(ctx, step, act.Institution, []statuslist.Entry{{Award: id, Edition: 1, Credential: id}})
	if err != nil {
		return ledger.Place{}, fmt.Errorf("assigning a place in a status list: %w", err)
	}
	return places[id], nil
}

// attestationStep is the act's command named step. It says nothing of a person.
func (i *Issuer) attestationStep(ctx context.Context, act ledger.Act, step string) (ledger.Act, error) {
	r := act.Request
	r.Route, r.Body, r.Subject = r.Route+"/"+step, nil, ""
	return i.ledger.Begin(ctx, r)
}

// signAttestation signs what was recorded to be signed, with the key that it names.
func (i *Issuer) signAttestation(ctx context.Context, act ledger.Act, a ledger.Attested) error {
	inst, err := i.ledger.Institution(ctx, act, a.Prepared.Institution)
	if err != nil {
		return err
	}
	key, ok := inst.State.Key(a.Prepared.KeyID)
	name, err := i.DID(a.Prepared.Institution)
	if err != nil {
		return err
	}
	if !ok || key.Purpose != institution.ForCredentials || !key.Usable(i.now()) || did.KeyID(name, did.ForCredentials, key.Kid) != a.Prepared.VerificationMethod {
		return errNotSigned()
	}
	signer, err := i.private(ctx, a.Prepared.Institution, key)
	if err != nil {
		return err
	} else if signer == nil {
		return errNotSigned()
	}
	token, err := attested([]byte(a.Payload), a.Prepared.Format, signer, a.Prepared.VerificationMethod, a.Meta.RecordedAt)
	if err != nil {
		return err
	}
	sealed, err := domain.Conceal(act.Subject, domain.ClassRecord, string(token))
	if err != nil {
		return err
	}
	step, err := i.attestationStep(ctx, act, "sign")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(token)
	_, err = i.ledger.RecordAttestation(ctx, step, attestation.AttestationSigned{
		Credential: a.Prepared.Credential, Format: a.Prepared.Format, KeyID: a.Prepared.KeyID,
		Digest: hex.EncodeToString(sum[:]), PayloadSHA256: a.Prepared.PayloadSHA256, Token: sealed,
	})
	if domain.CodeOf(err) == "not_prepared" {
		return nil // another request with the same key was quicker: its token stands
	}
	if err != nil {
		return fmt.Errorf("recording an attestation's signature: %w", err)
	}
	return nil
}

func errNotSigned() error {
	return domain.Refuse(domain.Conflict, "attestation_not_signed", "the key that it was prepared under signs no more, so it will not be signed")
}

// attested is a payload, signed in that form.
func attested(payload []byte, form string, key crypto.Signer, kid string, at time.Time) ([]byte, error) {
	if form != format {
		return dataintegrity.Sign(payload, key, dataintegrity.Options{
			Suite: form, VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: at.Truncate(time.Second),
		})
	}
	signer, err := credential.NewSigner(key, kid)
	if err != nil {
		return nil, err
	}
	token, err := signer.Sign(payload)
	return []byte(token), err
}
