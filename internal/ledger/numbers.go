package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"sijil/domain"
	"sijil/domain/identifier"
	"sijil/domain/student"
	"sijil/internal/eventlog"
)

// number is an identification on its way into the record: cleaned, and its stream known.
type number struct {
	student.Identification
	link   domain.ID
	stream string
	holder domain.ID
}

// numberOf cleans an identification and derives where it is reserved, and for whom.
func (l *Ledger) numberOf(ctx context.Context, act Act, who, link domain.ID, in student.Identification) (number, error) {
	clean, stream, err := l.numberStream(ctx, act.Tenant, in)
	if err != nil {
		return number{}, err
	}
	holder, err := l.holder(ctx, act.Tenant, who, link)
	return number{clean, link, stream, holder}, err
}

// numberStream is the stream that holds a number: named by a keyed hash, so that nobody
// without the key can tell which number it is, or find one.
func (l *Ledger) numberStream(ctx context.Context, tenant domain.ID, in student.Identification) (student.Identification, string, error) {
	clean, normal, err := cleanNumber(in)
	if err != nil {
		return clean, "", err
	}
	// A country has one national id, whichever list of codes names it.
	system := string(clean.System)
	if clean.National() {
		system = "National"
	}
	mac, err := l.vault.MAC(ctx, tenant, "identifier/"+strconv.Itoa(identifier.KeyVersion), system, clean.Assigner, normal)
	if err != nil {
		return clean, "", fmt.Errorf("hashing an identifier: %w", err)
	}
	return clean, identifier.StreamName(identifier.KeyVersion, mac), nil
}

func (l *Ledger) holder(ctx context.Context, tenant, who, link domain.ID) (domain.ID, error) {
	mac, err := l.vault.MAC(ctx, tenant, "identifier-holder", string(who), string(link))
	if err != nil {
		return "", fmt.Errorf("hashing a holder: %w", err)
	}
	return domain.KeyedID(mac), nil
}

// reserve takes the numbers, each in its own stream, or refuses before the first when one
// of them is taken. A crash after it leaves reservations whose link never comes: the same command
// completes them, and [Ledger.TidyReservation] releases what nobody completes.
func (l *Ledger) reserve(ctx context.Context, act Act, who domain.ID, numbers []number) error {
	commands := make([]identifier.Command, len(numbers))
	for i, n := range numbers {
		for _, other := range numbers[:i] {
			if other.stream == n.stream {
				return domain.Refuse(domain.Invalid, "invalid_field", "the same identifier is named twice")
			}
		}
		ref, err := domain.Conceal(act.Tenant, domain.ClassRegister, identifier.Reference{Student: who, Link: n.link})
		if err != nil {
			return err
		}
		commands[i] = identifier.Reserve{Holder: n.holder, Student: ref}
		if err := rehearse(ctx, l, identifier.Decider, n.stream, act, commands[i]); err != nil {
			return err
		}
	}
	for i, n := range numbers {
		if _, err := Execute(ctx, l, identifier.Decider, n.stream, act, Just(commands[i])); err != nil {
			return err
		}
	}
	return nil
}

// newLink is the number as the student's stream takes it.
func (n number) newLink(who domain.ID) (student.NewLink, error) {
	p, err := domain.Conceal(who, domain.ClassRecord, n.Identification)
	return student.NewLink{ID: n.link, National: n.National(), Number: p}, err
}

// reference is who holds a number: the last reservation of its stream, opened.
func (l *Ledger) reference(ctx context.Context, tenant domain.ID, stream string) (ref identifier.Reference, at eventlog.Recorded, held bool, err error) {
	var last identifier.IdentifierReserved
	for e, err := range l.log.Read(ctx, stream, 0) {
		if err != nil {
			return ref, at, false, fmt.Errorf("reading who holds an identifier: %w", err)
		}
		fact, err := Decode(e)
		if err != nil {
			return ref, at, false, err
		}
		switch f := fact.(type) {
		case identifier.IdentifierReserved:
			last, at, held = f, e, true
		case identifier.IdentifierReleased:
			held = false
		}
	}
	if !held {
		return ref, at, false, nil
	}
	return ref, at, true, l.open(ctx, tenant, last.Student, &ref)
}

// opened is open, with ok=false for what was erased.
func (l *Ledger) opened(ctx context.Context, tenant domain.ID, p domain.Private, v any) (ok bool, err error) {
	err = l.open(ctx, tenant, p, v)
	if domain.CodeOf(err) == "personal_data_erased" {
		return false, nil
	}
	return err == nil, err
}

// rehearse decides a command without recording anything: what would be refused is
// refused before a number is taken for it. A no from an old state is no answer.
func rehearse[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], stream string, act Act, cmd C) error {
	for range maxDecisions {
		s, err := Load(ctx, l, d, stream, act)
		if err != nil {
			return err
		}
		if _, err = d.Decide(s.State, cmd); err == nil {
			return nil
		}
		stale, serr := l.stale(ctx, stream, fold{revision: s.Revision})
		if serr != nil || !stale {
			return errors.Join(serr, err)
		}
		l.folds.drop(stream)
	}
	return domain.Refuse(domain.Unready, "too_busy", "others keep writing to the same record; repeat with the same Idempotency-Key")
}
