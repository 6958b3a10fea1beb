package issuer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
)

// reason is why an award waits, and what ends that.
type reason string

const (
	noKey          reason = "the institution has no usable pair of signing keys here: run `sijil keys authorize --institution %s`, and let a second officer approve"
	keyGone        reason = "the key that the prepared credential of institution %s names is retired, compromised or not here: restore its file, or correct the award so that a new edition is prepared"
	addressChanged reason = "the credential was prepared under another public URL: serve institution %s under the former one, or correct the award so that a new edition is prepared"
	lintFailed     reason = "the verifier refuses the credential of institution %s; the log says why"
)

// wait is one award that cannot be signed yet.
type wait struct {
	job    job
	reason reason
}

// tellAgain is how often the operator hears of the same cause.
const tellAgain = 10 * time.Minute

func (j job) name() string { return j.event.Stream + "/" + strconv.Itoa(j.fact.Edition) }

// hold keeps an award for later, and tells the operator why, once in a while.
func (i *Issuer) hold(ctx context.Context, j job, why reason) {
	i.mu.Lock()
	i.waiting[j.name()] = wait{j, why}
	topic := string(j.fact.Institution) + string(why)
	tell := i.now().Sub(i.told[topic]) >= tellAgain
	if tell {
		i.told[topic] = i.now()
	}
	i.mu.Unlock()
	if tell {
		i.logger.WarnContext(ctx, "awards wait to be signed: "+fmt.Sprintf(string(why), j.fact.Institution), "institution", j.fact.Institution, "award", j.event.Stream)
	}
}

func (i *Issuer) done(j job) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.waiting, j.name())
}

// Waiting is why awards of an institution are not signed yet, and how many.
type Waiting struct {
	Institution domain.ID
	// Cause says what is missing and what ends that.
	Cause  string
	Awards int
}

// Waiting lists what keeps awards from being signed; none when everything is.
func (i *Issuer) Waiting() []Waiting {
	i.mu.Lock()
	defer i.mu.Unlock()
	count := map[Waiting]int{}
	for _, w := range i.waiting {
		count[Waiting{Institution: w.job.fact.Institution, Cause: fmt.Sprintf(string(w.reason), w.job.fact.Institution)}]++
	}
	list := make([]Waiting, 0, len(count))
	for w, n := range count {
		w.Awards = n
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Waiting) int {
		return cmp.Or(cmp.Compare(a.Institution, b.Institution), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}

// held are the waiting awards in the order of the log.
func (i *Issuer) held() []wait {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]wait, 0, len(i.waiting))
	for _, w := range i.waiting {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b wait) int { return cmp.Compare(a.job.event.Position, b.job.event.Position) })
	return list
}

// firstHeld is the place of the first award that waits; waits is false when none does.
func (i *Issuer) firstHeld() (first eventlog.Position, waits bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, w := range i.waiting {
		if p := w.job.event.Position; !waits || p < first {
			first, waits = p, true
		}
	}
	return first, waits
}
