package ledger

import (
	"context"
	"errors"
	"fmt"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/domain/award"
	"sijil/internal/eventlog"
)

// Diploma names an edition of an award.
type Diploma struct {
	award.Ref
	Edition int
}

// AttestationID is the id of the attestation that the command asks for: a retry gets the same one.
func AttestationID(act Act) domain.ID { return act.ID("attestation") }

// Attestation is an attestation as it stands; zero when there is none.
func (l *Ledger) Attestation(ctx context.Context, act Act, id domain.ID) (Loaded[attestation.State], error) {
	a, err := Load(ctx, l, attestation.Decider, attestation.Decider.Stream(id), act)
	if err != nil {
		return a, fmt.Errorf("loading an attestation: %w", err)
	}
	return a, nil
}

// ReachAttestation is Attestation for an institution that may decide about it: the one in whose
// name it is, or one above. Any other is refused as not_found.
func (l *Ledger) ReachAttestation(ctx context.Context, act Act, id domain.ID) (Loaded[attestation.State], error) {
	a, err := l.Attestation(ctx, act, id)
	if err != nil {
		return a, err
	}
	if !a.Exists() {
		return a, errNotFound()
	}
	if within, err := l.Within(ctx, act, a.State.Institution, act.Institution); err != nil {
		return a, err
	} else if !within {
		return a, errNotFound()
	}
	return a, nil
}

// PrepareAttestation records what will be signed, and who asked for it. A command that was
// executed before is answered from what it recorded then, whatever p says now;
// idempotency_key_reused when it had another body.
func (l *Ledger) PrepareAttestation(ctx context.Context, act Act, id domain.ID, p attestation.AttestationPrepared, inputs []eventlog.Input) (Outcome[attestation.State, attestation.Event], error) {
	return Execute(ctx, l, attestation.Decider, attestation.Decider.Stream(id), act, func(context.Context) (attestation.Command, []eventlog.Input, error) {
		return attestation.Prepare{AttestationPrepared: p}, inputs, nil
	})
}

// RecordAttestation records what was signed. When it returns, the token may leave the house.
func (l *Ledger) RecordAttestation(ctx context.Context, act Act, s attestation.AttestationSigned) (Outcome[attestation.State, attestation.Event], error) {
	return Execute(ctx, l, attestation.Decider, attestation.Decider.Stream(s.Credential), act, Just[attestation.Command](attestation.Sign{AttestationSigned: s}))
}

// Attested is an attestation as the log holds it, opened.
type Attested struct {
	Prepared attestation.AttestationPrepared
	// Event is the one that recorded Prepared.
	Event  eventlog.Recorded
	Meta   eventlog.Meta
	Signed attestation.AttestationSigned
	// Payload and Token are empty before it is prepared and signed.
	Payload, Token string
	State          attestation.State
	// Position is that of the signature, 0 before it.
	Position eventlog.Position
}

// Attested reads an attestation with its payload and its token. not_found when there is none in
// the tenant; vault.ErrErased when its key is gone.
func (l *Ledger) Attested(ctx context.Context, tenant, id domain.ID) (Attested, error) {
	var a Attested
	stream := attestation.Decider.Stream(id)
	for e, err := range l.log.Read(ctx, stream, 0) {
		if err != nil {
			return a, fmt.Errorf("reading an attestation: %w", err)
		}
		m, err := eventlog.DecodeMeta(e.Meta)
		if err != nil || domain.ID(m.Tenant) != tenant {
			return Attested{}, errors.Join(err, errNotFound())
		}
		fact, err := Decode(e)
		if err != nil {
			return a, err
		}
		f, ok := fact.(attestation.Event)
		if !ok {
			return a, fmt.Errorf("a %T stands in stream %s", fact, stream)
		}
		a.State = attestation.Decider.Evolve(a.State, f)
		switch f := f.(type) {
		case attestation.AttestationPrepared:
			a.Prepared, a.Event, a.Meta = f, e, m
		case attestation.AttestationSigned:
			a.Signed, a.Position = f, e.Position
		}
	}
	if a.State.Phase == 0 {
		return Attested{}, errNotFound()
	}
	var err error
	if a.Payload, err = l.OpenText(ctx, tenant, a.Prepared.Payload); err != nil {
		return a, err
	}
	a.Token, err = l.OpenText(ctx, tenant, a.Signed.Token)
	return a, err
}

// ProposeAttestationRevocation is the first half of a revocation, by the institution in whose
// name it is or one above.
func (l *Ledger) ProposeAttestationRevocation(ctx context.Context, act Act, id domain.ID, why attestation.ReasonClass) (Written, error) {
	revocation := act.ID("revocation")
	return l.endAttestation(ctx, act, id, revocation, attestation.ProposeRevocation{Revocation: revocation, Reason: why, Authority: act.Institution, By: act.Actor})
}

// ApproveAttestationRevocation is the second half, by another token subject. It is final.
func (l *Ledger) ApproveAttestationRevocation(ctx context.Context, act Act, id, revocation domain.ID) (Written, error) {
	return l.endAttestation(ctx, act, id, revocation, attestation.ApproveRevocation{Revocation: revocation, By: act.Actor})
}

func (l *Ledger) endAttestation(ctx context.Context, act Act, id, revocation domain.ID, cmd attestation.Command) (Written, error) {
	// The body names no person, so its hash is the tenant's, as with diplomas.
	if _, err := l.ReachAttestation(ctx, act, id); err != nil {
		return Written{}, err
	}
	out, err := Execute(ctx, l, attestation.Decider, attestation.Decider.Stream(id), act, Just(cmd))
	return writtenAs(revocation, out, err)
}
