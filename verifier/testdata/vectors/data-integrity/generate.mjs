// Makes jsonld.json and foreign.json with another implementation, and checks ours.json with
// it. See README.md for how to run it.
import fs from 'node:fs';
import path from 'node:path';
import jsonld from 'jsonld';
import * as rdfCanonize from 'rdf-canonize';
import jsigs from 'jsonld-signatures';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';

const here = path.dirname(new URL(import.meta.url).pathname);
const contexts = path.join(here, '../../../jsonld/contexts');
const pins = [...fs.readFileSync(path.join(contexts, '../pinned.go'), 'utf8').matchAll(/\{("[^"]+"|\w+), "([\w.-]+)", "[0-9a-f]{64}"\}/g)]
  .map(([, url, file]) => [url.startsWith('"') ? JSON.parse(url) : {
    CredentialsV2: 'https://www.w3.org/ns/credentials/v2', CredentialsV1: 'https://www.w3.org/2018/credentials/v1',
    DataIntegrityV2: 'https://w3id.org/security/data-integrity/v2'}[url], file]);
const known = new Map(pins.map(([url, file]) => [url, JSON.parse(fs.readFileSync(path.join(contexts, file + '.jsonld'), 'utf8'))]));
const documentLoader = async url => {
  if(!known.has(url)) { throw new Error('not pinned: ' + url); }
  return {contextUrl: null, documentUrl: url, document: known.get(url), tag: 'static'};
};
const canonical = async doc => {
  const dataset = await jsonld.toRDF(doc, {documentLoader, base: null, safe: true, rdfDirection: 'i18n-datatype', produceGeneralizedRdf: false});
  return rdfCanonize.canonize(dataset, {algorithm: 'RDFC-1.0', format: 'application/n-quads', maxWorkFactor: 3});
};

const V2 = 'https://www.w3.org/ns/credentials/v2', V1 = 'https://www.w3.org/2018/credentials/v1';
const OB = v => `https://purl.imsglobal.org/spec/ob/v3p0/context${v}.json`;
const EX = 'https://www.w3.org/ns/credentials/examples/v2';
const diploma = extra => ({
  '@context': [V2, OB('-3.0.3')], id: 'urn:uuid:6f6b0a6e-4a06-4b7e-8f4f-0a2d0f6b1c11',
  type: ['VerifiableCredential', 'OpenBadgeCredential'], name: 'Master · ماجستير',
  issuer: {id: 'did:web:ledger.example:institutions:1', type: ['Profile'], name: 'École supérieure'},
  validFrom: '2026-06-30T08:00:00Z', awardedDate: '2026-06-30T00:00:00Z',
  credentialSubject: {
    id: 'urn:uuid:0b1e7cfe-1bd2-4d6a-9b38-7a3c9f2f0c22', type: ['AchievementSubject'], name: 'Amra Ćosić',
    identifier: [{type: 'IdentityObject', hashed: false, identityHash: 'عمرة', identityType: 'name'},
      {type: 'IdentityObject', hashed: false, identityHash: '2001-02-03', identityType: 'ext:birthDate'}],
    activityStartDate: '2024-10-01', activityEndDate: '2026-06-15', creditsEarned: 120, licenseNumber: 'L-1',
    achievement: {
      id: 'urn:uuid:3f0a54d0-7a4e-4a54-8b39-6b8a6f2b9d33', type: ['Achievement'], achievementType: 'MasterDegree',
      name: 'Master', description: 'Master of "Science"\n\\ two lines', criteria: {narrative: 'Plan 3'}, humanCode: 'M1', fieldOfStudy: 'Maths',
      inLanguage: 'fr', creditsAvailable: 120.5,
      resultDescription: [{id: 'urn:uuid:1a', type: ['ResultDescription'], name: 'Mention', resultType: 'Result', allowedValue: ['B', 'A', 'A+']},
        {id: 'urn:uuid:1b', type: ['ResultDescription'], name: 'Average', resultType: 'GradePointAverage', valueMax: '20', valueMin: '0', requiredValue: '10'}],
    },
    result: [{type: ['Result'], resultDescription: 'urn:uuid:1a', value: 'A'}, {type: ['Result'], resultDescription: 'urn:uuid:1b', value: '15.25'}],
  },
  credentialStatus: {id: 'https://ledger.example/status/1#7', type: 'BitstringStatusListEntry', statusPurpose: 'revocation',
    statusListIndex: '7', statusListCredential: 'https://ledger.example/status/1'},
  ...extra,
});
const minimal = extra => ({'@context': [V2, EX], type: ['VerifiableCredential'], issuer: 'did:example:i', credentialSubject: {id: 'did:example:s', made: 'up'}, ...extra});
const docs = {
  'an Open Badges 3.0.3 diploma': diploma(),
  'Open Badges 3.0.2': diploma({'@context': [V2, OB('-3.0.2')], awardedDate: undefined, credentialSubject: {type: 'AchievementSubject', achievement: {id: 'urn:a', type: 'Achievement', name: 'x', image: {id: 'https://ex.org/i.png', type: 'Image'}}}}),
  'Open Badges 3.0.1': diploma({'@context': [V2, OB('-3.0.1')], credentialSubject: {type: ['AchievementSubject'], achievement: {id: 'urn:a', type: ['Achievement'], name: 'x', description: 'y', criteria: {narrative: 'n'}, creditsAvailable: 3}}}),
  'Open Badges 3.0.0 in the data model 1.1': {'@context': [V1, OB(''), 'https://w3id.org/security/suites/ed25519-2020/v1'], id: 'urn:x:1', type: ['VerifiableCredential', 'OpenBadgeCredential'], name: 'n',
    issuer: {id: 'did:example:i', type: ['Profile'], name: 'I'}, issuanceDate: '2023-01-01T00:00:00Z',
    credentialSubject: {id: 'did:example:s', type: ['AchievementSubject'], achievement: {id: 'urn:a', type: ['Achievement'], name: 'A', description: 'd', criteria: {narrative: 'c'}, image: {id: 'https://ex.org/b.png', type: 'Image'}}}},
  'Open Badges 3.0.1 in the data model 1.1': {'@context': [V1, OB('-3.0.1')], id: 'urn:x:1', type: ['VerifiableCredential', 'AchievementCredential'], name: 'n', awardedDate: '2023-01-01T00:00:00Z',
    issuer: {id: 'did:example:i', type: ['Profile'], name: 'I', url: 'https://ex.org/'}, issuanceDate: '2023-01-01T00:00:00Z',
    credentialSubject: {id: 'did:example:s', type: ['AchievementSubject'], achievement: {id: 'urn:a', type: ['Achievement'], name: 'A', description: 'd', criteria: {narrative: 'c'}, creditsAvailable: 2}}},
  'an endorsement and evidence': diploma({evidence: [{id: 'https://ex.org/e1', type: ['Evidence'], name: 'e', narrative: 'n'}], credentialSchema: [{id: 'https://ex.org/s.json', type: 'JsonSchema'}]}),
  'a transcript (CLR 2.0)': {'@context': [V2, 'https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json', OB('-3.0.3')], id: 'urn:x:2', type: ['VerifiableCredential', 'ClrCredential'], name: 't',
    issuer: {id: 'did:example:i', type: 'Profile'}, validFrom: '2026-01-01T00:00:00Z', partial: false,
    credentialSubject: {id: 'urn:s', type: ['ClrSubject'], verifiableCredential: [diploma()], association: [{type: 'Association', associationType: 'isChildOf', sourceId: 'urn:1', targetId: 'urn:2'}]}},
  'a transcript (CLR 2.0.0)': {'@context': [V2, 'https://purl.imsglobal.org/spec/clr/v2p0/context.json', OB('-3.0.3')], id: 'urn:x:2', type: ['VerifiableCredential', 'ClrCredential'],
    issuer: 'did:example:i', credentialSubject: {id: 'urn:s', type: ['ClrSubject'], achievement: [{id: 'urn:a', type: ['Achievement'], name: 'A'}]}},
  'a status list': {'@context': [V2], id: 'https://ledger.example/status/1', type: ['VerifiableCredential', 'BitstringStatusListCredential'], issuer: 'did:example:i', validFrom: '2026-01-01T00:00:00Z', validUntil: '2026-01-02T00:00:00Z',
    credentialSubject: {id: 'https://ledger.example/status/1#list', type: 'BitstringStatusList', statusPurpose: 'revocation', encodedList: 'uH4sI', ttl: 30000}},
  'a presentation of two': {'@context': [V2], type: 'VerifiablePresentation', holder: 'did:example:h', verifiableCredential: [diploma(), minimal()]},
  'a presentation of an envelope': {'@context': [V2], type: ['VerifiablePresentation'], verifiableCredential: {'@context': V2, id: 'data:application/vc+jwt,eyJ.x.y', type: 'EnvelopedVerifiableCredential'}},
  'texts with language and direction': minimal({name: [{'@value': 'ماجستير', '@language': 'ar', '@direction': 'rtl'}, {'@value': 'Master', '@language': 'FR'}, {'@value': 'x', '@direction': 'ltr'}, {'@value': 'y'}]}),
  'an inline context': {'@context': [V2, {ex: 'https://ex.org/v#', Grade: 'ex:Grade', mark: {'@id': 'ex:mark', '@type': 'xs:decimal'}, xs: 'http://www.w3.org/2001/XMLSchema#', ref: {'@id': 'ex:ref', '@type': '@id'}, raw: {'@id': 'ex:raw', '@type': '@json'}, order: {'@id': 'ex:order', '@container': '@list'}, kind: {'@id': 'ex:kind', '@type': '@vocab'}}],
    type: ['VerifiableCredential'], issuer: 'did:example:i', credentialSubject: {type: 'Grade', mark: '15.5', ref: ['urn:a', {id: 'urn:b', mark: '1'}], raw: {b: [1, 2.5, 1e30, null, true], a: 'é\u0007'}, order: ['c', 'a', {mark: '2'}], kind: 'Grade'}},
  'an inline vocabulary with a language': {'@context': [V2, {'@vocab': 'https://ex.org/own#', '@language': 'bs'}], type: ['VerifiableCredential', 'Own'], issuer: 'did:example:i', credentialSubject: {diplomaTitle: 'Magistar', nested: {deep: [1, -2, 0.5, 1e20, true, false, 'x']}}},
  'scoped contexts': {'@context': [V2, {'@vocab': 'https://ex.org/own#', Wrapped: {'@id': 'https://ex.org/Wrapped', '@context': {inner: 'https://ex.org/inner'}}, holds: {'@id': 'https://ex.org/holds', '@context': {part: 'https://ex.org/part'}}}],
    type: 'VerifiableCredential', issuer: 'did:example:i', credentialSubject: {type: ['Wrapped'], inner: {inner: 'reverted'}, holds: {part: 'p', other: {part: 'still'}}}},
  'numbers': minimal({credentialSubject: {numbers: [0, 1, -1, 1.5, 100, 1e2, 123456789012345, 0.1, 1e-6, 12345.678, 1e20, -0.25]}}),
  'characters': minimal({credentialSubject: {text: '\u0001\u0008\t\n\u000b\f\r\u001f"\\\u007f\u0080é😀\u2028'}}),
  'one thing said twice': minimal({credentialSubject: [{id: 'urn:s', a: 'x', b: ['1', '1', '2']}, {id: 'urn:s', a: 'x'}, {a: 'x'}, {a: 'x'}]}),
  'empty values': minimal({credentialSubject: {id: 'urn:s', a: [], b: '', c: {}, d: [{}, {}]}}),
  'a DID document': {'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: 'did:example:i', verificationMethod: [{id: 'did:example:i#k', type: 'Multikey', controller: 'did:example:i', publicKeyMultibase: 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2'}], assertionMethod: ['did:example:i#k'], service: [{id: 'did:example:i#s', type: 'https://ex.org/T', serviceEndpoint: 'https://ex.org/'}]},
};
const strip = o => JSON.parse(JSON.stringify(o));

let seed = 11;
const rnd = n => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return (seed >> 8) % n; };
const random = () => {
  const node = depth => {
    const o = {};
    if(rnd(3) === 0) { o.id = 'urn:n:' + rnd(5); }
    if(rnd(3) === 0) { o.type = ['T' + rnd(3)]; }
    for(let i = rnd(4); i >= 0; i--) { o['p' + rnd(6)] = value(depth); }
    return o;
  };
  const value = depth => {
    switch(rnd(depth > 3 ? 5 : 9)) {
      case 0: return 'text ' + rnd(4);
      case 1: return rnd(200) - 100;
      case 2: return (rnd(2000) - 1000) / 8;
      case 3: return rnd(2) === 0;
      case 4: return {'@value': 'w' + rnd(3), '@language': ['en', 'ar'][rnd(2)]};
      case 5: case 6: return node(depth + 1);
      default: { const a = []; for(let i = rnd(4); i >= 0; i--) { a.push(value(9)); } return a; }
    }
  };
  return minimal({credentialSubject: node(0), evidence: [{type: 'T0', ...node(2)}]});
};
for(let i = 0; i < 60; i++) { docs['random ' + i] = random(); }

const vectors = [];
for(const [name, doc] of Object.entries(docs)) {
  const document = strip(doc);
  // null: refused by the other implementation in its safe mode
  vectors.push({name, document, canonical: await canonical(document).catch(e => { console.log(name, e.message); return null; })});
}
const save = (name, all) => fs.writeFileSync(path.join(here, name), '[\n' + all.map(v => JSON.stringify(v)).join(',\n') + '\n]\n');
save('jsonld.json', vectors);

// A fixed key, so that the file changes only when what is signed does.
const key = await Ed25519Multikey.generate({id: 'did:example:i#k', controller: 'did:example:i', seed: new Uint8Array(32).fill(7)});
const old = await Ed25519VerificationKey2020.generate({id: 'did:example:i#k', controller: 'did:example:i', seed: new Uint8Array(32).fill(7)});
const {AssertionProofPurpose, AuthenticationProofPurpose} = jsigs.purposes;
const date = '2026-01-02T03:04:05Z';
const foreign = [];
const sign = async (name, doc, suite, purpose = new AssertionProofPurpose()) => {
  suite.date = date;
  const document = await jsigs.sign(strip(doc), {suite, purpose, documentLoader});
  foreign.push({name, publicKey: [key.publicKeyMultibase], document});
  return document;
};
const rdfc = () => new DataIntegrityProof({signer: key.signer(), cryptosuite});
await sign('a diploma', docs['an Open Badges 3.0.3 diploma'], rdfc());
await sign('a transcript', docs['a transcript (CLR 2.0)'], rdfc());
await sign('a status list', docs['a status list'], rdfc());
await sign('texts with direction', docs['texts with language and direction'], rdfc());
await sign('an inline context', docs['an inline context'], rdfc());
const inner = await sign('a credential to present', docs['an Open Badges 3.0.3 diploma'], rdfc());
await sign('a presentation', {'@context': [V2], type: ['VerifiablePresentation'], holder: 'did:example:i', verifiableCredential: [inner]}, rdfc(),
  new AuthenticationProofPurpose({challenge: 'c-1', domain: 'https://verifier.example'}));
await sign('Open Badges 3.0.0 with Ed25519Signature2020', docs['Open Badges 3.0.0 in the data model 1.1'], new Ed25519Signature2020({key: old}));
save('foreign.json', foreign);

const ours = path.join(here, 'ours.json');
if(fs.existsSync(ours)) {
  for(const v of JSON.parse(fs.readFileSync(ours, 'utf8'))) {
    const method = {'@context': 'https://w3id.org/security/multikey/v1', id: v.verificationMethod, type: 'Multikey', controller: v.controller, publicKeyMultibase: v.publicKey[0]};
    known.set(v.verificationMethod, method);
    known.set(v.controller, {'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: v.controller, assertionMethod: [method], authentication: [method]});
    const purpose = v.document.proof.proofPurpose === 'authentication' ? new AuthenticationProofPurpose({challenge: v.document.proof.challenge, domain: v.document.proof.domain}) : new AssertionProofPurpose();
    const result = await jsigs.verify(v.document, {suite: new DataIntegrityProof({cryptosuite}), purpose, documentLoader});
    console.log(v.name, result.verified ? 'verified' : JSON.stringify(result.error?.errors?.map(String)));
    if(!result.verified) { process.exitCode = 1; }
  }
}
console.log(vectors.length, 'documents,', foreign.length, 'signed');
