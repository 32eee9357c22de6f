// What a person with a browser does for a client: the test that runs the script opens the address, decides, and says where
// the browser was sent.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** The first line of the test: what the script shall do, and as whom. */
export async function task() {
  return JSON.parse((await lines.next()).value)
}

/** Where the browser was sent, after the person saw this address; a request, where it was sent there with a form. */
export async function visit(address) {
  process.stdout.write(JSON.stringify({ visit: address.href }) + '\n')
  const sent = JSON.parse((await lines.next()).value)
  if (sent.form === undefined) return new URL(sent.address)
  return new Request(sent.address, { method: 'POST', body: new URLSearchParams(sent.form) })
}

/** The last line for the test: what came of it. */
export function report(outcome) {
  process.stdout.write(JSON.stringify({ outcome }) + '\n')
  process.exit(0)
}

/** A private key that answers are encrypted to, out of its JWK. */
export async function decryptionKey(jwk, algorithm) {
  const uses = algorithm.name === 'ECDH' ? ['deriveBits'] : ['decrypt', 'unwrapKey']
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, uses), kid: jwk.kid }
}

/** A private key out of its JWK, as these libraries want it. */
export async function signingKey(jwk, algorithm) {
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid: jwk.kid }
}
