package jsonld

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"sijil/verifier/credential"
)

// URLs of the contexts that the embedded proofs need by name.
const (
	CredentialsV2   = "https://www.w3.org/ns/credentials/v2"
	CredentialsV1   = "https://www.w3.org/2018/credentials/v1"
	DataIntegrityV2 = "https://w3id.org/security/data-integrity/v2"
)

//go:embed contexts/*.jsonld
var files embed.FS

// pin is a context and the SHA-256 of its text. contexts/README.md says where each came
// from and who publishes the digest.
type pin struct{ url, file, sha256 string }

var pins = []pin{
	{CredentialsV2, "credentials-v2", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"},
	{CredentialsV1, "credentials-v1", "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc"},
	{DataIntegrityV2, "data-integrity-v2", "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4"},
	{"https://w3id.org/security/data-integrity/v1", "data-integrity-v1", "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554"},
	{"https://w3id.org/security/suites/ed25519-2020/v1", "ed25519-signature-2020-v1", "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588"},
	{"https://w3id.org/security/multikey/v1", "multikey-v1", "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597"},
	{"https://www.w3.org/ns/did/v1", "did-v1", "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad"},
	{"https://www.w3.org/ns/credentials/undefined-terms/v2", "undefined-terms-v2", "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581"},
	{"https://www.w3.org/ns/credentials/examples/v2", "examples-v2", "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context.json", "ob-3.0.0", "9f1c8f9f361ba2994b9b50701f41149919542c50c7b7455b2846d87959295d72"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json", "ob-3.0.1", "5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json", "ob-3.0.2", "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "ob-3.0.3", "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761"},
	{"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json", "ob-extensions", "2d013f981d1f4516081a6a04e55468ba2b071d4153b794f19a79715c45a89a5e"},
	{"https://purl.imsglobal.org/spec/clr/v2p0/context.json", "clr-2.0.0", "e198d7b517d74c5036434ce495086f67b10244709e9a3df9dcb7f8b1579b6167"},
	{"https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "clr-2.0.1", "d371397030ae9b16a37c468fac463d37ff441f3a7bb364ddfc964624c573b847"},
}

// library is the pinned contexts, parsed, and what their vocabularies claim.
type library struct {
	contexts map[string]credential.Value // by URL: the @context member
	// names and iris are the terms that they define, at any depth, and what these mean. No
	// other context may define either.
	names, iris map[string]bool
}

var pinned = sync.OnceValue(func() *library {
	l := &library{contexts: map[string]credential.Value{}, names: map[string]bool{}, iris: map[string]bool{}}
	for _, p := range pins {
		text, err := files.ReadFile("contexts/" + p.file + ".jsonld")
		if err != nil {
			panic(err) // it is part of the program
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != p.sha256 {
			panic(fmt.Sprintf("the @context %s is not the one that was pinned", p.url))
		}
		doc, refusal := credential.ParseCased(text)
		if refusal != nil {
			panic(refusal)
		}
		l.contexts[p.url] = doc.Get("@context")
	}
	for _, c := range l.contexts {
		l.claim(c)
	}
	return l
})

// claim notes the terms of a context and of those within it. IRIs are noted as they are
// written, which in these texts is in full but for those that name another term.
func (l *library) claim(c credential.Value) {
	for name, v := range c.Members() {
		if strings.HasPrefix(name, "@") {
			continue
		}
		id, ok := v.Text()
		if !ok {
			id, _ = v.Get("@id").Text()
		}
		if !ok || !strings.HasSuffix(id, "#") && !strings.HasSuffix(id, "/") { // else a prefix, as "xsd"
			l.names[name], l.iris[id] = true, true
		}
		l.claim(v.Get("@context"))
	}
}

// Known reports whether the context at that URL is pinned here.
func Known(url string) bool {
	_, ok := pinned().contexts[url]
	return ok
}
