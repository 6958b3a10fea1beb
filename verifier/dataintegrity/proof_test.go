package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
)

var update = flag.Bool("update", false, "write ours.json")

const vectors = "../testdata/vectors/data-integrity/"

type vector struct {
	Name               string          `json:"name"`
	Controller         string          `json:"controller,omitempty"`
	VerificationMethod string          `json:"verificationMethod,omitempty"`
	PublicKey          []string        `json:"publicKey"`
	Document           json.RawMessage `json:"document"`
}

func readVectors(t testing.TB, file string) (all []vector) {
	t.Helper()
	b, err := os.ReadFile(vectors + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// publicKey reads an Ed25519 key as a did:key writes it.
func publicKey(t testing.TB, multibase string) ed25519.PublicKey {
	t.Helper()
	b, err := decode(multibase)
	if err != nil || len(b) != 34 || b[0] != 0xed || b[1] != 1 {
		t.Fatalf("%s is no Ed25519 key: %v", multibase, err)
	}
	return b[2:]
}

// check is what a verifier does with a document and the keys of its proofs.
func check(doc []byte, keys ...crypto.PublicKey) (*credential.Secured, *credential.Refusal) {
	s, refusal := Parse(doc, 1<<20)
	if refusal != nil {
		return nil, refusal
	}
	for i, p := range s.Proofs {
		if refusal := p.Verify(keys[min(i, len(keys)-1)], p.Alg); refusal != nil {
			return nil, refusal
		}
	}
	return s, nil
}

func TestPublishedAndForeignProofsHold(t *testing.T) {
	n := 0
	for _, file := range []string{"w3c.json", "foreign.json", "ours.json"} {
		for _, v := range readVectors(t, file) {
			n++
			var keys []crypto.PublicKey
			for _, k := range v.PublicKey {
				keys = append(keys, publicKey(t, k))
			}
			if _, refusal := check(v.Document, keys...); refusal != nil {
				t.Errorf("%s: %s: %v", file, v.Name, refusal)
			}
			other := seed(99)
			if _, refusal := check(v.Document, other.Public()); refusal == nil || refusal.Reason != credential.BadSignature {
				t.Errorf("%s: %s holds under another key: %v", file, v.Name, refusal)
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d vectors", n)
	}
}

func seed(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

var options = Options{
	VerificationMethod: "did:example:issuer#key-1", Purpose: credential.AssertionMethod,
	Created: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC),
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Ed25519 signs alike each time, so that the file shows every change of what is signed.
func TestOurVectors(t *testing.T) {
	key := seed(8)
	method := append([]byte{0xed, 1}, key.Public().(ed25519.PublicKey)...)
	presentation := options
	presentation.Purpose, presentation.Challenge, presentation.Domain = credential.Authentication, "c-2", []string{"https://verifier.example"}
	var all []vector
	for _, tc := range []struct {
		name, file string
		options    Options
	}{{"a diploma", "diploma.json", options}, {"a status list", "list.json", options}, {"a presentation", "presentation.json", presentation}} {
		doc, err := Sign(sample(t, tc.file), key, tc.options)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, vector{tc.name, "did:example:issuer", options.VerificationMethod, []string{"z" + credential.EncodeBase58(method)}, doc})
	}
	var want bytes.Buffer
	want.WriteString("[\n")
	for i, v := range all {
		b, err := credential.Payload(v)
		if err != nil {
			t.Fatal(err)
		}
		want.Write(b)
		want.WriteString([]string{",\n", "\n]\n"}[i/(len(all)-1)])
	}
	if *update {
		if err := os.WriteFile(vectors+"ours.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(vectors + "ours.json"); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("ours.json is not what is signed now: %v", err)
	}
}

func TestWhatAProofSaysIsRead(t *testing.T) {
	o := options
	o.Purpose, o.Challenge, o.Domain, o.Expires, o.ID = credential.Authentication, "c", []string{"a.example", "b.example"}, o.Created.Add(time.Hour), "urn:uuid:1"
	doc, err := Sign(sample(t, "diploma.json"), seed(1), o)
	if err != nil {
		t.Fatal(err)
	}
	s, refusal := check(doc, seed(1).Public())
	if refusal != nil {
		t.Fatal(refusal)
	}
	p := s.Proofs[0]
	if p.Kid != o.VerificationMethod || p.Alg != "EdDSA" || p.Purpose != credential.Authentication || p.Challenge != "c" ||
		!slices.Equal(p.Audience, o.Domain) || !p.Created.Equal(o.Created) || !p.Expires.Equal(o.Expires) || s.Format != credential.FormatEdDSA2022 {
		t.Errorf("got %+v", p)
	}
	payload, refusal := s.Payload()
	if refusal != nil || payload.Has("proof") || !payload.Has("credentialSubject") || !json.Valid(payload.Raw()) {
		t.Errorf("payload: %v", refusal)
	}
	// The digest is of the text that was signed, whichever proofs were put into it.
	if s.Digest() != sha256.Sum256(sample(t, "diploma.json")) {
		t.Error("the digest is not of the text that was signed")
	}
}

func TestASetOfProofsHoldsWhole(t *testing.T) {
	a, b := seed(1), seed(2)
	doc, err := Sign(sample(t, "diploma.json"), a, options)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = Sign(doc, b, Options{Suite: EdDSAJCS, VerificationMethod: "did:example:other#k", Purpose: credential.AssertionMethod}); err != nil {
		t.Fatal(err)
	}
	s, refusal := check(doc, a.Public(), b.Public())
	if refusal != nil || len(s.Proofs) != 2 {
		t.Fatalf("%v, %+v", refusal, s)
	}
	if _, refusal := check(doc, a.Public(), a.Public()); refusal == nil || refusal.Reason != credential.BadSignature {
		t.Errorf("got %v", refusal)
	}
	// One of a kind that is not known is left out, and said so.
	more := bytes.Replace(doc, []byte(`"proof":[`), []byte(`"proof":[{"type":"DataIntegrityProof","cryptosuite":"bbs-2023","proofValue":"u1"},`), 1)
	if s, refusal = check(more, a.Public(), b.Public()); refusal != nil || len(s.Proofs) != 2 || !slices.Equal(s.Warnings, []string{UnsupportedProof}) {
		t.Errorf("got %v, %+v", refusal, s)
	}
}

func TestProofsOutOfOrderAreRefused(t *testing.T) {
	doc, err := Sign(sample(t, "diploma.json"), seed(1), options)
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) []byte {
		if !bytes.Contains(doc, []byte(old)) {
			t.Fatalf("no %s in the document", old)
		}
		return bytes.Replace(doc, []byte(old), []byte(new), 1)
	}
	value := string(doc[bytes.Index(doc, []byte(`"proofValue":"`))+14 : len(doc)-3])
	proof := string(doc[bytes.Index(doc, []byte(`"proof":`))+8 : len(doc)-1])
	for name, tc := range map[string]struct {
		doc  []byte
		want credential.Reason
	}{
		"no proof":                         {sample(t, "diploma.json"), credential.Unsupported},
		"an empty set":                     {with(`"proof":`+proof, `"proof":[]`), credential.Unsupported},
		"a text":                           {with(proof, `"x"`), credential.BadProof},
		"another cryptosuite":              {with(`"eddsa-rdfc-2022"`, `"ecdsa-sd-2023"`), credential.Unsupported},
		"an unknown cryptosuite":           {with(`"eddsa-rdfc-2022"`, `"eddsa-rdfc-2023"`), credential.Unsupported},
		"another type":                     {with(`"DataIntegrityProof"`, `"JsonWebSignature2020"`), credential.BadProof},
		"an old type":                      {with(`"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022"`, `"type":"MerkleProof2019"`), credential.Unsupported},
		"the type of 2020 for a new proof": {with(`"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022"`, `"type":"Ed25519Signature2020"`), credential.UnmappedTerm},
		"a chain":                          {with(`"proofPurpose"`, `"previousProof":"urn:uuid:1","proofPurpose"`), credential.Unsupported},
		"a chain beside a good proof":      {with(proof, `[`+proof+`,`+strings.Replace(proof, `"proofPurpose"`, `"previousProof":"urn:uuid:1","proofPurpose"`, 1)+`]`), credential.Unsupported},
		"too many":                         {with(proof, `[`+strings.Repeat(proof+",", 8)+proof+`]`), credential.TooComplex},
		"no verification method":           {with(`"verificationMethod":"did:example:issuer#key-1",`, ``), credential.BadProof},
		"an embedded key":                  {with(`"did:example:issuer#key-1"`, `{"id":"did:example:issuer#key-1"}`), credential.BadProof},
		"another method":                   {with(`issuer#key-1`, `issuer#key-2`), credential.BadSignature},
		"no purpose":                       {with(`,"proofPurpose":"assertionMethod"`, ``), credential.BadProof},
		"another purpose":                  {with(`"assertionMethod"`, `"authentication"`), credential.BadSignature},
		"a purpose that is none here":      {with(`"assertionMethod"`, `"capabilityInvocation"`), credential.BadProof},
		"a purpose as an IRI":              {with(`"assertionMethod"`, `"https://w3id.org/security#assertionMethod"`), credential.BadProof},
		"a time without a zone":            {with(`09:00:00Z`, `09:00:00`), credential.BadProof},
		"another time":                     {with(`09:00:00Z`, `09:00:01Z`), credential.BadSignature},
		"an end before the beginning":      {with(`"created"`, `"expires":"2026-06-01T00:00:00Z","created"`), credential.BadProof},
		"an end that nobody signed":        {with(`"created"`, `"expires":"2027-06-01T00:00:00Z","created"`), credential.BadSignature},
		"a challenge that is no text":      {with(`"created"`, `"challenge":1,"created"`), credential.BadProof},
		"a challenge that nobody signed":   {with(`"created"`, `"challenge":"c","created"`), credential.BadSignature},
		"a member that means nothing":      {with(`"created"`, `"extra":"c","created"`), credential.UnmappedTerm},
		"an empty domain":                  {with(`"created"`, `"domain":[""],"created"`), credential.BadProof},
		"no value":                         {with(`,"proofValue":"`+value+`"`, ``), credential.BadProof},
		"a value in another base":          {with(`"`+value+`"`, `"u`+value[1:]+`"`), credential.BadProof},
		"a value that is too short":        {with(value, value[:len(value)-2]), credential.BadProof},
		"a value with a leading zero":      {with(value, "z1"+value[1:]), credential.BadProof},
		"a value with a foreign letter":    {with(value, value[:len(value)-1]+"0"), credential.BadProof},
		"two proofs of one id":             {with(proof, `[`+strings.Repeat(strings.Replace(proof, `{`, `{"id":"urn:uuid:1",`, 1)+",", 1)+strings.Replace(proof, `{`, `{"id":"urn:uuid:1",`, 1)+`]`), credential.BadProof},
		"an @context of its own":           {with(`"created"`, `"@context":{"created":"https://ex.org/c"},"created"`), credential.BadProof},
		"a context fewer":                  {with(`,"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`, ``), credential.UnmappedTerm},
		"another member":                   {with(`"awardedDate"`, `"alteredDate"`), credential.UnmappedTerm},
		"an array":                         {[]byte(`[]`), credential.BadPayload},
		"no JSON":                          {[]byte(`{"proof"`), credential.BadPayload},
		"a member twice":                   {with(`"proof":`, `"Proof":1,"proof":`), credential.AmbiguousJSON},
		"too large":                        {append(bytes.Repeat([]byte(" "), 1<<20), doc...), credential.TooLarge},
		"no context":                       {[]byte(`{"proof":` + proof + `}`), credential.BadPayload},
	} {
		t.Run(name, func(t *testing.T) {
			if _, refusal := check(tc.doc, seed(1).Public()); refusal == nil || refusal.Reason != tc.want {
				t.Errorf("got %v, want %s", refusal, tc.want)
			}
		})
	}
	s, refusal := Parse(doc, len(doc))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if refusal := s.Proofs[0].Verify(seed(1).Public(), "ES256"); refusal == nil || refusal.Reason != credential.AlgNotAllowed {
		t.Errorf("another algorithm: %v", refusal)
	}
	if refusal := s.Proofs[0].Verify("a key", "EdDSA"); refusal == nil || refusal.Reason != credential.AlgNotAllowed {
		t.Errorf("no key at all: %v", refusal)
	}
}

func TestWhatCannotBeSignedIsAnError(t *testing.T) {
	for name, doc := range map[string]string{
		"an unmapped member": `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","grade":1}`,
		"an unknown context": `{"@context":["https://www.w3.org/ns/credentials/v2","https://ex.org/"],"type":"VerifiableCredential"}`,
		"no JSON":            `{`,
		"an array":           `[]`,
	} {
		if _, err := Sign([]byte(doc), seed(1), options); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
	o := options
	o.Purpose = "keyAgreement"
	if _, err := Sign(sample(t, "diploma.json"), seed(1), o); err == nil {
		t.Error("a purpose that is none was signed")
	}
}

// A document that does not say what a proof is learns it.
func TestContextIsInjectedWhereItIsMissing(t *testing.T) {
	const doc = `{"@context":"https://www.w3.org/2018/credentials/v1","type":["VerifiableCredential"],"issuer":"did:example:i","issuanceDate":"2026-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s"}}`
	signed, err := Sign([]byte(doc), seed(1), options)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(signed, []byte(`{"@context":["https://www.w3.org/2018/credentials/v1","https://w3id.org/security/data-integrity/v2"],`)) {
		t.Errorf("got %s", signed)
	}
	if _, refusal := check(signed, seed(1).Public()); refusal != nil {
		t.Error(refusal)
	}
}
