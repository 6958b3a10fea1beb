// Does what a list of tasks on standard input says, with other people's implementations, and
// answers with a list of {"value"} or {"error"}, one for each, on standard output.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { SDJwtInstance } from '@sd-jwt/core'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { CompactSign, compactVerify, importJWK } from 'jose'

const hashes = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' }

const signer = (jwk) => async (data) => sign(hashes[jwk.alg], Buffer.from(data),
	{ key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }).toString('base64url')

const checker = (jwk) => async (data, signature) => verify(hashes[jwk.alg], Buffer.from(data),
	{ key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))

// instance is @sd-jwt's issuer, holder and verifier for a type.
const instance = (typ, config) => new (typ === 'dc+sd-jwt' ? SDJwtVcInstance : SDJwtInstance)({
	hasher: async (data, alg) => new Uint8Array(createHash(alg.replace('-', '')).update(data).digest()),
	hashAlg: 'sha-256',
	saltGenerator: async () => randomBytes(16).toString('base64url'),
	...config,
})

const tasks = {
	// The payload of a JWS of that type, if the key signed it.
	async verifyJWS({ token, jwk, typ }) {
		const { payload, protectedHeader } = await compactVerify(token, await importJWK(jwk, jwk.alg), { algorithms: [jwk.alg] })
		if (protectedHeader.typ !== typ) throw new Error(`typ is ${protectedHeader.typ}`)
		return new TextDecoder().decode(payload)
	},
	async signJWS({ payload, jwk, header }) {
		return await new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(header).sign(await importJWK(jwk, jwk.alg))
	},
	// What an SD-JWT reveals, if the key signed it and, where a nonce is given, its holder bound it.
	async verifySD({ token, jwk, typ, nonce, now }) {
		const sd = instance(typ, {
			verifier: checker(jwk),
			kbVerifier: async (data, signature, payload) => checker(payload.cnf.jwk)(data, signature),
		})
		const { payload, header } = await sd.verify(token, { keyBindingNonce: nonce, currentDate: now })
		if (header.typ !== typ) throw new Error(`typ is ${header.typ}`)
		return JSON.stringify(payload)
	},
	async issueSD({ payload, frame, header, jwk }) {
		const sd = instance(header.typ, { signer: signer(jwk), signAlg: jwk.alg })
		return await sd.issue(payload, frame, { header })
	},
	async presentSD({ token, typ, show, holder, binding }) {
		const sd = instance(typ, holder ? { kbSigner: signer(holder), kbSignAlg: holder.alg } : {})
		return await sd.present(token, show, binding ? { kb: { payload: binding } } : undefined)
	},
}

const answers = []
for (const { task, ...input } of JSON.parse(await text(process.stdin))) {
	try {
		answers.push({ value: await tasks[task](input) })
	} catch (e) {
		answers.push({ error: `${e}` })
	}
}
process.stdout.write(JSON.stringify(answers))
