package institution_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/domain/institution"
	"sijil/internal/scenario"
)

var (
	noon    = time.Date(2025, 6, 2, 12, 0, 0, 0, time.UTC)
	later   = noon.Add(time.Hour)
	pub     = institution.PublicKey{Kty: "OKP", Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	pub2    = institution.PublicKey{Kty: "OKP", Crv: "Ed25519", X: "NQS5708UB7JHhmCp37NlUcsZF-8GfPdwESzpD_oAkjE"}
	ec      = institution.PublicKey{Kty: "EC", Crv: "P-256", X: "OnSPSOrkj67LkwHlzmTJs8XAH51K2beJ8Duze9Mv-Tw", Y: "7xwYRdfBm7TDOfls36okUHSoxgwj8vxZGl5z-x52HLE"}
	key     = institution.SigningKeyAuthorized{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub, ValidFrom: noon}
	retired = institution.SigningKeyRetired{Kid: "k1", ValidUntil: later}
	leaked  = institution.SigningKeyCompromised{Kid: "k1", CompromisedAt: later}
)

func authorize(change ...func(*institution.AuthorizeKey)) institution.AuthorizeKey {
	a := institution.AuthorizeKey{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub, ValidFrom: noon}
	for _, f := range change {
		f(&a)
	}
	return a
}

func TestKeys(t *testing.T) {
	open := f{registered}
	bad := func(change func(*institution.AuthorizeKey), code string) c {
		return c{Given: open, When: authorize(change), Code: code}
	}
	retire := func(at time.Time) institution.Command {
		return institution.RetireKey{Kid: "k1", ValidUntil: at}
	}
	leak := func(at time.Time) institution.Command {
		return institution.ReportKeyCompromise{Kid: "k1", CompromisedAt: at, Now: later.Add(time.Minute)}
	}
	scenario.Run(t, institution.Decider, map[string]c{
		"no key is good for the time before it was registered": bad(func(a *institution.AuthorizeKey) { a.Now = noon.Add(institution.KeyGrace + time.Second) }, "invalid_field"),
		"a day late is in time":                                {Given: open, When: authorize(func(a *institution.AuthorizeKey) { a.Now = noon.Add(institution.KeyGrace) }), Then: f{key}},
		"a key is authorized":                                  {Given: open, When: authorize(), Then: f{key}},
		"an elliptic key is authorized": {
			Given: open, When: authorize(func(a *institution.AuthorizeKey) { a.Alg, a.PublicKeyJwk = "ES256", ec }),
			Then: f{institution.SigningKeyAuthorized{Kid: "k1", Alg: "ES256", Purpose: institution.ForCredentials, PublicKeyJwk: ec, ValidFrom: noon}},
		},
		"an instant elsewhere in the world is kept in UTC": {
			Given: open, When: authorize(func(a *institution.AuthorizeKey) { a.ValidFrom = noon.In(time.FixedZone("", 3600)) }), Then: f{key},
		},
		"the same key again changes nothing":           {Given: f{registered, key}, When: authorize()},
		"a kid is never given to another key":          {Given: f{registered, key}, When: authorize(func(a *institution.AuthorizeKey) { a.PublicKeyJwk = pub2 }), Code: "kid_taken"},
		"a kid is not freed by retirement":             {Given: f{registered, key, retired}, When: authorize(func(a *institution.AuthorizeKey) { a.PublicKeyJwk = pub2 }), Code: "kid_taken"},
		"a key has one name and one purpose":           {Given: f{registered, key}, When: authorize(func(a *institution.AuthorizeKey) { a.Kid, a.Purpose = "k2", institution.ForStatus }), Code: "key_taken"},
		"a closed school gets no credential key":       {Given: f{registered, shut}, When: authorize(), Code: "institution_not_operating"},
		"a kid that is a path is refused":              bad(func(a *institution.AuthorizeKey) { a.Kid = "../k" }, "invalid_field"),
		"a kid of two dots is refused":                 bad(func(a *institution.AuthorizeKey) { a.Kid = ".." }, "invalid_field"),
		"no algorithm is refused":                      bad(func(a *institution.AuthorizeKey) { a.Alg = "none" }, "invalid_field"),
		"an HMAC is refused":                           bad(func(a *institution.AuthorizeKey) { a.Alg = "HS256" }, "invalid_field"),
		"a key of another algorithm is refused":        bad(func(a *institution.AuthorizeKey) { a.Alg = "ES256" }, "invalid_field"),
		"a key of another curve is refused":            bad(func(a *institution.AuthorizeKey) { a.Alg, a.PublicKeyJwk = "ES384", ec }, "invalid_field"),
		"a key with padding is refused":                bad(func(a *institution.AuthorizeKey) { a.PublicKeyJwk.X += "=" }, "invalid_field"),
		"a key of non-canonical base64 is refused":     bad(func(a *institution.AuthorizeKey) { a.PublicKeyJwk.X = a.PublicKeyJwk.X[:42] + "p" }, "invalid_field"),
		"an unknown purpose is refused":                bad(func(a *institution.AuthorizeKey) { a.Purpose = "access-token" }, "invalid_field"),
		"a key valid from no instant is refused":       bad(func(a *institution.AuthorizeKey) { a.ValidFrom = time.Time{} }, "invalid_field"),
		"a key is retired":                             {Given: f{registered, key}, When: retire(later), Then: f{retired}},
		"a retirement again changes nothing":           {Given: f{registered, key, retired}, When: retire(later)},
		"a retirement is not moved":                    {Given: f{registered, key, retired}, When: retire(later.Add(1)), Code: "key_retired"},
		"a key is not retired before it began":         {Given: f{registered, key}, When: retire(noon), Code: "invalid_field"},
		"an unknown key is not retired":                {Given: open, When: retire(later), Code: "key_unknown"},
		"a key leaks":                                  {Given: f{registered, key}, When: leak(later), Then: f{leaked}},
		"a retired key leaks":                          {Given: f{registered, key, retired}, When: leak(later), Then: f{leaked}},
		"a leak turns out to be older":                 {Given: f{registered, key, leaked}, When: leak(noon), Then: f{institution.SigningKeyCompromised{Kid: "k1", CompromisedAt: noon}}},
		"a leak is not talked down":                    {Given: f{registered, key, leaked}, When: leak(later.Add(1)), Code: "key_compromised"},
		"a leak to come is refused":                    {Given: f{registered, key}, When: leak(later.Add(time.Hour)), Code: "date_in_future"},
		"a leak at no instant is refused":              {Given: f{registered, key}, When: leak(time.Time{}), Code: "invalid_field"},
		"an unknown key does not leak":                 {Given: open, When: leak(noon), Code: "key_unknown"},
		"a closed school gets a key for status alone":  {Given: f{registered, shut}, When: authorize(func(a *institution.AuthorizeKey) { a.Purpose = institution.ForStatus }), Then: f{statusKey}},
		"a second key may overlap the first":           {Given: f{registered, key}, When: authorize(func(a *institution.AuthorizeKey) { a.Kid, a.PublicKeyJwk = "k2", pub2 }), Then: f{institution.SigningKeyAuthorized{Kid: "k2", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub2, ValidFrom: noon}}},
		"a key of an unknown institution is not known": {When: authorize(), Code: "not_found"},
	})
}

var statusKey = institution.SigningKeyAuthorized{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForStatus, PublicKeyJwk: pub, ValidFrom: noon}

// TestKeyIsUsableOnlyBetweenAuthorizedAndRetired is the law, over any order of key commands.
func TestKeyIsUsableOnlyBetweenAuthorizedAndRetired(t *testing.T) {
	hour := rapid.Custom(func(t *rapid.T) time.Time {
		return noon.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "hour")) * time.Hour)
	})
	kids := rapid.SampledFrom([]string{"k1", "k2"})
	command := rapid.Custom(func(t *rapid.T) institution.Command {
		kid, at := kids.Draw(t, "kid"), hour.Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			public := map[string]institution.PublicKey{"k1": pub, "k2": pub2}[kid]
			return institution.AuthorizeKey{Kid: kid, Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: public, ValidFrom: at}
		case 1:
			return institution.RetireKey{Kid: kid, ValidUntil: at}
		}
		return institution.ReportKeyCompromise{Kid: kid, CompromisedAt: at, Now: noon.Add(30 * time.Hour)}
	})
	rapid.Check(t, func(t *rapid.T) {
		s := institution.Decider.Fold(institution.State{}, registered)
		type life struct{ from, until, leak time.Time }
		lives := map[string]life{}
		for _, cmd := range rapid.SliceOfN(command, 1, 12).Draw(t, "commands") {
			facts, err := institution.Decider.Decide(s, cmd)
			if err != nil {
				continue
			}
			s = institution.Decider.Fold(s, facts...)
			for _, e := range facts {
				switch e := e.(type) {
				case institution.SigningKeyAuthorized:
					lives[e.Kid] = life{from: e.ValidFrom}
				case institution.SigningKeyRetired:
					l := lives[e.Kid]
					l.until = e.ValidUntil
					lives[e.Kid] = l
				case institution.SigningKeyCompromised:
					l := lives[e.Kid]
					if !l.leak.IsZero() && !e.CompromisedAt.Before(l.leak) {
						t.Fatal("a compromise moved later")
					}
					l.leak = e.CompromisedAt
					lives[e.Kid] = l
				}
			}
		}
		when := hour.Draw(t, "when")
		usable := map[string]bool{}
		for _, k := range s.UsableKeys(institution.ForCredentials, when) {
			usable[k.Kid] = true
		}
		for kid, l := range lives {
			want := !when.Before(l.from) && (l.until.IsZero() || when.Before(l.until)) && l.leak.IsZero()
			if usable[kid] != want {
				t.Fatalf("key %s at %s: usable %v, want %v (%+v)", kid, when, usable[kid], want, l)
			}
		}
		if len(s.UsableKeys(institution.ForStatus, when)) > 0 {
			t.Fatal("a credential key is usable for status lists")
		}
	})
}
