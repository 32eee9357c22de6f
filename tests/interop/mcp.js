// @modelcontextprotocol/sdk, as its documentation has a client that registers itself, is let in, and uses a tool.
// node mcp.js URL REDIRECT_URI [DOCUMENT | CLIENT] [dpop]: with the URL of its document, or with what it is registered as, it
// registers nothing. It says where the person is to go, reads where the browser was sent, and says what came of it. The SDK knows
// no DPoP: the fetch that it is given adds the proofs (RFC 9449).
import { createHash, randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const [url, redirectUri, ...told] = process.argv.slice(2)
const known = told.find((word) => word !== 'dpop') ?? ''
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (said) => process.stdout.write(JSON.stringify(said) + '\n')
const kept = known.startsWith('{') ? { client: JSON.parse(known) } : {}

const provider = {
  redirectUrl: redirectUri,
  clientMetadataUrl: known.startsWith('https://') ? known : undefined,
  clientMetadata: {
    client_name: 'MCP',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  redirectToAuthorization: (address) => void (kept.address = address.href),
}

async function proving() {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  let nonce
  const send = async (address, init, token) => {
    const { origin, pathname } = new URL(address)
    const ath = token && createHash('sha256').update(token).digest('base64url')
    const claims = { jti: randomUUID(), htm: init.method ?? 'GET', htu: origin + pathname, nonce, ath }
    const proof = new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).setIssuedAt()
    const headers = new Headers(init.headers)
    headers.set('dpop', await proof.sign(privateKey))
    if (token) headers.set('authorization', `DPoP ${token}`)
    const response = await fetch(address, { ...init, headers })
    nonce = response.headers.get('dpop-nonce') ?? nonce
    return response
  }
  return async (address, init = {}) => {
    const token = /^Bearer (.*)$/.exec(new Headers(init.headers).get('authorization') ?? '')?.[1]
    const response = await send(address, init, token)
    const asks = response.status === 400 && (await response.clone().text()).includes('use_dpop_nonce')
    return asks ? send(address, init, token) : response
  }
}

const options = { authProvider: provider, ...(told.includes('dpop') ? { fetch: await proving() } : {}) }
const client = new Client({ name: 'tests', version: '1.0.0' }, { capabilities: {} })
const transport = new StreamableHTTPClientTransport(new URL(url), options)
try {
  await client.connect(transport)
  throw new Error('the server lets anybody in')
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error
}
say({ visit: kept.address })
const sent = new URL(JSON.parse((await lines.next()).value)).searchParams
await transport.finishAuth(sent.get('code'))
await client.connect(new StreamableHTTPClientTransport(new URL(url), options))
const { tools } = await client.listTools()
const result = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })
say({ outcome: { tools: tools.map(({ name }) => name), result: result.content[0].text, tokens: kept.tokens, client: kept.client } })
process.exit(0)
