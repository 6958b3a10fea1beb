package ledger

import (
	"context"
	"fmt"
	"strconv"

	"sijil/domain"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
)

// maxAssign bounds how many places one append gives: about 600 bytes each, of the
// megabyte an append may have.
const maxAssign = 1000

// Place is a credential's place in a status list.
type Place struct {
	// List is the number of the institution's list.
	List int
	// Index counts from 0.
	Index int
}

// AssignStatusIndexes gives every credential a place in one of the institution's lists, the
// same one whenever it is asked again. name derives each append's identity from what made
// the caller act. The lists are those of the institution of act.
func (l *Ledger) AssignStatusIndexes(ctx context.Context, act Act, institution domain.ID, entries []statuslist.Entry) (map[domain.ID]Place, error) {
	places := make(map[domain.ID]Place, len(entries))
	rest := entries
	for n := 1; len(rest) > 0; n++ {
		list, err := Load(ctx, l, statuslist.Decider, statuslist.Stream(institution, n), act)
		if err != nil {
			return nil, fmt.Errorf("loading a status list: %w", err)
		}
		// A list that is full keeps those it has; the next one takes the others.
		rest = without(rest, n, list.State, places)
		for list.Revision == eventlog.NoStream || !list.State.Full() {
			if len(rest) == 0 {
				return places, nil
			}
			some := rest[:min(len(rest), maxAssign)]
			if list.Revision != eventlog.NoStream {
				some = some[:min(len(some), list.State.Room())]
			}
			list.State, err = l.assign(ctx, act, institution, n, some)
			if domain.CodeOf(err) == "status_list_full" || domain.CodeOf(err) == "status_list_closed" {
				break // another issuer filled it meanwhile, or its key is another
			} else if err != nil {
				return nil, err
			}
			list.Revision = 0
			rest = without(rest, n, list.State, places)
		}
	}
	return places, nil
}

// without notes the places of those the list has, and returns the others.
func without(entries []statuslist.Entry, n int, s statuslist.State, places map[domain.ID]Place) []statuslist.Entry {
	var rest []statuslist.Entry
	for _, e := range entries {
		if at, ok := s.IndexOf(e.Credential); ok {
			places[e.Credential] = Place{n, at}
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

func (l *Ledger) assign(ctx context.Context, act Act, institution domain.ID, n int, entries []statuslist.Entry) (statuslist.State, error) {
	key, err := l.vault.MAC(ctx, act.Tenant, "status list", string(institution), strconv.Itoa(n))
	if err != nil {
		return statuslist.State{}, fmt.Errorf("deriving a status list's key: %w", err)
	}
	// The first of them names the command: it has no place yet, so it was in no earlier one.
	r := act.Request
	r.Key += "/" + strconv.Itoa(n) + "/" + string(entries[0].Credential)
	if act, err = l.Begin(ctx, r); err != nil {
		return statuslist.State{}, err
	}
	out, err := Execute(ctx, l, statuslist.Decider, statuslist.Stream(institution, n), act, Just[statuslist.Command](statuslist.AssignIndexes{
		Institution: institution, Number: n, Length: statuslist.MinLength, Key: key, Entries: entries,
	}))
	return out.State, err
}

// StatusList is an institution's n-th list as it stands.
func (l *Ledger) StatusList(ctx context.Context, act Act, institution domain.ID, n int) (Loaded[statuslist.State], error) {
	list, err := Load(ctx, l, statuslist.Decider, statuslist.Stream(institution, n), act)
	if err != nil {
		return list, fmt.Errorf("loading a status list: %w", err)
	}
	return list, nil
}
