package main

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// issuer signs diplomas of the shape that the ledger issues, and is all that its verifiers
// trust.
type issuer struct {
	did    did.Issuer
	key    ed25519.PrivateKey
	signer *credential.Signer
	lister *credential.Signer
	list   string
	now    time.Time
}

func newIssuer(now time.Time) (*issuer, error) {
	id, err := did.Web("https://ledger.example", "7e57")
	if err != nil {
		return nil, err
	}
	i := &issuer{did: did.Issuer{ID: id, Name: "Lycée de la Plage", StatusRequired: true}, now: now, list: "https://ledger.example/status/1"}
	for purpose, signer := range map[did.Purpose]**credential.Signer{did.ForCredentials: &i.signer, did.ForStatus: &i.lister} {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		kid := did.KeyID(id, purpose, "bench")
		if *signer, err = credential.NewSigner(private, kid); err != nil {
			return nil, err
		}
		key, err := did.NewKey(public, kid, purpose, now.AddDate(0, -1, 0))
		if err != nil {
			return nil, err
		}
		i.did.Keys = append(i.did.Keys, key)
		if purpose == did.ForCredentials {
			i.key = private
		}
	}
	return i, nil
}

// diploma is the payload of diploma n.
func (i *issuer) diploma(n int64) ([]byte, error) {
	day := credential.Stamp(i.now.AddDate(0, 0, -1))
	return credential.Payload(credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3},
		ID:      fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n),
		Type:    credential.AchievementTypes,
		Name:    "Licence en informatique",
		Issuer:  credential.Profile{ID: i.did.ID, Type: []string{"Profile"}, Name: i.did.Name},

		ValidFrom: day, AwardedDate: day,
		CredentialSubject: credential.AchievementSubject{
			ID: fmt.Sprintf("urn:uuid:00000000-0000-4000-9000-%012d", n), Type: []string{"AchievementSubject"}, Name: fmt.Sprintf("خريج رقم %d", n),
			Identifier: []credential.Identity{
				{Type: "IdentityObject", IdentityHash: fmt.Sprintf("Graduate %d", n), IdentityType: "name"},
				{Type: "IdentityObject", IdentityHash: "2009-02-03", IdentityType: "ext:birthDate"},
			},
			Achievement: credential.AwardedTitle{
				ID: "urn:uuid:11111111-0000-4000-8000-000000000000", Type: []string{"Achievement"}, AchievementType: "Diploma",
				Name: "Licence en informatique", Description: "Three years", Criteria: credential.Criteria{Narrative: "180 credits"},
				ResultDescription: []credential.ResultDescription{{ID: "urn:uuid:2", Type: []string{"ResultDescription"}, Name: "Mention", ResultType: "Result"}},
			},
			Result: []credential.Result{{Type: []string{"Result"}, ResultDescription: "urn:uuid:2", Value: "Très bien"}},
		},
		CredentialStatus: status.NewEntry(i.list, status.Revocation, int(n)%status.MinEntries),
	})
}

func (i *issuer) issue(n int64) ([]byte, error) {
	payload, err := i.diploma(n)
	if err != nil {
		return nil, err
	}
	token, err := i.signer.Sign(payload)
	return []byte(token), err
}

// listToken is the status list, in which every hundredth diploma is revoked.
func (i *issuer) listToken() ([]byte, error) {
	bits := status.NewBits(0)
	for n := 99; n < status.MinEntries; n += 100 {
		bits.Set(n)
	}
	list, err := status.New(i.list, i.did.ID, status.Revocation, bits, i.now, i.now.AddDate(0, 0, 1), time.Minute)
	if err != nil {
		return nil, err
	}
	payload, err := credential.Payload(list)
	if err != nil {
		return nil, err
	}
	token, err := i.lister.Sign(payload)
	return []byte(token), err
}

func (i *issuer) trust() (*verifier.Store, error) {
	list, err := i.listToken()
	if err != nil {
		return nil, err
	}
	return verifier.NewStore("bundle", bundle.Bundle{
		Now: did.Instant{Time: i.now}, Issuers: []did.Issuer{i.did}, Lists: map[string][]byte{i.list: list},
	})
}
