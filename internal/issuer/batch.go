package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// Issue brings a batch of awards to signed credentials, in parallel; those that cannot be
// signed yet are answered as waiting, with the reason. An error means that something may be
// half done; doing the batch again completes it.
func (i *Issuer) Issue(ctx context.Context, events []eventlog.Recorded) error {
	jobs := make([]job, 0, len(events))
	for _, e := range events {
		j, ok, err := i.jobOf(ctx, e)
		if err != nil {
			return err
		}
		if ok {
			jobs = append(jobs, j)
		}
	}
	return i.issue(ctx, jobs)
}

func (i *Issuer) issue(ctx context.Context, jobs []job) error {
	phases := make([]award.Phase, len(jobs))
	if err := i.each(ctx, len(jobs), func(ctx context.Context, n int) error {
		act, err := i.step(ctx, jobs[n], "review")
		if err != nil {
			return err
		}
		s, err := i.ledger.ReviewAward(ctx, act, jobs[n].ref, jobs[n].fact, jobs[n].event, jobs[n].meta)
		if err != nil {
			return fmt.Errorf("deciding again about an award: %w", err)
		}
		ed, _ := s.Edition(jobs[n].fact.Edition)
		phases[n] = ed.Phase
		return nil
	}); err != nil {
		return err
	}
	keys := map[domain.ID]usable{}
	var ready []job
	for n, j := range jobs {
		if phases[n] != award.Awarded && phases[n] != award.Prepared {
			i.done(j)
			continue
		}
		k, ok := keys[j.fact.Institution]
		if !ok {
			var err error
			if k, err = i.usable(ctx, j); err != nil {
				return err
			}
			keys[j.fact.Institution] = k
		}
		switch {
		case k.signer == nil:
			i.hold(ctx, j, noKey)
		case phases[n] == award.Prepared:
			if err := i.resume(ctx, j); err != nil {
				return err
			}
		default:
			ready = append(ready, j)
		}
	}
	places, err := i.assign(ctx, ready)
	if err != nil {
		return err
	}
	return i.each(ctx, len(ready), func(ctx context.Context, n int) error {
		j := ready[n]
		return i.one(ctx, j, keys[j.fact.Institution], places[j.credential])
	})
}

// each runs f for 0 … n-1, as many at once as there are workers.
func (i *Issuer) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(i.workers)
	for k := range n {
		g.Go(func() error { return f(ctx, k) })
	}
	return g.Wait()
}

// assign gives the batch its places: one append an institution, not one a credential.
func (i *Issuer) assign(ctx context.Context, jobs []job) (map[domain.ID]ledger.Place, error) {
	entries := map[domain.ID][]statuslist.Entry{}
	first := map[domain.ID]job{}
	for _, j := range jobs {
		inst := j.fact.Institution
		if _, ok := first[inst]; !ok {
			first[inst] = j
		}
		entries[inst] = append(entries[inst], statuslist.Entry{Award: j.ref.Award, Edition: j.fact.Edition, Credential: j.credential})
	}
	places := map[domain.ID]ledger.Place{}
	for inst, list := range entries {
		act, err := i.step(ctx, first[inst], "status")
		if err != nil {
			return nil, err
		}
		got, err := i.ledger.AssignStatusIndexes(ctx, act, inst, list)
		if err != nil {
			return nil, fmt.Errorf("assigning places in status lists: %w", err)
		}
		for credential, p := range got {
			places[credential] = p
		}
	}
	return places, nil
}

// one prepares and signs. The verifier looks before anything is recorded, so that what
// could not be signed does not block the award.
func (i *Issuer) one(ctx context.Context, j job, k usable, place ledger.Place) error {
	prepared, payload, err := i.compose(ctx, j, k, place)
	if err != nil {
		return i.settle(ctx, j, err)
	}
	if err := i.lint.check(ctx, payload, k.did, i.listURL(j.fact.Institution, place.List, status.Revocation), i.now()); err != nil {
		return i.settle(ctx, j, &lintError{err})
	}
	act, err := i.step(ctx, j, "prepare")
	if err != nil {
		return err
	}
	out, err := i.ledger.PrepareCredential(ctx, act, j.ref, prepared)
	ed, _ := out.State.Edition(j.fact.Edition)
	if domain.CodeOf(err) == "not_awaiting_credential" || err == nil && ed.PayloadSHA256 != prepared.PayloadSHA256 {
		// An earlier run, or another process, recorded a payload under the key of its moment:
		// that one stands.
		return i.resume(ctx, j)
	} else if err != nil {
		return i.settle(ctx, j, fmt.Errorf("recording what will be signed: %w", err))
	}
	return i.settle(ctx, j, i.sign(ctx, j, k.signer, prepared, payload))
}

// resume signs what an earlier run recorded to be signed, with the key it named.
func (i *Issuer) resume(ctx context.Context, j job) error {
	c, err := i.ledger.Issued(ctx, j.tenant, j.ref, j.fact.Edition)
	if err != nil {
		return i.settle(ctx, j, err)
	}
	if ed, _ := c.State.Edition(j.fact.Edition); ed.Phase != award.Prepared {
		i.done(j)
		return nil
	}
	signer, err := i.authorized(ctx, j, c.Prepared.KeyID)
	if err != nil || signer == nil {
		i.hold(ctx, j, keyGone)
		return err
	}
	if c.Prepared.VerificationMethod != signer.KeyID() {
		i.hold(ctx, j, addressChanged)
		return nil
	}
	issuerDID, _, _ := did.Split(signer.KeyID())
	list := i.listURL(j.fact.Institution, c.Prepared.StatusList, status.Revocation)
	if err := i.lint.check(ctx, []byte(c.Payload), issuerDID, list, i.now()); err != nil {
		return i.settle(ctx, j, &lintError{err})
	}
	return i.settle(ctx, j, i.sign(ctx, j, signer, c.Prepared, []byte(c.Payload)))
}

func (i *Issuer) sign(ctx context.Context, j job, signer *credential.Signer, p award.CredentialPrepared, payload []byte) error {
	token, err := signer.Sign(payload)
	if err != nil {
		return err
	}
	sealed, err := domain.Conceal(j.ref.Student, domain.ClassRegister, token)
	if err != nil {
		return err
	}
	act, err := i.step(ctx, j, "sign")
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(token))
	if _, err := i.ledger.RecordSignature(ctx, act, j.ref, award.CredentialSigned{
		Edition: p.Edition, Credential: p.Credential, Format: p.Format, KeyID: p.KeyID,
		Digest: hex.EncodeToString(sum[:]), PayloadSHA256: p.PayloadSHA256, Token: sealed,
	}); err != nil {
		return fmt.Errorf("recording a signature: %w", err)
	}
	return nil
}

// lintError: the verifier would not accept what we were about to sign.
type lintError struct{ err error }

func (e *lintError) Error() string { return e.err.Error() }

// settle notes what became of a job, and passes on what the batch has to be repeated for.
func (i *Issuer) settle(ctx context.Context, j job, err error) error {
	var lint *lintError
	switch code := domain.CodeOf(err); {
	case err == nil:
		i.done(j)
	case errors.As(err, &lint):
		i.logger.ErrorContext(ctx, "the verifier refuses a credential before signing; nothing was signed", "award", j.event.Stream, "edition", j.fact.Edition, "err", err)
		i.hold(ctx, j, lintFailed)
	case errors.Is(err, vault.ErrErased), errors.Is(err, vault.ErrNoKey), code == "personal_data_erased":
		i.logger.WarnContext(ctx, "an award cannot become a credential: the person's data in the diploma register was erased", "award", j.event.Stream)
		i.done(j)
	case code == "not_prepared":
		// Superseded meanwhile, or signed by another process.
		i.done(j)
	default:
		return err
	}
	return nil
}
