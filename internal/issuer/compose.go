package issuer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/graduationplan"
	"sijil/internal/ledger"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// format is the one this package signs.
const format = credential.Typ

// compose is exactly what will be signed for an award: the payload and what names it. All
// of it follows from the award's event, the key and the place in the status list.
func (i *Issuer) compose(ctx context.Context, j job, k usable, place ledger.Place) (award.CredentialPrepared, []byte, error) {
	none := award.CredentialPrepared{}
	claims, err := i.ledger.Claims(ctx, j.tenant, j.fact)
	if err != nil {
		return none, nil, err
	}
	plan, err := ledger.Load(ctx, i.ledger, graduationplan.Decider, graduationplan.Decider.Stream(j.fact.Plan), i.act(j))
	if err != nil {
		return none, nil, fmt.Errorf("loading a graduation plan: %w", err)
	}
	version, _ := plan.State.Version(j.fact.PlanVersion)
	subject, err := i.ledger.Vault().MAC(ctx, j.tenant, "credential subject", string(j.id()))
	if err != nil {
		return none, nil, fmt.Errorf("deriving a subject: %w", err)
	}
	list := i.listURL(j.fact.Institution, place.List, status.Revocation)
	title := joined(j.fact.Title)
	results, descriptions := resultsOf(claims, j.ref.Program)
	payload, err := credential.Payload(credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3},
		ID:      "urn:uuid:" + string(j.credential),
		Type:    credential.AchievementTypes,
		Name:    title,
		Issuer:  credential.Profile{ID: k.did, Type: []string{"Profile"}, Name: joined(k.institution.NameOn(j.fact.AwardDate).Name)},
		// The credential holds from its recording on; the day on the diploma stands beside it.
		ValidFrom:   credential.Stamp(later(j.meta.RecordedAt, k.key.ValidFrom)),
		AwardedDate: credential.Stamp(j.fact.AwardDate.Time()),
		CredentialSubject: credential.AchievementSubject{
			ID: "urn:uuid:" + string(domain.KeyedID(subject)), Type: []string{"AchievementSubject"},
			Name: firstName(claims), Identifier: identities(claims),
			Achievement: credential.AwardedTitle{
				ID: "urn:uuid:" + string(j.ref.Program), Type: []string{"Achievement"}, AchievementType: j.fact.AchievementType,
				Name: title, Description: title,
				Criteria:          credential.Criteria{Narrative: joined(version.Name) + " (" + strconv.Itoa(j.fact.PlanVersion) + ")"},
				ResultDescription: descriptions,
			},
			CreditsEarned: creditsOf(claims), Result: results,
		},
		CredentialStatus: status.NewEntry(list, status.Revocation, place.Index),
	})
	if err != nil {
		return none, nil, fmt.Errorf("composing a credential: %w", err)
	}
	sealed, err := domain.Conceal(j.ref.Student, domain.ClassRegister, string(payload))
	if err != nil {
		return none, nil, err
	}
	sum := sha256.Sum256(payload)
	return award.CredentialPrepared{
		Edition: j.fact.Edition, Credential: j.credential, Format: format,
		KeyID: k.key.Kid, VerificationMethod: did.KeyID(k.did, did.ForCredentials, k.key.Kid),
		StatusList: place.List, StatusIndex: place.Index,
		PayloadSHA256: hex.EncodeToString(sum[:]), Payload: sealed,
	}, payload, nil
}

// later is the later of two instants in whole seconds, the key's rounded up: a credential
// never claims to be older than its key.
func later(recorded, key time.Time) time.Time {
	if up := key.Truncate(time.Second); up.Equal(key) {
		key = up
	} else {
		key = up.Add(time.Second)
	}
	if at := recorded.Truncate(time.Second); at.After(key) {
		return at
	}
	return key
}

// rightToLeft are languages whose script runs that way.
var rightToLeft = map[string]bool{"ar": true, "fa": true, "he": true, "ur": true}

// joined is a text in all its languages on one line, as bilingual diplomas print it: left
// to right scripts first, so that the line's direction is the same everywhere.
func joined(t domain.Text) string {
	tags := make([]string, 0, len(t))
	for tag := range t {
		tags = append(tags, tag)
	}
	rank := func(tag string) int {
		if lang, _, _ := strings.Cut(tag, "-"); rightToLeft[lang] {
			return 1
		}
		return 0
	}
	slices.SortFunc(tags, func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	var all []string
	for _, tag := range tags {
		if !slices.Contains(all, t[tag]) {
			all = append(all, t[tag])
		}
	}
	return strings.Join(all, " · ")
}

func firstName(c award.Claims) string {
	if len(c.Names) == 0 {
		return ""
	}
	return c.Names[0].Full
}

// identities are the other spellings of the name, the day of birth and, where there is no
// name, the school's number (Open Badges 3.0 IdentityObject; "ext:" marks our own kind).
func identities(c award.Claims) []credential.Identity {
	var all []credential.Identity
	add := func(kind, value string) {
		if value != "" {
			all = append(all, credential.Identity{Type: "IdentityObject", IdentityHash: value, IdentityType: kind})
		}
	}
	for n, name := range c.Names {
		if n > 0 {
			add("name", name.Full)
		}
	}
	add("ext:birthDate", string(c.Birth))
	add("ext:birthCity", c.City)
	add("identifier", c.Number)
	return all
}
